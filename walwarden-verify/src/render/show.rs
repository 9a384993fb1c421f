//! Backups of a day in words and for machines (`spec:report-8` to `spec:report-10`).

mod backup;
mod json;

use std::io::{self, Write};

use super::{
    document::{Block, Fact, Text, verdict_line, words},
    text::{self, Lines},
};
use crate::{
    report::{BackupOutcome, NotRun, Outcome, Verdict},
    show::{DatabaseDay, DayShown, LIMIT, RunOfDay},
};

/// How the backups of a day are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShowFormat {
    /// For a terminal, 100 columns wide.
    Text {
        /// Whether to add colour, which never carries meaning alone.
        colour: bool,
    },
    /// `shown-backups.json`, version `v1-draft`: enough to check every proof and signature alone.
    Json,
}

/// Writes the backups of a day. The same bundle, input and day give the same bytes.
///
/// # Errors
/// `out` is at fault; a renderer that cannot do its work reports that as [`io::ErrorKind::Other`].
pub fn shown_backups(shown: &DayShown, format: ShowFormat, out: &mut dyn Write) -> io::Result<()> {
    let rendered = match format {
        ShowFormat::Text { colour } => text::lines(&lines(shown), colour),
        ShowFormat::Json => json::render(shown).map_err(io::Error::other)?,
    };
    out.write_all(rendered.as_bytes())
}

fn lines(shown: &DayShown) -> Lines {
    let mut blocks = basis(shown);
    blocks.push(Block::Facts(facts(shown)));
    if shown.recorded_until.is_none() {
        blocks.push(Block::plain("The lines of the chain cannot be read: no backup can be shown."));
    } else if shown.databases.is_empty() {
        blocks.push(Block::plain("No database is declared, and no backup is recorded."));
    }
    for database in &shown.databases {
        blocks.extend(self::database(shown, database));
    }
    if shown.left_out > 0 {
        let more = words::count(shown.left_out, "backup is", "backups are");
        blocks.push(Block::plain(format!("Not complete: {more} left out after the first {LIMIT}; ask by --database.")));
    }
    if shown.databases.iter().flat_map(|database| &database.backups).any(|backup| backup.proof.is_some()) {
        blocks.extend(backup::by_hand());
    }
    let verdict = verdict_line(&shown.report);
    Lines { title: format!("Backups of {}, in UTC", shown.day), mark: Some(verdict), blocks }
}

/// On what everything below rests, or why it rests on nothing.
fn basis(shown: &DayShown) -> Vec<Block> {
    let (mut why, mut missing) = (Vec::new(), Vec::new());
    for result in &shown.report.checks {
        let id = Text::code(result.check.id).and(": ");
        match &result.outcome {
            Outcome::Fail(finding) => why.push(id.join(Text::value(&finding.what))),
            Outcome::NotRun(reason) if result.check.required && !matches!(reason, NotRun::Needs(_)) => {
                missing.push(id.and(super::document::not_run(reason)));
            }
            _ => {}
        }
    }
    match shown.report.verdict() {
        Verdict::Rejected => {
            let says = "A check failed: nothing below is established. It stands here as the bundle carries it.";
            vec![Block::plain(says), Block::List(why)]
        }
        Verdict::NotEstablished => {
            let says = "A required check could not be run: nothing below is established until it is.";
            vec![Block::plain(says), Block::List(missing)]
        }
        Verdict::Verified | Verdict::Exceptions => Vec::new(),
    }
}

fn facts(shown: &DayShown) -> Vec<Fact> {
    let subject = &shown.report.subject;
    let day = shown.day.period();
    let span = format!("{} to {} UTC, end not included", words::time(day.start), words::time(day.end));
    let zone = shown.report.claims.as_ref().map_or_else(Text::default, |claims| {
        Text::plain("; days of the policy's zone, ").and_record(&claims.zone).and(", are not asked")
    });
    let mut facts = vec![Fact::new("File", Text::record(&subject.name))];
    facts.extend(subject.bundle_digest.as_ref().map(|digest| Fact::new("Bundle digest", Text::digest(digest))));
    facts.extend(subject.file_digest.as_ref().map(|digest| Fact::new("Zip digest", Text::digest(digest))));
    facts.push(Fact::new("Snapshot within", Text::plain(span).join(zone)));
    facts.extend(shown.recorded_until.map(|time| {
        Fact::new(
            "Record ends",
            Text::plain(format!("{} UTC: what came later is not in this bundle", words::time(time))),
        )
    }));
    facts.push(Fact::new(
        "Head",
        match &shown.head {
            Ok(signed) => {
                let head = &signed.head;
                let text = Text::code(head.origin.as_str()).and(format!(", {} lines, root ", head.tree.size));
                text.join(Text::digest(&head.tree.root))
            }
            Err(check) => {
                Text::plain("none: ").join(Text::code(check)).and(" did not pass, so that no proof can be given")
            }
        },
    ));
    facts
}

fn database(shown: &DayShown, database: &DatabaseDay) -> Vec<Block> {
    let heading =
        super::document::Heading { anchor: String::new(), text: Text::plain("Database ").and_record(&database.id) };
    let found = match (database.of_day, database.backups.len()) {
        (true, many) => format!("{} of this day.", words::count(many, "backup", "backups")),
        (false, 0) => "No backup of this day, and none before it.".into(),
        (false, _) => "No backup of this day. The last one before it:".to_owned(),
    };
    let mut blocks = vec![Block::Heading(heading)];
    if !database.in_scope {
        blocks.push(Block::plain("It is not in the last declared scope."));
    }
    blocks.push(Block::plain(found));
    if shown.recorded_until.is_some_and(|until| until < shown.day.period().end) {
        blocks.push(Block::plain("The record ends before this day does: a later backup of it may exist elsewhere."));
    }
    blocks.extend(database.backups.iter().map(|backup| Block::Card(backup::card(shown, backup))));
    if !database.others.is_empty() {
        blocks.push(Block::heading("Runs of this day without a backup"));
        blocks.push(Block::List(database.others.iter().map(run).collect()));
    }
    blocks
}

fn run(run: &RunOfDay) -> Text {
    let text = Text::plain(format!("entry {}, {} UTC: ", words::number(run.seq), words::time(run.at)));
    match &run.outcome {
        BackupOutcome::Failed { stage, reason, message } => {
            let text = text.and("failed at ").and_record(stage).and(", ").and_record(reason);
            if message.is_empty() { text } else { text.and("; ").join(Text::value(message)) }
        }
        BackupOutcome::Open | BackupOutcome::Completed(_) => text.and("it started, and nothing more is recorded"),
    }
}
