//! Keys of the newest registry, and from when to when each was in force.

use std::collections::BTreeMap;

use walwarden_core::{
    Time,
    key::PublicKey,
    registry::Registry,
    statement::key_registry::{KeyRegistry, State},
};

use super::Facts;
use crate::report::KeyShown;

/// Entries that bring a version of the registry.
const BRINGING: &[&str] = &["chain.genesis", "key.changed"];

/// By key: the entry that brought it, and the one that ended it.
type Spans = BTreeMap<String, ((u64, Time), Option<(u64, Time)>)>;

impl Facts<'_> {
    /// The view of the registry that `keys/keys.csv` must equal, line by line.
    pub(super) fn keys_csv(&self) -> Vec<[String; 6]> {
        let csv = self.registry().map(Registry::csv).unwrap_or_default();
        let row = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>().try_into().ok();
        csv.lines().skip(1).filter_map(row).collect()
    }

    /// Roots first.
    pub(super) fn keys_shown(&self) -> Vec<KeyShown> {
        let Some(registry) = self.registry().ok().and_then(|registry| registry.versions().newest()) else {
            return Vec::new();
        };
        let KeyRegistry { roots, keys, .. } = registry;
        let spans = self.key_spans();
        let span = |id: &str| spans.get(id).map_or((None, None), |(from, to)| (Some(*from), *to));
        let pinned = |key: &PublicKey| self.trust.pins.as_ref().is_some_and(|p| p.pins.contains(&key.fingerprint()));
        let roots = roots.iter().map(|root| {
            let keyid = root.id().to_string();
            let (from, to) = span(&keyid);
            KeyShown {
                keyid,
                fingerprint: root.fingerprint(),
                uses: vec!["root".into()],
                custodian: String::new(),
                storage: String::new(),
                state: if pinned(root) { "pinned" } else { "not pinned" }.into(),
                from,
                to,
            }
        });
        let keys = keys.iter().map(|key| {
            let keyid = key.jwk.id().to_string();
            let (from, to) = span(&keyid);
            KeyShown {
                keyid,
                fingerprint: key.jwk.fingerprint(),
                uses: key.uses.iter().map(|purpose| purpose.word().into()).collect(),
                custodian: key.custodian.clone(),
                storage: key.storage.word().into(),
                state: key.state.word().into(),
                from,
                to,
            }
        });
        roots.chain(keys).collect()
    }

    fn key_spans(&self) -> Spans {
        let mut spans = Spans::new();
        let (Ok(entries), Ok(registry)) = (self.entries(), self.registry()) else { return spans };
        for entry in entries.all().iter().filter(|entry| entry.is_one_of(BRINGING)) {
            let Some(version) = registry.at(entry.seq) else { continue };
            let at = (entry.seq, entry.recorded_at);
            for root in &version.roots {
                spans.entry(root.id().to_string()).or_insert((at, None));
            }
            for key in &version.keys {
                let (_, to) = spans.entry(key.jwk.id().to_string()).or_insert((at, None));
                if key.state != State::Active && to.is_none() {
                    *to = Some(at);
                }
            }
        }
        spans
    }
}
