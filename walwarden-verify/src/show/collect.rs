//! Looks through the lines for the backups of a day.

use std::collections::{BTreeMap, BTreeSet};

use walwarden_core::{
    Digest, Time,
    bundle::lines,
    chain::{Entries, Line},
    event::Event,
    statement::Backup,
    value::EntryId,
};

use super::{Asked, BackupOfDay, Carriage, DatabaseDay, LIMIT, RestoreOf, RunOfDay, SignedHead, Signer, StatementOf};
use crate::{
    facts::{Carried, Facts, Kind, One, Predicate},
    report::{BackupOutcome, Report, Shown},
};

/// What the lines have of a day.
pub(super) struct Found {
    pub(super) head: Result<SignedHead, &'static str>,
    pub(super) recorded_until: Option<Time>,
    pub(super) databases: Vec<DatabaseDay>,
    pub(super) left_out: usize,
    /// Every database that a line names.
    pub(super) known: BTreeSet<String>,
}

/// Goes through the lines twice: for the backups, and for the restore tests of those found. Lines that no check
/// established are gone through too: whoever prints them says so.
pub(super) fn day(facts: &Facts<'_>, asked: &Asked<'_>, report: &Report) -> Found {
    let head = facts.history().map(|history| SignedHead { head: history.head, note: history.note });
    let Ok(entries) = facts.parsed() else {
        return Found { head, recorded_until: None, databases: Vec::new(), left_out: 0, known: BTreeSet::new() };
    };
    let mut search = Search { asked: *asked, scope: Vec::new(), databases: BTreeMap::new(), runs: BTreeMap::new() };
    for (position, line) in entries.all().iter().enumerate() {
        search.line(position, line);
    }
    let known = search.scope.iter().chain(search.databases.keys()).cloned().collect();
    let mut selected = search.selected();
    let (mut room, mut left_out) = (LIMIT, 0_usize);
    for database in &mut selected {
        left_out = left_out.saturating_add(database.backups.len().saturating_sub(room));
        database.backups.truncate(room);
        room = room.saturating_sub(database.backups.len());
    }
    let recorded_until = entries.all().last().map(|line| line.recorded_at);
    let evidence = Evidence::of(facts, entries, report, head.is_ok(), &selected);
    let databases = selected.into_iter().map(|database| evidence.database(database)).collect();
    Found { head, recorded_until, databases, left_out, known }
}

/// The first pass.
struct Search<'q> {
    asked: Asked<'q>,
    /// Databases of the last declared scope, in its order.
    scope: Vec<String>,
    databases: BTreeMap<String, Seen>,
    /// Runs that began or failed on the day and have no backup so far.
    runs: BTreeMap<EntryId, (String, RunOfDay)>,
}

/// What was seen of one database.
#[derive(Default)]
struct Seen {
    /// Positions of its backups of the day.
    of_day: Vec<usize>,
    /// Snapshot and position of the last one before.
    before: Option<(Time, usize)>,
    others: Vec<RunOfDay>,
}

/// A database and the positions of the backups to show.
struct Selected {
    id: String,
    in_scope: bool,
    of_day: bool,
    backups: Vec<usize>,
    others: Vec<RunOfDay>,
}

impl Search<'_> {
    fn line(&mut self, position: usize, line: &Line<'_>) {
        if line.is_one_of(&["scope.declared"])
            && let Event::ScopeDeclared(scope) = line.event()
        {
            self.scope = scope.databases.iter().map(|database| database.id.clone()).collect();
        }
        if !line.is_one_of(&["backup.started", "backup.completed", "backup.failed"]) {
            return;
        }
        let event = line.event();
        let database = match &event {
            Event::BackupStarted(start) => &start.database,
            Event::BackupFailed(failed) => &failed.database,
            Event::BackupCompleted(done) => &done.database,
            _ => return,
        };
        if !self.databases.contains_key(database) {
            self.databases.insert(database.clone(), Seen::default());
        }
        if self.asked.database.is_none_or(|asked| asked == database) {
            self.event(position, line, &event);
        }
    }

    fn event(&mut self, position: usize, line: &Line<'_>, event: &Event) {
        let day = self.asked.day.period();
        let run = |at, outcome| RunOfDay { seq: position as u64, at, outcome };
        match event {
            Event::BackupStarted(start) if day.contains(line.at()) => {
                let run = run(line.at(), BackupOutcome::Open);
                self.runs.insert(start.run_id, (start.database.clone(), run));
            }
            Event::BackupFailed(failed) if day.contains(line.at()) || self.runs.contains_key(&failed.run_id) => {
                let outcome = BackupOutcome::of(failed);
                self.runs.insert(failed.run_id, (failed.database.clone(), run(line.at(), outcome)));
            }
            Event::BackupCompleted(done) => {
                self.runs.remove(&done.run_id);
                let Some(seen) = self.databases.get_mut(&done.database) else { return };
                if day.contains(done.snapshot_at) {
                    seen.of_day.push(position);
                } else if done.snapshot_at < day.start {
                    seen.before = seen.before.max(Some((done.snapshot_at, position)));
                }
            }
            _ => {}
        }
    }

    /// Those asked for: of the scope in its order, then others.
    fn selected(mut self) -> Vec<Selected> {
        for (database, run) in std::mem::take(&mut self.runs).into_values() {
            self.databases.entry(database).or_default().others.push(run);
        }
        let scope = std::mem::take(&mut self.scope);
        let mut selected = Vec::new();
        for id in &scope {
            // A scope that names a database twice shows it once.
            if selected.iter().all(|one: &Selected| one.id != *id) {
                let seen = self.databases.remove(id).unwrap_or_default();
                selected.push(Selected::of(id.clone(), true, seen));
            }
        }
        selected.extend(self.databases.into_iter().map(|(id, seen)| Selected::of(id, false, seen)));
        selected.retain(|one| self.asked.database.is_none_or(|asked| asked == one.id));
        selected
    }
}

impl Selected {
    fn of(id: String, in_scope: bool, seen: Seen) -> Self {
        let Seen { of_day, before, mut others } = seen;
        others.sort_by_key(|run| run.seq);
        let before = before.map(|(_, position)| position).into_iter().collect();
        let is_of_day = !of_day.is_empty();
        Self { id, in_scope, of_day: is_of_day, backups: if is_of_day { of_day } else { before }, others }
    }
}

/// The second pass, and where everything else about a backup lies.
struct Evidence<'f, 'a> {
    entries: &'f Entries<'a>,
    shown: &'f Shown,
    /// Whether the lines lead to the signed head.
    proved: bool,
    carried: Option<&'f Carried>,
    /// Whether it is established that every carried statement holds.
    verified: bool,
    /// Payloads that the bundle says it withholds, and why.
    withheld: BTreeMap<Digest, String>,
    /// Lines of `statements/backup.ndjson`, from 1, for the backups shown.
    envelopes: BTreeMap<usize, &'a [u8]>,
    /// Positions of restore tests, by the id of their backup.
    tests: BTreeMap<EntryId, Vec<usize>>,
}

impl<'f, 'a> Evidence<'f, 'a> {
    fn of(facts: &'f Facts<'a>, entries: &'f Entries<'a>, report: &'f Report, proved: bool, all: &[Selected]) -> Self {
        let withheld = facts.bundle().map(|read| read.statement.predicate.withheld.clone()).unwrap_or_default();
        let mut evidence = Self {
            entries,
            shown: &report.facts,
            proved,
            carried: facts.carried().ok(),
            verified: super::establishes(report) && facts.statements().is_ok(),
            withheld: withheld.into_iter().map(|one| (one.sha256, one.reason)).collect(),
            envelopes: BTreeMap::new(),
            tests: BTreeMap::new(),
        };
        let positions =
            || all.iter().flat_map(|database| &database.backups).filter_map(|position| entries.all().get(*position));
        let wanted: BTreeSet<usize> = positions().filter_map(|line| evidence.find(line)).map(|one| one.line).collect();
        let ids: BTreeSet<EntryId> = positions().map(|line| line.id).collect();
        let numbered = (1_usize..).zip(lines(facts.document(Kind::Backup.file()).unwrap_or_default()));
        evidence.envelopes = numbered
            .filter(|(number, _)| wanted.contains(number))
            .filter_map(|(number, line)| Some((number, line.ok()?)))
            .collect();
        for (position, line) in entries.all().iter().enumerate() {
            if line.is_one_of(&["restore.tested"])
                && let Event::RestoreTested(test) = line.event()
                && ids.contains(&test.backup)
            {
                evidence.tests.entry(test.backup).or_default().push(position);
            }
        }
        evidence
    }

    /// The statement of an entry, as carried.
    fn find(&self, line: &Line<'_>) -> Option<&'f One> {
        self.carried?.find(&line.statements().first()?.payload)
    }

    fn database(&self, database: Selected) -> DatabaseDay {
        let Selected { id, in_scope, of_day, backups, others } = database;
        let backups = backups.into_iter().filter_map(|position| self.backup(position)).collect();
        DatabaseDay { id, in_scope, of_day, backups, others }
    }

    fn backup(&self, position: usize) -> Option<BackupOfDay> {
        let line = self.entries.all().get(position)?;
        let seq = position as u64;
        let Event::BackupCompleted(said) = line.event() else { return None };
        let tests = self.tests.get(&line.id).into_iter().flatten();
        Some(BackupOfDay {
            seq,
            id: line.id.to_string(),
            recorded_at: line.recorded_at,
            line: String::from_utf8_lossy(line.bytes()).into_owned(),
            entry_hash: walwarden_core::chain::entry_hash(line.bytes()),
            said: *said,
            proof: self.proved.then(|| self.entries.inclusion(seq)).flatten(),
            statement: self.statement(line),
            restores: tests.filter_map(|position| self.restore(*position)).collect(),
            objects: self.objects(seq),
        })
    }

    fn statement(&self, line: &Line<'_>) -> StatementOf {
        let found = self.find(line);
        let said = found.and_then(One::backup);
        let key = |keyid: &str| self.shown.keys.iter().find(|key| key.keyid == keyid).cloned();
        let signatures = found.map(|one| one.envelope.signatures.as_slice()).unwrap_or_default();
        let signer = |keyid: String| Signer { key: key(&keyid), keyid };
        StatementOf {
            payload: line.statements().first().map(|statement| statement.payload),
            state: self.carriage(line),
            envelope: found
                .and_then(|one| self.envelopes.get(&one.line))
                .map(|line| String::from_utf8_lossy(line).into_owned()),
            said: said.cloned().map(Box::new),
            signers: signatures.iter().map(|signature| signer(signature.keyid.to_string())).collect(),
        }
    }

    fn carriage(&self, line: &Line<'_>) -> Carriage {
        let withheld = || self.withheld.get(&line.statements().first()?.payload);
        match (self.find(line), withheld()) {
            (Some(_), _) if self.verified => Carriage::Verified,
            (Some(_), _) => Carriage::NotVerified,
            (None, Some(reason)) => Carriage::Withheld(reason.clone()),
            (None, None) => Carriage::NotCarried,
        }
    }

    fn restore(&self, position: usize) -> Option<RestoreOf> {
        let line = self.entries.all().get(position)?;
        let Event::RestoreTested(said) = line.event() else { return None };
        Some(RestoreOf { seq: position as u64, id: line.id.to_string(), said: *said, statement: self.carriage(line) })
    }

    fn objects(&self, seq: u64) -> Vec<crate::report::ObjectShown> {
        let all = self.shown.artifacts.iter().flat_map(|artifacts| &artifacts.objects);
        all.filter(|object| object.seq == Some(seq)).cloned().collect()
    }
}

impl One {
    fn backup(&self) -> Option<&Backup> {
        match &self.predicate {
            Predicate::Backup(backup) => Some(backup),
            _ => None,
        }
    }
}
