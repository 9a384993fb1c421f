//! What auditors ask, and where the answer stands.

use super::{Block, Cell, Row, Section, Table, Text, words};

/// A question, the anchor and name of the chapter that answers it, and the workpapers to ask for.
const QUESTIONS: &[(&str, &str, &str, &str)] = &[
    ("Which databases are in scope, and which are not?", "scope", "Scope", "index.csv"),
    (
        "What is the promised recovery point and recovery time, by whom approved, since when?",
        "policy",
        "Policy",
        "policy blobs of the bundle",
    ),
    ("Is the population complete, and how is that known?", "integrity", "Integrity", "index.csv, totals.csv"),
    ("Was every backup made when it was due?", "backups", "Backups", "populations/WW-BK-01.csv"),
    ("How old was the newest backup at any instant?", "backups", "Backups", "populations/WW-BK-02.csv"),
    (
        "Do copies lie with another provider, account or region, and were they read again?",
        "copies",
        "Copies",
        "populations/WW-CP-01.csv",
    ),
    (
        "Was a restore tested in the period, and how long did it take?",
        "restores",
        "Restore tests",
        "population_restores.csv",
    ),
    ("Was what was restored equal to what was backed up?", "restores", "Restore tests", "populations/WW-RT-02.csv"),
    ("What was deleted, under which rule?", "retention", "Retention", "population_prunes.csv"),
    ("Who can reach the data, and who reviewed that?", "access", "Access", "population_role_changes.csv"),
    ("How are backups and databases encrypted?", "encryption", "Encryption", "population_backups.csv"),
    ("Were changes approved and traced?", "changes", "Changes", "population_migrations.csv"),
    ("What is logged, and for how long?", "logging", "Logging", "population_evidence.csv"),
    ("Did alerts reach somebody, and in time?", "alerts", "Alerts", "population_alerts.csv"),
    ("Which deviations were there, and what was done?", "actions", "Exceptions and actions", "exceptions.csv"),
    ("How was each extract made, by whom, with which filters?", "ipe", "Extracts", "ipe.csv"),
    ("Can it be done again without this program?", "perform", "Doing it again by other means", "SHA256SUMS"),
];

/// Questions by reference.
pub(super) fn section() -> Section {
    let rows = QUESTIONS.iter().map(|(question, anchor, chapter, papers)| {
        let cells: Vec<Cell> = vec![
            Text::plain(question).into(),
            Text::link((*anchor).to_owned(), chapter).into(),
            Text::plain(papers).into(),
        ];
        Row::new(cells)
    });
    let table = Table {
        caption: "Questions, where this report answers them, and the workpapers to ask for (--workpapers)",
        columns: vec![words::fill("Question", 4), words::fill("Chapter", 2), words::fill("Workpapers", 3)],
        rows: rows.collect(),
    };
    Section::new(
        "questions",
        "Auditor questions by reference",
        vec![
            table.or("None."),
            Block::plain(
                "Requests beyond this bundle: the policy's text, configuration at the references named, logs of the days of exceptions, access lists of the stores, and contracts and reports of suppliers are the organisation's to give.",
            ),
        ],
    )
}
