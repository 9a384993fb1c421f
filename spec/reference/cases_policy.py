"""Everything that a policy may promise, and what it may not: spec/11-policy.md.

What a good text resolves to is written down here by hand, beside it: no reader is asked. Each case adds lines to the
policy of story.py, and members to its resolved form.
"""

import json

import formats
import story

BASE = formats.resolve_policy(story.POLICY_TOML)
# The base stands in three pieces, so that lines can be put behind each.
HEAD, REST = story.POLICY_TOML.split("\n[defaults]\n")
DEFAULTS, DATABASE = REST.split("\n[defaults.restore_test]\n")
RESTORE_TEST, DATABASE = DATABASE.split("\n[[database]]\n")


def text(head="", defaults="", restore_test="", database="", rest=""):
    """The base with these lines more in each table, and more tables at the end."""
    tables = [HEAD + head, f"[defaults]\n{DEFAULTS}{defaults}", f"[defaults.restore_test]\n{RESTORE_TEST}{restore_test}"]
    return "\n".join([*tables, f"[[database]]\n{DATABASE}{database}", rest])


def resolved(head=None, database=None):
    """The base with these members more."""
    return BASE | (head or {}) | {"databases": [BASE["databases"][0] | (database or {})]}


# What may stand in the head or in a table of its own: (name, rule, place, lines, members of the resolved form).
WHOLE = [
    ("frameworks", "policy-7", "head", 'frameworks = ["soc2:2017-pof2022", "iso27001:2022", "hipaa", "pci:4.0.1", "dora", '
     '"nist80053:r5", "csf:2.0"]',
     {"frameworks": ["soc2:2017-pof2022", "iso27001:2022", "hipaa", "pci:4.0.1", "dora", "nist80053:r5", "csf:2.0"]}),
    ("frameworks-none", "policy-2", "head", "frameworks = []", {}),
    ("availability", "policy-7", "head", "soc2_availability_in_scope = true", {"soc2_availability_in_scope": True}),
    ("record-within", "policy-3", "head", 'record_within = "24h"', {"record_within_s": 86400}),
    ("sign-off", "policy-7", "head", "sign_off = false", {"sign_off": False}),
    ("clock", "policy-3", "head", 'clock = { max_offset = "2s", min_share_pct = 95 }',
     {"clock": {"max_offset_ms": 2000, "min_share_pct": 95}}),
    ("clock-millis", "policy-3", "head", 'clock = { max_offset = "500ms", min_share_pct = 100 }',
     {"clock": {"max_offset_ms": 500, "min_share_pct": 100}}),
    ("exclude", "policy-7", "rest",
     '[[exclude]]\ndatabase = "b"\nreason = "r"\napproved_by = "cto"\n'
     '[[exclude]]\ndatabase = "a"\nreason = "s"\napproved_by = "cto"',
     {"exclude": [{"database": "a", "reason": "s", "approved_by": "cto"},
                  {"database": "b", "reason": "r", "approved_by": "cto"}]}),
    ("complete-set", "policy-7", "rest",
     '[complete_set]\ndatabase = { where = "s3", owner = "a" }\n'
     'keys = { where = "safe", owner = "b", verify = "quarterly" }\n'
     'config = { where = "git", owner = "c", verify = "P45D" }',
     {"complete_set": {"database": {"where": "s3", "owner": "a"},
                       "keys": {"where": "safe", "owner": "b", "verify": "quarterly"},
                       "config": {"where": "git", "owner": "c", "verify": "P45D"}}}),
    ("other-layer", "policy-7", "rest",
     '[[other_layer]]\nname = "snapshots"\noperator = "provider"\nretention = "7d"\n'
     '[[other_layer]]\nname = "mirror"\noperator = "provider"',
     {"other_layer": [{"name": "mirror", "operator": "provider"},
                      {"name": "snapshots", "operator": "provider", "retention": {"days": 7}}]}),
    ("signing", "policy-7", "rest",
     '[signing]\nsegregated = true\nstorage = ["file", "agent", "kms", "hsm"]\ncheckpoint_every = "24h"\n'
     'anchor = "weekly"',
     {"signing": {"segregated": True, "storage": ["file", "agent", "kms", "hsm"], "checkpoint_every_s": 86400,
                  "anchor": "weekly"}}),
    ("signing-empty", "policy-2", "rest", "[signing]", {"signing": {}}),
    ("alerts", "policy-7", "rest",
     '[alerts]\nraise_within = "15m"\nack_within = "24h"\ntest_fire = "quarterly"\nchannels = ["oncall", "chat"]\n'
     'escalation = ["b", "a"]',
     {"alerts": {"raise_within_s": 900, "ack_within_s": 86400, "test_fire": "quarterly",
                 "channels": ["oncall", "chat"], "escalation": ["b", "a"]}}),
    ("evidence", "policy-7", "rest",
     '[[evidence]]\ncollector = "schema_snapshot"\nfrequency = "per_migration"\ndue_within = "1h"\n'
     '[[evidence]]\ncollector = "schema_snapshot"\nfrequency = "monthly"\n'
     '[[evidence]]\ncollector = "access_control"\nfrequency = "monthly"\nreviewers = ["sec-lead"]\nreview_within = "14d"',
     {"evidence": [
         {"collector": "access_control", "frequency": "monthly", "reviewers": ["sec-lead"], "review_within_s": 1209600},
         {"collector": "schema_snapshot", "frequency": "monthly"},
         {"collector": "schema_snapshot", "frequency": "per_migration", "due_within_s": 3600}]}),
    ("evidence-retention", "policy-3", "rest",
     '[evidence_retention]\nchain = "3y"\nlogs = { online = "12mo", archive = "400d" }',
     {"evidence_retention": {"chain": {"months": 36}, "logs": {"online": {"months": 12}, "archive": {"days": 400}}}}),
    ("subservice", "policy-7", "rest",
     '[[subservice]]\nname = "host"\nrelied_on_for = ["disks", "doors"]\n'
     'report = { kind = "SOC 2 Type II", review = "yearly" }\n[[subservice]]\nname = "dns"',
     {"subservice": [{"name": "dns"}, {"name": "host", "relied_on_for": ["disks", "doors"],
                                       "report": {"kind": "SOC 2 Type II", "review": "yearly"}}]}),
    ("roles", "policy-7", "rest",
     '[roles]\nreadonly = ["r"]\nreadwrite = ["w"]\nadmin = []\nsuperuser_allowed = ["postgres"]',
     {"roles": {"readonly": ["r"], "readwrite": ["w"], "superuser_allowed": ["postgres"]}}),
    ("not-applicable", "policy-7", "rest",
     '[[not_applicable]]\nrule = "WW-CP-02"\nreason = "no lock"\napproved_by = "cto"',
     {"not_applicable": [{"rule": "WW-CP-02", "reason": "no lock", "approved_by": "cto"}]}),
]
WHOLE += [
    (f"collector-{collector}", "policy-7", "rest", f'[[evidence]]\ncollector = "{collector}"\nfrequency = "monthly"',
     {"evidence": [{"collector": collector, "frequency": "monthly"}]})
    for collector in ("scope_inventory", "encryption_at_rest", "provider_document", "change_management",
                      "connection_logs", "query_audit", "store_inventory", "key_escrow", "manual")
]
WHOLE += [
    (f"cadence-{cadence}", "policy-6", "rest", f'[signing]\nanchor = "{cadence}"', {"signing": {"anchor": cadence}})
    for cadence in ("monthly", "quarterly", "yearly", "P1D", "P9999D")
]

DRIZZLE = '{ kind = "drizzle", schema = "d", table = "t", repo = "app", path = "m", branch = "main" }'
COMMITS = {"repo": "app", "path": "m", "branch": "main"}
# What holds for one database, in [defaults] or its own table: (name, rule, line, members).
ONE = [
    ("start-tolerance", "policy-3", 'start_tolerance = "30m"', {"start_tolerance_s": 1800}),
    ("manual-counts", "policy-7", "manual_counts = false", {"manual_counts": False}),
    ("size-change", "policy-7", "size_change_pct = 50", {"size_change_pct": 50}),
    ("tiers", "policy-7",
     'retention = { mode = "tiers", daily = 7, weekly = 4, monthly = 12, grace = "48h", contract_ref = "9.2" }',
     {"retention": {"mode": "tiers", "daily": 7, "weekly": 4, "monthly": 12, "grace_s": 172800, "contract_ref": "9.2"}}),
    ("tier", "policy-7", 'retention = { mode = "tiers", weekly = 1 }', {"retention": {"mode": "tiers", "weekly": 1}}),
    ("keep-last", "policy-7", 'retention = { mode = "keep_last", keep = 7 }',
     {"retention": {"mode": "keep_last", "keep": 7}}),
    ("keep-last-grace", "policy-7", 'retention = { mode = "keep_last", keep = 7, grace = "1d", contract_ref = "9" }',
     {"retention": {"mode": "keep_last", "keep": 7, "grace_s": 86400, "contract_ref": "9"}}),
    ("encryption", "policy-7",
     'encryption = { backup = ["age-x25519", "aes-256-gcm"], tls_min = "1.2", db_at_rest = "declared" }',
     {"encryption": {"backup": ["age-x25519", "aes-256-gcm"], "tls_min": "1.2", "db_at_rest": "declared"}}),
    ("encryption-other", "policy-7", 'encryption = { backup = [], tls_min = "1.3", db_at_rest = "api" }',
     {"encryption": {"tls_min": "1.3", "db_at_rest": "api"}}),
    ("copies", "policy-7",
     'copies = { min = 1, separation = "provider", reverify = "30d", object_lock = "governance" }',
     {"copies": {"min": 1, "separation": "provider", "reverify_s": 2592000, "object_lock": "governance"}}),
    ("copies-none", "policy-7", "copies = { min = 0 }", {"copies": {"min": 0}}),
    ("copies-account", "policy-7", 'copies = { min = 2, separation = "account", object_lock = "compliance" }',
     {"copies": {"min": 2, "separation": "account", "object_lock": "compliance"}}),
    ("copies-region", "policy-7", 'copies = { min = 2, separation = "region", object_lock = "none" }',
     {"copies": {"min": 2, "separation": "region", "object_lock": "none"}}),
]
SCHEDULES = (
    "0 2 * * *", "0 */4 * * *", "* * * * *", "0,30 8-18/2 * * 1-5", "59 23 31 12 *", "00 02 * * 0", "0 0 29 2 *",
    "*/59 */23 */31 */12 *", "5-5 0-23 1-31 1-12 *", "0 4 1,15 * *", "0 0 * * 0-6/6", "0 2 * * 7", "0 2 * * MON",
    "0 2 * jan-JUN,12 sun", "0 */99 * * *", "0 2 1 * 1", "0 2 */2 * 1-5", "0 0 30 2 fri",
)
ONE += [(f"schedule {cron}", "policy-5", f'schedule = "{cron}"', {"schedule": cron}) for cron in SCHEDULES]
TEST = [
    ("cadence", 'cadence = "monthly"', {"cadence": "monthly"}),
    ("guard", 'guard = "35d"', {"guard_s": 3024000}),
    ("full-exercise", 'full_exercise = "quarterly"', {"full_exercise": "quarterly"}),
    ("amcheck", 'amcheck = "if_available"', {"amcheck": "if_available"}),
    ("amcheck-required", 'amcheck = "required"', {"amcheck": "required"}),
    ("class", 'environment_class = ["test", "staging", "prod"]', {"environment_class": ["test", "staging", "prod"]}),
    ("isolation", 'isolation = "system"', {"isolation": "system"}),
    ("isolation-host", 'isolation = "host"', {"isolation": "host"}),
    ("close-failed", 'close_failed_within = "14d"', {"close_failed_within_s": 1209600}),
    ("max-run", 'max_run = "24h"', {"max_run_s": 86400}),
]
OWN = [
    ("extra-schedules", "policy-7",
     'extra_schedules = [{ name = "b", cron = "0 4 1 * *", to = "dr" }, { name = "a", cron = "0 5 * * 0", to = "dr" }]',
     {"extra_schedules": [{"name": "a", "cron": "0 5 * * 0", "to": "dr"},
                          {"name": "b", "cron": "0 4 1 * *", "to": "dr"}]}),
    ("drizzle", "policy-7", f"migrations = {DRIZZLE}",
     {"migrations": {"kind": "drizzle", "schema": "d", "table": "t"} | COMMITS}),
    ("query", "policy-7", 'migrations = { kind = "query", sql = "select 1" }',
     {"migrations": {"kind": "query", "sql": "select 1"}}),
    ("query-commits", "policy-7",
     'migrations = { kind = "query", sql = "select 1", repo = "app", path = "m", branch = "main" }',
     {"migrations": {"kind": "query", "sql": "select 1"} | COMMITS}),
]

EXCLUDE = '[[exclude]]\ndatabase = "a"\nreason = "r"\napproved_by = "cto"\n'
EVIDENCE = '[[evidence]]\ncollector = "access_control"\nfrequency = "monthly"\n'
# (name, rule, place, lines): no policy.
BAD = [
    ("framework-unknown", "policy-7", "head", 'frameworks = ["soc2"]'),
    ("availability-as-text", "policy-7", "head", 'soc2_availability_in_scope = "true"'),
    ("resolved-spelling", "policy-1", "head", "record_within_s = 86400"),
    ("resolved-spelling-in-defaults", "policy-1", "defaults", "start_tolerance_s = 60"),
    ("duration-as-number", "policy-3", "head", "record_within = 86400"),
    ("duration-of-years", "policy-3", "head", 'record_within = "1y"'),
    ("duration-of-months", "policy-3", "restore_test", 'guard = "2mo"'),
    ("clock-without-share", "policy-7", "head", 'clock = { max_offset = "2s" }'),
    ("clock-share-0", "policy-8", "head", 'clock = { max_offset = "2s", min_share_pct = 0 }'),
    ("clock-share-101", "policy-8", "head", 'clock = { max_offset = "2s", min_share_pct = 101 }'),
    ("clock-in-minutes", "policy-3", "head", 'clock = { max_offset = "2m", min_share_pct = 95 }'),
    ("exclude-without-reason", "policy-7", "rest", '[[exclude]]\ndatabase = "a"\napproved_by = "cto"'),
    ("exclude-twice", "policy-8", "rest", EXCLUDE + EXCLUDE),
    ("exclude-in-scope", "policy-8", "rest", EXCLUDE.replace('"a"', '"shop"')),
    ("complete-set-of-two", "policy-7", "rest",
     '[complete_set]\ndatabase = { where = "s3", owner = "a" }\nkeys = { where = "safe", owner = "b" }'),
    ("other-layer-twice", "policy-8", "rest", '[[other_layer]]\nname = "a"\noperator = "b"\n' * 2),
    ("other-layer-hours", "policy-3", "rest", '[[other_layer]]\nname = "a"\noperator = "b"\nretention = "7h"'),
    ("signing-storage-unknown", "policy-7", "rest", '[signing]\nstorage = ["drawer"]'),
    ("signing-unknown", "policy-1", "rest", "[signing]\nmoon = true"),
    ("alerts-unknown", "policy-1", "rest", "[alerts]\nmoon = true"),
    ("evidence-twice", "policy-8", "rest", EVIDENCE + EVIDENCE),
    ("evidence-without-frequency", "policy-7", "rest", '[[evidence]]\ncollector = "access_control"'),
    ("evidence-unknown", "policy-1", "rest", EVIDENCE + 'moon = "full"'),
    ("evidence-daily", "policy-6", "rest", EVIDENCE.replace("monthly", "daily")),
    ("per-migration-without-due", "policy-8", "rest", EVIDENCE.replace("monthly", "per_migration")),
    ("monthly-with-due", "policy-8", "rest", EVIDENCE + 'due_within = "1h"'),
    ("collector-unknown", "policy-7", "rest", EVIDENCE.replace("access_control", "moon_phase")),
    ("cadence-per-migration", "policy-6", "restore_test", 'cadence = "per_migration"'),
    ("retention-of-logs-in-hours", "policy-3", "rest", '[evidence_retention]\nlogs = { online = "24h" }'),
    ("evidence-retention-as-table", "policy-3", "rest", "[evidence_retention]\nchain = { months = 36 }"),
    ("subservice-twice", "policy-8", "rest", '[[subservice]]\nname = "a"\n' * 2),
    ("report-without-review", "policy-7", "rest", '[[subservice]]\nname = "a"\nreport = { kind = "SOC 2" }'),
    ("roles-unknown", "policy-1", "rest", '[roles]\nowner = ["a"]'),
    ("not-applicable-twice", "policy-8", "rest",
     '[[not_applicable]]\nrule = "WW-CP-02"\nreason = "r"\napproved_by = "cto"\n' * 2),
    ("size-change-0", "policy-8", "defaults", "size_change_pct = 0"),
    ("size-change-fraction", "policy-7", "defaults", "size_change_pct = 0.5"),
    ("retention-without-mode", "policy-7", "defaults", "retention = { keep = 7 }"),
    ("retention-mode-unknown", "policy-7", "defaults", 'retention = { mode = "all" }'),
    ("retention-modes-mixed", "policy-7", "defaults", 'retention = { mode = "keep_last", keep = 7, daily = 7 }'),
    ("tiers-none", "policy-8", "defaults", 'retention = { mode = "tiers" }'),
    ("tier-of-0", "policy-8", "defaults", 'retention = { mode = "tiers", daily = 7, weekly = 0 }'),
    ("keep-0", "policy-8", "defaults", 'retention = { mode = "keep_last", keep = 0 }'),
    ("keep-missing", "policy-7", "defaults", 'retention = { mode = "keep_last" }'),
    ("grace-as-number", "policy-3", "defaults", 'retention = { mode = "keep_last", keep = 7, grace = 60 }'),
    ("encryption-unknown", "policy-7", "defaults", 'encryption = { backup = ["rot13"] }'),
    ("tls-1.1", "policy-7", "defaults", 'encryption = { tls_min = "1.1" }'),
    ("tls-as-number", "policy-7", "defaults", "encryption = { tls_min = 1.2 }"),
    ("copies-without-min", "policy-7", "defaults", 'copies = { separation = "provider" }'),
    ("copies-negative", "policy-8", "defaults", "copies = { min = -1 }"),
    ("separation-unknown", "policy-7", "defaults", 'copies = { min = 1, separation = "rack" }'),
    ("lock-unknown", "policy-7", "defaults", 'copies = { min = 1, object_lock = "legal" }'),
    ("amcheck-unknown", "policy-7", "restore_test", 'amcheck = "never"'),
    ("class-unknown", "policy-7", "restore_test", 'environment_class = ["moon"]'),
    ("restore-test-unknown", "policy-1", "restore_test", 'moon = "full"'),
    ("extra-schedule-twice", "policy-8", "database",
     'extra_schedules = [{ name = "a", cron = "0 4 1 * *", to = "b" }, { name = "a", cron = "0 5 1 * *", to = "b" }]'),
    ("extra-schedule-without-to", "policy-7", "database", 'extra_schedules = [{ name = "a", cron = "0 4 1 * *" }]'),
    ("extra-schedules-in-defaults", "policy-1", "defaults", 'extra_schedules = [{ name = "a", cron = "0 4 1 * *", to = "b" }]'),
    ("migrations-kind-unknown", "policy-7", "database", 'migrations = { kind = "flyway" }'),
    ("migrations-modes-mixed", "policy-7", "database", 'migrations = { kind = "query", sql = "select 1", table = "t" }'),
    ("migrations-branch-alone", "policy-8", "database", 'migrations = { kind = "query", sql = "select 1", branch = "main" }'),
    ("drizzle-without-table", "policy-7", "database", 'migrations = { kind = "drizzle", schema = "d" }'),
]
BAD += [
    (f"collector-of-later-{name}", "policy-7", "rest", EVIDENCE.replace("access_control", name))
    for name in ("column_encryption", "backup_encryption", "log_retention", "store_access", "backup_config")
]
BAD += [
    (f"cadence {text}", "policy-6", "restore_test", f'cadence = "{text}"')
    for text in ("", "Monthly", "30d", "P0D", "P030D", "P10000D", "P-1D", "P1W", "P1.5D", "P1D ", "daily")
]
BAD += [
    (f"span {text}", "policy-3", "rest", f'[evidence_retention]\nchain = "{text}"')
    for text in ("", "3", "y", "0y", "-1y", "1.5y", "3Y", "3yr", "1y6mo", "36m", "24h", "4294967296d")
]
BAD += [
    (f"rule {text}", "policy-8", "rest", f'[[not_applicable]]\nrule = "{text}"\nreason = "r"\napproved_by = "cto"')
    for text in ("CP-02", "WW-CP-2", "WW-cp-02", "WW-CP-021", "WW-C1-02", "")
]
BAD += [
    (f"schedule {cron}", "policy-5", "defaults", f'schedule = "{cron}"')
    for cron in (
        "", "0 2 * *", "0 2 * * * *", "0  2 * * *", " 0 2 * * *", "0 2 * * * ", "0\\t2 * * *", "60 2 * * *", "0 24 * * *",
        "0 2 0 * *", "0 2 32 * *", "0 2 * 0 *", "0 2 * 13 *", "0 2 * * 8", "0 2 * * MOND", "0 2 jan * *", "0 2 * mon *", "0 2 * fooo *", "0 2 * foo *",
        "@daily", "-1 2 * * *",
        "0 5-2 * * *", "0 2-30 * * *", "0 */0 * * *", "0 */100 * * *", "0 2/4 * * *", "0 2, * * *", "0 ,2 * * *",
        "0 2-3-4 * * *", "0 */2/2 * * *", "002 2 * * *", "0 ** * * *", "0 0 30 2 *", "0 0 30 feb *",
        "0 0 31 4,6,9,11 *", "0 ? * * *", "0 2 L * *", "+5 2 * * *",
    )
]

# What the one large policy has.
EVERYTHING = (
    "frameworks availability record-within sign-off clock exclude complete-set other-layer signing alerts evidence "
    "evidence-retention subservice roles not-applicable start-tolerance manual-counts size-change tiers encryption copies "
    "drizzle extra-schedules cadence guard full-exercise amcheck class isolation close-failed max-run"
).split() + ["schedule 0 2 * * *"]

# Not what resolving gives: (name, rule, members of the resolved form in place of those of the base).
RESOLVED_BAD = [
    ("empty-list", "policy-2", {"frameworks": []}),
    ("null", "bytes-3", {"clock": None}),
    ("written-spelling", "policy-2", {"record_within": "24h"}),
    ("duration-as-text", "policy-3", {"record_within_s": "86400"}),
    ("lists-not-by-name", "policy-2", {"subservice": [{"name": "b"}, {"name": "a"}]}),
    ("name-twice", "policy-8", {"subservice": [{"name": "a"}, {"name": "a"}]}),
    ("span-of-two", "policy-3", {"evidence_retention": {"chain": {"months": 1, "days": 1}}}),
    ("collector-later", "policy-7", {"evidence": [{"collector": "store_access", "frequency": "monthly"}]}),
    ("cadence-unknown", "policy-6", {"signing": {"anchor": "daily"}}),
    ("share-0", "policy-8", {"clock": {"max_offset_ms": 1, "min_share_pct": 0}}),
    ("schedule-never", "policy-5", {"databases": [BASE["databases"][0] | {"schedule": "0 0 30 2 *"}]}),
    ("database-twice", "policy-8", {"databases": BASE["databases"] * 2}),
]


def cases():
    found = []

    def case(name, rule, toml, value=None):
        one = {"name": name, "rule": rule, "valid": value is not None, "toml": toml}
        if value is not None:
            jcs = formats.jcs(value)
            one |= {"resolved": jcs.decode(), "sha256": formats.sha256(jcs).hex()}
        found.append(one)

    for name, rule, place, lines, members in WHOLE:
        case(name, rule, text(**{place: lines + "\n"}), resolved(members))
    for name, rule, line, members in ONE:
        case(name, rule, text(defaults=line + "\n"), resolved(database=members))
        case(f"{name} of its own", rule, text(database=line + "\n"), resolved(database=members))
    for name, line, members in TEST:
        case(f"restore-test-{name}", "policy-7", text(restore_test=line + "\n"), resolved(database={"restore_test": members}))
    for name, rule, line, members in OWN:
        case(name, rule, text(database=line + "\n"), resolved(database=members))
    own = 'retention = { mode = "keep_last", keep = 2 }\n'
    tiers = 'retention = { mode = "tiers", daily = 7, grace = "48h" }\n'
    replaced = {"retention": {"mode": "keep_last", "keep": 2}}
    case("own-table-replaces-whole", "policy-2", text(defaults=tiers, database=own), resolved(database=replaced))
    quarter = resolved(database={"restore_test": {"cadence": "quarterly"}, "smoke": []})
    own = 'restore_test = { cadence = "quarterly" }\n'
    case("own-restore-test-replaces-whole", "policy-2", text(restore_test='guard = "35d"\n', database=own), quarter)
    several, members, one = dict.fromkeys(("head", "defaults", "restore_test", "database", "rest"), ""), {}, {}
    for name, _, place, lines, more in WHOLE:
        if name in EVERYTHING:
            several[place] += lines + "\n"
            members |= more
    for name, _, line, more in ONE + OWN:
        if name in EVERYTHING:
            several["database" if name in ("drizzle", "extra-schedules") else "defaults"] += line + "\n"
            one |= more
    for name, line, more in TEST:
        if name in EVERYTHING:
            several["restore_test"] += line + "\n"
            one["restore_test"] = one.get("restore_test", {}) | more
    case("everything", "policy-2", text(**several), resolved(members, one))
    for name, rule, place, lines in BAD:
        case(f"not {name}", rule, text(**{place: lines + "\n"}))
    return found


def resolved_cases():
    """Resolved policies, as a bundle carries them without what was written."""
    whole = json.loads(next(one for one in cases() if one["name"] == "everything")["resolved"])
    found = [("good", "policy-2", BASE, True), ("everything", "policy-2", whole, True)]
    found += [(f"not {name}", rule, BASE | members, False) for name, rule, members in RESOLVED_BAD]
    found.append(("not other-type", "policy-2", BASE | {"_type": "https://walwarden.dev/spec/policy/v2"}, False))
    shown = [{"name": name, "rule": rule, "valid": valid, "resolved": formats.jcs(value).decode()}
             for name, rule, value, valid in found]
    return shown


def files():
    return {
        "policies": ("11-policy", "What a policy may promise: as written, resolved, and the policy digest.", cases()),
        "resolved": ("11-policy", "Resolved policies, or what is none.", resolved_cases()),
    }
