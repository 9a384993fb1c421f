//! What rules may read beside the chain, each fact as a check has established it.

use std::collections::BTreeMap;

use walwarden_core::{
    Digest,
    bundle::BLOBS,
    record::{Exhibits, Reader, Seal},
    value::EntryId,
};

use super::{Facts, Predicate};
use crate::report::Compared;

impl Facts<'_> {
    /// Everything but the policies.
    pub(super) fn exhibits(&self) -> Exhibits<'_> {
        let mut exhibits = Exhibits {
            signed: self.signed_entries().into_iter().collect(),
            blobs: self.blobs(),
            registry: self.versions().map_or(&[], |versions| versions.all()),
            seal: self.signed_bundle().ok().map(|bundle| Seal { sealed_at: bundle.sealed_at }),
            reader: self.reader(),
            ..Exhibits::default()
        };
        for one in self.statements().iter().flat_map(|carried| &carried.all) {
            let entry = one.predicate.head().entry;
            match &one.predicate {
                Predicate::Backup(backup) => drop(exhibits.backups.insert(entry, backup)),
                Predicate::Evidence(evidence) => drop(exhibits.evidence.insert(entry, evidence)),
                Predicate::RestoreTest(test) => drop(exhibits.restore_tests.insert(entry, test)),
                Predicate::Review(review) => drop(exhibits.reviews.insert(entry, review)),
            }
        }
        exhibits
    }

    fn blobs(&self) -> BTreeMap<Digest, &[u8]> {
        let named = |name: &str| name.strip_prefix(BLOBS).and_then(|digest| digest.parse().ok());
        let blob = |(name, bytes): (&str, Option<_>)| {
            let digest: Digest = named(name)?;
            (self.digest(name) == Some(digest)).then_some((digest, bytes?))
        };
        self.source.files().filter_map(blob).collect()
    }

    fn reader(&self) -> Reader {
        let outside = !self.trust.tsa_roots.is_empty() || self.trust.witnesses.is_some();
        let stamps = self.established.stamps.iter().filter(|stamp| stamp.root.is_some());
        let stamps = stamps.map(|stamp| (stamp.size, stamp.gen_time)).chain(self.established.cosigned.iter().copied());
        Reader {
            previous: self.trust.previous.as_ref().map(|previous| previous.period),
            objects: self.objects(),
            anchors: outside.then(|| stamps.collect()),
            evidence: self.trust.evidence,
        }
    }

    /// Backups whose objects were given, and whether all of those are the ones stated.
    fn objects(&self) -> Option<BTreeMap<EntryId, bool>> {
        let lines = self.entries().ok()?.all();
        let mut given = BTreeMap::new();
        for object in &self.established.artifacts.as_ref()?.objects {
            let line = object.seq.and_then(|seq| lines.get(usize::try_from(seq).ok()?));
            let (Some(line), false) = (line, object.compared == Compared::NotGiven) else { continue };
            let equal = matches!(object.compared, Compared::Equal { .. });
            given.entry(line.id).and_modify(|all| *all &= equal).or_insert(equal);
        }
        Some(given)
    }
}
