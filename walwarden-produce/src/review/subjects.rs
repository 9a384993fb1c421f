//! What a review is of, and whether this person may review it.

use walwarden_core::{
    Digest, EntryId,
    chain::{Entries, Line},
    event::{Event, ReviewSigned, Reviewed, Role},
    merkle::TreeHead,
    statement::{EntryRef, Evidence, Predicate as _, Statement, Subject},
};

use super::{Asked, ReviewRequest, Subjects, apart};
use crate::{
    error::{OperatorError, ProduceError},
    period,
    producer::Producer,
    seal,
};

/// Finds what is reviewed.
pub(super) fn of(producer: &Producer, person: &str, request: &ReviewRequest<'_>) -> Result<Subjects, ProduceError> {
    let snapshot = producer.chain.read()?;
    let entries = snapshot.entries()?;
    let newest = snapshot.head()?;
    let looked = Looked { producer, entries: &entries, person, role: request.role };
    match &request.asked {
        Asked::Entries { ids, role_list } => looked.entries(ids, *role_list, newest),
        Asked::Policy => looked.policy(newest),
        Asked::Period(text) => looked.period(text, newest),
    }
}

struct Looked<'a> {
    producer: &'a Producer,
    entries: &'a Entries<'a>,
    person: &'a str,
    role: Role,
}

impl Looked<'_> {
    fn entries(&self, ids: &[String], role_list: bool, seen: TreeHead) -> Result<Subjects, ProduceError> {
        let places = ids.iter().map(|id| self.place(id, seen)).collect::<Result<Vec<_>, _>>()?;
        let captures = places.iter().all(|place| self.line(*place).is_one_of(&["evidence.collected"]));
        if role_list && !captures {
            let expected = "captures alone: lists of roles are captured";
            return Err(OperatorError::Value { what: "entries", value: ids.join(" "), expected }.into());
        }
        let kind = match (captures, role_list) {
            (true, true) => Reviewed::RoleList,
            (true, false) => Reviewed::Evidence,
            (false, _) => Reviewed::Exception,
        };
        for place in &places {
            self.made_by_another(*place)?;
        }
        let items = places.iter().map(|place| self.item(*place, self.hash(*place))).collect();
        Ok(Subjects { kind, items, period: None, seen })
    }

    /// The policy adopted last.
    fn policy(&self, seen: TreeHead) -> Result<Subjects, ProduceError> {
        let adopted = self.covered(seen).iter().enumerate().rev().find_map(|(place, line)| match line.event() {
            Event::PolicyAdopted(adopted) => Some((place, adopted)),
            _ => None,
        });
        let (place, adopted) = adopted.ok_or(OperatorError::NothingToReview("no policy was adopted"))?;
        if self.role != Role::Preparer {
            apart(self.person, &adopted.author, "wrote this policy")?;
        }
        if self.role == Role::Approver && adopted.approved_by != self.person {
            let (person, approver) = (self.person.into(), adopted.approved_by);
            return Err(OperatorError::NotTheApprover { person, approver }.into());
        }
        Ok(Subjects { kind: Reviewed::Policy, items: vec![self.item(place, adopted.sha256)], period: None, seen })
    }

    /// Its last entry stands for all of a period. Who reviews signs over the head that the preparer signed, where there is
    /// one: a sign-off is two signatures over one head (`spec:rules-38`).
    fn period(&self, text: &str, newest: TreeHead) -> Result<Subjects, ProduceError> {
        let zone = seal::zone(self.producer)?;
        let period = period::parse(text, &zone).map_err(OperatorError::from)?;
        let signed = |line: &Line<'_>| match line.event() {
            Event::ReviewSigned(review) if review.period == Some(period) => Some(*review),
            _ => None,
        };
        let signed: Vec<ReviewSigned> = self.entries.all().iter().filter_map(signed).collect();
        let by = |role: Role| signed.iter().rev().find(move |review| review.role == role);
        let seen = match by(Role::Preparer).filter(|_| self.role != Role::Preparer) {
            Some(prepared) => {
                apart(self.person, &prepared.person, "prepared this period")?;
                prepared.head
            }
            None => newest,
        };
        if let Some(reviewed) = by(Role::Reviewer).filter(|review| self.role == Role::Preparer && review.head == seen) {
            apart(self.person, &reviewed.person, "reviewed this period")?;
        }
        let before = self.covered(seen).partition_point(|line| line.recorded_at < period.end);
        let last = before.checked_sub(1).filter(|place| period.contains(self.line(*place).recorded_at));
        let last = last.ok_or(OperatorError::NothingToReview("nothing was recorded in this period"))?;
        let items = vec![self.item(last, self.hash(last))];
        Ok(Subjects { kind: Reviewed::Period, items, period: Some(period), seen })
    }

    /// Refuses who recorded an entry, ran its capture or performed its test.
    fn made_by_another(&self, place: usize) -> Result<(), ProduceError> {
        if self.role == Role::Preparer {
            return Ok(());
        }
        let line = self.line(place);
        if let Some(entry) = line.entry() {
            apart(self.person, &entry.actor.id, "recorded what is reviewed")?;
        }
        match line.event() {
            Event::RestoreTested(tested) => apart(self.person, &tested.performed_by, "performed the test")?,
            Event::EvidenceCollected(_) => apart(self.person, &self.run_by(line)?, "ran the capture")?,
            _ => {}
        }
        Ok(())
    }

    /// Who ran a capture, by its statement.
    fn run_by(&self, line: &Line<'_>) -> Result<String, ProduceError> {
        let statements = line.statements();
        let Some(statement) = statements.first() else { return Ok(String::new()) };
        let bytes = self.producer.envelope(line.seq, Evidence::FILE, &statement.envelope)?;
        let bug = |what: String| ProduceError::Bug(format!("a stored capture does not parse: {what}"));
        let envelope = walwarden_core::dsse::Envelope::parse(&bytes).map_err(|error| bug(error.to_string()))?;
        let stated = Statement::<Evidence>::parse_payload(&envelope.payload.0).map_err(|e| bug(e.to_string()))?;
        Ok(stated.predicate.run_by)
    }

    /// The place of an entry that the head covers.
    fn place(&self, id: &str, seen: TreeHead) -> Result<usize, OperatorError> {
        let unknown = || OperatorError::UnknownEntry { id: id.into(), kind: "entry under a signed head" };
        let place = id.parse::<EntryId>().ok().and_then(|id| self.entries.position(id));
        place.filter(|place| (*place as u64) < seen.size).ok_or_else(unknown)
    }

    fn covered(&self, head: TreeHead) -> &[Line<'_>] {
        let all = self.entries.all();
        &all[..usize::try_from(head.size).map_or(all.len(), |size| size.min(all.len()))]
    }

    fn line(&self, place: usize) -> &Line<'_> {
        &self.entries.all()[place]
    }

    fn hash(&self, place: usize) -> Digest {
        self.entries.hashes()[place]
    }

    /// An item as the predicate names it, and the subject that is signed.
    fn item(&self, place: usize, digest: Digest) -> (EntryRef, Subject) {
        let line = self.line(place);
        let stated = line.statements().first().map(|statement| statement.payload);
        let reference = EntryRef { id: line.id, digest: stated.unwrap_or_else(|| self.hash(place)) };
        (reference, Subject::new(line.id.as_str(), digest))
    }
}
