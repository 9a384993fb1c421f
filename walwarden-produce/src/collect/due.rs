//! Captures that are due: one in each window of a promise, and what is promised after migrations.

use walwarden_core::{
    Time, duties,
    event::{Event, EvidenceCollected, EvidenceOutcome, EvidenceTrigger},
    policy::{Collector, EvidencePolicy, Frequency, Policy},
    record::Record,
};

/// How long a capture that failed rests before it is tried again.
const REST_S: i64 = 4 * 3600;
/// How often a database is asked for new migrations, where something is promised after each.
const LOOK_S: i64 = 20 * 3600;

/// A capture that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// By which collector.
    pub collector: Collector,
    /// Of which database; of the organisation, where there is none.
    pub database: Option<String>,
    /// Since when; of captures after migrations, since when the migration is known.
    pub due_at: Time,
    /// What sets it going.
    pub trigger: EvidenceTrigger,
}

impl Due {
    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        match &self.database {
            Some(database) => format!("{} of {database}", self.collector),
            None => self.collector.to_string(),
        }
    }
}

/// What a host can capture by itself, and is due now.
#[must_use]
pub fn due(record: &Record<'_>, now: Time) -> Vec<Due> {
    let Some(policy) = record.in_force(now) else { return Vec::new() };
    let captures: Vec<(Time, EvidenceCollected)> = record
        .events(&["evidence.collected"])
        .filter_map(|(line, event)| match event {
            Event::EvidenceCollected(data) => Some((line.at(), *data)),
            _ => None,
        })
        .collect();
    let look = Look { record, policy, captures, now };
    let alone = policy.evidence.iter().filter(|promise| is_unattended(promise.collector));
    alone.flat_map(|promise| look.promise(promise)).collect()
}

/// The others wait for a person.
const fn is_unattended(collector: Collector) -> bool {
    !matches!(collector, Collector::ProviderDocument | Collector::KeyEscrow | Collector::Manual)
}

struct Look<'r> {
    record: &'r Record<'r>,
    policy: &'r Policy,
    captures: Vec<(Time, EvidenceCollected)>,
    now: Time,
}

impl Look<'_> {
    fn promise(&self, promise: &EvidencePolicy) -> Vec<Due> {
        let collector = promise.collector;
        let databases: Vec<Option<&str>> = if collector.is_of_database() {
            let migrates = collector == Collector::ChangeManagement;
            let all = self.policy.databases.iter().filter(|database| !migrates || database.migrations.is_some());
            all.map(|database| Some(database.id.as_str())).collect()
        } else {
            vec![None]
        };
        let since = |database: Option<&str>| match promise.frequency {
            Frequency::Every(_) => self.window(collector).map(|at| (at, EvidenceTrigger::Schedule)),
            Frequency::PerMigration => self.after_migration(collector, database),
        };
        let due = databases.into_iter().filter_map(|database| {
            let (due_at, trigger) = since(database)?;
            let waits = !self.is_done(collector, database, due_at) && !self.rests(collector, database);
            waits.then(|| Due { collector, database: database.map(Into::into), due_at, trigger })
        });
        due.collect()
    }

    /// The start of the window that is running.
    fn window(&self, collector: Collector) -> Option<Time> {
        let windows = duties::windows(self.record, |policy| {
            let mut promises = policy.evidence.iter().filter(|promise| promise.collector == collector);
            promises.find_map(|promise| match promise.frequency {
                Frequency::Every(cadence) => Some(cadence),
                Frequency::PerMigration => None,
            })
        });
        windows.last().filter(|window| window.contains(self.now)).map(|window| window.start)
    }

    /// Since when something is due because of migrations: of what looks for them, by the hour; of the others, since the
    /// capture that saw a new one. The first capture is what later ones are compared with.
    fn after_migration(&self, collector: Collector, database: Option<&str>) -> Option<(Time, EvidenceTrigger)> {
        if collector == Collector::ChangeManagement {
            let looked = Time::from_micros(self.now.micros().saturating_sub(LOOK_S * 1_000_000))?;
            return Some((looked, EvidenceTrigger::Schedule));
        }
        let seen = self.good(Collector::ChangeManagement, None).rfind(|(_, data)| {
            let is_of = database.is_none() || data.database.as_deref() == database;
            is_of && data.diff.is_some_and(|diff| diff.added > 0)
        });
        let first = self.good(collector, database).next().is_none();
        match seen {
            Some((at, _)) => Some((*at, EvidenceTrigger::Migration)),
            None => first.then_some((self.record.period().start, EvidenceTrigger::Schedule)),
        }
    }

    fn is_done(&self, collector: Collector, database: Option<&str>, since: Time) -> bool {
        self.good(collector, database).any(|(at, _)| *at >= since)
    }

    fn rests(&self, collector: Collector, database: Option<&str>) -> bool {
        let last = self.of(collector, database).next_back();
        last.is_some_and(|(at, data)| data.outcome == EvidenceOutcome::Failed && self.now < at.plus_seconds(REST_S))
    }

    fn good<'l>(
        &'l self,
        collector: Collector,
        database: Option<&'l str>,
    ) -> impl DoubleEndedIterator<Item = &'l (Time, EvidenceCollected)> {
        self.of(collector, database).filter(|(_, data)| data.outcome == EvidenceOutcome::Ok)
    }

    /// Captures of a collector; where no database is named, of all.
    fn of<'l>(
        &'l self,
        collector: Collector,
        database: Option<&'l str>,
    ) -> impl DoubleEndedIterator<Item = &'l (Time, EvidenceCollected)> {
        self.captures.iter().filter(move |(_, data)| {
            data.collector == collector.word() && (database.is_none() || data.database.as_deref() == database)
        })
    }
}
