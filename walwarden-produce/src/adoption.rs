//! Adopting a policy: from an entry of the chain on, it is what is promised.

use std::{fs, path::Path};

use walwarden_core::{
    Digest,
    event::{Event, PolicyAdopted},
    policy::{Policy, lint::Severity},
};

use crate::{
    error::{OperatorError, ProduceError, StorageError},
    files,
    init::POLICY_FILE,
    policy_file::{Known, check},
    producer::Producer,
    scope::{self, Declared},
    signer::HeadSigner,
    vault::{Appended, Blob, Draft},
};

/// What was adopted.
#[derive(Debug)]
pub struct Adopted {
    /// The entry of the adoption.
    pub entry: Appended,
    /// Person id of who is to approve it with a review of their own.
    pub approved_by: String,
    /// Its version.
    pub version: String,
    /// The declaration of the scope that follows it.
    pub scope: Declared,
}

/// Adopts a policy, and declares the scope that it promises; both are chained, the file is kept in the vault.
///
/// # Errors
/// It cannot be kept, it is in force already, a version of this name is; or a database of it is not configured. Nothing
/// is recorded then.
pub fn adopt(
    producer: &mut Producer,
    head: &mut HeadSigner,
    path: &Path,
    change: Option<&str>,
) -> Result<Adopted, ProduceError> {
    let checked = check(path, producer.now(), Some(&Known::of(producer)))?;
    let errors = checked.of(Severity::Error).count();
    if errors > 0 {
        return Err(refused("policy", path.display(), "a policy whose promises can be kept: see `policy check`"));
    }
    let text = fs::read_to_string(path).map_err(StorageError::at("read", path))?;
    let policy = checked.policy;
    let snapshot = producer.chain.read()?;
    let mut before = None;
    let mut supersedes = None;
    for line in snapshot.entries()?.all() {
        match line.event() {
            Event::PolicyAdopted(known) if known.version == policy.version => {
                return Err(OperatorError::AdoptedAlready(policy.version).into());
            }
            Event::PolicyAdopted(known) => supersedes = Some(known.sha256),
            Event::ScopeDeclared(known) => before = Some(*known),
            _ => {}
        }
    }
    for promised in &policy.databases {
        producer.config.database(Some(&promised.id))?;
    }
    let (configured, tools) = (&producer.config.database, producer.config.tools());
    let scope = scope::declare(&policy, configured, &tools, before.as_ref(), producer.now())?;
    let draft = adopted(&policy, &text, supersedes, change)?;
    let entry = producer.append(head, |_| Ok(draft))?;
    let declared = Event::ScopeDeclared(Box::new(scope.scope.clone()));
    producer.append(head, |_| Ok(Draft::plain(declared)))?;
    files::replace(&producer.folder.join(POLICY_FILE), text.as_bytes(), 0o644)?;
    Ok(Adopted { entry, approved_by: policy.approved_by, version: policy.version, scope })
}

fn refused(what: &'static str, value: impl ToString, expected: &'static str) -> ProduceError {
    OperatorError::Value { what, value: value.to_string(), expected }.into()
}

/// The entry that adopts a policy; both of its forms are blobs.
pub(crate) fn adopted(
    policy: &Policy,
    text: &str,
    supersedes: Option<Digest>,
    change: Option<&str>,
) -> Result<Draft, ProduceError> {
    let resolved = policy.to_jcs()?;
    let event = PolicyAdopted {
        version: policy.version.clone(),
        sha256: Digest::of(&resolved),
        toml_sha256: Digest::of(text.as_bytes()),
        effective_from: policy.effective_from,
        author: policy.author.clone(),
        approved_by: policy.approved_by.clone(),
        approval_ref: policy.approval_ref.clone(),
        supersedes,
        change: change.map(Into::into),
    };
    let blobs = vec![
        Blob { name: "policy.json".into(), media: "application/json".into(), bytes: resolved },
        Blob { name: "policy.toml".into(), media: "application/toml".into(), bytes: text.as_bytes().to_vec() },
    ];
    Ok(Draft { blobs, ..Draft::plain(Event::PolicyAdopted(Box::new(event))) })
}
