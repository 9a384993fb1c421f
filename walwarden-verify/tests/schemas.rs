//! The published schemas of outputs: each takes what the program writes, and refuses it when any place of it is spoilt.

mod golden_support;

use std::{fs, path::PathBuf};

use serde_json::{Value, json};
use walwarden_fixtures::{case::Expect, corpus};
use walwarden_verify::{
    RunBlock, Trust, VerifyInput, compare,
    compare::Side,
    open,
    render::{self, ComparisonFormat, Format, SeriesFormat, ShowFormat, shown_backups},
    show,
    show::Asked,
};

fn schema(name: &str) -> jsonschema::Validator {
    let path = corpus::folder().join("../spec/schema").join(name);
    let schema: Value = serde_json::from_slice(&fs::read(path).expect("a schema")).expect("JSON");
    jsonschema::validator_for(&schema).expect("a schema")
}

fn golden(name: &str) -> (PathBuf, Expect) {
    let toml = corpus::folder().join("golden").join(name).with_extension("toml");
    let expect = Expect::read(&toml);
    (toml, expect)
}

fn report() -> Vec<u8> {
    let (toml, expect) = golden("exceptions");
    let report = golden_support::judge(&toml, &expect);
    let mut out = Vec::new();
    render::render(&report, &RunBlock::default(), Format::Json, &mut out).expect("rendered");
    out
}

fn shown() -> Vec<u8> {
    let (toml, expect) = golden("previous");
    let source = open(&toml.with_extension("zip")).expect("a bundle");
    let trust = golden_support::trust(&toml, &expect);
    let as_of = expect.as_of.parse().expect("a time");
    let asked = Asked { day: "2026-07-02".parse().expect("a day"), database: None };
    let shown = show(&VerifyInput { source: &source, trust: &trust, as_of }, &asked).expect("every database");
    let mut out = Vec::new();
    shown_backups(&shown, ShowFormat::Json, &mut out).expect("rendered");
    out
}

/// A comparison that shows a fork, and its evidence.
fn forked() -> (Vec<u8>, Vec<u8>) {
    let pairs = corpus::folder().join("pairs");
    let said: toml::Table = fs::read_to_string(pairs.join("fork.toml")).expect("text").parse().expect("TOML");
    let path = |member: &str| pairs.join(said[member].as_str().expect("a name"));
    let (a, b) = (open(&path("a")).expect("a bundle"), open(&path("b")).expect("a bundle"));
    let mut trust = Trust::default();
    trust.add_handover(&fs::read(path("trust")).expect("a handover")).expect("a handover");
    let as_of = "2026-10-15T12:00:00.000000Z".parse().expect("a time");
    let found = compare(Side::Bundle(&a), Side::Bundle(&b), &trust, as_of);
    let mut out = Vec::new();
    render::comparison(&found, ComparisonFormat::Json, &mut out).expect("rendered");
    (out, found.fork.expect("a fork").bytes().to_vec())
}

/// Two periods, the second with an action that is open from the first.
fn series() -> Vec<u8> {
    let (sources, trust) = golden_support::two_periods();
    let as_of = "2026-10-15T12:00:00.000000Z".parse().expect("a time");
    let series = walwarden_verify::series::series(&sources, &trust, as_of).expect("a series");
    assert_eq!(series.open_actions.len(), 1);
    let mut out = Vec::new();
    render::series(&series, &RunBlock::default(), SeriesFormat::Json, &mut out).expect("rendered");
    out
}

/// Every place of a document, as a JSON pointer.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            places(value, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), found);
        }),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, item)| places(item, &format!("{at}/{i}"), found)),
        _ => {}
    }
}

#[test]
fn every_spoilt_place_is_refused() {
    let (comparison, fork) = forked();
    let documents = [
        ("report.v1.json", report()),
        ("shown-backups.v1-draft.json", shown()),
        ("comparison.v1-draft.json", comparison),
        ("fork-evidence.v1.json", fork),
        ("series.v1.json", series()),
    ];
    // The schema for editors of policies is held against every vector in tests/policy_schema.rs.
    let schemas = fs::read_dir(corpus::folder().join("../spec/schema")).expect("the folder of schemas");
    let names = schemas.map(|schema| schema.expect("a file").file_name());
    let asked = names.filter(|name| name != "policy-toml.v1.json").count();
    assert_eq!(asked, documents.len(), "every schema is asked");
    let (mut taken, mut tried) = (Vec::new(), 0);
    for (name, bytes) in documents {
        let (schema, good): (_, Value) = (schema(name), serde_json::from_slice(&bytes).expect("JSON"));
        assert!(schema.is_valid(&good), "{name}");
        let mut all = Vec::new();
        places(&good, "", &mut all);
        for place in all {
            let mut spoil = |how: &str, change: &dyn Fn(&mut Value)| {
                let mut copy = good.clone();
                change(copy.pointer_mut(&place).expect("a place"));
                tried += 1;
                if schema.is_valid(&copy) {
                    taken.push(format!("{name} {place} {how}"));
                }
            };
            spoil("is of another type", &|value| *value = if value.is_array() { json!(1.5) } else { json!([[1.5]]) });
            if good.pointer(&place).is_some_and(Value::is_object) {
                spoil("has a member more", &|value| value["zzz"] = json!(1));
            }
        }
    }
    assert!(tried > 300, "{tried}");
    assert_eq!(taken, Vec::<String>::new());
}
