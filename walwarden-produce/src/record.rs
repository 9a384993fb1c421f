//! The vault's own record, as rules read it: a producer looks at its duties by the steps of a verifier.

use std::collections::{BTreeMap, BTreeSet};

use walwarden_core::{
    Digest, EntryId, Period, Time,
    chain::Entries,
    dsse::Envelope,
    event::{Event, Zone},
    policy::Policy,
    record::{Exhibits, Outlook, Record},
    registry::{Registry, Version},
    statement::{Backup, Evidence, Predicate, RestoreTest, Review, Statement, key_registry::Use},
};

use crate::{
    chain_store::ChainStore as _,
    error::{ProduceError, VaultError},
    keys, period,
    producer::Producer,
    vault::{Snapshot, by_envelope},
};

/// Hands the record of a snapshot, from genesis to now, to `read`.
///
/// # Errors
/// The vault is damaged, or `read` fails.
pub fn with_record<T>(
    producer: &Producer,
    snapshot: &Snapshot,
    read: impl FnOnce(&Record<'_>) -> Result<T, ProduceError>,
) -> Result<T, ProduceError> {
    let entries = snapshot.entries()?;
    let anchored = entries.rebuild(&snapshot.heads()?).map_err(VaultError::Damaged)?;
    let registry = producer.registry_of(snapshot)?;
    let first = entries.all().first().ok_or(VaultError::Empty)?;
    let now = producer.now();
    let end = Time::from_micros(now.micros().saturating_add(1)).unwrap_or(now);
    let span = Period { start: first.recorded_at, end };
    let mut policies = Vec::new();
    for entry in entries.all() {
        if let Event::PolicyAdopted(adopted) = entry.event() {
            policies.push(producer.policy_blob(entry.seq, &adopted.sha256)?);
        }
    }
    let outlook = Outlook { zones: zones(&policies, &span), now: Some(now) };
    let stated = Stated::read(producer, &entries, &registry)?;
    let exhibits = stated.exhibits(policies, registry.versions().all(), outlook);
    read(&Record::new(&anchored, &entries, span, exhibits))
}

/// Zones of policies, as this program knows them, with a year ahead.
fn zones(policies: &[Policy], span: &Period) -> Vec<Zone> {
    let ahead = Period { start: span.start, end: span.end.plus_seconds(400 * 86_400) };
    let names: BTreeSet<&str> = policies.iter().map(|policy| policy.timezone.as_str()).collect();
    names.into_iter().filter_map(|name| period::zone_facts(name, &ahead).ok()).collect()
}

/// Statements that are there and signed by a key that could sign them there, by entry.
struct Stated {
    backups: BTreeMap<EntryId, Backup>,
    restore_tests: BTreeMap<EntryId, RestoreTest>,
    evidence: BTreeMap<EntryId, Evidence>,
    reviews: BTreeMap<EntryId, Review>,
}

impl Stated {
    fn read(producer: &Producer, entries: &Entries<'_>, registry: &Registry) -> Result<Self, ProduceError> {
        Ok(Self {
            backups: stated(producer, entries, registry, Use::Backup)?,
            restore_tests: stated(producer, entries, registry, Use::RestoreTest)?,
            evidence: stated(producer, entries, registry, Use::Evidence)?,
            reviews: stated(producer, entries, registry, Use::Review)?,
        })
    }

    fn exhibits<'s>(&'s self, policies: Vec<Policy>, registry: &'s [Version], outlook: Outlook) -> Exhibits<'s> {
        let Self { backups, restore_tests, evidence, reviews } = self;
        let ids = backups.keys().chain(restore_tests.keys()).chain(evidence.keys()).chain(reviews.keys());
        Exhibits {
            policies,
            signed: ids.copied().collect(),
            backups: backups.iter().map(|(id, stated)| (*id, stated)).collect(),
            restore_tests: restore_tests.iter().map(|(id, stated)| (*id, stated)).collect(),
            evidence: evidence.iter().map(|(id, stated)| (*id, stated)).collect(),
            reviews: reviews.iter().map(|(id, stated)| (*id, stated)).collect(),
            registry,
            outlook,
            ..Exhibits::default()
        }
    }
}

fn stated<P: Predicate>(
    producer: &Producer,
    entries: &Entries<'_>,
    registry: &Registry,
    purpose: Use,
) -> Result<BTreeMap<EntryId, P>, ProduceError> {
    let kept = producer.chain.store().statements(P::FILE)?;
    let kept = by_envelope(&kept);
    let mut stated = BTreeMap::new();
    for entry in entries.all() {
        let holds = |envelope: &Digest| {
            let envelope = Envelope::parse(kept.get(envelope)?).ok()?;
            let authentic = envelope.verify(&keys::of_statement(registry, entries, purpose, entry), 1).ok()?;
            Some(Statement::<P>::parse(authentic).ok()?.predicate)
        };
        if let Some(predicate) = entry.statements().iter().find_map(|reference| holds(&reference.envelope)) {
            stated.insert(entry.id, predicate);
        }
    }
    Ok(stated)
}
