//! The backups of a day: what is found, how it is said, and that its proofs and signatures hold for somebody else.
#![allow(clippy::disallowed_types, reason = "a test starts programs")]

mod golden_support;
mod python_support;

use std::{
    path::PathBuf,
    process::{Command, Output},
};

use golden_support::cases;
use python_support::python;
use serde_json::{Value, json};
use walwarden_fixtures::{case::Expect, corpus, tamper::Kit};
use walwarden_verify::{
    Source, Trust, Verdict, VerifyInput, open,
    render::{ShowFormat, shown_backups},
    show,
    show::{Asked, Day, DayShown},
};

fn golden(name: &str) -> String {
    corpus::folder().join("golden").join(name).display().to_string()
}

fn run(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_walwarden-verify"));
    let now = ["--as-of", "2026-09-15T12:00:00Z"];
    command.env_clear().args(args).args(now).output().expect("the program starts")
}

/// What the program prints for one database of a golden bundle on a day.
fn printed(bundle: &str, day: &str, trust: &[&str], exit: i32) -> String {
    let (zip, handover) = (golden(&format!("{bundle}.zip")), golden(&format!("{bundle}.json")));
    let trust = trust.iter().map(|word| if *word == "HANDOVER" { handover.as_str() } else { word });
    let args: Vec<&str> = ["show", &zip, "--backup-on", day, "--database", "shop"].into_iter().chain(trust).collect();
    let output = run(&args);
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!((output.status.code(), said.as_str()), (Some(exit), ""), "{args:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn shown<'a>(source: &'a Source, trust: &'a Trust, day: &str) -> DayShown {
    let as_of = "2026-09-15T12:00:00.000000Z".parse().expect("a time");
    let day: Day = day.parse().expect("a day");
    show(&VerifyInput { source, trust, as_of }, &Asked { day, database: None }).expect("every database")
}

fn rendered(shown: &DayShown, format: ShowFormat) -> String {
    let mut out = Vec::new();
    shown_backups(shown, format, &mut out).expect("rendered");
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn a_backup_of_the_day() {
    insta::assert_snapshot!(printed("previous", "2026-07-02", &["--trust", "HANDOVER"], 0));
}

#[test]
fn no_backup_of_the_day_and_a_run_that_failed() {
    insta::assert_snapshot!(printed("exceptions", "2026-07-03", &["--trust", "HANDOVER"], 4));
}

#[test]
fn nothing_is_established_without_a_root() {
    insta::assert_snapshot!(printed("exceptions", "2026-07-02", &["--first-contact"], 3));
}

#[test]
fn a_rejected_bundle_shows_what_it_carries_as_not_established() {
    // Another chain's roots: everything parses, and nothing is believed.
    let other = golden("restored.json");
    insta::assert_snapshot!(printed("exceptions", "2026-07-02", &["--trust", &other], 1));
}

#[test]
fn mistakes_are_two_lines() {
    let bundle = golden("exceptions.zip");
    for (args, expected) in [
        (vec!["show", &bundle], "--backup-on"),
        (vec!["show", &bundle, "--backup-on", "2026-02-30"], "YYYY-MM-DD"),
        (vec!["show", &bundle, "--backup-on", "2026-07-02", "--database", "s\u{202e}op"], "it names: shop"),
        (vec!["show", &bundle, "--backup-on", "2026-07-02", "--json", &bundle], "will not be written over"),
    ] {
        let output = run(&args);
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{args:?}: {said}");
        assert!(said.contains(expected) && said.lines().count() == 2, "{args:?}: {said}");
        assert!(said.contains("\nhint: ") && !said.contains('\u{202e}'), "{args:?}: {said}");
    }
}

/// Over the whole corpus: the verdict is that of `verify`, the JSON has its schema, and what is not established says so.
#[test]
fn every_bundle_of_the_corpus_is_shown_as_its_verdict_allows() {
    let schema = corpus::folder().join("../spec/schema/shown-backups.v1-draft.json");
    let schema: Value = serde_json::from_slice(&std::fs::read(schema).expect("a schema")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let (mut established, mut proved, mut shown_anyway) = (0, 0, 0);
    for toml in ["golden", "tampered"].into_iter().flat_map(cases) {
        let expect = Expect::read(&toml);
        let Ok(source) = open(&toml.with_extension("zip")) else { continue };
        let trust = golden_support::trust(&toml, &expect);
        let report = golden_support::judge(&toml, &expect);
        for day in ["2026-07-02", "2026-07-31"] {
            let shown = shown(&source, &trust, day);
            let name = toml.display();
            assert_eq!(shown.report.verdict(), report.verdict(), "{name}");
            let value: Value = serde_json::from_str(&rendered(&shown, ShowFormat::Json)).expect("JSON");
            let faults: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert!(faults.is_empty(), "{name}: {faults:?}");
            let text = rendered(&shown, ShowFormat::Text { colour: false });
            assert!(text.contains(report.verdict().words()), "{name}: {text}");
            let believed = matches!(report.verdict(), Verdict::Verified | Verdict::Exceptions);
            let backups = || shown.databases.iter().flat_map(|database| &database.backups);
            assert_eq!(text.contains("● established"), believed && backups().count() > 0, "{name}: {text}");
            assert!(believed || text.contains("nothing below is established"), "{name}: {text}");
            assert!(!believed || backups().all(|backup| backup.proof.is_some()), "{name}");
            established += usize::from(believed);
            proved += backups().filter(|backup| backup.proof.is_some()).count();
            shown_anyway += usize::from(!believed && backups().count() > 0);
        }
    }
    assert!(established > 50 && proved > 200 && shown_anyway > 200, "{established} {proved} {shown_anyway}");
}

/// A member, and a change of it.
type Spoil = (&'static str, fn(&mut Value));

/// `spec:report-10`, by the second verifier: every step holds for what the golden bundles show, and none does for what was
/// changed.
#[test]
fn what_is_shown_can_be_checked_alone() {
    let Some(python) = python("cryptography", "checking what is shown") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("shown.json");
    let judged = |value: &Value, trust: [&str; 2]| -> (Option<i32>, String) {
        std::fs::write(&file, serde_json::to_vec(value).expect("JSON")).expect("written");
        let script = corpus::folder().join("../spec/reference/shown.py");
        let run = Command::new(&python).arg(script).arg(&file).args(trust).output().expect("python runs");
        assert_eq!(String::from_utf8_lossy(&run.stderr), "");
        (run.status.code(), String::from_utf8(run.stdout).expect("UTF-8"))
    };
    let mut checked = 0;
    for toml in cases("golden") {
        let expect = Expect::read(&toml);
        let Some(handover) = &expect.trust else { continue };
        let handover = golden(handover);
        let source = open(&toml.with_extension("zip")).expect("a bundle");
        let trust = golden_support::trust(&toml, &expect);
        let shown = shown(&source, &trust, "2026-07-02");
        let value: Value = serde_json::from_str(&rendered(&shown, ShowFormat::Json)).expect("JSON");
        let (code, said) = judged(&value, ["--trust", &handover]);
        assert_eq!(code, Some(0), "{}: {said}", toml.display());
        checked += usize::from(!said.starts_with("0 "));
    }
    assert!(checked > 8, "too few to be all: {checked}");

    let toml = PathBuf::from(golden("restored.toml"));
    let trust = golden_support::trust(&toml, &Expect::read(&toml));
    let source = open(&toml.with_extension("zip")).expect("a bundle");
    let value: Value =
        serde_json::from_str(&rendered(&shown(&source, &trust, "2026-07-02"), ShowFormat::Json)).unwrap();
    let backup = "/databases/0/backups/0";
    let spoil: [Spoil; 8] = [
        ("/entry/line", |line| *line = json!(line.as_str().unwrap().replace("\"warnings\":0", "\"warnings\":1"))),
        ("/entry/seq", |seq| *seq = json!(seq.as_u64().unwrap() + 1)),
        ("/entry/hash", |hash| *hash = json!("00".repeat(32))),
        ("/proof/1", |digest| *digest = json!("00".repeat(32))),
        ("/proof", |proof| _ = proof.as_array_mut().unwrap().pop()),
        ("/dump/key", |key| *key = json!("elsewhere")),
        ("/snapshot_at", |time| *time = json!("2026-07-02T23:00:00.000000Z")),
        ("/statement/envelope", |text| {
            let text_before = text.as_str().unwrap();
            *text = json!(text_before.replacen("\"sig\":\"", "\"sig\":\"A", 1));
        }),
    ];
    let heads: [Spoil; 3] = [
        ("/head/size", |size| *size = json!(size.as_u64().unwrap() - 1)),
        ("/head/note", |note| *note = json!(note.as_str().unwrap().replace("\n18\n", "\n19\n"))),
        ("/registry", |registry| *registry = json!([])),
    ];
    let spoil = spoil.map(|(pointer, change)| (format!("{backup}{pointer}"), change));
    for (pointer, change) in spoil.into_iter().chain(heads.map(|(pointer, change)| (pointer.to_owned(), change))) {
        let mut changed = value.clone();
        change(changed.pointer_mut(&pointer).expect("the member"));
        assert_ne!(changed, value, "{pointer}");
        let (code, said) = judged(&changed, ["--trust", &golden("restored.json")]);
        assert_eq!(code, Some(1), "{pointer}: {said}");
    }
    assert_eq!(judged(&value, ["--root", &"00".repeat(32)]).0, Some(1), "other pins");
}

/// `spec:report-6`: what a bundle names reaches no terminal as it is.
#[test]
fn hostile_names_are_shown_as_such() {
    let hostile = "a\u{202e}\\u001b[31m/\u{2066}x";
    let zip = std::fs::read(golden("exceptions.zip")).expect("a zip");
    let name = "chain/entries.ndjson";
    let kit = Kit::of(&zip).lines(name, |lines| {
        for line in lines {
            *line = line
                .replace("\"key\":\"shop/", &format!("\"key\":\"{hostile}/"))
                .replace("\"shop\"", "\"sh\u{202e}op\"");
        }
    });
    let source = Source::from_zip("\u{202e}piz.elif\u{1b}[0m", kit.zip()).expect("a zip");
    let trust = Trust { first_contact: true, ..Trust::default() };
    let shown = shown(&source, &trust, "2026-07-02");
    assert_eq!(shown.report.verdict(), Verdict::Rejected);
    for format in [ShowFormat::Text { colour: false }, ShowFormat::Json] {
        let text = rendered(&shown, format);
        assert!(text.contains("202"), "{text}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        assert!(!text.contains(['\u{202e}', '\u{2066}']), "{text:?}");
    }
    assert!(rendered(&shown, ShowFormat::Text { colour: false }).contains("[U+202E][U+001B]"));
}
