//! The backups of a day, and what shows them (`spec:report-8` to `spec:report-10`).
//!
//! The bundle is judged first. What stands here was taken from its lines and statements; whether it is established is
//! the verdict's to say, and [`DayShown::is_established`] repeats it.

mod collect;

use std::{fmt, str::FromStr};

use walwarden_core::{
    Digest, Period, Time,
    checkpoint::Head,
    event::{BackupCompleted, Outcome, RestoreTested},
    merkle::Proof,
    statement::Backup,
};

use crate::{
    VerifyInput,
    facts::Facts,
    judge,
    render::visible_name,
    report::{BackupOutcome, KeyShown, ObjectShown, Report, Verdict},
};

/// A day of the calendar, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(Period);

/// The text is not a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such day: a day is written YYYY-MM-DD")]
pub struct NotADay;

/// What is asked of a bundle.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The day in which a snapshot lies.
    pub day: Day,
    /// One database; without, all.
    pub database: Option<&'a str>,
}

/// The record has lines, and none of them names the database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the record names no database {}", visible_name(.asked))]
pub struct UnknownDatabase {
    /// What was asked for.
    pub asked: String,
    /// The databases that it does name, safe to print.
    pub known: Vec<String>,
}

/// What a bundle shows of a day.
#[derive(Debug)]
#[non_exhaustive]
pub struct DayShown {
    /// The judgement of the whole bundle.
    pub report: Report,
    /// The day.
    pub day: Day,
    /// The one database that was asked for.
    pub database: Option<String>,
    /// The head that every proof leads to; else the check that did not pass.
    pub head: Result<SignedHead, &'static str>,
    /// Envelopes of every registry version as carried, from version 1.
    pub registry: Vec<String>,
    /// When the last line says that it was recorded; `None` where no line can be read.
    pub recorded_until: Option<Time>,
    /// By database: those of the declared scope first.
    pub databases: Vec<DatabaseDay>,
    /// Backups of the day beyond [`LIMIT`].
    pub left_out: usize,
}

/// At most this many backups are shown at once.
pub const LIMIT: usize = 1_000;

/// The end of the history, signed.
#[derive(Debug, Clone)]
pub struct SignedHead {
    /// Origin, size and root.
    pub head: Head,
    /// The whole checkpoint.
    pub note: String,
}

/// A database on the day.
#[derive(Debug)]
pub struct DatabaseDay {
    /// Its id.
    pub id: String,
    /// Whether the last declared scope has it.
    pub in_scope: bool,
    /// Whether [`DatabaseDay::backups`] are of the day; else the last one before it.
    pub of_day: bool,
    /// In chain order.
    pub backups: Vec<BackupOfDay>,
    /// Runs of the day that ended without a backup, in chain order.
    pub others: Vec<RunOfDay>,
}

/// A run that ended without a backup.
#[derive(Debug)]
pub struct RunOfDay {
    /// Position of the entry that ends it, or of its start.
    pub seq: u64,
    /// When that entry says that it happened.
    pub at: Time,
    /// Failed, or without an end.
    pub outcome: BackupOutcome,
}

/// A backup, with what shows it.
#[derive(Debug)]
pub struct BackupOfDay {
    /// Position of its entry: the leaf index.
    pub seq: u64,
    /// Id of its entry.
    pub id: String,
    /// When its entry was appended.
    pub recorded_at: Time,
    /// The line, without its LF.
    pub line: String,
    /// The entry hash of that line.
    pub entry_hash: Digest,
    /// What the entry says.
    pub said: BackupCompleted,
    /// That the line lies under the head; `None` where no head is established.
    pub proof: Option<Proof>,
    /// Its statement.
    pub statement: StatementOf,
    /// Restore tests of it, in chain order.
    pub restores: Vec<RestoreOf>,
    /// Its objects beside the files that the reader brought.
    pub objects: Vec<ObjectShown>,
}

/// The statement of an entry.
#[derive(Debug)]
pub struct StatementOf {
    /// SHA-256 of the payload that the entry names.
    pub payload: Option<Digest>,
    /// Whether it is here, and holds.
    pub state: Carriage,
    /// The envelope as carried.
    pub envelope: Option<String>,
    /// What it says.
    pub said: Option<Box<Backup>>,
    /// Who signed it.
    pub signers: Vec<Signer>,
}

/// Whether a statement is here, and holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carriage {
    /// It is carried, and the verdict establishes that its signatures hold.
    Verified,
    /// It is carried, and that is not established.
    NotVerified,
    /// The bundle says that it is withheld, and why.
    Withheld(String),
    /// It is of another period: the bundle has its entry only.
    NotCarried,
}

/// Who signed.
#[derive(Debug, Clone)]
pub struct Signer {
    /// RFC 7638 thumbprint.
    pub keyid: String,
    /// The key as the newest registry lists it; `None` where it does not.
    pub key: Option<KeyShown>,
}

/// A restore test of a backup.
#[derive(Debug)]
pub struct RestoreOf {
    /// Position of its entry.
    pub seq: u64,
    /// Id of its entry.
    pub id: String,
    /// What the entry says.
    pub said: RestoreTested,
    /// Whether its statement is here, and holds.
    pub statement: Carriage,
}

/// Judges a bundle and looks up what it has of a day.
///
/// # Errors
/// The database that was asked for is not in a record whose lines can be read.
pub fn show(input: &VerifyInput<'_>, asked: &Asked<'_>) -> Result<DayShown, UnknownDatabase> {
    let (report, facts) = judge(input);
    let found = collect::day(&facts, asked, &report);
    if let (Some(name), true) = (asked.database, found.databases.is_empty() && found.recorded_until.is_some()) {
        let known = found.known.iter().map(|name| visible_name(name)).collect();
        return Err(UnknownDatabase { asked: name.into(), known });
    }
    Ok(DayShown {
        report,
        day: asked.day,
        database: asked.database.map(Into::into),
        head: found.head,
        registry: registry(&facts),
        recorded_until: found.recorded_until,
        databases: found.databases,
        left_out: found.left_out,
    })
}

impl DayShown {
    /// Whether the verdict established what is shown (`spec:report-9`).
    #[must_use]
    pub fn is_established(&self) -> bool {
        establishes(&self.report)
    }
}

impl BackupOfDay {
    /// When a restore test of it first had passed every required check, by a statement that is carried and verified; `None`
    /// until then (`spec:report-9`).
    #[must_use]
    pub fn restored_verified_at(&self) -> Option<Time> {
        let passed = self.restores.iter().filter(|test| test.said.outcome == Outcome::Passed);
        passed.filter(|test| test.statement == Carriage::Verified).filter_map(|test| test.said.checks_passed_at).min()
    }
}

impl Day {
    /// From its first instant to the first of the next day.
    #[must_use]
    pub const fn period(self) -> Period {
        self.0
    }
}

impl FromStr for Day {
    type Err = NotADay;

    fn from_str(text: &str) -> Result<Self, NotADay> {
        const DAY: i64 = 86_400_000_000;
        let start: Time = format!("{text}T00:00:00.000000Z").parse().map_err(|_| NotADay)?;
        let end = start.micros().checked_add(DAY).and_then(Time::from_micros).ok_or(NotADay)?;
        Ok(Self(Period { start, end }))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.0.start.to_string();
        f.write_str(start.get(..10).unwrap_or_default())
    }
}

/// Whether a verdict establishes what is shown.
fn establishes(report: &Report) -> bool {
    matches!(report.verdict(), Verdict::Verified | Verdict::Exceptions)
}

/// Envelopes as carried, where the file can be read.
fn registry(facts: &Facts<'_>) -> Vec<String> {
    let Ok(ndjson) = facts.document(walwarden_core::bundle::REGISTRY) else { return Vec::new() };
    walwarden_core::bundle::lines(ndjson).flatten().map(|line| String::from_utf8_lossy(line).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_of_the_calendar() {
        let day: Day = "2028-02-29".parse().unwrap();
        assert_eq!(day.to_string(), "2028-02-29");
        assert_eq!(day.period().start.to_string(), "2028-02-29T00:00:00.000000Z");
        assert_eq!(day.period().end.to_string(), "2028-03-01T00:00:00.000000Z");
        for wrong in ["2026-02-29", "2026-13-01", "26-01-01", "2026-1-1", "2026-01-01 ", "", "9999-12-31"] {
            assert_eq!(wrong.parse::<Day>(), Err(NotADay), "{wrong:?}");
        }
    }
}
