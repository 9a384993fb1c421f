//! Fixed sentences, and how numbers, times and statuses are written.

use walwarden_core::{
    Digest, Time,
    policy::{Cadence, Span},
    rules::{Item, RuleResult, Status},
};

use super::{Column, Mark, Sign, Text, Tone, Width};
use crate::{
    compare::Relation,
    report::{CheckResult, NotRun, Outcome, Verdict},
};

/// The title of every report.
pub(crate) const TITLE: &str = "Backup and Recovery Evidence Report";
/// Fixed (`spec:report-7`).
pub(crate) const SUBTITLE: &str =
    "A statement by the organisation named, machine-verified; not an attestation engagement.";
/// Fixed (`spec:report-7`).
pub(crate) const DISCLAIMER: &str = "Prepared by software from the organisation's own records. It states what those records show and what was recomputed. It is not an auditor's opinion or a certification, and says nothing about periods, systems or controls outside the stated scope.";
/// Said wherever no witness of the reader's has seen the end of the period (`spec:time-4`).
pub(super) const NO_WITNESS: &str =
    "none; nothing here shows that no other version of this history exists after the head you hold";

/// The limits of `spec:model-3`, on page one.
pub(in crate::render) const LIMITS: [&str; 7] = [
    "An organisation that holds all its keys can record things that did not happen: dumps never taken, receipts copied from the expected root, databases left out of scope, one person as two reviewers. The record makes such a statement signed, dated and permanent; it does not prevent it.",
    "Independent of the organisation are only: dump bytes that you hash, a restore that you run, heads that you received during the period, and witnesses that you pinned.",
    "That a restored content root was equal is the producer's word, until somebody repeats the comparison.",
    "A time-stamping authority stamps any number of contradictory histories. A head that you held before says nothing of what lies after it.",
    "An entry without a statement carries the authority of the log key only. Names, of people, servers and places, are the organisation's word.",
    "Where all keys were made on one host, the separation of operator, signer and root custodian did not exist there.",
    "The record cannot be erased, so person ids in it are pseudonyms. When the root keys are lost, the chain ends and a new one begins.",
];

/// What the report is.
pub(super) const MEANING: &str = "A bundle holds the record of an organisation's backups and restore tests for one period. The checks ask whether the record is what it claims to be: complete from its first entry, unchanged since it was signed, and signed by keys under the root that the reader pinned. The rules ask whether that record shows what the organisation's own policy promised.";
/// What backups and restore tests show, and what they do not.
pub(super) const POINTS: [&str; 4] = [
    "A backup statement says that an object of this digest is a dump of this database, from this snapshot, and that its rows have this content root. Exit status 0 of a dump means that the read succeeded; only a restore shows that it can be restored.",
    "A restore test says that the dump was restored into another server, and that tables, rows and content root were computed again there. It is the producer's word, unless you repeat it.",
    "A backup does not contain the signing keys, the row key or the configuration of the servers. A complete recovery needs those too, from their own places.",
    "Nothing here is a statement about backups of other products, about databases outside the stated scope, or about moments between two backups.",
];

/// The instant, to the second, where UTC is said beside it.
pub(in crate::render) fn time(time: Time) -> String {
    let words = time.to_words();
    words.strip_suffix(" UTC").unwrap_or(&words).to_owned()
}

/// The instant, to the minute, where UTC is said beside it.
pub(in crate::render) fn minute(at: Time) -> String {
    time(at).get(..16).unwrap_or("").to_owned()
}

/// Words with the instants in them spelt for people: to the second.
pub(in crate::render) fn times(words: &str) -> String {
    /// `2026-07-01T02:00:05.000000Z`
    const LENGTH: usize = 27;
    let mut out = String::with_capacity(words.len());
    let mut rest = words;
    while let Some(c) = rest.chars().next() {
        let instant = rest.get(..LENGTH).filter(|_| c.is_ascii_digit()).and_then(|text| text.parse::<Time>().ok());
        let taken = match instant {
            Some(at) => {
                out.push_str(&at.to_words());
                LENGTH
            }
            None => {
                out.push(c);
                c.len_utf8()
            }
        };
        rest = rest.get(taken..).unwrap_or("");
    }
    out
}

/// The first whole second that is not before an instant: what is said to be not after it is not after that.
pub(crate) fn not_after(time: Time) -> Time {
    const SECOND: i64 = 1_000_000;
    let part = time.micros().rem_euclid(SECOND);
    let up = if part == 0 { 0 } else { SECOND.saturating_sub(part) };
    Time::from_micros(time.micros().saturating_add(up)).unwrap_or(time)
}

/// The number with its thousands set apart.
pub(in crate::render) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && digits.len().saturating_sub(place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `one thing`, `3 things`.
pub(in crate::render) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Seconds for people.
pub(super) fn duration(seconds: i64) -> String {
    let (sign, seconds) = (if seconds < 0 { "-" } else { "" }, seconds.unsigned_abs());
    match seconds {
        0..60 => format!("{sign}{seconds} s"),
        60..3_600 => format!("{sign}{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{sign}{} h {} min {} s", seconds / 3_600, seconds % 3_600 / 60, seconds % 60),
    }
}

/// Seconds for a figure: two parts at most.
pub(in crate::render) fn about(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    let and = |whole: i64, unit: &str, rest: i64, part: &str| {
        if rest == 0 { format!("{whole} {unit}") } else { format!("{whole} {unit} {rest} {part}") }
    };
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7_200 => and(minutes, "min", seconds % 60, "s"),
        7_200..172_800 => and(hours, "h", minutes % 60, "min"),
        _ => and(days, "d", hours % 24, "h"),
    }
}

/// A word of the formats, as people read it.
pub(super) fn serialised(word: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(word).ok();
    value.as_ref().and_then(serde_json::Value::as_str).map_or_else(String::new, |word| word.replace('_', " "))
}

/// `monthly`, `every 30 days`.
pub(super) fn cadence(cadence: &Cadence) -> String {
    match cadence {
        Cadence::Days(days) => format!("every {days} days"),
        other => other.to_string(),
    }
}

/// `7 days`, `12 months`.
pub(super) fn span(span: &Span) -> String {
    match span {
        Span::Days(days) => format!("{days} days"),
        Span::Months(months) => format!("{months} months"),
    }
}

/// Bytes for people.
pub(in crate::render) fn size(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    let mut tenths = u128::from(bytes).saturating_mul(10);
    let mut unit = "B";
    for larger in units {
        if tenths < 10_240 {
            break;
        }
        tenths /= 1_024;
        unit = larger;
    }
    if unit == "B" { format!("{bytes} B") } else { format!("{}.{} {unit}", tenths / 10, tenths % 10) }
}

/// The first and the last eight digits.
pub(in crate::render) fn short(digest: &Digest) -> String {
    let text = digest.to_string();
    format!("{}…{}", text.get(..8).unwrap_or(""), text.get(56..).unwrap_or(""))
}

/// A column as wide as its content.
pub(in crate::render) const fn fit(title: &'static str) -> Column {
    Column { title, width: Width::Fit }
}

/// A column of numbers.
pub(in crate::render) const fn figures(title: &'static str) -> Column {
    Column { title, width: Width::Number }
}

/// A column that shares what is left.
pub(in crate::render) const fn fill(title: &'static str, share: u8) -> Column {
    Column { title, width: Width::Fill(share) }
}

/// The verdict as a mark.
pub(in crate::render) fn verdict(verdict: Verdict) -> Mark {
    let (sign, tone) = match verdict {
        Verdict::Verified => (Sign::Disc, Tone::Good),
        Verdict::Exceptions => (Sign::Triangle, Tone::Warn),
        Verdict::NotEstablished => (Sign::Ring, Tone::Warn),
        Verdict::Rejected => (Sign::Cross, Tone::Bad),
    };
    Mark::new(sign, tone, verdict.words())
}

/// What a history is to another, as a mark.
pub(in crate::render) fn relation(relation: Relation) -> Mark {
    let (sign, tone) = match relation {
        Relation::Identical | Relation::Extends => (Sign::Disc, Tone::Good),
        Relation::Rollback | Relation::Fork => (Sign::Cross, Tone::Bad),
        Relation::Unrelated | Relation::Undetermined => (Sign::Ring, Tone::Warn),
    };
    Mark::new(sign, tone, relation.word())
}

/// The outcome of a check as a mark.
pub(super) fn outcome(result: &CheckResult) -> Mark {
    match (&result.outcome, result.check.required) {
        (Outcome::Pass(_), _) => Mark::new(Sign::Disc, Tone::Good, "passed"),
        (Outcome::Fail(_), _) => Mark::new(Sign::Cross, Tone::Bad, "failed"),
        (Outcome::NotRun(_), true) => Mark::new(Sign::Dash, Tone::Warn, "not run, required"),
        (Outcome::NotRun(_), false) => Mark::new(Sign::Dash, Tone::Quiet, "not run"),
        (Outcome::Accepted(_), _) => Mark::new(Sign::Diamond, Tone::Warn, "accepted by the reader"),
    }
}

/// Why a check was not run.
pub(crate) fn not_run(reason: &NotRun) -> String {
    match reason {
        NotRun::Needs(id) => format!("needs {id}, which did not pass"),
        NotRun::NoInput(input) => format!("the reader did not give: {input}"),
        NotRun::NotClaimed(what) | NotRun::NothingToCheck(what) => (*what).to_owned(),
    }
}

/// A database by its name; what is about all of them, or about none, has none.
pub(super) fn database(name: &str) -> Text {
    match name {
        "*" => Text::plain("all databases"),
        "" => Text::plain("none"),
        name => Text::record(name),
    }
}

/// Why a rule has its status.
pub(super) fn reason(rule: &RuleResult) -> Text {
    Text::value(&times(rule.reason.strip_prefix("*: ").unwrap_or(&rule.reason)))
}

/// Sign and colour of a status.
pub(in crate::render) const fn sign_of(status: Status) -> (Sign, Tone) {
    match status {
        Status::IntegrityFailure => (Sign::Square, Tone::Bad),
        Status::Exception => (Sign::Cross, Tone::Bad),
        Status::NotEvidenced => (Sign::Ring, Tone::Warn),
        Status::NotTested => (Sign::Dash, Tone::Quiet),
        Status::Supported => (Sign::Disc, Tone::Good),
        Status::NotOccurred => (Sign::Empty, Tone::Quiet),
        Status::NotApplicable => (Sign::Outside, Tone::Quiet),
    }
}

/// The status of a rule, with `k/N` where the population is complete.
pub(super) fn status(rule: &RuleResult) -> Mark {
    let (sign, tone) = sign_of(rule.status);
    let words = if rule.is_unpromised() { "not promised" } else { rule.status.print().1 };
    let total = rule.items.len();
    Mark::new(
        sign,
        tone,
        match rule.status {
            Status::Exception => format!("{words} {}/{total}", rule.deviating()),
            Status::Supported => format!("{words} {total}/{total}"),
            _ => words.to_owned(),
        },
    )
}

/// An item as a sign in a grid: done, deviating, or absent.
pub(super) fn covered(item: &Item) -> Mark {
    match &item.deviation {
        None => Mark::new(Sign::Disc, Tone::Good, "done"),
        Some(_) if item.entry.is_empty() => Mark::new(Sign::Ring, Tone::Warn, "due and absent"),
        Some(_) => Mark::new(Sign::Cross, Tone::Bad, "deviates"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_for_people() {
        assert_eq!([0, 12, 999, 1_000, 1_234_567].map(number), ["0", "12", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [0, 59, 60, 3_599, 3_600, -61].map(duration),
            ["0 s", "59 s", "1 min 0 s", "59 min 59 s", "1 h 0 min 0 s", "-1 min 1 s"]
        );
        let instant = "2026-10-01T06:00:00.250000Z".parse().unwrap();
        assert_eq!(time(instant), "2026-10-01 06:00:00");
        assert_eq!(minute(instant), "2026-10-01 06:00");
        assert_eq!([0, 1_023, 1_024, 734_003_200].map(size), ["0 B", "1023 B", "1.0 KiB", "700.0 MiB"]);
        assert_eq!(
            [59, 119, 120, 1_452, 7_260, 187_200].map(about),
            ["59 s", "119 s", "2 min", "24 min 12 s", "2 h 1 min", "2 d 4 h"]
        );
        assert_eq!(
            times("é due 2026-10-01T06:00:00.000000Z: 12026-10-01T06:00:00.250000Z."),
            "é due 2026-10-01 06:00:00 UTC: 12026-10-01 06:00:00 UTC."
        );
        assert_eq!(times("2026-10-01T06:00:00Z"), "2026-10-01T06:00:00Z");
        assert_eq!(not_after(instant).to_words(), "2026-10-01 06:00:01 UTC");
        assert_eq!(not_after(not_after(instant)), not_after(instant));
        let last = "9999-12-31T23:59:59.500000Z".parse().unwrap();
        assert_eq!(not_after(last), last);
    }
}
