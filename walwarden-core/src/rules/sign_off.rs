//! WW-SO-01: two persons signed the closed period (`spec:rules-38`).

use alloc::{
    collections::BTreeMap,
    format,
    string::{String, ToString as _},
    vec,
    vec::Vec,
};

use super::{
    Assessment, Basis, Item, Rule,
    integrity::in_force,
    review::told,
    window::{ALL, not_promised},
};
use crate::{
    chain::Line,
    digest::Digest,
    event::{Conclusion, Event, ReviewSigned, Reviewed, Role},
    record::Record,
};

/// A signature of the period, and its entry.
type Seen<'r> = (&'r Line<'r>, ReviewSigned);

/// Two persons signed one head of the closed period.
pub(super) const SIGN_OFF: Rule = Rule {
    id: "WW-SO-01",
    title: "Two persons signed off the period",
    computation: "one person prepared and another reviewed the period, both over one head that covers all of it",
    basis: Basis::B4,
    reader: false,
    evaluate: sign_off,
};

fn sign_off(record: &Record<'_>) -> Assessment {
    if !in_force(record, |policy| policy.sign_off == Some(true)) {
        return Assessment::with_gaps(vec![], vec![not_promised("that two persons sign off the period")]);
    }
    let of_period = |(line, event)| match event {
        Event::ReviewSigned(review) if review.subject == Reviewed::Period && review.period == Some(record.period()) => {
            Some((line, *review))
        }
        _ => None,
    };
    let signed: Vec<Seen<'_>> = record.events(&["review.signed"]).filter_map(of_period).collect();
    let counting: Vec<_> = signed.iter().filter(|(line, _)| record.is_signed(line.id)).collect();
    let by = |role: Role| counting.iter().copied().filter(move |(_, review)| review.role == role);
    // By head, the last of each person.
    let mut prepared: BTreeMap<(u64, Digest), BTreeMap<&str, &Seen<'_>>> = BTreeMap::new();
    for seen in by(Role::Preparer) {
        prepared.entry((seen.1.head.size, seen.1.head.root)).or_default().insert(&seen.1.person, seen);
    }
    let other = |reviewed: &Seen<'_>| {
        let persons = prepared.get(&(reviewed.1.head.size, reviewed.1.head.root))?;
        persons.iter().find(|(person, _)| **person != reviewed.1.person).map(|(_, prepared)| *prepared)
    };
    let reach = reach(record);
    let pairs = || by(Role::Reviewer).filter_map(|reviewed| Some((other(reviewed)?, reviewed)));
    let good = pairs().rfind(|pair| unfit(reach, pair).is_none()).map(|(prepared, reviewed)| {
        let first = format!("prepared and {}", told(prepared.0, &prepared.1));
        (reviewed.0, first, told(reviewed.0, &reviewed.1))
    });
    let apart = || apart(by(Role::Preparer).next_back()?, by(Role::Reviewer).next_back()?);
    let fault = pairs().next_back().and_then(|pair| unfit(reach, &pair)).or_else(apart);
    let end = record.period().end;
    let id = format!("{}/{ALL}/{end}", SIGN_OFF.id);
    let item = |entry: String, deviation, note| Item { id, at: end, database: ALL.into(), entry, deviation, note };
    Assessment::over(vec![match good {
        Some((line, first, second)) => item(line.id.to_string(), None, Some(format!("{first}; {second}"))),
        None => {
            let lacking = || lacking(signed.len(), by(Role::Preparer).count(), by(Role::Reviewer).count());
            item(String::new(), Some(fault.unwrap_or_else(lacking)), None)
        }
    }])
}

fn lacking(all: usize, prepared: usize, reviewed: usize) -> String {
    format!(
        "of {all} signatures of the period, {prepared} by a preparer and {reviewed} by a reviewer have a verified statement"
    )
}

/// Why two signatures do not belong together.
fn apart((_, first): &Seen<'_>, (_, second): &Seen<'_>) -> Option<String> {
    if first.head != second.head {
        return Some(format!("prepared over {} entries, reviewed over {}", first.head.size, second.head.size));
    }
    (first.person == second.person).then(|| format!("{} prepared and reviewed", first.person))
}

/// Why two signatures that belong together are no sign-off; `reach` is how many entries hold all of the period.
fn unfit(reach: u64, ((_, first), (_, second)): &(&Seen<'_>, &Seen<'_>)) -> Option<String> {
    if [first, second].iter().any(|review| review.conclusion == Conclusion::Issue) {
        return Some("signed with an issue".into());
    }
    let size = first.head.size;
    (size < reach).then(|| format!("signed over {size} entries, and the period's own reach to {reach}"))
}

/// How many entries hold all of the period, but for what may come after a sign-off.
fn reach(record: &Record<'_>) -> u64 {
    let after = |line: &&Line<'_>| !line.is_one_of(&["review.signed", "export.made", "anchor.attached"]);
    record.items().filter(after).last().map_or(0, |line| line.seq.saturating_add(1))
}
