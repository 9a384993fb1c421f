//! Reviews against what they say they have seen (`spec:statements-10`).

use walwarden_core::{
    Digest,
    bundle::ENTRIES,
    chain::{ChainError, Entries},
    event::{Conclusion, Event, PolicyAdopted, Reviewed, Role},
    statement::{EntryRef, Review, Subject},
};

use super::digest_of;
use crate::{
    checks::{Stop, differs, fail},
    facts::{Carried, Facts, One, Predicate, event_of},
    report::ReadsAs,
};

/// Every item is the entry that it names, with the content that the person has seen, below the head that was seen.
pub(super) fn items(one: &One, review: &Review, entries: &Entries<'_>) -> Result<(), Stop> {
    if one.subject.len() != review.subjects.len() {
        return Err(fail("a review has other subjects than items", ReadsAs::Edit, one.place()));
    }
    for (subject, item) in one.subject.iter().zip(&review.subjects) {
        same_content(one, review, subject, item, entries)?;
        let covered = entries.position(item.id).is_some_and(|position| (position as u64) < review.seen.size);
        if !covered {
            let what = "a review is of an entry that lies above the head that was seen";
            return Err(differs(what, ReadsAs::Other, one.place(), format!("below {}", review.seen.size), item.id));
        }
    }
    if let Some(period) = review.period {
        let seen = entries.all().get(..usize::try_from(review.seen.size).unwrap_or(usize::MAX)).unwrap_or_default();
        let last = seen.get(..seen.partition_point(|entry| entry.recorded_at < period.end)).and_then(<[_]>::last);
        let found: Vec<_> = review.subjects.iter().map(|item| item.id).collect();
        if !last.is_some_and(|last| found == [last.id] && period.contains(last.recorded_at)) {
            let expected = last.map(|last| last.id.to_string()).unwrap_or_default();
            let found = found.first().map(ToString::to_string).unwrap_or_default();
            let what = "a review of a period is not of the last entry that was recorded in it";
            return Err(differs(what, ReadsAs::Edit, one.place(), expected, found));
        }
    }
    Ok(())
}

/// "The same id, another content" is what a person did not review.
fn same_content(
    one: &One,
    review: &Review,
    subject: &Subject,
    item: &EntryRef,
    entries: &Entries<'_>,
) -> Result<(), Stop> {
    if subject.name != item.id.as_str() {
        let what = "a review names its subject by another id than its item";
        return Err(differs(what, ReadsAs::Edit, one.place(), item.id, &subject.name));
    }
    let shown = |digest: Option<Digest>| digest.map_or("none".into(), |digest| digest.to_string());
    let expected = reviewed(review.subject, item, entries);
    if expected != Some(subject.digest.sha256) {
        let what = format!("a review is of {} with another content than it has here", item.id);
        return Err(differs(what, ReadsAs::Edit, one.place(), shown(expected), subject.digest.sha256));
    }
    let expected = digest_of(entries, item.id);
    if expected != Some(item.digest) {
        let what = format!("a review names {} by another digest than it has", item.id);
        return Err(differs(what, ReadsAs::Edit, one.place(), shown(expected), item.digest));
    }
    Ok(())
}

/// What a review of this kind signs of an entry: its hash; of a policy its digest. `None` where the entry is of another
/// kind.
fn reviewed(kind: Reviewed, item: &EntryRef, entries: &Entries<'_>) -> Option<Digest> {
    let position = entries.position(item.id)?;
    let (entry, hash) = (entries.all().get(position)?, entries.hashes().get(position)?);
    match kind {
        Reviewed::Policy => match event_of(entry, &["policy.adopted"])? {
            Event::PolicyAdopted(adopted) => Some(adopted.sha256),
            _ => None,
        },
        Reviewed::Evidence | Reviewed::RoleList => entry.is_one_of(&["evidence.collected"]).then_some(*hash),
        Reviewed::Exception | Reviewed::Period => Some(*hash),
    }
}

/// The approval that a policy carries with it: by the person who is said to have approved it, of this very policy.
pub(super) fn approval(one: &One, review: &Review, adopted: &PolicyAdopted) -> Result<(), Stop> {
    let policy = review.subject == Reviewed::Policy && review.subjects.is_empty();
    if !policy || review.role != Role::Approver || review.conclusion != Conclusion::NoIssue {
        return Err(fail("the review of an adoption is no approval of a policy", ReadsAs::Edit, one.place()));
    }
    if review.person != adopted.approved_by {
        let what = "a policy is approved by another person than its adoption says";
        return Err(differs(what, ReadsAs::Edit, one.place(), &adopted.approved_by, &review.person));
    }
    if one.subject != [Subject::new(adopted.version.as_str(), adopted.sha256)] {
        let found = one.subject.first().map(|subject| subject.digest.sha256.to_string()).unwrap_or_default();
        return Err(differs("another policy is approved", ReadsAs::Edit, one.place(), adopted.sha256, found));
    }
    Ok(())
}

/// Every head that a person has seen lies below the review, and is a head of this history.
pub(super) fn seen(facts: &Facts<'_>, statements: &Carried, entries: &Entries<'_>) -> Result<(), Stop> {
    let mut seen = Vec::new();
    for one in &statements.all {
        let Predicate::Review(review) = &one.predicate else { continue };
        let Some(position) = facts.referencing(&one.payload_digest) else { continue };
        if !(1..=position as u64).contains(&review.seen.size) {
            let what = "a review has seen a head of nothing, or one that covers the review itself";
            let expected = format!("a size from 1 to {position}");
            return Err(differs(what, ReadsAs::Other, one.place(), expected, review.seen.size));
        }
        seen.push((review.seen, one));
    }
    if seen.is_empty() {
        return Ok(());
    }
    let heads: Vec<_> = seen.iter().map(|(head, _)| *head).collect();
    entries.rebuild(&heads).map(|_| ()).map_err(|error| match error {
        ChainError::Root { size, expected, found } => {
            let one = seen.iter().find(|(head, _)| head.size == size && head.root == expected);
            let place = one.map_or_else(|| ENTRIES.into(), |(_, one)| one.place());
            let what = format!("a person has seen another history than this one: the head of {size} lines differs");
            differs(what, ReadsAs::ReSigning, place, found, expected)
        }
        error => fail(error.to_string(), ReadsAs::Truncation, ENTRIES),
    })
}
