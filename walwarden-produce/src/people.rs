//! What people record: actions, acknowledgements, holds, maintenance, corrections. Nothing of it is signed by the person; it
//! is the organisation's word, under a head like everything else.

use walwarden_core::{
    EntryId, Time,
    chain::{ActorKind, Entries},
    event::{ActionRecorded, ActionState, Event, HoldAction, HoldChanged, MaintenanceDeclared, RecordCorrected},
};

use crate::{
    error::{OperatorError, ProduceError},
    producer::Producer,
    signer::HeadSigner,
    spool::{Recorded, record_plain},
};

/// All databases, in holds and maintenance.
const ALL: &str = "*";

/// Records what a person says, after a look at what it refers to; where the signer is away it waits.
///
/// # Errors
/// It refers to what is not there, before anything is written; or neither the chain nor the spool took it.
pub fn record(producer: &mut Producer, head: &mut HeadSigner, event: Event) -> Result<Recorded, ProduceError> {
    let snapshot = producer.chain.read()?;
    let refers = Refers { producer, entries: &snapshot.entries()? };
    refers.stands(&event)?;
    producer.identity.actor.kind = ActorKind::Person;
    record_plain(producer, head, event)
}

/// The entry that opened an action, which must still be open: what the next state repeats of it.
///
/// # Errors
/// There is none.
pub fn open_action(producer: &Producer, id: &str) -> Result<(EntryId, ActionRecorded), ProduceError> {
    let snapshot = producer.chain.read()?;
    let refers = Refers { producer, entries: &snapshot.entries()? };
    let opening = id.parse().ok().and_then(|id| refers.opening(id).map(|action| (id, action)));
    let unknown = || OperatorError::UnknownEntry { id: id.into(), kind: "opening of an action that is still open" };
    Ok(opening.ok_or_else(unknown)?)
}

/// A completed backup, and of which database it is.
///
/// # Errors
/// There is none.
pub fn completed(producer: &Producer, id: &str) -> Result<(EntryId, String), ProduceError> {
    let snapshot = producer.chain.read()?;
    let entries = snapshot.entries()?;
    let line = id.parse().ok().and_then(|id| entries.position(id)).and_then(|place| entries.all().get(place));
    match line.map(|line| (line.id, line.event())) {
        Some((id, Event::BackupCompleted(backup))) => Ok((id, backup.database)),
        _ => Err(OperatorError::UnknownEntry { id: id.into(), kind: "completed backup" }.into()),
    }
}

/// A correction of one member of an entry's data; what stands there now is read, not told.
///
/// # Errors
/// No such entry, or no such member.
pub fn correction(
    producer: &Producer,
    id: &str,
    member: &str,
    now: &str,
    reason: &str,
) -> Result<RecordCorrected, ProduceError> {
    let snapshot = producer.chain.read()?;
    let entries = snapshot.entries()?;
    let unknown = || OperatorError::UnknownEntry { id: id.into(), kind: "entry" };
    let corrects: EntryId = id.parse().map_err(|_| unknown())?;
    let line = entries.position(corrects).and_then(|place| entries.all().get(place)).ok_or_else(unknown)?;
    let entry = line.entry().ok_or_else(unknown)?;
    let data: serde_json::Value =
        serde_json::from_str(entry.data.get()).map_err(|error| ProduceError::Bug(error.to_string()))?;
    let was = match data.get(member) {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => {
            let expected = "a member of this entry's data";
            return Err(OperatorError::Value { what: "member", value: member.into(), expected }.into());
        }
    };
    Ok(RecordCorrected { corrects, member: member.into(), was, now: now.into(), reason: reason.into() })
}

struct Refers<'a> {
    producer: &'a Producer,
    entries: &'a Entries<'a>,
}

impl Refers<'_> {
    fn stands(&self, event: &Event) -> Result<(), ProduceError> {
        match event {
            Event::ActionRecorded(action) => {
                action.subjects.iter().chain(&action.closed_by).try_for_each(|id| self.is(*id, &[], "entry"))?;
                match action.action {
                    Some(opening) if self.opening(opening).is_none() => {
                        Err(unknown(opening, "opening of an action that is still open").into())
                    }
                    _ => Ok(()),
                }
            }
            Event::AlertAcknowledged(ack) => self.is(ack.alert, &["alert.raised"], "alert"),
            Event::HandoffRecorded(handoff) => self.is(handoff.backup, &["backup.completed"], "completed backup"),
            Event::HoldChanged(hold) => self.hold(hold),
            Event::MaintenanceDeclared(maintenance) => self.maintenance(maintenance),
            _ => Ok(()),
        }
    }

    /// Whether an entry is there, of one of some kinds; of any where none is named.
    fn is(&self, id: EntryId, kinds: &[&str], what: &'static str) -> Result<(), ProduceError> {
        let line = self.entries.position(id).and_then(|place| self.entries.all().get(place));
        match line.filter(|line| kinds.is_empty() || line.is_one_of(kinds)) {
            Some(_) => Ok(()),
            None => Err(unknown(id, what).into()),
        }
    }

    /// What an action says that was opened by this entry and is not closed.
    fn opening(&self, id: EntryId) -> Option<ActionRecorded> {
        let mut open = None;
        for line in self.entries.all() {
            let Event::ActionRecorded(action) = line.event() else { continue };
            if line.id == id && action.state == ActionState::Opened {
                open = Some(*action);
            } else if action.action == Some(id) && action.state == ActionState::Closed {
                open = None;
            }
        }
        open
    }

    /// A hold is of a backup, a database or everything; what is released was held.
    fn hold(&self, hold: &HoldChanged) -> Result<(), ProduceError> {
        let backup = || hold.scope.parse().is_ok_and(|id| self.is(id, &["backup.completed"], "backup").is_ok());
        if !self.is_database(&hold.scope) && !backup() {
            let expected = "a completed backup's entry, a database, or *";
            return Err(OperatorError::Value { what: "scope", value: hold.scope.clone(), expected }.into());
        }
        let last = self.entries.all().iter().rev().find_map(|line| match line.event() {
            Event::HoldChanged(before) if before.scope == hold.scope => Some(before.action),
            _ => None,
        });
        if (last == Some(HoldAction::Placed)) == (hold.action == HoldAction::Placed) {
            let expected = match hold.action {
                HoldAction::Placed => "without a hold: one is placed already",
                HoldAction::Released => "under a hold",
            };
            return Err(OperatorError::Value { what: "scope", value: hold.scope.clone(), expected }.into());
        }
        Ok(())
    }

    fn maintenance(&self, declared: &MaintenanceDeclared) -> Result<(), ProduceError> {
        let value = |what, value: String, expected| OperatorError::Value { what, value, expected };
        if !self.is_database(&declared.database) {
            return Err(value("database", declared.database.clone(), "one of walwarden.toml, or *").into());
        }
        let order = |from: Time, to: Time| from < to;
        if !order(declared.from, declared.to) {
            return Err(value("to", declared.to.to_string(), "after the beginning").into());
        }
        // What is declared afterwards excuses nothing (`spec:rules-11`), and would look as if it did.
        if !order(self.producer.now(), declared.from) {
            return Err(value("from", declared.from.to_string(), "still to come").into());
        }
        Ok(())
    }

    fn is_database(&self, name: &str) -> bool {
        name == ALL || self.producer.config.database(Some(name)).is_ok()
    }
}

fn unknown(id: EntryId, kind: &'static str) -> OperatorError {
    OperatorError::UnknownEntry { id: id.to_string(), kind }
}
