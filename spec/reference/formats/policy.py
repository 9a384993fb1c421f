"""Policies, resolved: spec/11-policy.md."""

import re
import tomllib

from .values import has, is_text, micros

_UNITS = {"m": 60, "h": 3600, "d": 86400}
_PROMISES = ("rpo", "rto", "max_run", "max_resolution")


def seconds(text):
    """policy-3; None when the text is no duration."""
    match = re.fullmatch(r"([0-9]+)([mhd])", text) if is_text(text) else None
    number = int(match[1]) * _UNITS[match[2]] if match and int(match[1]) < 2**32 else 0
    return number or None


def _smoke(table):
    test = table.get("restore_test", {})
    if not has(test, {}, {"smoke": lambda v: type(v) is list}):
        return None
    queries = test.get("smoke", [])
    return queries if all(has(q, {"name": is_text, "sql": is_text}) for q in queries) else None


def resolve_policy(text):
    """policy-2: the resolved policy as a value; None when the text is no policy."""
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
    head = dict.fromkeys(("version", "organisation", "effective_from", "author", "approved_by", "timezone"), is_text)
    about = dict.fromkeys(("id", "owner", "provider", "account_ref", "region", "criticality"), is_text)
    promises = dict.fromkeys(_PROMISES, is_text) | {"restore_test": lambda v: True}
    tables = {"defaults": lambda v: has(v, {}, promises), "database": lambda v: all(has(d, about, promises) for d in v)}
    if not has(value, {"policy": lambda v: has(v, head, {"approval_ref": is_text})}, tables):
        return None
    defaults, databases = value.get("defaults", {}), []
    for database in value.get("database", []):
        resolved = {name: database[name] for name in about}
        for name in _PROMISES:
            resolved[name + "_s"] = seconds(database.get(name, defaults.get(name)))
        resolved["smoke"] = _smoke(database if "restore_test" in database else defaults)
        databases.append(resolved)
    if any(None in resolved.values() for resolved in databases):
        return None
    databases.sort(key=lambda d: d["id"].encode())
    start = value["policy"]["effective_from"]
    start = start[:-1] + ".000000Z" if len(start) == 20 and start.endswith("Z") else start
    if micros(start) is None or len({d["id"] for d in databases}) != len(databases):
        return None
    resolved = {"_type": "https://walwarden.dev/spec/policy/v1", "databases": databases}
    return value["policy"] | resolved | {"effective_from": start}
