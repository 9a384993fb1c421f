//! Actions about what deviated, as rules count them (`spec:events-7`).

use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

use crate::{
    event::{ActionState, Event},
    record::Record,
    value::EntryId,
};

/// Entries that a closed action is about: those that its opening or its closing entry names.
pub(super) fn closed(record: &Record<'_>) -> BTreeSet<EntryId> {
    let mut opened: BTreeMap<EntryId, Vec<EntryId>> = BTreeMap::new();
    let mut closed = BTreeSet::new();
    for (line, event) in record.events(&["action.recorded"]) {
        let Event::ActionRecorded(action) = event else { continue };
        if action.state == ActionState::Closed {
            closed.extend(action.action.and_then(|opening| opened.remove(&opening)).into_iter().flatten());
            closed.extend(action.subjects);
        } else if action.state == ActionState::Opened {
            opened.insert(line.id, action.subjects);
        }
    }
    closed
}
