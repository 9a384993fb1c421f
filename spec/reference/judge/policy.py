"""Policies: policy-1 to policy-4."""

import re
import tomllib

from .document import parse
from .value import each, has, is_int, is_text, is_time, refuse_unless, shape, words

_HEAD = dict.fromkeys(("version", "organisation", "effective_from", "author", "approved_by", "timezone"), is_text)
_ABOUT = dict.fromkeys(("id", "owner", "provider", "account_ref", "region", "criticality"), is_text)
_PROMISES = ("rpo", "rto", "max_run", "max_resolution")
_SMOKE = each(shape({"name": is_text, "sql": is_text}))
_PROMISED = dict.fromkeys(_PROMISES, is_text) | {"restore_test": shape({}, {"smoke": _SMOKE})}
_FILE = {"defaults": shape({}, _PROMISED), "database": each(shape(_ABOUT, _PROMISED))}
_UNITS = {"m": 60, "h": 3600, "d": 86400}

_DATABASE = _ABOUT | {name + "_s": is_int for name in _PROMISES} | {"smoke": _SMOKE}
_RESOLVED = _HEAD | {
    "_type": words("https://walwarden.dev/spec/policy/v1"),
    "effective_from": is_time,
    "databases": each(shape(_DATABASE)),
}


def parse_resolved(data):
    """policy-2: the resolved form."""
    value = parse(data)
    refuse_unless(has(value, _RESOLVED, {"approval_ref": is_text}), "policy-2: not the members of a policy")
    return value


def resolve(data):
    """policy-1 to policy-3: the resolved form of a policy as written."""
    try:
        value = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):  # among them what is not UTF-8, and numbers of too many digits
        refuse_unless(False, "policy-1: not TOML")
    known = has(value, {"policy": shape(_HEAD, {"approval_ref": is_text})}, _FILE)
    refuse_unless(known, "policy-1: a key is missing, or not known")
    defaults = value.get("defaults", {})
    databases = [_database(one, defaults) for one in value.get("database", [])]
    databases.sort(key=lambda one: one["id"].encode())
    ids = [one["id"] for one in databases]
    refuse_unless(len(set(ids)) == len(ids), "policy-2: a database occurs twice")
    start = value["policy"]["effective_from"]
    start = start[:-1] + ".000000Z" if len(start) == 20 and start.endswith("Z") else start
    refuse_unless(is_time(start), "policy-3: effective_from is no time")
    head = {"_type": "https://walwarden.dev/spec/policy/v1", "effective_from": start, "databases": databases}
    return value["policy"] | head


def _database(own, defaults):
    resolved = {name: own[name] for name in _ABOUT}
    for name in _PROMISES:
        resolved[name + "_s"] = _seconds(own.get(name, defaults.get(name)))
    test = own.get("restore_test", defaults.get("restore_test", {}))
    return resolved | {"smoke": test.get("smoke", [])}


def _seconds(text):
    """policy-3."""
    match = re.fullmatch(r"([0-9]{1,32})([mhd])", text or "")
    refuse_unless(match and 0 < int(match[1]) < 2**32, "policy-3: no duration, or none where one is needed")
    return int(match[1]) * _UNITS[match[2]]
