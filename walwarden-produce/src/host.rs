//! Who runs this program, where, and which program it is.

use std::{env, fs};

use walwarden_core::{
    Digest,
    chain::{Actor, ActorKind, Auth, Tool},
};

use crate::{error::StorageError, store::hash_file, vault::Identity};

/// The operating system's user, this host, and the digest of the running program.
///
/// # Errors
/// The program's own file cannot be read.
pub fn identity() -> Result<Identity, StorageError> {
    let path = env::current_exe().map_err(StorageError::at("find", "the running program"))?;
    let (_, sha256) = hash_file(&path).map_err(StorageError::at("read", &path))?;
    let actor = Actor { kind: ActorKind::Service, id: user(), auth: Auth::OsUser, host: Some(name()) };
    let tool = Tool {
        name: "walwarden".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        sha256,
        clock_offset_ms: None,
        clock_source: None,
    };
    Ok(Identity { actor, tool })
}

/// The name of the effective user; its number where the system has no name for it.
#[must_use]
pub fn user() -> String {
    let uid = rustix::process::geteuid().as_raw();
    let named = users().into_iter().find(|(_, id)| *id == uid);
    named.map_or_else(|| format!("uid-{uid}"), |(name, _)| name)
}

/// The number of a user, by name or as a number.
#[must_use]
pub fn uid(user: &str) -> Option<u32> {
    user.parse().ok().or_else(|| users().into_iter().find(|(name, _)| name == user).map(|(_, id)| id))
}

/// Users of this system and their numbers.
fn users() -> Vec<(String, u32)> {
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let user = |line: &str| {
        let mut fields = line.split(':');
        let (name, _, id) = (fields.next()?, fields.next()?, fields.next()?);
        Some((name.to_owned(), id.parse().ok()?))
    };
    passwd.lines().filter_map(user).collect()
}

/// The name of this host.
#[must_use]
pub fn name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Digest of a host's name, as events state it.
#[must_use]
pub fn digest(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}
