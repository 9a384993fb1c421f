//! The schema of `policy.toml` for editors: it takes what is a policy, and refuses what is none by its shape.

use std::{fs, path::Path};

use serde_json::Value;

/// No policies, and nothing that a schema can see: what must hold between members, and numbers that are too large.
const BEYOND: &[&str] = &[
    "database-twice",
    "duration-99999999999h",
    "not evidence-twice",
    "not exclude-in-scope",
    "not exclude-twice",
    "not extra-schedule-twice",
    "not not-applicable-twice",
    "not other-layer-twice",
    "not schedule 0 0 30 2 *",
    "not schedule 0 0 30 feb *",
    "not schedule 0 0 31 4,6,9,11 *",
    "not schedule 0 5-2 * * *",
    "not span 4294967296d",
    "not subservice-twice",
    "promise-missing",
];

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).expect(path)
}

fn schema() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(&read("spec/schema/policy-toml.v1.json")).expect("JSON");
    assert!(jsonschema::draft202012::meta::is_valid(&schema), "not a schema");
    jsonschema::validator_for(&schema).expect("a schema")
}

/// Every vector that is TOML: its name, whether it is a policy, and what stands in it.
fn vectors() -> Vec<(String, bool, Value)> {
    let files = ["policy", "policies"].map(|file| read(&format!("spec/vectors/{file}.json")));
    let cases = files.iter().flat_map(|file| {
        let document: Value = serde_json::from_str(file).expect("JSON");
        document["cases"].as_array().expect("cases").clone()
    });
    let parsed = cases.filter_map(|case| {
        let value = toml::from_str(case["toml"].as_str().expect("a text")).ok()?;
        Some((case["name"].as_str().expect("a name").to_owned(), case["valid"] == true, value))
    });
    parsed.collect()
}

#[test]
fn every_policy_fits_and_what_is_none_does_not() {
    let (schema, vectors) = (schema(), vectors());
    let (good, bad): (Vec<_>, Vec<_>) = vectors.iter().partition(|(_, valid, _)| *valid);
    assert!(good.len() > 80 && bad.len() > 150, "{} and {}", good.len(), bad.len());
    for (name, _, value) in good {
        let errors: Vec<String> = schema.iter_errors(value).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{name}");
    }
    let mut fits: Vec<&str> =
        bad.iter().filter(|(.., value)| schema.is_valid(value)).map(|(name, ..)| &**name).collect();
    fits.sort_unstable();
    // What only TOML 1.1 knows is gone when it is read; which reader this is does not matter here.
    fits.retain(|name| !name.starts_with("toml-1.1-"));
    assert_eq!(fits, BEYOND);
}

#[test]
fn what_policy_init_writes_fits() {
    for file in ["full", "minimal"] {
        let text = read(&format!("walwarden-produce/src/policy_file/{file}.toml"));
        let text = text.replace("{effective_from}", "2026-07-01T00:00:00Z");
        let value: Value = toml::from_str(&text).expect("TOML");
        let errors: Vec<String> = schema().iter_errors(&value).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{file}");
        for spoilt in ["rpo_s = 1\n", "[moon]\nfull = true\n"] {
            let value: Value = toml::from_str(&format!("{text}{spoilt}")).expect("TOML");
            assert!(!schema().is_valid(&value), "{file} with {spoilt}");
        }
    }
}
