//! The vault: appending, crashes, older copies.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    thread,
};

use support::copy;
use walwarden_core::{
    Digest,
    chain::{Actor, ActorKind, Auth, Entries, Tool},
    checkpoint::{Head, Note},
    event::{Event, ExportKind, ExportMade, ExportState},
    key::Ed25519Key,
    merkle::Proof,
    sign::{LastHead, SignError, SignHead},
};
use walwarden_produce::{
    ProduceError,
    chain_store::files::FilesChain,
    clock::{FixedClock, SystemClock},
    config::{Config, DatabaseConfig},
    error::{SignerError, VaultError},
    init::{InitRequest, init},
    keys,
    keys::Root,
    postgres::Tools,
    signer::{HeadSigner, folder::Folder},
    vault::{Appended, Chain, Draft, Identity},
};

/// A vault made by the library, with a database that does not answer.
struct Fixture {
    dir: tempfile::TempDir,
    notices: Arc<Mutex<Vec<String>>>,
}

impl Fixture {
    fn new() -> Self {
        let fixture = Self { dir: tempfile::tempdir().unwrap(), notices: Arc::default() };
        let database = DatabaseConfig::new("shop", "host=/nonexistent dbname=shop");
        let request = InitRequest {
            vault: &fixture.vault(),
            keys: &fixture.keys(),
            root: Root::Here { path: &fixture.dir.path().join("root.pem"), passphrase: "r" },
            organisation: "Acme",
            origin: "acme.example/backups",
            databases: &[database],
            zone: "UTC",
            author: "dba-lead",
            approved_by: "cto",
            policy: None,
            run_as: None,
            tools: Tools::default(),
            passphrase: "p",
        };
        let made = init(&request, &SystemClock, &identity()).unwrap();
        assert_eq!(made.head.size, 3);
        assert_eq!(made.unreachable.len(), 1);
        fixture
    }

    fn vault(&self) -> PathBuf {
        self.dir.path().join("vault")
    }

    fn keys(&self) -> PathBuf {
        self.dir.path().join("keys")
    }

    fn entries_file(&self) -> PathBuf {
        self.vault().join("chain/entries.ndjson")
    }

    fn chain(&self) -> Chain<FilesChain> {
        let config = Config::read(&self.vault()).unwrap();
        let notices = Arc::clone(&self.notices);
        let notice = move |text: &str| notices.lock().unwrap().push(text.to_owned());
        Chain::new(FilesChain::new(&self.vault()), None, config.origin, Box::new(notice))
    }

    fn signer(&self) -> HeadSigner {
        signer(&self.vault(), &self.keys())
    }

    /// A process of its own: opens everything, appends once.
    fn append(&self) -> Result<Appended, ProduceError> {
        append(&mut self.chain(), &mut self.signer())
    }

    fn lines(&self) -> usize {
        fs::read_to_string(self.entries_file()).unwrap().lines().count()
    }

    /// Everything in the vault.
    fn bytes(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        support::walk(&self.vault(), &mut files);
        files.sort();
        files.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
    }
}

fn signer(vault: &Path, folder: &Path) -> HeadSigner {
    let registry = keys::newest(&FilesChain::new(vault)).unwrap();
    let signer = HeadSigner::new(Arc::new(Folder::new(folder, "p".to_owned().into())), &registry, Vec::new());
    signer.ready().unwrap();
    signer
}

fn identity() -> Identity {
    let actor = Actor { kind: ActorKind::Service, id: "backup-runner".into(), auth: Auth::OsUser, host: None };
    let tool = Tool {
        name: "walwarden".into(),
        version: "0.1.0".into(),
        sha256: Digest::of(b"program"),
        clock_offset_ms: None,
        clock_source: None,
    };
    Identity { actor, tool }
}

fn event() -> Event {
    Event::ExportMade(Box::new(ExportMade {
        state: ExportState::Begun,
        kind: ExportKind::Keys,
        period: None,
        zone: None,
        size: None,
        payload_sha256: None,
        rejected: None,
        recipient: None,
    }))
}

fn append(chain: &mut Chain<FilesChain>, signer: &mut dyn SignHead) -> Result<Appended, ProduceError> {
    chain.append(signer, &SystemClock, &identity(), |_| Ok(Draft::plain(event())))
}

/// The chain is whole, and each checkpoint verifies under the log key and is of these lines.
fn assert_whole(fixture: &Fixture, lines: usize) {
    let snapshot = fixture.chain().read().unwrap();
    let entries = snapshot.entries().unwrap();
    assert_eq!(entries.all().len(), lines);
    assert_eq!(snapshot.head().unwrap().size, lines as u64);
    let registry = keys::newest(&FilesChain::new(&fixture.vault())).unwrap();
    let log = *registry.keys[0].jwk.as_ed25519().unwrap();
    for line in &snapshot.checkpoints {
        let note = Note::parse(&line.note).unwrap();
        note.verify(&[log]).unwrap();
        assert_eq!(note.head.tree.root, entries.root_at(line.size).unwrap());
    }
}

#[test]
fn appends_lie_under_signed_heads() {
    let fixture = Fixture::new();
    let (mut chain, mut signer) = (fixture.chain(), fixture.signer());
    for seq in 3..40 {
        let appended = append(&mut chain, &mut signer).unwrap();
        assert_eq!((appended.seq, appended.head.size), (seq, seq + 1));
        assert_eq!(signer.last_head().unwrap().unwrap().head, appended.head);
    }
    assert_whole(&fixture, 40);
}

#[test]
fn a_clock_that_is_set_back_does_not_set_back_the_record() {
    let fixture = Fixture::new();
    let clock = FixedClock::new("2999-01-01T00:00:00.000000Z".parse().unwrap());
    let (mut chain, mut signer) = (fixture.chain(), fixture.signer());
    let mut recorded = |clock: &FixedClock| {
        let appended = chain.append(&mut signer, clock, &identity(), |_| Ok(Draft::plain(event())));
        appended.unwrap().recorded_at
    };
    let first = recorded(&clock);
    clock.set("2026-01-01T00:00:00.000000Z".parse().unwrap());
    assert_eq!(recorded(&clock), first);
    assert_whole(&fixture, 5);
}

#[test]
fn two_writers_take_turns() {
    let fixture = Fixture::new();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let (mut chain, mut signer) = (fixture.chain(), fixture.signer());
                for _ in 0..15 {
                    append(&mut chain, &mut signer).unwrap();
                }
            });
        }
    });
    assert_whole(&fixture, 48);
}

#[test]
fn a_torn_tail_is_cut_off_and_told() {
    for torn in ["{\"_type\":\"https://walw", "{}\n", "\n", "\0\0\0\0\0\0\0"] {
        let fixture = Fixture::new();
        let before = fs::read(fixture.entries_file()).unwrap();
        fs::write(fixture.entries_file(), [before.as_slice(), torn.as_bytes()].concat()).unwrap();
        assert_eq!(fixture.append().unwrap().seq, 3, "{torn:?}");
        assert!(fixture.notices.lock().unwrap()[0].contains("torn line after entry 3"), "{torn:?}");
        assert!(fs::read(fixture.entries_file()).unwrap().starts_with(&before));
        assert_whole(&fixture, 4);
    }
}

#[test]
fn what_a_signed_head_covers_is_never_cut_off() {
    let fixture = Fixture::new();
    fixture.append().unwrap();
    let whole = fs::read(fixture.entries_file()).unwrap();
    let last_line = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for length in [last_line + 1, whole.len() - 1, last_line, last_line - 1] {
        fs::write(fixture.entries_file(), &whole[..length]).unwrap();
        let before = fixture.bytes();
        let error = fixture.append().unwrap_err();
        assert!(matches!(error, ProduceError::Vault(VaultError::Damaged(_) | VaultError::SetBack { .. })), "{error:?}");
        assert_eq!(fixture.bytes(), before, "nothing was written at {length}");
    }
    fs::write(fixture.entries_file(), &whole).unwrap();
    fixture.append().unwrap();
    assert_whole(&fixture, 5);
}

#[test]
fn an_edited_line_stops_everything() {
    let fixture = Fixture::new();
    fixture.append().unwrap();
    let text = fs::read_to_string(fixture.entries_file()).unwrap();
    fs::write(fixture.entries_file(), text.replacen("dba-lead", "dba-laed", 1)).unwrap();
    let before = fixture.bytes();
    assert!(matches!(fixture.append(), Err(ProduceError::Vault(VaultError::Damaged(_)))));
    assert!(fixture.chain().read().is_err());
    assert_eq!(fixture.bytes(), before);
}

/// A signer that is away.
struct Away(HeadSigner);

impl SignHead for Away {
    fn sign_head(&mut self, _: &Head, _: &Proof) -> Result<Vec<(Ed25519Key, Vec<u8>)>, SignError> {
        Err(SignError::Unavailable("away".into()))
    }

    fn last_head(&self) -> Result<Option<LastHead>, SignError> {
        self.0.last_head()
    }
}

#[test]
fn a_whole_line_above_the_last_head_waits_for_the_next_one() {
    let fixture = Fixture::new();
    let error = append(&mut fixture.chain(), &mut Away(fixture.signer())).unwrap_err();
    assert!(matches!(error, ProduceError::Signer(SignerError::Sign(SignError::Unavailable(_)))), "{error:?}");
    assert_eq!(fixture.lines(), 4);
    let appended = fixture.append().unwrap();
    assert_eq!((appended.seq, appended.head.size), (4, 5));
    assert_whole(&fixture, 5);
}

#[test]
fn a_crash_between_signing_and_storing_the_checkpoint_loses_nothing() {
    let fixture = Fixture::new();
    fixture.append().unwrap();
    let path = fixture.vault().join("chain/checkpoints.ndjson");
    let text = fs::read_to_string(&path).unwrap();
    // The last checkpoint was only half written.
    fs::write(&path, &text[..text.len() - 20]).unwrap();
    fixture.append().unwrap();
    assert_whole(&fixture, 5);
    let sizes: Vec<u64> = fixture.chain().read().unwrap().checkpoints.iter().map(|line| line.size).collect();
    assert_eq!(sizes, [1, 2, 3, 5]);
}

#[test]
fn an_older_copy_of_the_vault_appends_nothing() {
    let fixture = Fixture::new();
    let older = fixture.dir.path().join("older");
    copy(&fixture.vault(), &older);
    fixture.append().unwrap();
    fs::remove_dir_all(fixture.vault()).unwrap();
    fs::rename(&older, fixture.vault()).unwrap();
    let before = fixture.bytes();
    let error = fixture.append().unwrap_err();
    assert!(matches!(error, ProduceError::Vault(VaultError::SetBack { lines: 3, signed: 4 })), "{error:?}");
    assert_eq!(fixture.bytes(), before);
}

#[test]
fn another_history_of_the_same_length_appends_nothing() {
    let fixture = Fixture::new();
    let (vault, folder) = (fixture.dir.path().join("other"), fixture.dir.path().join("other-keys"));
    copy(&fixture.vault(), &vault);
    copy(&fixture.keys(), &folder);
    fixture.append().unwrap();
    // The copy goes on with a copy of the signer's memory, then comes back to the real one.
    let config = Config::read(&vault).unwrap();
    let mut chain = Chain::new(FilesChain::new(&vault), None, config.origin, Box::new(|_| ()));
    append(&mut chain, &mut signer(&vault, &folder)).unwrap();
    append(&mut chain, &mut signer(&vault, &folder)).unwrap();
    let error = append(&mut chain, &mut fixture.signer()).unwrap_err();
    assert!(matches!(error, ProduceError::Vault(VaultError::OtherHistory { size: 4 })), "{error:?}");
}

#[test]
fn a_signer_without_memory_signs_nothing() {
    let fixture = Fixture::new();
    fs::remove_file(fixture.keys().join("last-head.json")).unwrap();
    let registry = keys::newest(&FilesChain::new(&fixture.vault())).unwrap();
    let holder = Arc::new(Folder::new(&fixture.keys(), "p".to_owned().into()));
    let error = HeadSigner::new(holder, &registry, Vec::new()).ready().unwrap_err();
    assert!(matches!(error, SignerError::Memory(_)), "{error:?}");
}

#[test]
fn envelopes_without_an_entry_and_torn_ones_do_no_harm() {
    let fixture = Fixture::new();
    let path = fixture.vault().join("statements/backup.ndjson");
    fs::write(&path, "{\"payload\":\"orphan\"}\n{\"payload\":\"to").unwrap();
    let entries = fixture.chain().read().unwrap();
    assert_eq!(Entries::parse(&entries.ndjson).unwrap().all().len(), 3);
    fixture.append().unwrap();
    assert_whole(&fixture, 4);
}

#[test]
fn nothing_is_made_where_something_is() {
    let fixture = Fixture::new();
    let before = fixture.bytes();
    let database = DatabaseConfig::new("shop", "dbname=shop");
    let attempt = |vault: PathBuf, folder: PathBuf, root: PathBuf| {
        let request = InitRequest {
            vault: &vault,
            keys: &folder,
            root: Root::Here { path: &root, passphrase: "r" },
            organisation: "Acme",
            origin: "acme.example/backups",
            databases: std::slice::from_ref(&database),
            zone: "UTC",
            author: "a",
            approved_by: "b",
            policy: None,
            run_as: None,
            tools: Tools::default(),
            passphrase: "p",
        };
        init(&request, &SystemClock, &identity()).unwrap_err().to_string()
    };
    let at = |name: &str| fixture.dir.path().join(name);
    assert!(attempt(at("vault"), at("k"), at("r")).contains("is there already"));
    assert!(attempt(at("v"), at("keys"), at("r")).contains("is there already"));
    assert!(attempt(at("v"), at("k"), at("root.pem")).contains("is there already"));
    assert!(attempt(at("v"), at("v/keys"), at("r")).contains("must not lie inside the vault"));
    assert!(attempt(at("v"), at("k"), at("v/../v/root.pem")).contains("must not lie inside the vault"));
    assert!(!at("v").exists() && !at("k").exists() && !at("r").exists());
    assert_eq!(fixture.bytes(), before);
}
