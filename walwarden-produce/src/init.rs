//! `walwarden init`: keys, a minimal policy, the first three entries.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use walwarden_core::{
    Digest, Origin, Time,
    bundle::REGISTRY,
    event::{Event, Genesis},
    key::PublicKey,
    merkle::TreeHead,
    policy::{Policy, lint::Linted},
};

use crate::{
    adoption::adopted,
    chain_store::files::FilesChain,
    clock::Clock,
    config::{self, DatabaseConfig},
    error::{OperatorError, ProduceError, StorageError},
    files,
    keys::{self, CeremonyRequest, Root},
    passphrase::Passphrase,
    period,
    policy_file::{Known, linted},
    postgres::Tools,
    random,
    scope::{self, Declared},
    signer::{HeadSigner, folder::Folder},
    vault::{Appended, Chain, Draft, Identity},
};

/// The policy file in the vault.
pub const POLICY_FILE: &str = "policy.toml";
/// Version of the specification that genesis names.
const SPEC_VERSION: &str = "1";
/// Characters of randomness at the end of an origin.
const ORIGIN_RANDOM: usize = 10;

/// What a new vault is made of.
pub struct InitRequest<'a> {
    /// The vault's folder: absent or empty.
    pub vault: &'a Path,
    /// The folder of keys: absent or empty, not inside the vault.
    pub keys: &'a Path,
    /// The roots; a file of one not inside the vault.
    pub root: Root<'a>,
    /// The organisation's name.
    pub organisation: &'a str,
    /// The origin without its random end.
    pub origin: &'a str,
    /// Databases in scope.
    pub databases: &'a [DatabaseConfig],
    /// IANA time zone.
    pub zone: &'a str,
    /// Person id.
    pub author: &'a str,
    /// Person id.
    pub approved_by: &'a str,
    /// The text of a policy; a minimal one is written otherwise.
    pub policy: Option<&'a str>,
    /// The user that throwaway servers run as.
    pub run_as: Option<&'a str>,
    /// Where PostgreSQL's programs are looked for.
    pub tools: Tools,
    /// Opens log and statement keys.
    pub passphrase: &'a str,
}

impl InitRequest<'_> {
    /// The file of a root key that is to be made.
    const fn root_key(&self) -> Option<&Path> {
        match self.root {
            Root::Here { path, .. } => Some(path),
            Root::Apart { .. } => None,
        }
    }
}

/// A new vault.
#[derive(Debug)]
pub struct Initialised {
    /// Its chain's name.
    pub origin: Origin,
    /// What the auditor pins.
    pub roots: Vec<Digest>,
    /// What the auditor gets.
    pub handover: PathBuf,
    /// The head over the first entries.
    pub head: TreeHead,
    /// Databases that did not answer, and why.
    pub unreachable: Vec<(String, String)>,
    /// What the policy promises and this vault cannot keep yet, or too little of.
    pub linted: Linted,
}

/// Makes a vault.
///
/// # Errors
/// What is wrong with the request, before anything is written; or why writing failed, after what was written is removed.
pub fn init(request: &InitRequest<'_>, clock: &dyn Clock, identity: &Identity) -> Result<Initialised, ProduceError> {
    let origin = new_origin(request.origin)?;
    check(request)?;
    let policy_text = match request.policy {
        Some(text) => text.to_owned(),
        None => minimal_policy(request, clock.now()),
    };
    let policy = Policy::from_toml(&policy_text).map_err(OperatorError::from)?;
    same_databases(request, &policy)?;
    let made = Fresh::new(request);
    let result = make(request, &origin, &policy, &policy_text, clock, identity);
    if result.is_err() {
        made.remove();
    }
    result
}

fn make(
    request: &InitRequest<'_>,
    origin: &Origin,
    policy: &Policy,
    policy_text: &str,
    clock: &dyn Clock,
    identity: &Identity,
) -> Result<Initialised, ProduceError> {
    files::folder(request.vault)?;
    private_folder(request.keys)?;
    let keys_folder = fs::canonicalize(request.keys).map_err(StorageError::at("find", request.keys))?;
    let made = keys::ceremony(&CeremonyRequest {
        folder: request.keys,
        root: request.root,
        passphrase: request.passphrase,
        origin,
        custodian: request.author,
    })?;
    let store = FilesChain::create(request.vault)?;
    let text = config::new_text(origin, &keys_folder, request.databases, request.run_as);
    files::create(&request.vault.join(config::FILE), text.as_bytes(), 0o644)?;
    files::create(&request.vault.join(POLICY_FILE), policy_text.as_bytes(), 0o644)?;

    let registry = walwarden_core::registry::Versions::parse([made.registry.to_jcs()?.as_slice()])
        .map_err(crate::error::VaultError::Registry)?;
    let registry =
        registry.newest().cloned().ok_or_else(|| ProduceError::Bug("a registry without a version".into()))?;
    let holder = Folder::new(request.keys, Passphrase::new(request.passphrase.into()));
    let mut signer = HeadSigner::new(Arc::new(holder), &registry, Vec::new());
    let mut chain = Chain::new(store, None, origin.clone(), Box::new(|_| ()));
    let mut entries = Entries { chain: &mut chain, signer: &mut signer, clock, identity };
    let roots: Vec<Digest> = made.roots.iter().map(PublicKey::fingerprint).collect();
    entries.append(genesis(request, policy, roots.clone(), made.registry))?;
    entries.append(adopted(policy, policy_text, None, None)?)?;
    let Declared { scope, unreachable } = scope::declare(policy, request.databases, &request.tools, None, clock.now())?;
    let last = entries.append(Draft::plain(Event::ScopeDeclared(Box::new(scope))))?;
    let handover = keys::write_handover(request.vault, &registry, last.head)?;
    // Nobody has a key for reviews yet, there is no store but the folder, and nothing is encrypted.
    let known = Known { collectors: vec![identity.actor.id.clone()], ..Known::default() };
    let linted = linted(policy, clock.now(), Some(&known))?;
    Ok(Initialised { origin: origin.clone(), roots, handover, head: last.head, unreachable, linted })
}

struct Entries<'a> {
    chain: &'a mut Chain<FilesChain>,
    signer: &'a mut HeadSigner,
    clock: &'a dyn Clock,
    identity: &'a Identity,
}

impl Entries<'_> {
    fn append(&mut self, draft: Draft) -> Result<Appended, ProduceError> {
        self.chain.append(self.signer, self.clock, self.identity, |_| Ok(draft))
    }
}

fn genesis(
    request: &InitRequest<'_>,
    policy: &Policy,
    root_fingerprints: Vec<Digest>,
    registry: walwarden_core::dsse::Envelope,
) -> Draft {
    let event = Genesis {
        org_name: request.organisation.into(),
        zone: policy.timezone.clone(),
        spec_version: SPEC_VERSION.into(),
        root_fingerprints,
        predecessor: None,
    };
    Draft { statement: Some((REGISTRY, registry)), ..Draft::plain(Event::Genesis(Box::new(event))) }
}

fn new_origin(text: &str) -> Result<Origin, ProduceError> {
    let bad = || OperatorError::Value {
        what: "origin",
        value: text.into(),
        expected: "like acme.example/backups: lower-case letters, digits, '.', '-' (89 bytes at most)",
    };
    text.parse::<Origin>().map_err(|_| bad())?;
    let whole = format!("{text}-{}", random::base32(ORIGIN_RANDOM)?);
    Ok(whole.parse().map_err(|_| bad())?)
}

fn check(request: &InitRequest<'_>) -> Result<(), ProduceError> {
    for folder in [request.vault, request.keys] {
        let used = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
        if used || folder.is_file() {
            return Err(OperatorError::Exists(folder.to_owned()).into());
        }
    }
    if let Some(taken) = request.root_key().filter(|path| path.exists()) {
        return Err(OperatorError::Exists(taken.to_owned()).into());
    }
    let vault = absolute(request.vault)?;
    for keys in [Some(request.keys), request.root_key()].into_iter().flatten() {
        if absolute(keys)?.starts_with(&vault) {
            return Err(OperatorError::KeysInVault { keys: keys.to_owned(), vault: request.vault.to_owned() }.into());
        }
    }
    period::zone_of(request.zone).map_err(OperatorError::from)?;
    for database in request.databases {
        if !config::is_id(&database.id) {
            let expected = "an id: lower-case letters, digits, '.', '_', '-'";
            return Err(OperatorError::Value { what: "database id", value: database.id.clone(), expected }.into());
        }
        config::connection(&database.id, &database.connection, request.tools.clone())?;
    }
    Ok(())
}

/// The path from the root, symbolic links resolved as far as it exists.
fn absolute(path: &Path) -> Result<PathBuf, StorageError> {
    let whole = std::path::absolute(path).map_err(StorageError::at("find", path))?;
    let existing = whole.ancestors().find(|part| part.exists()).unwrap_or(&whole);
    let rest = whole.strip_prefix(existing).unwrap_or(Path::new(""));
    Ok(fs::canonicalize(existing).map_err(StorageError::at("find", path))?.join(rest))
}

fn same_databases(request: &InitRequest<'_>, policy: &Policy) -> Result<(), OperatorError> {
    let mut given: Vec<&str> = request.databases.iter().map(|database| database.id.as_str()).collect();
    given.sort_unstable();
    let promised: Vec<&str> = policy.databases.iter().map(|database| database.id.as_str()).collect();
    if given == promised {
        return Ok(());
    }
    let expected = "the list of databases of the policy";
    Err(OperatorError::Value { what: "--db", value: given.join(", "), expected })
}

fn private_folder(path: &Path) -> Result<(), StorageError> {
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o700)))
        .map_err(StorageError::at("create folder", path))
}

/// A few bounds: no schedule, no retention, no restore test, so that nothing is ever due.
fn minimal_policy(request: &InitRequest<'_>, now: Time) -> String {
    let quoted = config::quoted;
    let now = now.to_string();
    let (day, clock) = (&now[..10], &now[11..19]);
    let mut text = format!(
        "# What is promised. A change counts once it is adopted; what is not here is not promised.\n\n[policy]\n\
         version = {}\norganisation = {}\neffective_from = \"{day}T{clock}Z\"\nauthor = {}\napproved_by = {}\n\
         timezone = {}\n\n[defaults]\nrpo = \"27h\"\nrto = \"4h\"\nmax_run = \"1h\"  # ends a dead run\n\
         max_resolution = \"24h\"  # from a failure to the next success\n",
        quoted(&format!("{}.1", &day[..4])),
        quoted(request.organisation),
        quoted(request.author),
        quoted(request.approved_by),
        quoted(request.zone),
    );
    for database in request.databases {
        text += &format!(
            "\n[[database]]\nid = {}\nowner = {}\nprovider = \"self-hosted\"\naccount_ref = \"local\"\n\
             region = \"local\"\ncriticality = \"high\"\n",
            quoted(&database.id),
            quoted(request.author),
        );
    }
    text
}

/// What did not exist before `init`, to be removed when it fails.
struct Fresh(Vec<PathBuf>);

impl Fresh {
    fn new(request: &InitRequest<'_>) -> Self {
        let paths = [Some(request.vault), Some(request.keys), request.root_key()];
        Self(paths.into_iter().flatten().filter(|path| !path.exists()).map(Path::to_owned).collect())
    }

    fn remove(&self) {
        for path in &self.0 {
            let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
    }
}
