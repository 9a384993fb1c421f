//! Cosignatures of a witness that is not ours: aics-tlog's checks and signatures, behind HTTP.

mod support;
#[path = "support/witness.rs"]
mod witness;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use support::{PASSPHRASE, Vault, assert_success, assert_two_lines, copy, stderr, stdout};
use walwarden_core::{
    checkpoint::Note,
    event::{AnchorKind, Event},
};
use witness::Peer;

const NOWHERE: &str = "host=/nonexistent dbname=shop";

fn configure(vault: &Path, text: &str) {
    let path = vault.join("walwarden.toml");
    let before = fs::read_to_string(&path).unwrap();
    let before = before.split("\n[[witness]]").next().unwrap();
    fs::write(&path, format!("{before}{text}")).unwrap();
}

/// Sizes of all checkpoints, and how many lines each is signed by.
fn checkpoints(vault: &Vault) -> Vec<(u64, usize)> {
    let text = fs::read_to_string(vault.path().join("chain/checkpoints.ndjson")).unwrap();
    let notes = text.lines().map(|line| {
        let line: walwarden_core::checkpoint::CheckpointLine = serde_json::from_str(line).unwrap();
        Note::parse(&line.note).unwrap()
    });
    notes.map(|note| (note.head.tree.size, note.signatures.len())).collect()
}

#[test]
fn heads_are_cosigned_and_the_bundle_shows_it() {
    let vault = Vault::init(NOWHERE);
    assert_two_lines(&vault.run(&["witness"]), 2, "no witness");
    let Some(first) = Peer::start(&vault.path(), "witness7.example", 7, "") else { return };
    let Some(second) = Peer::start(&vault.path(), "witness8.example", 8, "") else { return };
    // The vault's copy gets them too.
    let store = "\n[[copy]]\nname = \"dr\"\nfolder = \"../dr\"\n\n[vault]\ncopy_to = \"dr\"\n";
    configure(&vault.path(), &(first.config() + store));
    assert_success(&vault.run(&["witness"]));
    assert_eq!(checkpoints(&vault), [(1, 1), (2, 1), (3, 1), (3, 2), (4, 1)]);
    let Some(Event::AnchorAttached(anchor)) = vault.events().pop() else { panic!("{:?}", vault.kinds()) };
    assert_eq!((anchor.kind, anchor.size, anchor.gen_time), (AnchorKind::Witness, 3, None));
    assert_success(&vault.run(&["hold", "place", "shop", "--reason", "lawsuit"]));

    // Two witnesses over one head: by an extension of what the first has seen, and from nothing.
    let now = walwarden_produce::clock::Clock::now(&walwarden_produce::clock::SystemClock);
    // Witnesses count in seconds.
    thread::sleep(Duration::from_millis(1100));
    configure(&vault.path(), &(first.config() + &second.config() + store));
    let cosigned = vault.run(&["witness"]);
    assert_success(&cosigned);
    assert!(stdout(&cosigned).contains("witness8.example"), "{}", stdout(&cosigned));
    assert_eq!(checkpoints(&vault)[5..], [(5, 1), (5, 2), (6, 1), (6, 2), (7, 1)]);

    let verifier = Path::new(env!("CARGO_BIN_EXE_walwarden")).with_file_name("walwarden-verify");
    assert!(verifier.exists(), "build it first: cargo build -p walwarden-verify");
    let period = format!("2020-01-01T00:00:00Z/{now}");
    assert_success(&vault.run(&["bundle", "--period", &period, "--no-report", "--out", "b.zip"]));
    fs::write(vault.dir.path().join("witnesses"), format!("{}\n{}\n", first.key, second.key)).unwrap();
    let mut verify = Command::new(verifier);
    verify.current_dir(vault.dir.path()).args(["b.zip", "--witness", "witnesses", "--trust"]);
    let output = verify.arg(vault.path().join("handover.json")).output().unwrap();
    let text = stdout(&output);
    let line = text.lines().find(|line| line.contains("chain.witnessed")).unwrap();
    assert!(line.contains("pass") || line.contains('✓'), "{line}\n{text}");

    // A lost machine comes back with what witnesses have said.
    let (lost, mut before) = (vault.dir.path().join("lost"), checkpoints(&vault));
    fs::rename(vault.path(), &lost).unwrap();
    assert_success(&vault.run(&["vault", "restore", "--config", lost.join("walwarden.toml").to_str().unwrap()]));
    let mut after = checkpoints(&vault);
    before.sort_unstable();
    after.sort_unstable();
    assert_eq!(after, before);
    assert_success(&vault.run(&["witness"]));
}

#[test]
fn a_witness_that_is_away_or_refuses_changes_nothing() {
    let vault = Vault::init(NOWHERE);
    let Some(peer) = Peer::start(&vault.path(), "witness7.example", 7, "") else { return };
    let Some(broken) = Peer::start(&vault.path(), "witness8.example", 8, "broken") else { return };
    let refused = |vault: &Path, keys: &Path, what: &str| {
        let before = fs::read(vault.join("chain/checkpoints.ndjson")).unwrap();
        let text = fs::read_to_string(vault.join("walwarden.toml")).unwrap();
        let line = text.lines().find(|line| line.starts_with("keys = ")).unwrap();
        fs::write(vault.join("walwarden.toml"), text.replace(line, &format!("keys = \"{}\"", keys.display()))).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_walwarden"));
        command.arg("--vault").arg(vault).arg("--passphrase-file").arg(keys.parent().unwrap().join("passphrase"));
        let output = command.arg("witness").output().unwrap();
        assert_two_lines(&output, 1, what);
        assert!(!stderr(&output).contains(PASSPHRASE));
        assert_eq!(fs::read(vault.join("chain/checkpoints.ndjson")).unwrap(), before);
    };
    configure(&vault.path(), &broken.config());
    refused(&vault.path(), &vault.keys(), "no cosignature of its own");
    configure(
        &vault.path(),
        "\n[[witness]]\nurl = \"http://127.0.0.1:1/\"\nkey = \"KEY\"\n".replace("KEY", &peer.key).as_str(),
    );
    refused(&vault.path(), &vault.keys(), "cannot get a cosignature from witness7.example");

    // Two copies of vault and keys: what a signer of its own makes impossible. The witness tells them apart.
    configure(&vault.path(), &peer.config());
    let other: PathBuf = vault.dir.path().join("other");
    fs::create_dir(&other).unwrap();
    copy(&vault.path(), &other.join("vault"));
    copy(&vault.keys(), &other.join("keys"));
    fs::copy(vault.passphrase_file(), other.join("passphrase")).unwrap();
    assert_success(&vault.run(&["hold", "place", "shop", "--reason", "lawsuit"]));
    assert_success(&vault.run(&["witness"]));
    refused(&other.join("vault"), &other.join("keys"), "it has seen 4 entries, more than there are here");
    for (action, reason) in [("place", "a"), ("release", "b"), ("place", "c")] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_walwarden"));
        command.arg("--vault").arg(other.join("vault")).arg("--passphrase-file").arg(other.join("passphrase"));
        assert_success(&command.args(["hold", action, "shop", "--reason", reason]).output().unwrap());
    }
    refused(&other.join("vault"), &other.join("keys"), "it has seen another history of this chain");
    let mut last = checkpoints(&vault);
    assert_eq!(last.pop(), Some((5, 1)), "the first one goes on");
}

#[test]
fn a_run_asks_once_in_each_window_of_the_policy() {
    let vault = Vault::init(NOWHERE);
    let Some(peer) = Peer::start(&vault.path(), "witness7.example", 7, "") else { return };
    configure(&vault.path(), &peer.config());
    let due = |vault: &Vault| stdout(&vault.run(&["run", "--plan"])).contains("cosignature of witness7.example");
    assert!(!due(&vault), "nothing is promised");
    // The same with a policy that promises it.
    let policy = fs::read_to_string(vault.path().join("policy.toml")).unwrap() + "\n[signing]\nanchor = \"weekly\"\n";
    let promised = Vault { dir: tempfile::tempdir().unwrap() };
    fs::write(promised.passphrase_file(), PASSPHRASE).unwrap();
    fs::write(promised.dir.path().join("policy.toml"), policy).unwrap();
    let mut init = promised.command();
    init.args([
        "init",
        "--keys",
        "keys",
        "--root-key",
        "root.pem",
        "--organisation",
        "Acme",
        "--policy",
        "policy.toml",
    ]);
    init.args(["--origin", "acme.example/backups", "--zone", "Europe/Berlin", "--author", "dba-lead"]);
    assert_success(&init.args(["--approved-by", "cto", "--db", &format!("shop={NOWHERE}")]).output().unwrap());
    let Some(broken) = Peer::start(&promised.path(), "witness8.example", 8, "broken") else { return };
    let told = promised.dir.path().join("told");
    let argv = format!("[\"sh\", \"-c\", \"cat >> {}\"]", told.display());
    let channel = format!("\n[[channel]]\nname = \"c\"\nkind = \"command\"\nargv = {argv}\n");
    configure(&promised.path(), &(broken.config() + &channel));
    for _ in 0..2 {
        let run = promised.run(&["run"]);
        assert_eq!(run.status.code(), Some(1), "{}{}", stdout(&run), stderr(&run));
    }
    // A refusal is in the record, and told once a day.
    let is_refusal = |event: &Event| matches!(event, Event::AlertRaised(alert) if alert.alert == "witness-refused");
    assert_eq!(promised.events().iter().filter(|event| is_refusal(event)).count(), 1);
    assert!(fs::read_to_string(told).unwrap().contains("witness8.example does not cosign"));

    let Some(peer) = Peer::start(&promised.path(), "witness7.example", 7, "") else { return };
    configure(&promised.path(), &peer.config());
    assert!(due(&promised));
    // The database does not answer; the head is cosigned all the same.
    let run = promised.run(&["run"]);
    assert!(stdout(&run).contains("done  cosignature of witness7.example"), "{}{}", stdout(&run), stderr(&run));
    assert!(!due(&promised), "once in a window");
}
