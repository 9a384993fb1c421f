"""Envelopes, statements, bundles and policies: spec/03-statements.md, 09-bundle.md, 11-policy.md."""

import base64
import copy
import itertools
import json

import ed25519
import es256
import formats
import predicates
import record
import story
from story import ES_STATEMENTS, LOG, ROOT_A, STATEMENTS, STRANGER


def pae_cases():
    texts = {
        "empty": b"",
        "ascii": b"hello world",
        "two-byte-letters": "\u00e9\u00e8".encode(),
        "not-utf8": b"\xff\x00\n",
    }
    return [
        {"name": name, "rule": "statements-2", "payload": payload.hex(), "pae": formats.pae(payload).hex()}
        for name, payload in texts.items()
    ]


def envelope_cases():
    cases = []
    payload = record.PAYLOADS["bundle"]
    good = formats.envelope(payload, [STATEMENTS])
    both = formats.envelope(payload, [STATEMENTS, ROOT_A])

    def case(name, rule, valid, value, seeds=(STATEMENTS,), threshold=1):
        line = value if isinstance(value, bytes) else formats.jcs(value)
        publics = [formats.public_key(s) for s in seeds]
        opened = formats.open_envelope(line, publics, threshold)
        assert (opened is not None) == valid, name
        case = {
            "name": name,
            "rule": rule,
            "valid": valid,
            "envelope": line.decode(),
            "keys": [formats.jwk(p) for p in publics],
        }
        case["threshold"] = threshold
        if valid:
            case |= {"payload_sha256": formats.sha256(opened).hex(), "envelope_sha256": formats.sha256(line).hex()}
        cases.append(case)

    def with_signature(**members):
        value = copy.deepcopy(good)
        value["signatures"][0] |= members
        return value

    sig = good["signatures"][0]["sig"]
    raw = base64.b64decode(sig)
    case("good", "statements-1", True, good)
    case("two-signatures", "statements-4", True, both, (STATEMENTS, ROOT_A), 2)
    case("two-signatures-one-needed", "statements-4", True, both, (STATEMENTS, ROOT_A), 1)
    case("one-signature-two-needed", "statements-4", False, good, (STATEMENTS, ROOT_A), 2)
    case("key-given-twice-counts-once", "statements-4", False, good, (STATEMENTS, STATEMENTS), 2)
    case("a-second-unknown-signature", "statements-3", False, both, (STATEMENTS,))
    case("key-not-allowed", "statements-3", False, good, (LOG,))
    case("no-keys", "statements-3", False, good, ())
    case(
        "signature-by-another-key",
        "statements-3",
        False,
        with_signature(sig=formats.envelope(payload, [STRANGER])["signatures"][0]["sig"]),
    )
    case("signature-flipped", "statements-3", False, with_signature(sig=formats.b64(raw[:-1] + bytes([raw[-1] ^ 1]))))
    case("signature-empty", "statements-3", False, with_signature(sig=""))
    case(
        "signature-over-the-bare-payload",
        "statements-2",
        False,
        with_signature(sig=formats.b64(ed25519.sign(STATEMENTS, payload))),
    )
    case("signature-in-url-alphabet", "bytes-4", False, with_signature(sig=sig.replace("+", "-").replace("/", "_")))
    case("keyid-empty", "statements-1", False, with_signature(keyid=""))
    case(
        "keyid-in-hex",
        "statements-1",
        False,
        with_signature(keyid=formats.fingerprint(ed25519.public_key(STATEMENTS)).hex()),
    )
    case("keyid-of-another", "statements-3", False, with_signature(keyid=formats.key_id(ed25519.public_key(LOG))))
    case("no-signatures", "statements-1", False, good | {"signatures": []})
    case("signature-twice", "statements-1", False, good | {"signatures": good["signatures"] * 2})
    case(
        "signatures-unsorted",
        "statements-1",
        False,
        both | {"signatures": both["signatures"][::-1]},
        (STATEMENTS, ROOT_A),
    )
    elliptic = formats.envelope(payload, [ES_STATEMENTS])
    r, s = es256.of_der(base64.b64decode(elliptic["signatures"][0]["sig"]))
    case("es256", "statements-1", True, elliptic, (ES_STATEMENTS,))
    case(
        "both-algorithms",
        "statements-4",
        True,
        formats.envelope(payload, [STATEMENTS, ES_STATEMENTS]),
        (STATEMENTS, ES_STATEMENTS),
        2,
    )
    case("es256-key-given-twice-counts-once", "statements-4", False, elliptic, (ES_STATEMENTS, ES_STATEMENTS), 2)
    elliptic["signatures"][0]["sig"] = formats.b64(es256.der(r, es256.N - s))
    case("es256-high-s", "keys-3", False, elliptic, (ES_STATEMENTS,))
    elliptic["signatures"][0]["sig"] = formats.b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    case("es256-not-der", "keys-3", False, elliptic, (ES_STATEMENTS,))
    many = [story.seed(f"many {i}") for i in range(17)]
    case("sixteen-signatures", "bytes-6", True, formats.envelope(payload, many[:16]), many[:16], 16)
    case("seventeen-signatures", "bytes-6", False, formats.envelope(payload, many), many, 17)
    case("payload-changed", "bytes-2", False, good | {"payload": formats.b64(payload.replace(b"Acme", b"Acma"))})
    case("payload-type-json", "statements-1", False, good | {"payloadType": "application/json"})
    case("payload-with-stray-bits", "bytes-4", False, good | {"payload": stray(good["payload"])})
    case("unknown-member", "bytes-3", False, good | {"note": "x"})
    case("unknown-signature-member", "bytes-3", False, with_signature(cert="x"))
    case("white-space", "bytes-1", False, json.dumps(good, sort_keys=True).encode())
    return cases


def stray(text):
    """The text without its padding, which the payload must have, where it has any; else with a stray character."""
    return text.rstrip("=") if text.endswith("=") else text + "A"


def statement_cases():
    cases = []

    def case(name, rule, kind, valid, payload):
        expected = valid and payload or None
        assert predicates.accepts(kind, payload) == valid, name
        case = {"name": name, "rule": rule, "kind": kind, "valid": valid, "payload": payload.decode()}
        if expected:
            case["sha256"] = formats.sha256(payload).hex()
        cases.append(case)

    for kind, payload in record.PAYLOADS.items():
        good = json.loads(payload)

        def changed(path, value, good=good):
            result = copy.deepcopy(good)
            place = result
            for step in path[:-1]:
                place = place[step]
            if value is ...:
                del place[path[-1]]
            else:
                place[path[-1]] = value
            return formats.jcs(result)

        case(f"{kind}-good", "statements-5", kind, True, payload)
        case(f"{kind}-white-space", "bytes-1", kind, False, json.dumps(good, sort_keys=True).encode())
        case(f"{kind}-other-type", "statements-5", kind, False, changed(["_type"], "https://in-toto.io/Statement/v0.1"))
        case(
            f"{kind}-other-predicate-type",
            "statements-5",
            kind,
            False,
            changed(["predicateType"], f"https://walwarden.dev/spec/{'backup' if kind == 'review' else 'review'}/v1"),
        )
        case(f"{kind}-no-subject", "statements-5", kind, False, changed(["subject"], []))
        case(f"{kind}-subject-absent", "statements-5", kind, False, changed(["subject"], ...))
        case(
            f"{kind}-second-digest", "statements-5", kind, False, changed(["subject", 0, "digest", "sha512"], "00" * 64)
        )
        case(f"{kind}-subject-member", "bytes-3", kind, False, changed(["subject", 0, "uri"], "x"))
        case(f"{kind}-unknown-member", "bytes-3", kind, False, changed(["note"], "x"))
        case(f"{kind}-unknown-predicate-member", "bytes-3", kind, False, changed(["predicate", "note"], "x"))
        for name in good["predicate"]:
            for change, value, set_of in (("drop", ..., predicates.OPTIONAL), ("null", None, predicates.NULLABLE)):
                valid = name in set_of[kind]
                assert predicates.accepts(kind, changed(["predicate", name], value)) == valid, name
                case_of = {"name": f"{kind}-{change}-{name}", "rule": "bytes-3", "kind": kind, "valid": valid}
                cases.append(case_of | {"base": f"{kind}-good", change: name})

        if kind == "evidence":
            case("evidence-truncated", "statements-11", kind, False, changed(["predicate", "truncated"], True))
        if kind == "review":
            start, end = record.PERIOD["start"], record.PERIOD["end"]
            of_period = json.loads(changed(["predicate", "subject"], "period"))
            for name, valid, base, period in (
                ("period", True, of_period, {"start": start, "end": end}),
                ("period-absent", False, of_period, ...),
                ("period-null", False, of_period, None),
                ("period-backwards", False, of_period, {"start": end, "end": start}),
                ("period-empty", False, of_period, {"start": start, "end": start}),
                ("period-of-exception", False, good, {"start": start, "end": end}),
            ):
                value = copy.deepcopy(base)
                if period is not ...:
                    value["predicate"]["period"] = period
                case(f"review-{name}", "statements-10", kind, valid, formats.jcs(value))
    return cases


def name_cases():
    good = ["bundle.dsse.json", "chain/entries.ndjson", "blobs/" + "0" * 64, "a", "a-b_c.d/e", "a/" + "b" * 126, "..."]
    bad = [
        "",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "a/../b",
        "./a",
        "A",
        "a b",
        "a\\b",
        "a:b",
        "\u00e4",
        "a\n",
        "a/" + "b" * 127,
    ]
    cases = []
    for valid, names in ((True, good), (False, bad)):
        for i, name in enumerate(names):
            assert formats.is_bundle_name(name) == valid, name
            cases.append(
                {"name": f"{'good' if valid else 'bad'}-{i}", "rule": "bundle-2", "valid": valid, "file": name}
            )
    return cases


def policy_cases():
    good = story.POLICY_TOML
    cases = []

    def case(name, rule, valid, toml):
        resolved = formats.resolve_policy(toml)
        assert (resolved is not None) == valid, name
        case = {"name": name, "rule": rule, "valid": valid, "toml": toml}
        if valid:
            case |= {"resolved": formats.jcs(resolved).decode(), "sha256": formats.sha256(formats.jcs(resolved)).hex()}
        cases.append(case)

    head = good[: good.index("[defaults]")]
    second = good[good.index("[[database]]") :].replace('"shop"', '"billing"')
    case("good", "policy-2", True, good)
    case("no-database", "policy-2", True, head)
    case("two-databases-sorted", "policy-2", True, good + "\n" + second)
    case("comments-do-not-count", "policy-2", True, "# a comment\n" + good)
    case("approval-ref", "policy-1", True, good.replace("timezone", 'approval_ref = "ISMS-142"\ntimezone'))
    case("fraction-of-a-second", "policy-3", True, good.replace("00:00Z", "00:00.000001Z"))
    case("own-smoke-replaces", "policy-2", True, good + "restore_test = { smoke = [] }\n")
    case("days", "policy-3", True, good.replace('"27h"', '"14d"'))
    case("database-twice", "policy-2", False, good + "\n" + good[good.index("[[database]]") :])
    case("unknown-key", "policy-1", False, good.replace("timezone", 'moon = "full"\ntimezone'))
    case("unknown-table", "policy-1", False, good + "\n[moon]\nfull = true\n")
    case("unknown-database-key", "policy-1", False, good + 'moon = "full"\n')
    case("key-twice", "policy-1", False, good.replace("timezone", 'version = "2"\ntimezone'))
    case("not-toml", "policy-1", False, good + "moon\n")
    table, name = '{ name = "orders readable",', '"orders readable"'
    case("array-of-many-lines", "policy-1", True, good.replace("[{", "[\n# one\n{").replace("}]", "},\n]"))
    case("escape-that-is-none", "policy-1", True, good.replace(name, r'"a \\e and a \\x"'))
    case("escape-in-literal-string", "policy-1", True, good.replace(name, r"'a \e and a \x41'"))
    case("toml-1.1-table-of-two-lines", "policy-1", False, good.replace(table, table + "\n"))
    case("toml-1.1-comma-before-the-end", "policy-1", False, good.replace("}]", ", }]"))
    case("toml-1.1-escape-e", "policy-1", False, good.replace(name, r'"a \e"'))
    case("toml-1.1-escape-x", "policy-1", False, good.replace(name, r'"a \x41"'))
    case("without-policy", "policy-1", False, good[good.index("[defaults]") :])
    for name in ("version", "organisation", "effective_from", "author", "approved_by", "timezone"):
        case(f"without-{name}", "policy-1", False, "".join(line for line in good.splitlines(True) if not line.startswith(name)))
    case("promise-missing", "policy-2", False, good.replace('rpo = "27h"\n', ""))
    for text in ("27", "h", "", "27 h", "-1h", "0h", "1.5h", "27H", "27s", "1h30m", "+27h", "99999999999h"):
        case(f"duration-{text}", "policy-3", False, good.replace('"27h"', f'"{text}"'))
    for text in ("2026-07-01", "2026-07-01T00:00:00", "2026-07-01T00:00:00+02:00", "2026-07-01 00:00:00Z"):
        case(f"effective-from-{text}", "policy-3", False, good.replace("2026-07-01T00:00:00Z", text))
    return cases


def proof_cases():
    sizes = [1, 3, 4]
    pairs = [(a, b, formats.consistency(story.HASHES[:b], a)) for a, b in itertools.pairwise(sizes)]
    value = {
        "_type": "https://walwarden.dev/spec/proofs/v1",
        "consistency": [{"from": a, "proof": [d.hex() for d in p], "to": b} for a, b, p in pairs],
    }
    heads = [{"root": story.HEADS[n][1].hex(), "size": str(n)} for n in sizes]
    return [{"name": "three-checkpoints", "rule": "bundle-6", "heads": heads, "file": formats.jcs(value).decode()}]


def readme_cases():
    digest = formats.sha256(record.README.encode()).hex()
    return [{"name": "format-1", "rule": "bundle-3", "format": 1, "text": record.README, "sha256": digest}]


def files():
    return {
        "readme": ("09-bundle", "The text of `readme.txt` by format version.", readme_cases()),
        "pae": ("03-statements", "Payloads and the bytes that are signed for them, in hex.", pae_cases()),
        "envelopes": ("03-statements", "Envelopes, the keys that may sign them, and how many must.", envelope_cases()),
        "statements": (
            "03-statements",
            "Payloads that are, or are not, statements of the kind named. With `base`: the payload of that case, with one "
            "member of its predicate dropped, or null, and written as JCS again.",
            statement_cases(),
        ),
        "names": ("09-bundle", "Names that a file in a bundle may have, or not.", name_cases()),
        "proofs": ("09-bundle", "`chain/proofs.json` for checkpoints of three sizes.", proof_cases()),
        "policy": ("11-policy", "`policy.toml`, its resolved form and the policy digest.", policy_cases()),
    }
