"""Evidence of forks: spec/14-comparison.md."""

import copy

import formats
import story
from story import LINES, LOG, NEW_LOG, ORIGIN, ROOT_A, ROOT_B, STRANGER

SAYS = (
    "Two histories of one chain were signed that cannot both be true. This does not show who signed them, nor why."
)
PINS = [formats.fingerprint(story.public(ROOT_A)).hex()]
OTHER = [formats.entry_hash(b'{"moon":%d}' % n) for n in range(3)]


def value(text):
    """A canonical document as a value."""
    return formats.parse(text)[0]


def document(shows, origin=ORIGIN):
    return {"_type": "https://walwarden.dev/spec/fork-evidence/v1", "origin": origin, "says": SAYS, "shows": shows}


def head(hashes, keys=(LOG,), origin=ORIGIN):
    return {
        "genesis_proof": [h.hex() for h in formats.inclusion(hashes, 0)],
        "note": formats.checkpoint(origin, len(hashes), formats.root(hashes), keys).decode(),
    }


def heads(smaller, larger, registry=(story.ENVELOPE_1,)):
    """The member `heads` for two histories, given by their entry hashes."""
    size = len(smaller)
    return {
        "genesis": larger[0].hex(),
        "larger": head(larger),
        "proof": [h.hex() for h in formats.consistency(larger, size)],
        "registry": [value(line) for line in registry],
        "root": formats.root(larger[:size]).hex(),
        "smaller": head(smaller),
    }


def second(keys, roots=(ROOT_A,), signers=(ROOT_A,)):
    """A second registry version."""
    before = formats.sha256(story.REGISTRY_1).hex()
    payload = story.registry_payload(story.registry(2, before, list(roots), 1, keys))
    return formats.jcs(formats.envelope(payload, list(signers)))


def retired(size):
    """The second version, in which the log key is retired at this size."""
    cut = {"origin": ORIGIN, "size": size, "root": formats.root(story.HASHES[:size]).hex()}
    keys = [story.key(LOG, ["log"], state="retired", last_head=cut), story.KEYS_1[1], story.key(NEW_LOG, ["log"])]
    return second(keys)


def with_new_log(seed):
    return second([*story.KEYS_1, story.key(seed, ["log"])])


def files():
    cases = []

    def case(name, rule, valid, shown, pins=PINS, threshold=1):
        text = formats.jcs(shown) if isinstance(shown, dict) else shown
        assert (formats.fork_of(text, pins, threshold) is not None) == valid, name
        cases.append(
            {
                "name": name,
                "rule": rule,
                "valid": valid,
                "pins": pins,
                "threshold": threshold,
                "evidence": text.decode(),
            }
        )

    one = story.HASHES
    longer = [*one[:2], *OTHER]
    same_size = [*one[:2], *OTHER[:2]]
    good = document({"heads": heads(one, longer)})
    case("heads", "comparison-2", True, good)
    case("heads-of-one-size", "comparison-2", True, document({"heads": heads(one, same_size)}))
    case("heads-that-share-one-line", "comparison-2", True, document({"heads": heads(one, [one[0], *OTHER, *OTHER])}))
    case("one-extends-the-other", "comparison-6", False, document({"heads": heads(one, [*one, *OTHER])}))
    case("identical", "comparison-6", False, document({"heads": heads(one, one)}))
    case("another-genesis", "comparison-2", False, document({"heads": heads(one, [*OTHER, *OTHER])}))

    def changed(name, rule, *path, to):
        shown = copy.deepcopy(good)
        place = shown
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to
        case(name, rule, False, shown)

    where = ("shows", "heads")
    proof = good["shows"]["heads"]["proof"]
    changed("another-type", "comparison-3", "_type", to="https://walwarden.dev/spec/fork-evidence/v2")
    changed("an-accusation", "comparison-3", "says", to="The organisation lies.")
    changed("unknown-member", "comparison-3", "note", to="x")
    changed("another-origin", "comparison-6", "origin", to="acme.example/other")
    changed("spoilt-proof", "comparison-6", *where, "proof", to=["00" * 32, *proof[1:]])
    changed("short-proof", "comparison-6", *where, "proof", to=proof[:-1])
    changed("long-proof", "comparison-6", *where, "proof", to=[*proof, "00" * 32])
    changed("spoilt-root", "comparison-6", *where, "root", to="00" * 32)
    changed("root-of-the-smaller", "comparison-6", *where, "root", to=formats.root(one).hex())
    changed("spoilt-genesis-proof", "comparison-6", *where, "larger", "genesis_proof", 0, to="00" * 32)
    changed("no-genesis-proof", "comparison-6", *where, "smaller", "genesis_proof", to=[])
    changed("genesis-of-neither", "comparison-6", *where, "genesis", to="00" * 32)
    changed("signed-by-a-stranger", "comparison-6", *where, "larger", to=head(longer, [STRANGER]))
    changed("signed-under-another-origin", "comparison-6", *where, "larger", to=head(longer, origin="acme.example/b"))
    text = good["shows"]["heads"]["larger"]["note"]
    changed("spoilt-signature", "comparison-6", *where, "larger", "note", to=text[:-10] + "AAAA" + text[-6:])
    changed("the-wrong-way-round", "comparison-6", "shows", to={"heads": heads(one, longer) | swapped(one, longer)})
    changed("no-registry", "comparison-6", *where, "registry", to=[])
    changed("nothing-shown", "comparison-3", "shows", to={})
    both = {"heads": good["shows"]["heads"], "registries": {"one": [], "other": [], "version": 1}}
    changed("both-shown", "comparison-3", "shows", to=both)
    case("not-canonical", "bytes-1", False, formats.jcs(good) + b"\n")

    other_pin = [formats.fingerprint(story.public(ROOT_B)).hex()]
    case("other-pins", "comparison-2", False, good, other_pin)
    case("threshold-not-reached", "comparison-2", False, good, PINS + other_pin, 2)
    case("one-of-two-pins", "comparison-2", True, good, PINS + other_pin, 1)

    def under(size):
        return document({"heads": heads(one, longer, [story.ENVELOPE_1, retired(size)])})

    case("log-key-retired-above-both", "comparison-6", True, under(5))
    case("log-key-retired-below-one", "comparison-6", False, under(4))

    first, third = with_new_log(NEW_LOG), with_new_log(STRANGER)

    def registries(left, right, version):
        shown = {"one": list(map(value, left)), "other": list(map(value, right)), "version": version}
        return document({"registries": shown})

    left, right = [story.ENVELOPE_1, first], [story.ENVELOPE_1, third]
    case("registries", "comparison-2", True, registries(left, right, 2))
    case("registries-agree-there", "comparison-6", False, registries(left, right, 1))
    case("registries-end-before", "comparison-6", False, registries(left, right, 3))
    case("one-registry-twice", "comparison-6", False, registries(left, left, 2))
    case("one-registry-is-longer", "comparison-6", False, registries(left, left[:1], 2))
    case("registries-other-pins", "comparison-2", False, registries(left, right, 2), other_pin)
    unsigned = [story.ENVELOPE_1, second([*story.KEYS_1, story.key(STRANGER, ["log"])], signers=[ROOT_B])]
    case("registry-by-another-root", "comparison-6", False, registries(left, unsigned, 2))
    return {"fork": ("14-comparison.md", "Files that show a fork under these pins, and files that show nothing.", cases)}


def swapped(smaller, larger):
    return {"smaller": head(larger), "larger": head(smaller)}
