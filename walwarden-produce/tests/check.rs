//! `walwarden check`: what would fail is said before it is due, and nothing is written.

#[path = "support/s3.rs"]
mod s3_support;
mod support;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use s3_support::{S3, store, with_credentials};
use serde_json::Value;
use support::{Server, Vault, assert_success, assert_two_lines, stdout, walk};

/// Every file in a folder.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut paths = Vec::new();
    walk(folder, &mut paths);
    paths.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// Looks, and asserts that nothing has changed by it.
fn check(vault: &Vault, more: &[&str]) -> Output {
    let before = (files(&vault.path()), files(&vault.keys()));
    let output = with_credentials(&mut vault.command()).arg("check").args(more).output().unwrap();
    assert_eq!((files(&vault.path()), files(&vault.keys())), before, "a look writes nothing");
    for text in [&output.stdout, &output.stderr] {
        assert!(!String::from_utf8_lossy(text).contains(s3_support::SECRET));
    }
    output
}

/// Outcome and text of the first finding of a kind and name.
fn found(output: &Output, what: &str, name: &str) -> (String, String) {
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let all = json["checked"].as_array().unwrap();
    let one = all.iter().find(|one| one["what"] == what && one["name"].as_str().unwrap().starts_with(name));
    let one = one.unwrap_or_else(|| panic!("no {what} {name}: {json:#}"));
    (one["outcome"].as_str().unwrap().into(), format!("{} {}", one["text"], one["hint"]))
}

/// A policy that can be kept: the one of `policy init --minimal`, changed by `edit`, adopted.
fn adopt(vault: &Vault, edit: impl Fn(String) -> String) -> Output {
    let path = vault.dir.path().join("next.toml");
    let _ = fs::remove_file(&path);
    assert_success(&vault.run(&["policy", "init", "--minimal", "next.toml"]));
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, edit(text)).unwrap();
    with_credentials(&mut vault.command()).args(["policy", "adopt", "next.toml"]).output().unwrap()
}

#[test]
fn what_is_in_order_is_said_in_a_list() {
    let server = Server::start(5);
    let vault = Vault::init(&server.conninfo());
    // What `init` adopts promises too little to be judged by, and that is said.
    let output = check(&vault, &[]);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    assert!(stdout(&output).contains("wrong      policy") && stdout(&output).contains("database-incomplete"));
    // And a run that finds nothing to do for that reason says so.
    let run = stdout(&vault.run(&["run"]));
    for note in ["has no schedule for shop: no run backs it up", "shop has no backup yet: walwarden backup shop"] {
        assert!(run.contains("nothing is due") && run.contains(note), "{run}");
    }
    assert_success(&adopt(&vault, |text| text));
    let output = check(&vault, &[]);
    assert_success(&output);
    let text = stdout(&output);
    for line in ["ok         vault", "ok         key", "ok         database    shop: PostgreSQL", "nothing is wrong"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(text.contains("pg_dump (PostgreSQL)") && text.contains("stored in the clear"), "{text}");
    assert!(!text.contains("wrong  "), "{text}");
}

#[test]
fn what_would_fail_is_said_with_what_to_do() {
    let Some(s3) = S3::start() else { return };
    s3.bucket("acme-backups", false);
    let server = Server::start(5);
    let vault = Vault::init(&server.conninfo());
    let path = vault.path().join("walwarden.toml");
    let text = fs::read_to_string(&path).unwrap();
    let (store_at, database_at) = (text.find("[store]").unwrap(), text.find("[[database]]").unwrap());
    let configured = |bucket: &str, more: &str| {
        let store = store(&s3.endpoint(), bucket);
        let text = format!("{}[store]\n{store}\n{}{more}", &text[..store_at], &text[database_at..]);
        fs::write(&path, text).unwrap();
    };
    configured("acme-backups", "\n[[copy]]\nname = \"dr\"\nfolder = \"../dr\"\n");
    let output = check(&vault, &["--json"]);
    assert_eq!(found(&output, "store", "main").0, "ok", "{}", stdout(&output));
    assert!(found(&output, "store", "dr").1.contains("is made with the first object"));

    let outside = "\n[[anchor]]\nname = \"tsa\"\nurl = \"http://127.0.0.1:1/\"\n";
    configured("acme-bakups", &format!("\n[encryption]\nrecipients = []\nidentity = \"nowhere\"\n{outside}"));
    let output = check(&vault, &["--json"]);
    assert_eq!(output.status.code(), Some(1));
    let (outcome, said) = found(&output, "store", "main");
    assert_eq!(outcome, "wrong");
    assert!(said.contains("acme-bakups") && said.contains("no such bucket") && said.contains("`bucket`"), "{said}");
    assert_eq!(found(&output, "identity", &vault.path().join("nowhere").to_string_lossy()).0, "wrong");
    assert_eq!(found(&output, "authority", "tsa").0, "not asked");
    assert_eq!(found(&check(&vault, &["--json", "--network"]), "authority", "tsa").0, "wrong");

    // A server that is away, and a passphrase that opens nothing.
    configured("acme-backups", "");
    drop(server);
    fs::write(vault.passphrase_file(), "another one").unwrap();
    let output = check(&vault, &["--json"]);
    assert_eq!(found(&output, "database", "shop").0, "wrong");
    assert!(found(&output, "key", "").1.contains("passphrase does not open"), "{}", stdout(&output));
    fs::write(&path, "origin = 1").unwrap();
    assert_two_lines(&check(&vault, &[]), 2, "walwarden.toml");
}

#[test]
fn a_connection_weaker_than_promised_is_said() {
    // An address of this machine that nobody else takes.
    let server = Server::with(5, &[("listen_addresses", "127.0.0.77")]);
    let vault = Vault::init("host=127.0.0.77 user=postgres dbname=shop");
    let promise = |text: String| text.replace("manual_counts", "encryption = { tls_min = \"1.2\" }\nmanual_counts");
    assert_success(&adopt(&vault, promise));
    let (outcome, said) = found(&check(&vault, &["--json"]), "database", "shop");
    assert_eq!(outcome, "wrong");
    assert!(said.contains("read over none, promised TLS 1.2 at least") && said.contains("sslmode"), "{said}");
    // A socket of one machine crosses no network.
    let path = vault.path().join("walwarden.toml");
    let text = fs::read_to_string(&path).unwrap();
    let folder = server.conninfo().split(' ').next().unwrap().to_owned();
    fs::write(&path, text.replace("host=127.0.0.77", &folder)).unwrap();
    assert_eq!(found(&check(&vault, &["--json"]), "database", "shop").0, "ok");
}

#[test]
fn a_policy_is_held_against_what_the_vault_knows() {
    let vault = Vault::init("host=/nonexistent dbname=shop");
    let copies = |text: String| text.replace("min = 0", "min = 1, separation = \"provider\"");
    let output = adopt(&vault, copies);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("separation-unmet") && !stdout(&output).contains("not looked at"));
    let age = "encryption = { backup = [\"age-x25519\"] }\nmanual_counts";
    let encrypted = |text: String| text.replace("manual_counts", age);
    assert!(stdout(&adopt(&vault, encrypted)).contains("encryption-unmet"));
    // A folder of this machine is apart from nothing; one that is named as somebody's is.
    let path = vault.path().join("walwarden.toml");
    let text = fs::read_to_string(&path).unwrap();
    let store =
        |more: &str| fs::write(&path, format!("{text}\n[[copy]]\nname = \"dr\"\nfolder = \"../dr\"\n{more}")).unwrap();
    store("");
    assert!(stdout(&adopt(&vault, copies)).contains("separation-unmet"));
    store("provider = \"acme-nas\"\n");
    assert_success(&adopt(&vault, copies));
    let again = adopt(&vault, copies);
    assert_two_lines(&again, 2, "a policy of version \"1\" was adopted already");
}
