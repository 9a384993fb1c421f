//! Backups of the period: how those that were due went, and the runs.

use std::collections::BTreeMap;

use walwarden_core::occurrence::Filled;

use super::{
    Block, Cell, Heading, Mark, Row, Section, Sign, Table, Text, Tone, artifacts, due, due::Due, exposure, family,
    history, others, words,
};
use crate::{
    render::chart::{DayState, Figure, calendar},
    report::{BackupOutcome, BackupShown, Report},
};

/// Backups not on time that this chapter lists again.
const FEW: usize = 40;
/// Runs that are listed one by one: the rest belongs to the workpapers.
const LISTED: usize = 400;

/// Calendar, figures by database, what was not on time, and runs without a backup.
pub(super) fn section(report: &Report) -> Section {
    let due = due::all(report);
    let mut blocks = vec![
        family::rules(report, &["WW-BK"]),
        Block::plain(
            "Each time a schedule of the policy names is due once. A run fills it when it starts in tolerance and completes; what was late, failed or missed deviates, also after a later run succeeded.",
        ),
        Block::Figure(figure(report, &due)),
        by_database(report, &due).or(history::nothing(report, "No database has a schedule or a backup in the period.")),
    ];
    blocks.extend(exposure::blocks(report));
    blocks.push(Block::heading("Not on time"));
    blocks.push(not_on_time(&due));
    blocks.push(Block::heading("Made good, by hand, excused"));
    blocks.push(unusual(&due, false).or("None was made good by a retry, made by hand, or excused by maintenance."));
    blocks.push(Block::heading("Runs that failed or have no end"));
    blocks.extend(runs(report));
    blocks.extend([Block::heading("Maintenance"), others::maintenance(report)]);
    blocks.push(Block::Heading(Heading { anchor: "stored".into(), text: Text::plain("Stored objects") }));
    blocks.extend(artifacts::section(report).blocks);
    Section::new("backups", "Backups", blocks)
}

fn figure(report: &Report, due: &[Due<'_>]) -> Figure {
    let mut days = BTreeMap::new();
    let mut databases: Vec<String> = Vec::new();
    for one in due {
        if databases.last().is_none_or(|last| last != one.database) {
            databases.push(one.database.to_owned());
        }
        let state = match one.filled {
            Filled::OnTime | Filled::Recovered | Filled::Manual => DayState::Made,
            Filled::Late => DayState::Late,
            Filled::Failed | Filled::Missed => DayState::Bad,
            Filled::Excused => DayState::Excused,
            Filled::Open | Filled::NotCovered => DayState::NotCovered,
        };
        let day = days.entry((one.database.to_owned(), due::local_day(report, one.at))).or_insert(state);
        *day = (*day).max(state);
    }
    let none = "no backup was due";
    calendar(&databases, due::local_days(report), &days, none)
}

/// One row for each database: what was due and how it went, and the runs.
fn by_database(report: &Report, due: &[Due<'_>]) -> Table {
    let mut names: Vec<&str> = due.iter().map(|one| one.database).collect();
    names.extend(report.facts.backups.iter().map(|backup| backup.database.as_str()));
    names.sort_unstable();
    names.dedup();
    let rows = names.into_iter().map(|name| {
        let of = |all: &[Filled]| due.iter().filter(|one| one.database == name && all.contains(&one.filled)).count();
        let promised = due.iter().filter(|one| one.database == name).count();
        let runs = || report.facts.backups.iter().filter(|backup| backup.database == name);
        let last = runs().rev().find_map(|backup| match &backup.outcome {
            BackupOutcome::Completed(done) => Some(done),
            _ => None,
        });
        let figures = [
            promised,
            of(&[Filled::OnTime, Filled::Recovered, Filled::Manual]),
            of(&[Filled::Late]),
            of(&[Filled::Failed]),
            of(&[Filled::Missed]),
            of(&[Filled::Excused]),
            runs().count(),
        ];
        let mut cells: Vec<Cell> = vec![Text::record(name).into()];
        cells.extend(figures.map(|figure| Text::plain(words::number(figure as u64)).into()));
        cells.push(Text::plain(last.map_or_else(String::new, |done| words::minute(done.snapshot_at))).into());
        cells.push(Text::plain(last.map_or_else(String::new, |done| words::number(done.rows))).into());
        cells.push(Text::plain(last.map_or_else(String::new, |done| words::size(done.bytes))).into());
        Row::new(cells)
    });
    Table {
        caption: "Backups by database: those due and how they went, all runs recorded, and the last backup (UTC)",
        columns: vec![
            words::fill("Database", 1),
            words::figures("Due"),
            words::figures("Made"),
            words::figures("Late"),
            words::figures("Failed"),
            words::figures("Missed"),
            words::figures("Excused"),
            words::figures("Runs"),
            words::fit("Last snapshot"),
            words::figures("Rows"),
            words::figures("Stored"),
        ],
        rows: rows.collect(),
    }
}

/// The few that were not on time; many of them stand in the summary, and are not said twice.
fn not_on_time(due: &[Due<'_>]) -> Block {
    let table = unusual(due, true);
    if table.rows.len() <= FEW {
        return table.or("No backup that was due came late, failed or was missed.");
    }
    let count = words::count(table.rows.len(), "backup", "backups");
    let words =
        format!("{count} did not come on time, or cannot be told from this record: each deviation stands in the ");
    Block::Paragraph(Text::plain(words).join(Text::link("summary".into(), "summary")).and("."))
}

/// Occurrences that deviate, or that conform in another way than on time.
fn unusual(due: &[Due<'_>], deviating: bool) -> Table {
    let rows = due.iter().filter_map(|one| {
        let mark = match one.filled {
            Filled::Late => Mark::new(Sign::Half, Tone::Warn, "late"),
            Filled::Failed => Mark::new(Sign::Cross, Tone::Bad, "failed"),
            Filled::Missed => Mark::new(Sign::Cross, Tone::Bad, "missed"),
            Filled::Recovered => Mark::new(Sign::Disc, Tone::Good, "made good"),
            Filled::Manual => Mark::new(Sign::Disc, Tone::Good, "by hand"),
            Filled::Excused => Mark::new(Sign::Dash, Tone::Quiet, "excused"),
            Filled::Open | Filled::NotCovered => Mark::new(Sign::Diamond, Tone::Warn, "not covered"),
            Filled::OnTime => return None,
        };
        let bad =
            matches!(one.filled, Filled::Late | Filled::Failed | Filled::Missed | Filled::Open | Filled::NotCovered);
        let said = one.item.and_then(|(_, item)| item.deviation.as_deref().or(item.note.as_deref()));
        let said = said.map_or_else(
            || {
                Text::plain(if bad {
                    "the record ends before it could be filled"
                } else {
                    "maintenance was declared before it began"
                })
            },
            |said| Text::value(&words::times(said)),
        );
        (bad == deviating).then(|| {
            Row::new(vec![
                Text::plain(words::minute(one.at)).into(),
                one.extra
                    .map_or_else(
                        || Text::record(one.database),
                        |extra| Text::record(one.database).and(", ").and_record(extra),
                    )
                    .into(),
                mark.into(),
                said.into(),
            ])
        })
    });
    Table {
        caption: if deviating {
            "Backups that were due and did not come on time; times in UTC"
        } else {
            "Backups that conform without having come on time by the schedule, and those excused; times in UTC"
        },
        columns: vec![words::fit("Due"), words::fit("Database"), words::fit("Result"), words::fill("How", 1)],
        rows: if deviating { rows.collect() } else { rows.take(LISTED).collect() },
    }
}

/// Runs that ended without a backup; those that completed are counted above.
fn runs(report: &Report) -> Vec<Block> {
    let other = |backup: &&BackupShown| !matches!(backup.outcome, BackupOutcome::Completed(_));
    let all = report.facts.backups.iter().filter(other).count();
    let table = Table {
        caption: "Runs that failed, or that started and have no end; times in UTC",
        columns: vec![
            words::figures("Entry"),
            words::fit("Started"),
            words::fit("Database"),
            words::fit("Outcome"),
            words::fill("Reason", 1),
        ],
        rows: report.facts.backups.iter().filter(other).take(LISTED).map(run).collect(),
    };
    let completed = report.facts.backups.len().saturating_sub(all);
    let mut blocks = vec![table.or(history::nothing(report, "No run failed, and none is without an end."))];
    if history::is_established(report) {
        let more = if all > LISTED {
            format!(" {} more are not listed here.", all.saturating_sub(LISTED))
        } else {
            String::new()
        };
        blocks.push(Block::plain(format!(
            "{} completed; each stands in the workpapers (--workpapers), in population_backups.csv, with digest, root, size and signer.{more}",
            words::count(completed, "run", "runs")
        )));
    }
    blocks
}

fn run(backup: &BackupShown) -> Row {
    let (mark, detail) = match &backup.outcome {
        BackupOutcome::Completed(_) => (Mark::new(Sign::Disc, Tone::Good, "completed"), Text::default()),
        BackupOutcome::Failed { stage, reason, message } => {
            let detail = Text::plain("at ").and_record(stage).and(": ").and_record(reason);
            let detail = if message.is_empty() { detail } else { detail.and("; ").join(Text::value(message)) };
            (Mark::new(Sign::Cross, Tone::Bad, "failed"), detail)
        }
        BackupOutcome::Open => {
            (Mark::new(Sign::Ring, Tone::Warn, "no end"), Text::plain("it started, and nothing more is recorded"))
        }
    };
    let cells = vec![
        Text::plain(words::number(backup.seq)).into(),
        Text::plain(backup.started_at.map_or_else(|| "not recorded".to_owned(), words::minute)).into(),
        Text::record(&backup.database).into(),
        mark.into(),
        detail.into(),
    ];
    Row { anchor: format!("backup-{}", backup.seq), cells }
}
