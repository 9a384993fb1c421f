//! The capture that a new one is compared with.

use std::collections::BTreeMap;

use walwarden_core::{
    event::{Event, EvidenceCollected, EvidenceOutcome},
    statement::EntryRef,
};

use super::{CollectRequest, capture::Row};
use crate::{error::ProduceError, producer::Producer, vault::Snapshot};

/// The last good capture of the same collector and database.
#[derive(Debug)]
pub(super) struct Before {
    /// Its entry, and the payload of its statement.
    pub(super) entry: EntryRef,
    /// What its entry says.
    pub(super) data: EvidenceCollected,
    /// Its tables, by name.
    tables: BTreeMap<String, Vec<Row>>,
}

impl Before {
    /// Finds it, and reads its tables.
    pub(super) fn find(
        producer: &Producer,
        snapshot: &Snapshot,
        request: &CollectRequest<'_>,
    ) -> Result<Option<Self>, ProduceError> {
        let entries = snapshot.entries()?;
        let captures = entries.all().iter().rev().filter(|entry| entry.is_one_of(&["evidence.collected"]));
        let found = captures.filter_map(|entry| match entry.event() {
            Event::EvidenceCollected(data) => Some((entry, data)),
            _ => None,
        });
        let mut good = found.filter(|(_, data)| {
            data.outcome == EvidenceOutcome::Ok
                && data.collector == request.collector.word()
                && data.database.as_deref() == request.database
        });
        let Some((line, data)) = good.next() else { return Ok(None) };
        let digest = line.statements().first().map(|statement| statement.payload);
        let digest = digest.ok_or_else(|| ProduceError::Bug("a capture without a statement".into()))?;
        let mut tables = BTreeMap::new();
        for blob in line.blobs().iter().filter(|blob| blob.name.ends_with(".ndjson")) {
            let bytes = producer.blob(line.seq, &blob.sha256)?;
            let rows = bytes.split(|byte| *byte == b'\n').filter(|row| !row.is_empty());
            tables.insert(blob.name.to_string(), rows.filter_map(|row| serde_json::from_slice(row).ok()).collect());
        }
        Ok(Some(Self { entry: EntryRef { id: line.id, digest }, data: *data, tables }))
    }

    /// The rows of a table; none where it had no such table.
    pub(super) fn table(&self, name: &str) -> &[Row] {
        self.tables.get(name).map(Vec::as_slice).unwrap_or_default()
    }
}
