//! A vault with a quarter in it becomes a sealed bundle with its report in one command, and the bundle is judged as the
//! one that was written of the same story without this program.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;
use walwarden_core::chain::Entries;
use walwarden_fixtures::{
    case::Expect,
    corpus, golden,
    keys::TestKey,
    story::{Story, keys::Ring, tables::tiny, vault::VaultMade},
};

/// A vault of a story, in a folder of its own.
struct Vault {
    dir: TempDir,
    made: VaultMade,
}

impl Vault {
    /// `None`, and a line that says so, when there is no verifier to judge by.
    fn of(story: &str) -> Option<Self> {
        Self::told(golden::vault(story).unwrap())
    }

    fn told(mut story: Story) -> Option<Self> {
        if !verifier().exists() {
            println!("SKIPPED: {} is not built", verifier().display());
            assert!(env::var_os("CI").is_none(), "it is built before the tests are run");
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let made = story.write_vault(&dir.path().join("vault")).unwrap();
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

/// Exit code and report of a bundle as an auditor judges it with a handover.
fn report(bundle: &Path, handover: &Path, more: &[&str]) -> (i32, serde_json::Value) {
    let mut command = Command::new(verifier());
    let output = command.arg(bundle).arg("--trust").arg(handover).args(["--json", "-"]).args(more).output().unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stderr)));
    (output.status.code().unwrap(), report)
}

/// Exit code, and each rule's status with its numbers.
fn judged(bundle: &Path, handover: &Path) -> (i32, BTreeMap<String, String>) {
    let (code, report) = report(bundle, handover, &[]);
    let rules = report["rules"].as_array().unwrap().iter().map(|rule| {
        let what = format!("{} {} of {}", rule["status"].as_str().unwrap(), rule["deviating"], rule["population"]);
        (rule["id"].as_str().unwrap().to_owned(), what)
    });
    (code, rules.collect())
}

/// Seals the vault of a story, and compares with the golden bundle of that name.
fn is_sealed_as(story: &str, period: &str, exit: i32) {
    let Some(vault) = Vault::of(story) else { return };
    let handover = vault.file("held.json");
    fs::copy(vault.made.folder.join("handover.json"), &handover).unwrap();
    let output = vault.run(&["bundle", "--period", period, "--workpapers", "--out", "acme.zip"]);
    let printed = text(&output.stdout);
    assert!(output.status.success(), "{printed}{}", text(&output.stderr));

    let made = ["acme-handover.json", "acme-workpapers", "acme.html", "acme.pdf", "acme.zip"];
    assert_eq!(vault.files(), [made.as_slice(), &["held.json"]].concat());
    for name in made {
        assert!(printed.lines().any(|line| line.ends_with(&format!("  {name}"))), "{name} is not named:\n{printed}");
    }
    assert!(fs::read(vault.file("acme.pdf")).unwrap().starts_with(b"%PDF-"));
    let html = fs::read_to_string(vault.file("acme.html")).unwrap();
    assert!(html.contains("acme.zip") && !html.contains("partial"), "the report names the bundle as it is called");
    assert!(vault.file("acme-workpapers/SHA256SUMS").exists());

    let golden = corpus::folder().join("golden");
    let (code, rules) = judged(&vault.file("acme.zip"), &handover);
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

    // What is there is not written over, and the next one stands under what the auditor gets now.
    let output = vault.run(&["bundle", "--period", period, "--out", "acme.zip"]);
    assert!(text(&output.stderr).contains("is there already"), "{}", text(&output.stderr));
    let output = vault.run(&["bundle", "--period", "2026-07-08/2026-07-15", "--no-report", "--out", "week.zip"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(!vault.file("week.pdf").exists());
    // The vault's handover is that of the newest bundle by now; each bundle stands under its own.
    assert_eq!(judged(&vault.file("acme.zip"), &vault.file("acme-handover.json")).0, exit);
    assert_eq!(judged(&vault.file("acme.zip"), &vault.made.folder.join("handover.json")).0, 1);
}

#[test]
fn a_quarter_with_what_goes_wrong_is_sealed_with_its_report() {
    is_sealed_as("quarter", "2026-Q3", 4);
}

#[test]
fn a_clean_quarter_is_sealed_with_its_report() {
    is_sealed_as("quarter-clean", "2026-Q3", 0);
}

/// The first head after a change of log key is carried, and signers go on with the new keys.
#[test]
fn a_month_in_which_keys_were_replaced_is_sealed() {
    is_sealed_as("rotation", "2026-07", 0);
}

#[test]
fn stamped_heads_travel_with_their_stamps() {
    let Some(vault) = Vault::of("timestamped") else { return };
    let handover = vault.file("held.json");
    fs::copy(vault.made.folder.join("handover.json"), &handover).unwrap();
    let output = vault.run(&["bundle", "--period", "2026-11", "--no-report", "--out", "stamped.zip"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let roots = golden::TSA_ROOTS.map(|root| corpus::folder().join(format!("peers/tsa/{root}.pem")));
    let roots = roots.iter().flat_map(|root| ["--tsa-root", root.to_str().unwrap()]).collect::<Vec<_>>();
    let (_, judged) = report(&vault.file("stamped.zip"), &handover, &roots);
    let outcomes = judged["checks"].as_array().unwrap().iter().filter(|check| check["id"] == "time.timestamps");
    assert_eq!(outcomes.map(|check| check["outcome"].as_str().unwrap()).collect::<Vec<_>>(), ["pass"]);
    assert_eq!(judged["facts"]["timestamps"].as_array().unwrap().len(), 2);

    // A token that is another one is not passed on.
    let tokens = vault.made.folder.join("chain/timestamps");
    let token = fs::read_dir(tokens).unwrap().next().unwrap().unwrap().path();
    fs::write(token, "no token").unwrap();
    let output = vault.run(&["bundle", "--period", "2026-11", "--no-report", "--out", "other.zip"]);
    assert!(text(&output.stderr).contains("lacks time stamp"), "{}", text(&output.stderr));
    assert!(!vault.file("other.zip").exists());
}

/// A week that ends in July began in June, under a policy that another one followed the day after.
#[test]
fn a_window_is_judged_under_the_policy_it_began_under() {
    let weekly = |version, from| {
        let policy = golden::policy(version, &["shop"]).replace("2026-07-01T00:00:00Z", from);
        policy.replacen("\n[[database]]", "\n[defaults.restore_test]\ncadence = \"weekly\"\n\n[[database]]", 1)
    };
    let mut story = Story::begin("acme.example/weeks-m4t7c2x9ks", "2026-06-01T08:00:00Z", Ring::apart());
    story.at("2026-06-01T08:05:00Z").adopt(&weekly("2026.1", "2026-06-01T08:00:00Z")).declare();
    let backup = story.at("2026-06-29T00:05:00Z").backup("shop", &tiny());
    story.at("2026-06-30T08:00:00Z").adopt(&weekly("2026.2", "2026-06-30T08:00:00Z"));
    story.at("2026-07-02T08:00:00Z").restore_test(&backup);
    story.at("2026-08-01T08:00:00Z").backup("shop", &tiny());
    let Some(vault) = Vault::told(story) else { return };
    let output = vault.run(&["bundle", "--period", "2026-07", "--no-report", "--out", "july.zip"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let (_, judged) = report(&vault.file("july.zip"), &vault.made.folder.join("handover.json"), &[]);
    let rule = judged["rules"].as_array().unwrap().iter().find(|rule| rule["id"] == "WW-RT-01").unwrap();
    let kept: Vec<(&str, bool)> = rule["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["id"].as_str().unwrap(), item["deviation"].is_null()))
        .collect();
    let first = ("WW-RT-01/shop/2026-06-28T22:00:00.000000Z", true);
    assert_eq!((kept[0], kept.len()), (first, 4), "{kept:?}");
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

/// Before anything is sealed, the rules already know when local nights were.
#[test]
fn status_says_what_is_due_before_the_quarter_is_sealed() {
    let Some(vault) = Vault::of("quarter") else { return };
    let output = vault.run(&["status", "--rules"]);
    let said = text(&output.stdout);
    let line = |id: &str| said.lines().find(|line| line.contains(id)).unwrap_or_else(|| panic!("no {id} in {said}"));
    assert!(line("WW-BK-01").contains("exception"), "{said}");
    assert!(line("WW-PO-02").contains("1 of 4 deviate"), "{said}");
    assert!(said.contains("shop 2026-07-09T00:00:00.000000Z: missed"), "{said}");
    assert!(!said.contains("offsets"), "{said}");
}

/// What the guide for compliance says to type, in its order, with a vault for `/srv/vault`.
#[test]
fn the_commands_of_the_guide_run() {
    let Some(vault) = Vault::of("quarter") else { return };
    let guide = fs::read_to_string(corpus::folder().join("../spec/guides/compliance.md")).unwrap();
    let lines: Vec<&str> = guide.lines().filter_map(|line| line.strip_prefix("    walwarden")).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    for line in lines {
        let (program, args) = match line.strip_prefix("-verify ") {
            Some(args) => (verifier(), args),
            None => (env!("CARGO_BIN_EXE_walwarden").into(), line),
        };
        let args = args
            .replace("/srv/vault", vault.made.folder.to_str().unwrap())
            .replace("/srv/passphrase", vault.made.passphrase.to_str().unwrap());
        let output =
            Command::new(program).args(args.split_whitespace()).current_dir(vault.dir.path()).output().unwrap();
        assert!(output.status.success(), "{line}: {}", text(&output.stderr));
    }
    for name in ["acme-2026-Q3.zip", "acme-2026-Q3.pdf", "acme-2026-Q3.html", "acme-2026-Q3-workpapers"] {
        assert!(vault.file(name).exists(), "{name}");
    }
}

/// A person's key of the story in a file, under the passphrase of the vault, as a person would have it.
fn own_key(vault: &Vault, person: &str) -> Option<PathBuf> {
    let list = text(&vault.run(&["key", "list"]).stdout);
    let line = list.lines().find(|line| line.contains(&format!("  {person}  ")) && line.ends_with("  review")).unwrap();
    let key = TestKey::of_id(line.split_whitespace().nth(1).unwrap()).unwrap();
    let (plain, path) = (vault.file("plain.pem"), vault.file("own.pem"));
    fs::write(&plain, key.pem()).unwrap();
    let out = format!("file:{}", vault.made.passphrase.display());
    let encrypt = ["pkcs8", "-topk8", "-in", "plain.pem", "-out", "own.pem", "-passout", &out];
    match Command::new("openssl").args(encrypt).current_dir(vault.dir.path()).output() {
        Ok(output) => assert!(output.status.success(), "{}", text(&output.stderr)),
        Err(error) => {
            println!("SKIPPED: openssl: {error}");
            assert!(env::var_os("CI").is_none(), "it is installed where all tests are run");
            return None;
        }
    }
    fs::remove_file(plain).unwrap();
    Some(path)
}

/// The reviewer ran the captures of November, and may review those of other months alone.
#[test]
fn who_ran_a_capture_does_not_review_it() {
    let Some(vault) = Vault::of("quarter-autumn") else { return };
    let Some(key) = own_key(&vault, "sec-lead") else { return };
    let ndjson = fs::read(vault.made.folder.join("chain/entries.ndjson")).unwrap();
    let entries = Entries::parse(&ndjson).unwrap();
    let captures = entries.all().iter().filter(|entry| entry.is_one_of(&["evidence.collected"]));
    let (mut reviewed, mut refused) = (0, 0);
    for capture in captures {
        let month = capture.recorded_at.to_string()[5..7].to_owned();
        let review = ["review", capture.id.as_str(), "--conclusion", "no_issue", "--notes", "all known", "--key"];
        let own = [key.to_str().unwrap(), "--key-passphrase-file", vault.made.passphrase.to_str().unwrap()];
        let output = vault.run(&[review.as_slice(), &own].concat());
        if month == "11" {
            assert_eq!(output.status.code(), Some(2), "{}", text(&output.stdout));
            assert!(text(&output.stderr).contains("sec-lead ran the capture"), "{}", text(&output.stderr));
            refused += 1;
        } else {
            assert!(output.status.success(), "{}", text(&output.stderr));
            reviewed += 1;
        }
    }
    assert!(reviewed > 0 && refused > 0, "{reviewed} reviewed, {refused} refused");
    let handover = vault.file("held.json");
    fs::copy(vault.made.folder.join("handover.json"), &handover).unwrap();
    let output = vault.run(&["bundle", "--period", "2026-10-01/2027-01-01", "--no-report", "--out", "acme.zip"]);
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    assert!(matches!(judged(&vault.file("acme.zip"), &handover).0, 0 | 4));
}
