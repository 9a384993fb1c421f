"""A small record of the invented company Acme, from which the vectors of chain, keys, statements and bundle are cut.

The private keys are SHA-256 of the words below. They are for tests only and guard nothing.
"""

import es256
import formats

ORIGIN = "acme.example/backups-k3v9q2x7ta"


def seed(word):
    """The private key of a test; a word that begins with `es256` names one on P-256."""
    private = formats.sha256(b"walwarden test key: ", word.encode())
    return es256.PrivateKey(private) if word.startswith("es256") else private


ROOT_A, ROOT_B, ROOT_C = seed("root a"), seed("root b"), seed("root c")
LOG, NEW_LOG, STATEMENTS, REVIEWER, STRANGER = map(seed, ("log", "new log", "statements", "reviewer", "stranger"))
ES_ROOT, ES_STATEMENTS, ES_REVIEWER = map(seed, ("es256 root", "es256 statements", "es256 reviewer"))
WITNESS = seed("witness a")
public = formats.public_key


def identifier(n):
    """An entry id for tests."""
    return "01K3QZ8E5P" + "%016d" % n


def time(minute, second=0, micro=0):
    """An instant on the evening of 2026-07-01, or on the days after it."""
    day, hour = divmod(18 + minute // 60, 24)
    return f"2026-07-{1 + day:02}T{hour:02}:{minute % 60:02}:{second:02}.{micro:06}Z"


TOOL = {"name": "walwarden", "version": "0.1.0", "sha256": formats.sha256(b"walwarden test program").hex()}
SERVICE = {"kind": "service", "id": "backup-runner", "auth": "os-user", "host": "db1"}
PERSON = {"kind": "person", "id": "ops-lead", "auth": "none"}


def registry(version, previous, roots, threshold, keys, origin=ORIGIN):
    """The predicate of a registry version."""
    return {
        "origin": origin,
        "version": version,
        "previous": previous,
        "roots": [formats.jwk(public(s)) for s in roots],
        "threshold": threshold,
        "ceremony": "same-host",
        "keys": keys,
    }


def key(s, uses, **members):
    """A key of the registry."""
    base = {"jwk": formats.jwk(public(s)), "uses": uses, "custodian": "ops-lead", "storage": "file", "state": "active"}
    return base | members


def registry_payload(predicate):
    """keys-4: the statement over a registry, with one subject for each key, roots first."""
    jwks = predicate["roots"] + [k["jwk"] for k in predicate["keys"]]
    publics = [formats.public_of_jwk(jwk) for jwk in jwks]
    subjects = [(formats.key_id(p), formats.fingerprint(p).hex()) for p in publics]
    return formats.statement("key-registry", subjects, predicate)


STATEMENT_USES = ["backup", "bundle", "evidence", "restore-test"]
KEYS_1 = [key(LOG, ["log"]), key(STATEMENTS, STATEMENT_USES)]
REGISTRY_1 = registry_payload(registry(1, None, [ROOT_A], 1, KEYS_1))
ENVELOPE_1 = formats.jcs(formats.envelope(REGISTRY_1, [ROOT_A]))


def refer(payload, envelope):
    """A member of an entry's `statements`."""
    return {"payload": formats.sha256(payload).hex(), "envelope": formats.sha256(envelope).hex()}


def blob(name, data, media):
    """A member of an entry's `blobs`."""
    return {"name": name, "sha256": formats.sha256(data).hex(), "bytes": str(len(data)), "media": media}


def entry(seq, prev, at, kind, data, actor=SERVICE, policy=None, refs=(), statements=(), blobs=(), **other):
    """chain-1: an entry as a value."""
    value = {
        "_type": "https://walwarden.dev/spec/entry/v1",
        "origin": ORIGIN,
        "seq": seq,
        "prev": prev.hex(),
        "id": identifier(seq),
        "at": at,
        "recorded_at": at,
        "type": kind,
        "actor": actor,
        "tool": TOOL,
        "policy": policy,
        "refs": list(refs),
        "statements": list(statements),
        "blobs": list(blobs),
        "data": data,
    }
    return value | other


# The policy of the record, as written and resolved: spec/11-policy.md.
POLICY_TOML = """\
[policy]
version = "2026.1"
organisation = "Acme"
effective_from = "2026-07-01T00:00:00Z"
author = "ops-lead"
approved_by = "cto"
timezone = "Europe/Berlin"

[defaults]
rpo = "27h"
rto = "4h"
max_run = "1h"
max_resolution = "24h"

[defaults.restore_test]
smoke = [{ name = "orders readable", sql = "select count(*) > 0 from public.orders" }]

[[database]]
id = "shop"
owner = "ops-lead"
provider = "own"
account_ref = "acme"
region = "eu-central"
criticality = "high"
rto = "90m"
"""
POLICY_JCS = formats.jcs(formats.resolve_policy(POLICY_TOML))


def lines():
    """The lines of the record, without LF."""
    policy = formats.sha256(POLICY_JCS).hex()
    started = {"database": "shop", "run_id": "01K3QZ8E5P00000000000RVN01", "trigger": "schedule"}
    failed = {
        "database": "shop",
        "run_id": started["run_id"],
        "stage": "dump",
        "reason_code": "pg-dump-failed",
        "exit_code": 1,
    }
    policies = [
        blob("policy.json", POLICY_JCS, "application/json"),
        blob("policy.toml", POLICY_TOML.encode(), "application/toml"),
    ]
    genesis = {
        "org_name": "Acme",
        "zone": "Europe/Berlin",
        "spec_version": "1",
        "root_fingerprints": [formats.fingerprint(public(ROOT_A)).hex()],
    }
    adopted = {
        "version": "2026.1",
        "sha256": policy,
        "toml_sha256": formats.sha256(POLICY_TOML.encode()).hex(),
        "effective_from": "2026-07-01T00:00:00.000000Z",
        "author": "ops-lead",
        "approved_by": "cto",
    }
    steps = [
        (time(0), "chain.genesis", genesis, {"actor": PERSON, "statements": [refer(REGISTRY_1, ENVELOPE_1)]}),
        (time(1), "policy.adopted", adopted, {"actor": PERSON, "policy": policy, "blobs": policies}),
        (time(60), "backup.started", started, {"policy": policy}),
        (time(60, 4, 250_000), "backup.failed", failed, {"policy": policy}),
    ]
    result, prev = [], formats.genesis_prev(ORIGIN)
    for seq, (at, kind, data, other) in enumerate(steps):
        line = formats.jcs(entry(seq, prev, at, kind, data, **other))
        result.append(line)
        prev = formats.entry_hash(line)
    return result


LINES = lines()
HASHES = [formats.entry_hash(line) for line in LINES]
HEADS = [(n, formats.root(HASHES[:n])) for n in range(len(LINES) + 1)]
