//! A vault with a quarter in it becomes a sealed bundle with its report in one command, and the bundle is judged as the
//! one that was written of the same story without this program.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;
use walwarden_fixtures::{case::Expect, corpus, golden, story::vault::VaultMade};

/// A vault of a story, in a folder of its own.
struct Vault {
    dir: TempDir,
    made: VaultMade,
}

impl Vault {
    /// `None`, and a line that says so, when there is no verifier to judge by.
    fn of(story: &str) -> Option<Self> {
        if !verifier().exists() {
            println!("SKIPPED: {} is not built", verifier().display());
            assert!(env::var_os("CI").is_none(), "it is built before the tests are run");
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let made = golden::vault(story).unwrap().write_vault(&dir.path().join("vault")).unwrap();
        Some(Self { dir, made })
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_walwarden"));
        command.arg("--vault").arg(&self.made.folder).arg("--passphrase-file").arg(&self.made.passphrase).args(args);
        command.env_remove("WALWARDEN_VAULT").current_dir(self.dir.path()).output().unwrap()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Names of what is beside the vault.
    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir.path()).unwrap();
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| !name.starts_with("vault"));
        names.sort();
        names
    }
}

fn verifier() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_walwarden")).with_file_name("walwarden-verify")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Exit code, and each rule's status with its numbers, of a bundle as an auditor judges it with a handover.
fn judged(bundle: &Path, handover: &Path) -> (i32, BTreeMap<String, String>) {
    let output =
        Command::new(verifier()).arg(bundle).arg("--trust").arg(handover).args(["--json", "-"]).output().unwrap();
    let report: serde_json::Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stderr)));
    let rules = report["rules"].as_array().unwrap().iter().map(|rule| {
        let what = format!("{} {} of {}", rule["status"].as_str().unwrap(), rule["deviating"], rule["population"]);
        (rule["id"].as_str().unwrap().to_owned(), what)
    });
    (output.status.code().unwrap(), rules.collect())
}

/// Seals the vault of a story, and compares with the golden bundle of that name.
fn is_sealed_as(story: &str, exit: i32) {
    let Some(vault) = Vault::of(story) else { return };
    let handover = vault.file("held.json");
    fs::copy(vault.made.folder.join("handover.json"), &handover).unwrap();
    let output = vault.run(&["bundle", "--period", "2026-Q3", "--workpapers", "--out", "acme-2026-Q3.zip"]);
    let printed = text(&output.stdout);
    assert!(output.status.success(), "{printed}{}", text(&output.stderr));

    let beside = ["acme-2026-Q3-workpapers", "acme-2026-Q3.html", "acme-2026-Q3.pdf", "acme-2026-Q3.zip", "held.json"];
    assert_eq!(vault.files(), beside);
    for name in &beside[..4] {
        assert!(printed.lines().any(|line| line.ends_with(&format!("  {name}"))), "{name} is not named:\n{printed}");
    }
    assert!(fs::read(vault.file("acme-2026-Q3.pdf")).unwrap().starts_with(b"%PDF-"));
    let html = fs::read_to_string(vault.file("acme-2026-Q3.html")).unwrap();
    assert!(
        html.contains("acme-2026-Q3.zip") && !html.contains("partial"),
        "the report names the bundle as it is called"
    );
    assert!(vault.file("acme-2026-Q3-workpapers/SHA256SUMS").exists());

    let golden = corpus::folder().join("golden");
    let (code, rules) = judged(&vault.file("acme-2026-Q3.zip"), &handover);
    assert_eq!(code, exit);
    let verdict = printed.lines().find_map(|line| line.strip_prefix("verdict")).unwrap();
    assert!(verdict.trim_start().starts_with(&exit.to_string()), "{printed}");
    let expected = Expect::read(&golden.join(format!("{story}.toml"))).exceptions;
    let found: Vec<&String> =
        rules.iter().filter(|(_, what)| what.starts_with("exception ")).map(|(id, _)| id).collect();
    let mut sorted: Vec<&String> = expected.iter().collect();
    sorted.sort();
    assert_eq!(found, sorted);
    let (_, golden_rules) = judged(&golden.join(format!("{story}.zip")), &golden.join(format!("{story}.json")));
    assert_eq!(rules, golden_rules, "status and numbers of every rule");

    // The next one extends it, under what the auditor gets now.
    let output = vault.run(&["bundle", "--period", "2026-Q3", "--out", "acme-2026-Q3.zip"]);
    assert!(text(&output.stderr).contains("is there already"), "{}", text(&output.stderr));
    let output = vault.run(&["bundle", "--period", "2026-08", "--no-report", "--out", "august.zip"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(!vault.file("august.pdf").exists());
}

#[test]
fn a_quarter_with_what_goes_wrong_is_sealed_with_its_report() {
    is_sealed_as("quarter", 4);
}

#[test]
fn a_clean_quarter_is_sealed_with_its_report() {
    is_sealed_as("quarter-clean", 0);
}

/// Whoever was handed the head of another chain is told so, on paper too.
#[test]
fn a_rejected_quarter_is_written_with_its_report_only_when_asked_for() {
    let Some(vault) = Vault::of("quarter-clean") else { return };
    fs::copy(corpus::folder().join("golden/quarter.json"), vault.made.folder.join("handover.json")).unwrap();
    let output = vault.run(&["bundle", "--period", "2026-Q3", "--out", "q.zip"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(vault.files(), Vec::<String>::new());
    let output = vault.run(&["bundle", "--period", "2026-Q3", "--as-is", "--out", "q.zip"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert_eq!(vault.files(), ["q.rejected.html", "q.rejected.pdf", "q.rejected.txt", "q.rejected.zip"]);
    let report = fs::read_to_string(vault.file("q.rejected.txt")).unwrap();
    assert!(report.contains("chain.known"), "{report}");
}
