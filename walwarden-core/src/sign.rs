//! The two signing operations, and what each checks before it signs (`spec:keys-10`).
//!
//! Nobody signs "these bytes": a head is signed only as an extension of the signer's last head, a statement only after
//! it was parsed and its use and origin were found right.

use alloc::{collections::BTreeSet, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    checkpoint::Head,
    dsse::Signed,
    jcs::{self, JcsError},
    key::{Ed25519Key, KeyId},
    merkle::{Proof, ProofError, TreeHead, verify_consistency},
    statement::{
        Backup, Bundle, Evidence, Predicate, RestoreTest, Review, Statement, StatementError, key_registry::Use,
    },
    value::Origin,
};

/// What a head signer remembers outside the vault: its last head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastHead {
    /// The chain.
    pub origin: Origin,
    /// Size and root.
    pub head: TreeHead,
}

/// Why a signer refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Another chain than the one it signs for.
    #[error("this signer signs for {expected}, not for {found}")]
    Origin {
        /// Its chain.
        expected: Origin,
        /// The chain that was asked for.
        found: Origin,
    },
    /// A smaller head than the last one.
    #[error("the last signed head has size {last}, the new one only {new}")]
    Smaller {
        /// Size signed before.
        last: u64,
        /// Size asked for.
        new: u64,
    },
    /// The new head does not extend the last one.
    #[error("the new head of size {size} does not extend the last signed head: {error}")]
    NotAnExtension {
        /// Size asked for.
        size: u64,
        /// What is wrong with the proof.
        error: ProofError,
    },
    /// The payload is no statement of a type this key signs.
    #[error("refused to sign: {0}")]
    Statement(#[from] StatementError),
    /// The key has no such use.
    #[error("this key may not sign a {0}")]
    Use(&'static str),
}

/// Checks that `new` extends the last signed head (none yet: size 0 is remembered as nothing).
///
/// # Errors
/// [`Refusal`]: the vault was set back, or is another history. No flag overrides it.
pub fn may_sign_head(last: Option<&LastHead>, new: &Head, proof: &Proof) -> Result<(), Refusal> {
    let Some(last) = last else { return Ok(()) };
    if last.origin != new.origin {
        return Err(Refusal::Origin { expected: last.origin.clone(), found: new.origin.clone() });
    }
    if new.tree.size < last.head.size {
        return Err(Refusal::Smaller { last: last.head.size, new: new.tree.size });
    }
    verify_consistency(proof, &last.head, &new.tree)
        .map_err(|error| Refusal::NotAnExtension { size: new.tree.size, error })
}

/// Parses a payload and checks that its type is one of `uses` and its origin is `origin`.
///
/// # Errors
/// [`Refusal`].
pub fn may_sign_statement(payload: &[u8], uses: &BTreeSet<Use>, origin: &Origin) -> Result<Use, Refusal> {
    #[derive(Deserialize)]
    struct Kind {
        #[serde(rename = "predicateType")]
        predicate_type: String,
    }
    let kind: Kind = jcs::parse(payload).map_err(StatementError::from)?;
    let (r#use, found) = match kind.predicate_type.as_str() {
        Backup::TYPE => (Use::Backup, parse::<Backup>(payload)?.head.origin),
        RestoreTest::TYPE => (Use::RestoreTest, parse::<RestoreTest>(payload)?.head.origin),
        Evidence::TYPE => (Use::Evidence, parse::<Evidence>(payload)?.head.origin),
        Review::TYPE => (Use::Review, parse::<Review>(payload)?.head.origin),
        Bundle::TYPE => (Use::Bundle, parse::<Bundle>(payload)?.origin),
        _ => return Err(StatementError::Type(kind.predicate_type).into()),
    };
    if found != *origin {
        return Err(Refusal::Origin { expected: origin.clone(), found });
    }
    if uses.contains(&r#use) { Ok(r#use) } else { Err(Refusal::Use(r#use.word())) }
}

fn parse<P: Predicate>(payload: &[u8]) -> Result<P, StatementError> {
    Ok(Statement::parse_payload(payload)?.predicate)
}

/// Why nothing was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// It must not be signed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A signer apart says that it must not be signed.
    #[error("the signer refuses: {0}")]
    Declined(String),
    /// The signer could not remember, or does not work as it should.
    #[error("the signer is unavailable: {0}")]
    Unavailable(String),
    /// What the signer gave is no signature by the key that was asked for, over what was to be signed.
    #[error("what the signer gave is no signature by key {0} over what was to be signed")]
    Mismatch(KeyId),
    /// The signer could not be reached; whether it has signed is not known.
    #[error("the signer is away: {0}")]
    Away(String),
    /// A document has no canonical form.
    #[error(transparent)]
    Jcs(#[from] JcsError),
}

/// Signs heads, remembering the last one.
pub trait SignHead {
    /// Signs `head` after checking that it extends the last one by `proof`; remembers it before answering.
    ///
    /// There is one signature by its own key, and of the first head after a change of log key one by each key that it
    /// succeeds (`spec:keys-9`).
    ///
    /// # Errors
    /// [`SignError`].
    fn sign_head(&mut self, head: &Head, proof: &Proof) -> Result<Vec<(Ed25519Key, Vec<u8>)>, SignError>;

    /// The last signed head.
    ///
    /// # Errors
    /// [`SignError`], when it cannot say.
    fn last_head(&self) -> Result<Option<LastHead>, SignError>;
}

/// Signs statements.
pub trait SignStatement {
    /// Parses `payload`, checks type, use and origin, and signs its PAE.
    ///
    /// # Errors
    /// [`SignError`].
    fn sign_statement(&self, payload: &[u8]) -> Result<Signed, SignError>;
}
