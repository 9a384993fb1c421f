//! Words about control rules.

use super::RuleText;

pub(super) const TEXTS: &[RuleText] = &[
    RuleText {
        id: "WW-BK-01",
        spec: "rules-11",
        asks: "Whether each backup that the policy's schedule promised was made, and began in time.",
        population: "Each instant of the schedule in the period, of each database in scope, in the zone of the policy in force then; not what rests in maintenance that was declared before it began.",
        deviates: "late, failed or missed, and when the run started that decided",
        limits: "A backup that was late counts as late also when it was good. A run by hand fills an occurrence where the policy lets it.",
        ask: "Ask what kept each missed or late run, who noticed it, and when.",
    },
    RuleText {
        id: "WW-BK-03",
        spec: "rules-5",
        asks: "Whether a backup that failed was noticed, made good in time, and explained.",
        population: "Each run recorded in the period as failed, and each run without an end whose longest time ran out in the period.",
        deviates: "how the run ended, when the next backup of that database completed if not in time, and whether no action or explanation is recorded",
        limits: "A run that was never announced is not in the population: WW-BK-01 finds it where there is a schedule. What an action says is the organisation's word.",
        ask: "Ask for the ticket or the incident of each failed run, and what was changed so that it does not happen again.",
    },
    RuleText {
        id: "WW-BK-04",
        spec: "rules-6",
        asks: "Whether each backup that is called completed has a statement signed by a key that may sign one.",
        population: "Each completed backup recorded in the period.",
        deviates: "that no valid statement is carried for it",
        limits: "A statement says what the producer saw. That the stored object still has the digest is seen by hashing it.",
        ask: "Ask for the stored object of backups that you pick, and compare its SHA-256 with the statement.",
    },
    RuleText {
        id: "WW-RT-01",
        spec: "rules-7",
        asks: "Whether each database was restored at least once in the period, with success.",
        population: "Each database of the newest policy of the period.",
        deviates: "that no restore test is recorded, or how the last one ended",
        limits: "A database that the policy leaves out is not in the population: compare the scope with the systems that you know.",
        ask: "Ask when the database was last restored, and to watch the next one.",
    },
    RuleText {
        id: "WW-RT-02",
        spec: "rules-8",
        asks: "Whether what came back in a restore test was what had been backed up.",
        population: "Each restore test of the policy or drill recorded in the period that was not aborted.",
        deviates: "how many tables came back equal, of how many",
        limits: "The comparison is the producer's word until somebody repeats it.",
        ask: "Ask for the list of tables that differ, and whether a later test of that backup passed.",
    },
    RuleText {
        id: "WW-RT-03",
        spec: "rules-9",
        asks: "Whether restores took no longer than the recovery time that the policy promises.",
        population: "Each passed restore test of the policy or drill recorded in the period.",
        deviates: "how long it took, and what was promised",
        limits: "The time is that of a test: finding people, keys and machines in an emergency is not in it.",
        ask: "Ask what would have to be restored in an emergency besides the database, and how long that takes.",
    },
    RuleText {
        id: "WW-RT-06",
        spec: "rules-10",
        asks: "Whether a failed restore test was followed by one that passed.",
        population: "Each failed or aborted restore test of the policy or drill recorded in the period.",
        deviates: "how it ended, and that no passed test of that database is recorded after it",
        limits: "That the later test passed does not say why the first failed.",
        ask: "Ask for the cause of the failure, and what was changed before the test was repeated.",
    },
];
