//! Reviews: a person signs, with a key of their own, what they have seen (`spec:statements-10`).
//!
//! Who made something does not review it, and who wrote a policy does not approve it: that is refused here, and judged
//! again by the rules.

mod subjects;

use std::path::{Path, PathBuf};

use walwarden_core::{
    Period,
    chain::{Actor, ActorKind, Auth},
    event::{Conclusion, Event, Reviewed, Role},
    merkle::TreeHead,
    statement::{
        EntryRef, KeyRegistry, Predicate as _, Review, Statement, Subject,
        key_registry::{State, Use},
    },
};

use crate::{
    backup::head,
    error::{OperatorError, ProduceError, SignerError},
    producer::{Producer, sign},
    signer::{HeadSigner, KeySigner, key_file, public_key},
    vault::{Appended, Draft},
};

/// A person with a review key.
#[derive(Debug)]
pub struct Reviewer {
    /// Person id: the custodian that the registry names.
    pub person: String,
    signer: KeySigner,
}

impl Reviewer {
    /// Opens a person's own key.
    ///
    /// # Errors
    /// A wrong passphrase, or a key that the registry does not list for reviews.
    pub fn open(registry: &KeyRegistry, path: &Path, passphrase: &str) -> Result<Self, ProduceError> {
        let key = key_file::open(path, passphrase)?;
        let public = public_key(&key, path.to_owned())?;
        let listed = registry.keys.iter().find(|listed| listed.jwk == public);
        let listed = listed.filter(|listed| listed.state == State::Active && listed.uses == [Use::Review]);
        let person = listed.ok_or_else(|| SignerError::NotAReviewKey(path.to_owned()))?.custodian.clone();
        let signer = KeySigner::new(key, PathBuf::from(path), [Use::Review].into(), registry.origin.clone())?;
        Ok(Self { person, signer })
    }
}

/// What is reviewed.
pub enum Asked<'a> {
    /// Entries, by id: captures, or whatever deviates.
    Entries {
        /// Their ids.
        ids: &'a [String],
        /// Whether the captures are lists of roles.
        role_list: bool,
    },
    /// All that was recorded in a period, as written.
    Period(&'a str),
    /// The adopted policy.
    Policy,
}

/// A review.
pub struct ReviewRequest<'a> {
    /// Of what.
    pub asked: Asked<'a>,
    /// In which role.
    pub role: Role,
    /// What came of it.
    pub conclusion: Conclusion,
    /// The person's function.
    pub title: &'a str,
    /// What the person remarks.
    pub notes: &'a str,
}

/// What is reviewed, as the statement names it.
struct Subjects {
    kind: Reviewed,
    items: Vec<(EntryRef, Subject)>,
    period: Option<Period>,
    /// The head that the person has seen.
    seen: TreeHead,
}

/// A recorded review.
#[derive(Debug)]
pub struct Signed {
    /// Its entry.
    pub entry: Appended,
    /// What was signed.
    pub review: Review,
}

/// Signs and records a review.
///
/// # Errors
/// What cannot be reviewed by this person, before anything is written; or the chain did not take it.
pub fn review(
    producer: &mut Producer,
    head_signer: &mut HeadSigner,
    reviewer: &Reviewer,
    request: &ReviewRequest<'_>,
) -> Result<Signed, ProduceError> {
    let subjects = subjects::of(producer, &reviewer.person, request)?;
    let host = producer.identity.actor.host.clone();
    let person = Actor { kind: ActorKind::Person, id: reviewer.person.clone(), auth: Auth::Key, host };
    let program = std::mem::replace(&mut producer.identity.actor, person);
    let mut signed = None;
    let entry = producer.append(head_signer, |context| {
        let Subjects { kind, items, period, seen } = subjects;
        let (references, names) = items.into_iter().unzip();
        let review = Review {
            head: head(context),
            subject: kind,
            subjects: references,
            role: request.role,
            person: reviewer.person.clone(),
            conclusion: request.conclusion,
            period,
            seen,
            title: request.title.into(),
            notes: request.notes.into(),
        };
        let envelope = sign(&reviewer.signer, &Statement::new(names, review.clone()))?;
        let event = Event::ReviewSigned(Box::new(review.data()));
        signed = Some(review);
        Ok(Draft { statement: Some((Review::FILE, envelope)), ..Draft::plain(event) })
    });
    producer.identity.actor = program;
    let review = signed.ok_or_else(|| ProduceError::Bug("a review without a statement".into()));
    Ok(Signed { entry: entry?, review: review? })
}

/// Refuses a person who stands on both sides.
fn apart(person: &str, other: &str, did: &'static str) -> Result<(), OperatorError> {
    if person == other { Err(OperatorError::NotApart { person: person.into(), did }) } else { Ok(()) }
}
