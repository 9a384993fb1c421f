//! Samples: as the vectors say, and as the Python program of the sheet draws them again.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "starts programs; asks for CI"
)]

use std::{collections::BTreeSet, fs, process::Command};

use serde_json::Value;
use walwarden_core::Digest;
use walwarden_fixtures::corpus;
use walwarden_verify::{
    sample::{self, Frequency, Method, Reference, Size},
    workpapers::guarded,
};

/// The cases of a file, of which there must be so many. Change a number on purpose.
fn cases(file: &str, count: usize) -> Vec<Value> {
    let text = fs::read_to_string(corpus::folder().join("../spec/vectors").join(file)).expect("vectors");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let cases = document["cases"].as_array().expect("cases").clone();
    assert_eq!(cases.len(), count, "{file}");
    cases
}

fn text<'a>(case: &'a Value, member: &str) -> &'a str {
    case[member].as_str().unwrap_or_else(|| panic!("{member} in {case}"))
}

fn number(case: &Value, member: &str) -> usize {
    usize::try_from(case[member].as_u64().unwrap_or_else(|| panic!("{member} in {case}"))).expect("small")
}

#[test]
fn samples_are_those_of_the_vectors() {
    for case in cases("samples.json", 60) {
        let population = text(&case, "population").as_bytes();
        assert_eq!(Digest::of(population).to_string(), text(&case, "population_sha256"));
        let reference: Reference = text(&case, "reference").parse().expect("a reference");
        let seed = sample::seed(population, &reference, text(&case, "control"));
        assert_eq!(seed, text(&case, "seed"), "{}", text(&case, "name"));
        let method = if text(&case, "method") == "simple" { Method::Simple } else { Method::Stratified };
        let drawn = sample::draw(population, &seed, method, number(&case, "size"));
        let ids: Vec<Value> = drawn.into_iter().map(|drawn| drawn.item_id.into()).collect();
        assert_eq!(Value::from(ids), case["items"], "{}", text(&case, "name"));
    }
}

#[test]
fn sizes_are_those_of_the_vectors() {
    for case in cases("sizes.json", 120) {
        let size = match case["frequency"].as_str() {
            Some(word) => {
                let found = Frequency::ALL.into_iter().find(|frequency| frequency.word() == word);
                Size::Frequency(found.expect("a frequency"))
            }
            None => Size::Confidence {
                confidence: text(&case, "confidence").parse().expect("a share"),
                tolerable: text(&case, "tolerable").parse().expect("a share"),
            },
        };
        assert_eq!(size.of(number(&case, "population")), number(&case, "size"), "{}", text(&case, "name"));
    }
}

#[test]
fn fields_are_those_of_the_vectors() {
    for case in cases("fields.json", 23) {
        let guarded = guarded(text(&case, "text"));
        let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
        writer.write_record([guarded.as_str(), ""]).expect("written");
        let line = String::from_utf8(writer.into_inner().expect("bytes")).expect("UTF-8");
        assert_eq!(line, format!("{},\n", text(&case, "field")), "{}", text(&case, "name"));
    }
}

#[test]
fn a_reference_has_at_least_64_bits() {
    for good in ["9f2c61d07ab34e58", &"0".repeat(64)] {
        assert!(good.parse::<Reference>().is_ok(), "{good}");
    }
    for bad in ["", "9f2c61d07ab34e5", "9F2C61D07AB34E58", "9f2c61d07ab34e5g", &"0".repeat(65)] {
        assert!(bad.parse::<Reference>().is_err(), "{bad}");
    }
}

/// The program, the files and the Python of the sheet.
#[test]
fn the_program_of_the_sheet_draws_the_same_items() {
    let golden = |file: &str| corpus::folder().join("golden").join(file).display().to_string();
    let (bundle, trust) = (golden("nightly.zip"), golden("nightly.json"));
    let mut samples = BTreeSet::new();
    for (how, more) in [
        (vec!["--size", "7"], vec![]),
        (vec!["--frequency", "daily"], vec!["--stratified"]),
        (vec!["--confidence", "0.9", "--tolerable", "0.1"], vec!["--stratified"]),
        (vec!["--size", "1000"], vec![]),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().display().to_string();
        let mut command = Command::new(env!("CARGO_BIN_EXE_walwarden-verify"));
        command.env_clear().args(["sample", &bundle, "--rule", "ww-bk-01", "--ref", "9f2c61d07ab34e58"]);
        command.args(["--trust", &trust, "--as-of", "2026-09-15T12:00:00Z", "--out", &out]).args(&how).args(&more);
        let output = command.output().expect("the program starts");
        let sheet = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(matches!(output.status.code(), Some(0 | 4)), "{}", String::from_utf8_lossy(&output.stderr));

        let json: Value =
            serde_json::from_slice(&fs::read(folder.path().join("sample_WW-BK-01.json")).expect("a file"))
                .expect("JSON");
        let table = fs::read_to_string(folder.path().join("sample_WW-BK-01.csv")).expect("a file");
        let population = fs::read(folder.path().join("WW-BK-01.csv")).expect("a file");
        assert_eq!(json["population_sha256"], Digest::of(&population).to_string());
        let items: Vec<&str> =
            json["items"].as_array().expect("items").iter().map(|id| id.as_str().expect("an id")).collect();
        assert!(!items.is_empty() && items.len() <= number(&json, "population_items"));
        let ids: Vec<String> = csv::Reader::from_reader(table.as_bytes())
            .records()
            .map(|record| record.expect("a record").get(1).expect("an id").to_owned())
            .collect();
        assert_eq!(ids, items);
        for said in [text(&json, "seed"), text(&json, "population_sha256"), "chosen by: user", "9f2c61d07ab34e58"] {
            assert!(sheet.contains(said), "{said}\n{sheet}");
        }

        let program = sheet.split("python3 draw.py WW-BK-01.csv\n\n").nth(1).expect("the program");
        let program: String =
            program.lines().map(|line| format!("{}\n", line.strip_prefix("    ").expect("an indent"))).collect();
        assert_eq!(program, text(&json, "program"));
        assert!(program.lines().count() <= 10, "{program}");
        fs::write(folder.path().join("draw.py"), &program).expect("written");
        let python = Command::new("python3").current_dir(folder.path()).args(["draw.py", "WW-BK-01.csv"]).output();
        let Ok(python) = python else {
            assert!(std::env::var_os("CI").is_none(), "python3 is needed");
            println!("SKIPPED: python3 is not here");
            return;
        };
        let said = String::from_utf8(python.stdout).expect("UTF-8");
        assert_eq!(said.lines().collect::<Vec<_>>(), items, "{}", String::from_utf8_lossy(&python.stderr));
        samples.insert(items.len());
    }
    assert!(samples.len() > 2, "the sizes differ: {samples:?}");
}
