//! Pairs of bundles: relation, verdict, periods, failed checks; the evidence of a fork, and every way to spoil it.

use std::fs;

use serde_json::{Value, json};
use walwarden_core::{
    Base64, Digest,
    fork::{Fork, ForkError},
    jcs,
    registry::RootPins,
};
use walwarden_fixtures::corpus;
use walwarden_verify::{
    Comparison, RunBlock, Trust, Verdict, VerifyInput, compare,
    compare::{HeldHead, Periods, Relation, Side},
    open,
    render::{self, ComparisonFormat, Format},
    trust::Previous,
    verify,
};

/// A file of `fixtures/pairs/`.
struct Pair {
    name: String,
    said: toml::Table,
}

impl Pair {
    fn all() -> Vec<Self> {
        let mut pairs = Vec::new();
        for file in fs::read_dir(corpus::folder().join("pairs")).expect("the folder of pairs") {
            let path = file.expect("a file").path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let text = fs::read_to_string(&path).expect("text");
                let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
                pairs.push(Self { name, said: text.parse().expect("TOML") });
            }
        }
        pairs.sort_by(|a, b| a.name.cmp(&b.name));
        pairs
    }

    fn of(name: &str) -> Self {
        Self::all().into_iter().find(|pair| pair.name == name).expect("the pair")
    }

    fn word(&self, member: &str) -> &str {
        self.said.get(member).and_then(toml::Value::as_str).unwrap_or_default()
    }

    fn words(&self, member: &str) -> Vec<&str> {
        let words = self.said.get(member).and_then(toml::Value::as_array).expect("a list");
        words.iter().filter_map(toml::Value::as_str).collect()
    }

    fn trust(&self) -> Trust {
        let mut trust = Trust::default();
        if self.said.contains_key("trust") {
            let handover = corpus::folder().join("pairs").join(self.word("trust"));
            trust.add_handover(&fs::read(handover).expect("a handover")).expect("a handover");
        }
        trust
    }

    fn pins(&self) -> RootPins {
        self.trust().pins.expect("pins")
    }

    fn compare(&self) -> Comparison {
        let bundle = |member: &str| open(&corpus::folder().join("pairs").join(self.word(member))).expect("a bundle");
        let (a, b) = (bundle("a"), bundle("b"));
        compare(Side::Bundle(&a), Side::Bundle(&b), &self.trust(), as_of())
    }
}

fn as_of() -> walwarden_core::Time {
    "2026-10-15T12:00:00.000000Z".parse().expect("a time")
}

fn periods(periods: Option<Periods>) -> &'static str {
    match periods {
        None => "",
        Some(Periods::Join) => "join",
        Some(Periods::Same) => "same",
        Some(Periods::Gap(_)) => "gap",
        Some(Periods::Overlap(_)) => "overlap",
    }
}

#[test]
fn every_pair_is_related_as_it_says() {
    let schema =
        fs::read_to_string(corpus::folder().join("../spec/schema/comparison.v1-draft.json")).expect("a schema");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let mut seen = std::collections::BTreeSet::new();
    let pairs = Pair::all();
    for pair in &pairs {
        let found = pair.compare();
        let name = &pair.name;
        assert_eq!(found.relation.word(), pair.word("relation"), "{name}: {}", found.why);
        assert_eq!(found.verdict().word(), pair.word("verdict"), "{name}: {}", found.why);
        assert_eq!(periods(found.periods), pair.word("periods"), "{name}");
        for (side, member) in [(&found.old, "fails_a"), (&found.new, "fails_b")] {
            let failed: Vec<&str> = side.failed.iter().map(|(id, _)| *id).collect();
            assert_eq!(failed, pair.words(member), "{name}: {member}: {:?}", side.failed);
        }
        assert_eq!(found.fork.is_some(), found.relation == Relation::Fork, "{name}");
        seen.insert(found.relation.word());

        let render = |format| {
            let mut out = Vec::new();
            render::comparison(&found, format, &mut out).expect("rendered");
            String::from_utf8(out).expect("UTF-8")
        };
        let text = render(ComparisonFormat::Text { colour: false });
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(found.relation.word()) && words.contains(&found.why), "{name}: {text}");
        for (id, finding) in found.old.failed.iter().chain(&found.new.failed) {
            assert!(words.contains(id) && words.contains(&finding.what), "{name}: {text}");
        }
        let value: Value = serde_json::from_str(&render(ComparisonFormat::Json)).expect("JSON");
        let faults: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(faults.is_empty(), "{name}: {faults:?}");
        assert_eq!(value["relation"], found.relation.word());
    }
    assert_eq!(pairs.len(), 15, "change this number on purpose");
    assert_eq!(seen.len(), Relation::ALL.len(), "every relation occurs");
}

#[test]
fn the_evidence_of_a_fork_stands_alone() {
    let schema = fs::read_to_string(corpus::folder().join("../spec/schema/fork-evidence.v1.json")).expect("a schema");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for name in ["fork", "fork_the_other_way", "fork_of_one_size", "fork_of_keys"] {
        let pair = Pair::of(name);
        let fork = pair.compare().fork.expect("a fork");
        let again = Fork::parse(fork.bytes(), &pair.pins()).expect("it stands");
        assert_eq!(again.bytes(), fork.bytes());
        let value: Value = serde_json::from_slice(fork.bytes()).expect("JSON");
        let faults: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(faults.is_empty(), "{name}: {faults:?}");
        let nobody = RootPins { pins: [Digest::of(b"nobody")].into(), threshold: 1 };
        assert!(matches!(Fork::parse(fork.bytes(), &nobody), Err(ForkError::Registry { .. })), "{name}");
        let text = render::fork(&Ok(again), fork.bytes(), false);
        assert!(text.contains("The fork is shown") && text.contains("This does not show who signed them"), "{text}");
    }
}

/// Sets a member of a JSON value.
fn set(value: &mut Value, pointer: &str, new: Value) {
    *value.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = new;
}

#[test]
fn a_spoilt_evidence_file_shows_nothing() {
    let pair = Pair::of("fork");
    let pins = pair.pins();
    let good: Value = serde_json::from_slice(pair.compare().fork.expect("a fork").bytes()).expect("JSON");
    let zeros = json!("00".repeat(32));
    let note = |pointer: &str| good.pointer(pointer).and_then(Value::as_str).expect("a note").to_owned();
    let (smaller, larger) = (note("/shows/heads/smaller/note"), note("/shows/heads/larger/note"));
    let spoilt_note = {
        let at = larger.len() - 8;
        let other = if &larger[at..=at] == "A" { "B" } else { "A" };
        format!("{}{other}{}", &larger[..at], &larger[at + 1..])
    };
    let spoilt_envelope = {
        let sig =
            good.pointer("/shows/heads/registry/0/signatures/0/sig").and_then(Value::as_str).expect("a signature");
        let mut bytes = sig.parse::<Base64>().expect("base64").0;
        bytes[0] ^= 1;
        json!(Base64(bytes).to_string())
    };
    let smaller_root = {
        let root: Base64 = smaller.lines().nth(2).expect("a root").parse().expect("base64");
        json!(Digest(root.0.try_into().expect("32 bytes")).to_string())
    };
    let cases: [(&str, &str, Value); 16] = [
        ("another type", "/_type", json!("https://walwarden.dev/spec/fork-evidence/v2")),
        ("an accusation", "/says", json!("The organisation has lied.")),
        ("another chain", "/origin", json!("acme.example/other")),
        ("another genesis", "/shows/heads/genesis", zeros.clone()),
        ("no genesis proof", "/shows/heads/smaller/genesis_proof", json!([])),
        ("another genesis proof", "/shows/heads/larger/genesis_proof/0", zeros.clone()),
        ("a spoilt proof", "/shows/heads/proof/0", zeros.clone()),
        ("no proof", "/shows/heads/proof", json!([])),
        ("another root", "/shows/heads/root", zeros.clone()),
        ("the root of the smaller", "/shows/heads/root", smaller_root),
        ("a spoilt note", "/shows/heads/larger/note", json!(spoilt_note)),
        ("one head twice", "/shows/heads/larger/note", json!(smaller)),
        ("the heads the wrong way round", "/shows/heads/smaller/note", json!(larger)),
        ("a spoilt registry", "/shows/heads/registry/0/signatures/0/sig", spoilt_envelope),
        ("no registry", "/shows/heads/registry", json!([])),
        ("nothing shown", "/shows", json!({})),
    ];
    for (name, pointer, new) in cases {
        let mut value = good.clone();
        set(&mut value, pointer, new);
        let bytes = jcs::to_vec(&value).expect("canonical");
        let error = Fork::parse(&bytes, &pins).expect_err(name);
        let text = render::fork(&Err(error), &bytes, false);
        assert!(text.contains("No fork is shown"), "{name}: {text}");
    }
    let bytes = jcs::to_vec(&good).expect("canonical");
    assert!(Fork::parse(&bytes, &pins).is_ok());
    for spoilt in [[&bytes[..], b"\n"].concat(), bytes[1..].to_vec(), Vec::new(), b"{}".to_vec()] {
        assert!(matches!(Fork::parse(&spoilt, &pins), Err(ForkError::Jcs(_))));
    }
    let mut unknown = good;
    unknown["note"] = json!("x");
    assert!(matches!(Fork::parse(&jcs::to_vec(&unknown).expect("canonical"), &pins), Err(ForkError::Jcs(_))));
}

#[test]
fn a_spoilt_registry_pair_shows_nothing() {
    let pair = Pair::of("fork_of_keys");
    let good: Value = serde_json::from_slice(pair.compare().fork.expect("a fork").bytes()).expect("JSON");
    let one = good.pointer("/shows/registries/one").expect("versions").clone();
    let first = json!([one[0]]);
    for (name, pointer, new) in [
        ("one registry twice", "/shows/registries/other", one.clone()),
        ("a version in which they agree", "/shows/registries/version", json!(1)),
        ("a version that is not there", "/shows/registries/version", json!(3)),
        ("only what they agree in", "/shows/registries/one", first),
        ("the first version left out", "/shows/registries/one", json!([one[1]])),
        ("another chain", "/origin", json!("acme.example/other")),
    ] {
        let mut value = good.clone();
        set(&mut value, pointer, new);
        Fork::parse(&jcs::to_vec(&value).expect("canonical"), &pair.pins()).expect_err(name);
    }
}

#[test]
fn heads_that_were_kept_are_compared_too() {
    let golden = |name: &str| open(&corpus::folder().join("golden").join(name)).expect("a bundle");
    let (previous, next) = (golden("previous.zip"), golden("next.zip"));
    let mut trust = Trust::default();
    trust.add_handover(&fs::read(corpus::folder().join("golden/previous.json")).expect("a file")).expect("a handover");
    let checkpoints = next.file("chain/checkpoints.ndjson").expect("checkpoints");
    let notes: Vec<String> = String::from_utf8_lossy(checkpoints)
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["note"].as_str().expect("a note").to_owned())
        .collect();
    let held = |text: &str| HeldHead::parse("head.txt", text).expect("a head");
    let (first, last) = (held(&notes[0]), held(notes.last().expect("a note")));
    let line = |note: &str, root: Option<&str>| {
        let lines: Vec<&str> = note.lines().collect();
        let digest = Digest(lines[2].parse::<Base64>().expect("base64").0.try_into().expect("32 bytes"));
        held(&format!("{} {} {}\n", lines[0], lines[1], root.map_or(digest.to_string(), str::to_owned)))
    };
    let other = "ab".repeat(32);
    let spoilt = {
        let note = &notes[0];
        let at = note.len() - 8;
        let letter = if &note[at..=at] == "A" { "B" } else { "A" };
        held(&format!("{}{letter}{}", &note[..at], &note[at + 1..]))
    };
    let cases: Vec<(&str, Side<'_>, Side<'_>, &str, &str)> = vec![
        ("a kept checkpoint", Side::Head(&first), Side::Bundle(&next), "EXTENDS", "verified"),
        ("the last checkpoint", Side::Head(&last), Side::Bundle(&next), "IDENTICAL", "verified"),
        ("a bundle before a checkpoint", Side::Bundle(&previous), Side::Head(&last), "UNDETERMINED", "not-established"),
        ("a bundle after a checkpoint", Side::Bundle(&next), Side::Head(&first), "ROLLBACK", "rejected"),
        ("two checkpoints", Side::Head(&first), Side::Head(&last), "UNDETERMINED", "not-established"),
        ("one checkpoint twice", Side::Head(&first), Side::Head(&first), "IDENTICAL", "verified"),
        ("a spoilt checkpoint", Side::Head(&spoilt), Side::Bundle(&next), "UNDETERMINED", "rejected"),
    ];
    let lines = [line(&notes[0], None), line(&notes[0], Some(&other))];
    let more: Vec<(&str, Side<'_>, Side<'_>, &str, &str)> = vec![
        ("a kept line", Side::Head(&lines[0]), Side::Bundle(&next), "EXTENDS", "verified"),
        ("a line of another history", Side::Head(&lines[1]), Side::Bundle(&next), "UNDETERMINED", "not-established"),
        ("two lines", Side::Head(&lines[0]), Side::Head(&lines[1]), "UNDETERMINED", "not-established"),
        ("a line and its checkpoint", Side::Head(&lines[0]), Side::Head(&first), "IDENTICAL", "verified"),
    ];
    for (name, old, new, relation, verdict) in cases.into_iter().chain(more) {
        let found = compare(old, new, &trust, as_of());
        assert_eq!((found.relation.word(), found.verdict().word()), (relation, verdict), "{name}: {}", found.why);
        assert!(found.fork.is_none(), "{name}");
    }
    assert!(HeldHead::parse("x", "no head\n").is_err());
}

/// With `--previous` the report names the fork in words, in every form, and says how to keep what shows it.
#[test]
fn a_verification_names_the_fork_and_how_to_keep_it() {
    for (name, relation) in
        [("fork", "FORK"), ("fork_of_one_size", "FORK"), ("fork_of_keys", "FORK"), ("rollback", "ROLLBACK")]
    {
        let pair = Pair::of(name);
        let bundle = |member: &str| open(&corpus::folder().join("pairs").join(pair.word(member))).expect("a bundle");
        let (old, new) = (bundle("a"), bundle("b"));
        let mut trust = Trust { pins: Some(pair.pins()), ..Trust::default() };
        trust.add_previous(Previous::of(&old, trust.pins.as_ref(), as_of()).expect("it stands"));
        let report = verify(&VerifyInput { source: &new, trust: &trust, as_of: as_of() });
        assert_eq!(report.verdict(), Verdict::Rejected, "{name}");
        let known = report.trust.known.as_ref().expect("a head");
        assert_eq!(known.entries_after, None, "{name}: no entry lies after a head that is not in this history");
        for format in [Format::Text { colour: false }, Format::Html, Format::Json] {
            let mut out = Vec::new();
            render::render(&report, &RunBlock::default(), format, &mut out).expect("rendered");
            let text = String::from_utf8(out).expect("UTF-8").split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.contains(relation), "{name}: {text}");
            if format != Format::Json {
                let (old, new) = (old.name(), new.name());
                let command =
                    format!("walwarden-verify compare {old} {new} \\ --trust handover.json --evidence fork.json");
                assert!(text.contains(&command), "{name}: {text}");
                assert_eq!(text.contains("two histories of one chain, both signed"), relation == "FORK", "{name}");
                assert_eq!(text.contains("This does not show who signed them"), relation == "FORK", "{name}");
            }
        }
    }
    // A history that continues the other contradicts nothing.
    let pair = Pair::of("extends");
    let bundle = |member: &str| open(&corpus::folder().join("pairs").join(pair.word(member))).expect("a bundle");
    let mut trust = Trust { pins: Some(pair.pins()), ..Trust::default() };
    trust.add_previous(Previous::of(&bundle("a"), trust.pins.as_ref(), as_of()).expect("it stands"));
    let report = verify(&VerifyInput { source: &bundle("b"), trust: &trust, as_of: as_of() });
    assert!(report.trust.contradicted.is_none() && report.trust.known.expect("a head").entries_after.is_some());
}
