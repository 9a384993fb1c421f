//! WW-TW-01: the three things that a recovery needs (`spec:rules-48`).

use alloc::{format, string::String, vec::Vec};

use super::{Assessment, Basis, Gap, GapKind, Item, Rule, windows};
use crate::{
    chain::Line,
    event::{Event, EvidenceOutcome, Outcome},
    policy::{Cadence, Collector, CompleteSet, Part, Policy},
    record::Record,
    statement::backup::Content,
    time::Period,
};

/// Database, keys and configuration were each found where they are said to be.
pub(super) const COMPLETE_SET: Rule = Rule {
    id: "WW-TW-01",
    title: "What a recovery needs was found where it is kept",
    computation: "database, keys and configuration were each verified in each window of their cadence: by a passed restore test that took them from their own place, keys also by a capture of their custody",
    basis: Basis::B3,
    reader: false,
    evaluate: complete_set,
};

/// One of the three.
struct Kept {
    name: &'static str,
    part: fn(&CompleteSet) -> &Part,
}

const PARTS: [Kept; 3] = [
    Kept { name: "database", part: |set| &set.database },
    Kept { name: "keys", part: |set| &set.keys },
    Kept { name: "config", part: |set| &set.config },
];

fn complete_set(record: &Record<'_>) -> Assessment {
    let (mut items, mut gaps) = (Vec::new(), Vec::new());
    let promises = |policy: &Policy| policy.complete_set.is_some();
    if !record.terms_of_period().iter().any(|term| term.policy.is_some_and(promises)) {
        let what = String::from("no policy in force names the three things that a recovery needs");
        gaps.push(Gap { kind: GapKind::NotPromised, database: "*".into(), what });
        return Assessment::with_gaps(items, gaps);
    }
    for Kept { name, part } in PARTS {
        let cadence = |policy: &Policy| -> Option<Cadence> { part(policy.complete_set.as_ref()?).verify };
        let asked = windows::asked(record, "*", cadence);
        gaps.extend(asked.gaps);
        for window in asked.over {
            let Some(entry) = found(record, name, window) else {
                let what = format!("{name}: not verified {}", windows::span(&window));
                gaps.push(Gap { kind: GapKind::NoInput, database: "*".into(), what });
                continue;
            };
            let id = format!("WW-TW-01/*/{}/{name}", window.start);
            items.push(Item { id, at: window.start, database: "*".into(), entry, deviation: None, note: None });
        }
    }
    for (line, event) in record.recorded(&["backup.completed"]) {
        let Event::BackupCompleted(done) = event else { continue };
        let statement = record.exhibits().backups.get(&line.id);
        let blinded = |content: &Content| content.blinding.alg != "none";
        let keyless =
            statement.is_some_and(|backup| backup.content.as_ref().is_some_and(blinded) && backup.rowkey.is_none());
        if keyless {
            let deviation = Some(String::from("its content root is blinded, and no row key is kept with it"));
            let item = super::backup::item("WW-TW-01", line, &done.database, done.snapshot_at, deviation);
            items.push(item);
        }
    }
    Assessment::with_gaps(items, gaps)
}

/// The entry by which a part was found in a window.
fn found(record: &Record<'_>, name: &str, window: Period) -> Option<String> {
    let mut seen = record.events(&["restore.tested", "evidence.collected"]).filter(|(_, event)| match event {
        Event::RestoreTested(test) => test.outcome == Outcome::Passed && window.contains(test.started_at),
        Event::EvidenceCollected(taken) => {
            name == "keys"
                && taken.collector == Collector::KeyEscrow.word()
                && taken.outcome == EvidenceOutcome::Ok
                && window.contains(taken.covers.to)
        }
        _ => false,
    });
    let takes_it = |(line, event): &(&Line<'_>, Event)| match event {
        Event::EvidenceCollected(_) => true,
        _ => record.exhibits().restore_tests.get(&line.id).is_some_and(|test| match name {
            "keys" => test.set_retrieved.keys,
            "config" => test.set_retrieved.config,
            _ => true,
        }),
    };
    seen.find(takes_it).map(|(line, _)| line.id.as_str().into())
}
