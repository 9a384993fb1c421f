"""Policies: policy-1 to policy-8."""

import re
import tomllib

from .document import parse
from .schedule import is_cron
from .value import each, has, is_bool, is_int, is_text, is_time, refuse_unless, shape, words

_TYPE = "https://walwarden.dev/spec/policy/v1"
_UNITS = {"m": 60, "h": 3600, "d": 86400}
_OFFSETS = {"s": 1000, "ms": 1}
_DAYS, _MONTHS = {"d": 1}, {"mo": 1, "y": 12}
_COLLECTORS = (
    "scope_inventory access_control encryption_at_rest provider_document change_management schema_snapshot "
    "connection_logs query_audit store_inventory key_escrow manual"
).split()
_FRAMEWORKS = words("soc2:2017-pof2022", "iso27001:2022", "hipaa", "pci:4.0.1", "dora", "nist80053:r5", "csf:2.0")
_texts = each(is_text)


def _is_cadence(value):
    """policy-6."""
    named = ("weekly", "monthly", "quarterly", "yearly")
    return is_text(value) and (value in named or re.fullmatch(r"P[1-9][0-9]{0,3}D", value) is not None)


def _is_frequency(value):
    return value == "per_migration" or _is_cadence(value)


def _number(text, units):
    """policy-3: the number that a text with one of these units comes to; None when it is no such text."""
    match = re.fullmatch(r"([0-9]{1,32})([a-z]+)", text) if is_text(text) else None
    if not match or match[2] not in units or not 0 < int(match[1]) < 2**32:
        return None
    return int(match[1]) * units[match[2]]


class _Length:
    """A length of time: how it is written, and the name and form of what it is resolved to."""

    def __init__(self, suffix, resolve, is_resolved):
        self.suffix, self.resolve, self.is_resolved = suffix, resolve, is_resolved

    def __call__(self, value):
        return self.resolve(value) is not None


def _span(text):
    days, months = _number(text, _DAYS), _number(text, _MONTHS)
    return {"days": days} if days else {"months": months} if months else None


SECONDS = _Length("_s", lambda text: _number(text, _UNITS), is_int)
MILLIS = _Length("_ms", lambda text: _number(text, _OFFSETS), is_int)
SPAN = _Length("", _span, lambda value: has(value, {"days": is_int}) or has(value, {"months": is_int}))


class _Table:
    """policy-7: the members of a table, written and resolved. A list that is empty is left out."""

    def __init__(self, required, optional=None):
        self.required, self.optional = required, optional or {}
        self.kinds = self.required | self.optional

    def __call__(self, value):
        return has(value, self.required, self.optional)

    def resolve(self, value):
        resolved = {}
        for name, item in value.items():
            kind = self.kinds[name]
            if isinstance(kind, _Length):
                resolved[name + kind.suffix] = kind.resolve(item)
            elif isinstance(kind, (_Table, _OneOf)):
                resolved[name] = kind.resolve(item)
            elif item != []:
                resolved[name] = item
        return resolved

    def is_resolved(self, value):
        return has(value, *(self._resolved(members) for members in (self.required, self.optional)))

    @staticmethod
    def _resolved(members):
        lists = (_texts, *_LISTS)
        kinds = {}
        for name, kind in members.items():
            if isinstance(kind, _Length):
                kinds[name + kind.suffix] = kind.is_resolved
            elif isinstance(kind, (_Table, _OneOf)):
                kinds[name] = kind.is_resolved
            elif kind in lists:
                kinds[name] = lambda value, kind=kind: value != [] and kind(value)
            else:
                kinds[name] = kind
        return kinds


class _OneOf:
    """A table of one of several forms, told apart by a member."""

    def __init__(self, member, forms):
        self.member, self.forms = member, forms

    def form(self, value):
        word = value.get(self.member) if type(value) is dict else None
        return self.forms.get(word) if is_text(word) else None

    def __call__(self, value):
        form = self.form(value)
        return form is not None and form(value)

    def resolve(self, value):
        return self.form(value).resolve(value)

    def is_resolved(self, value):
        form = self.form(value)
        return form is not None and form.is_resolved(value)


_ALGORITHMS = each(words("age-x25519", "aes-256-gcm"))
_CLASSES = each(words("test", "staging", "prod"))
_STORAGE = each(words("file", "agent", "kms", "hsm"))
_MANY_FRAMEWORKS = each(_FRAMEWORKS)
_LISTS = (_ALGORITHMS, _CLASSES, _STORAGE, _MANY_FRAMEWORKS)

_KEPT = {"grace": SECONDS, "contract_ref": is_text}
_RETENTION = _OneOf("mode", {
    "tiers": _Table({"mode": is_text}, dict.fromkeys(("daily", "weekly", "monthly"), is_int) | _KEPT),
    "keep_last": _Table({"mode": is_text, "keep": is_int}, _KEPT),
})
_COMMITS = dict.fromkeys(("repo", "path", "branch"), is_text)
_MIGRATIONS = _OneOf("kind", {
    "drizzle": _Table({"kind": is_text, "schema": is_text, "table": is_text}, _COMMITS),
    "query": _Table({"kind": is_text, "sql": is_text}, _COMMITS),
})
_ENCRYPTION = _Table(
    {}, {"backup": _ALGORITHMS, "tls_min": words("1.2", "1.3"), "db_at_rest": words("declared", "api")}
)
_COPIES = _Table(
    {"min": is_int},
    {"separation": words("provider", "account", "region"), "reverify": SECONDS}
    | {"object_lock": words("none", "governance", "compliance")},
)
_SMOKE = each(shape({"name": is_text, "sql": is_text}))
_TEST = {"cadence": _is_cadence, "guard": SECONDS, "full_exercise": _is_cadence, "close_failed_within": SECONDS}
_TEST |= {"amcheck": words("if_available", "required"), "environment_class": _CLASSES}
_TEST |= {"isolation": words("system", "host"), "max_run": SECONDS}
_NEEDED = ("rpo", "rto", "max_run", "max_resolution")
_ABOUT = dict.fromkeys(("id", "owner", "provider", "account_ref", "region", "criticality"), is_text)
_ONE = {"schedule": is_cron, "start_tolerance": SECONDS, "manual_counts": is_bool, "size_change_pct": is_int}
_ONE |= {"retention": _RETENTION, "encryption": _ENCRYPTION, "copies": _COPIES}
_EXTRA = each(shape({"name": is_text, "cron": is_cron, "to": is_text}))
_PROMISED = dict.fromkeys(_NEEDED, SECONDS) | _ONE | {"restore_test": _Table({}, _TEST | {"smoke": _SMOKE})}
_OWN = _PROMISED | {"extra_schedules": _EXTRA, "migrations": _MIGRATIONS}

_HEAD = dict.fromkeys(("version", "organisation", "author", "approved_by", "timezone"), is_text)
_HEAD_OPTIONAL = {"approval_ref": is_text, "frameworks": _MANY_FRAMEWORKS, "soc2_availability_in_scope": is_bool}
_HEAD_OPTIONAL |= {"record_within": SECONDS, "sign_off": is_bool}
_HEAD_OPTIONAL |= {"clock": _Table({"max_offset": MILLIS, "min_share_pct": is_int})}
_PART = shape({"where": is_text, "owner": is_text}, {"verify": _is_cadence})
_TABLES = {
    "complete_set": _Table({"database": _PART, "keys": _PART, "config": _PART}),
    "signing": _Table({}, {"segregated": is_bool, "storage": _STORAGE, "checkpoint_every": SECONDS, "anchor": _is_cadence}),
    "alerts": _Table(
        {},
        {"raise_within": SECONDS, "ack_within": SECONDS, "test_fire": _is_cadence, "channels": _texts}
        | {"escalation": _texts},
    ),
    "evidence_retention": _Table({}, {"chain": SPAN, "logs": _Table({}, {"online": SPAN, "archive": SPAN})}),
    "roles": _Table({}, dict.fromkeys(("readonly", "readwrite", "admin", "superuser_allowed"), _texts)),
}
_REASON = {"reason": is_text, "approved_by": is_text}
# Tables that may occur several times, and by what they are sorted and told apart.
_SEVERAL = {
    "exclude": (_Table({"database": is_text} | _REASON), lambda one: one["database"]),
    "other_layer": (_Table({"name": is_text, "operator": is_text}, {"retention": SPAN}), lambda one: one["name"]),
    "evidence": (
        _Table(
            {"collector": words(*_COLLECTORS), "frequency": _is_frequency},
            {"due_within": SECONDS, "reviewers": _texts, "review_within": SECONDS},
        ),
        lambda one: f"{one['collector']} {one['frequency']}",
    ),
    "subservice": (
        _Table({"name": is_text}, {"relied_on_for": _texts, "report": shape({"kind": is_text, "review": _is_cadence})}),
        lambda one: one["name"],
    ),
    "not_applicable": (_Table({"rule": is_text} | _REASON), lambda one: one["rule"]),
}

_is_instant = lambda value: is_text(value) and _instant(value) is not None  # noqa: E731
_WRITTEN_HEAD = _Table(_HEAD | {"effective_from": _is_instant}, _HEAD_OPTIONAL)
_WRITTEN = _TABLES | {name: each(table) for name, (table, _) in _SEVERAL.items()}
_WRITTEN |= {"defaults": _Table({}, _PROMISED), "database": each(_Table(_ABOUT, _OWN))}
_RESOLVED_TEST = _Table({}, _TEST).is_resolved
_RESOLVED_DATABASE = _Table(
    _ABOUT | dict.fromkeys(_NEEDED, SECONDS) | {"smoke": _SMOKE},
    _ONE | {"migrations": _MIGRATIONS},
)


def _is_resolved_database(value):
    if type(value) is not dict:
        return False
    rest = {name: item for name, item in value.items() if name not in ("restore_test", "extra_schedules")}
    test, extra = value.get("restore_test", ...), value.get("extra_schedules", ...)
    several = extra is ... or (extra != [] and _EXTRA(extra))
    return _RESOLVED_DATABASE.is_resolved(rest) and several and (test is ... or (test != {} and _RESOLVED_TEST(test)))


def parse_resolved(data):
    """policy-2 and policy-8: the resolved form."""
    value = parse(data)
    head = _Table._resolved(_HEAD) | {"effective_from": is_time, "_type": words(_TYPE)}
    several = {
        name: lambda found, kind=kind: type(found) is list and found != [] and all(map(kind.is_resolved, found))
        for name, (kind, _) in _SEVERAL.items()
    }
    optional = _Table._resolved(_HEAD_OPTIONAL) | {name: kind.is_resolved for name, kind in _TABLES.items()} | several
    known = has(value, head | {"databases": each(_is_resolved_database)}, optional)
    refuse_unless(known, "policy-2: not the members of a policy")
    _holds(value)
    return value


def resolve(data):
    """policy-1 to policy-8: the resolved form of a policy as written."""
    try:
        value = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):  # among them what is not UTF-8, and numbers of too many digits
        refuse_unless(False, "policy-1: not TOML")
    refuse_unless(has(value, {"policy": _WRITTEN_HEAD}, _WRITTEN), "policy-1: a key is missing, or not known")
    defaults = value.get("defaults", {})
    databases = [_database(one, defaults) for one in value.get("database", [])]
    resolved = _WRITTEN_HEAD.resolve(value["policy"])
    resolved |= {"_type": _TYPE, "effective_from": _instant(value["policy"]["effective_from"])}
    resolved["databases"] = sorted(databases, key=lambda one: one["id"].encode())
    resolved |= {name: table.resolve(value[name]) for name, table in _TABLES.items() if name in value}
    for name, (table, key) in _SEVERAL.items():
        if value.get(name):
            found = map(table.resolve, value[name])
            resolved[name] = sorted(found, key=lambda one, key=key: key(one).encode())
    _holds(resolved)
    return resolved


def _instant(text):
    """policy-3: the one spelling of a time; None when it is none."""
    spelt = text[:-1] + ".000000Z" if len(text) == 20 and text.endswith("Z") else text
    return spelt if is_time(spelt) else None


def _database(own, defaults):
    """policy-2: what a table of a database and the defaults come to."""
    written = {name: value for name, value in defaults.items()} | own
    refuse_unless(written.keys() >= set(_NEEDED), "policy-2: a promise that every database has is missing")
    test = dict(written.pop("restore_test", {}))
    smoke = test.pop("smoke", [])
    resolved = _Table(_ABOUT, _OWN).resolve(written) | {"smoke": smoke}
    if "extra_schedules" in resolved:
        resolved["extra_schedules"] = sorted(resolved["extra_schedules"], key=lambda one: one["name"].encode())
    test = _Table({}, _TEST).resolve(test)
    return resolved | ({"restore_test": test} if test else {})


def _holds(resolved):
    """policy-8: what must hold beside the shape."""

    def ascend(found, key):
        names = [key(one).encode() for one in found]
        refuse_unless(names == sorted(set(names)), "policy-8: not by name, or one occurs twice")

    ascend(resolved["databases"], lambda one: one["id"])
    for name, (_, key) in _SEVERAL.items():
        ascend(resolved.get(name, []), key)
    scope = {one["id"] for one in resolved["databases"]}
    refuse_unless(not scope & {one["database"] for one in resolved.get("exclude", [])}, "policy-8: in scope and left out")
    share = resolved.get("clock", {}).get("min_share_pct", 1)
    refuse_unless(1 <= share <= 100, "policy-8: min_share_pct")
    for one in resolved.get("evidence", []):
        refuse_unless((one["frequency"] == "per_migration") == ("due_within_s" in one), "policy-8: due_within")
    for one in resolved.get("not_applicable", []):
        refuse_unless(re.fullmatch(r"WW-[A-Z]{2}-[0-9]{2}", one["rule"]), "policy-8: no id of a rule")
    for one in resolved["databases"]:
        ascend(one.get("extra_schedules", []), lambda extra: extra["name"])
        refuse_unless(one.get("size_change_pct", 1) > 0, "policy-8: size_change_pct")
        refuse_unless(one.get("copies", {"min": 0})["min"] >= 0, "policy-8: copies.min")
        kept = one.get("retention", {"keep": 1})
        numbers = [kept[name] for name in ("daily", "weekly", "monthly", "keep") if name in kept]
        refuse_unless(numbers and min(numbers) > 0, "policy-8: retention")
        commits = sum(name in one.get("migrations", {}) for name in _COMMITS)
        refuse_unless(commits in (0, 3), "policy-8: repo, path and branch")
