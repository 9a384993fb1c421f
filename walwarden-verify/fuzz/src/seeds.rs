//! Where fuzzing starts: pieces of the fixtures.

use std::{collections::BTreeSet, fs};

use walwarden_core::{bundle::CHECKPOINTS, checkpoint::CheckpointLine, dsse::Envelope, jcs};
use walwarden_fixtures::{corpus, tamper::Kit};

/// Inputs by target, each once.
#[must_use]
pub fn all() -> BTreeSet<(&'static str, Vec<u8>)> {
    let mut seeds = BTreeSet::new();
    for folder in ["golden", "tampered"] {
        for file in zips(folder) {
            if file.len() < 40_000 {
                seeds.insert(("zip", file.clone()));
            }
            if folder == "golden" {
                pieces(&file, &mut seeds);
            }
        }
    }
    for extension in ["tsr", "pem"] {
        seeds.extend(super::tokens::files(extension).into_iter().map(|file| ("tokens", file)));
    }
    for (index, _) in zips("golden").iter().enumerate() {
        for depth in 0..5 {
            for file in 0..12 {
                seeds.insert(("verify", vec![index as u8, depth, file, 0, 40, 0, 1, b'7', 1, 0, 1, 2, b'a', b'"']));
            }
        }
    }
    for file in fs::read_dir(corpus::folder().join("../spec/vectors")).into_iter().flatten().flatten() {
        // Whole files of vectors are too large for inputs; their leaves are what the targets read.
        let text = fs::read(file.path()).unwrap_or_default();
        if let Ok(value) = serde_json::from_slice(&text) {
            strings(&value, &mut seeds);
        }
    }
    seeds
}

fn zips(folder: &str) -> Vec<Vec<u8>> {
    let files = fs::read_dir(corpus::folder().join(folder)).expect("fixtures");
    let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "zip"));
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("a zip")).collect()
}

/// Documents, lines, payloads and notes of a bundle.
fn pieces(zip: &[u8], seeds: &mut BTreeSet<(&'static str, Vec<u8>)>) {
    let mut kit = Kit::of(zip);
    let names: Vec<String> = kit.names().into_iter().map(str::to_owned).collect();
    for name in names {
        let bytes = kit.file(&name).clone();
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty() && line.len() < 8_000) {
            seeds.insert(("json", line.to_vec()));
            if let Ok(envelope) = Envelope::parse(line) {
                seeds.insert(("json", envelope.payload.0));
            }
            if name == CHECKPOINTS
                && let Ok(line) = jcs::parse::<CheckpointLine>(line)
            {
                seeds.insert(("notes", line.note.into_bytes()));
            }
        }
    }
}

/// Short strings of a file of vectors.
fn strings(value: &serde_json::Value, seeds: &mut BTreeSet<(&'static str, Vec<u8>)>) {
    match value {
        serde_json::Value::String(text) if (2..4_000).contains(&text.len()) => {
            let target = if text.contains("\n\n") { "notes" } else { "json" };
            seeds.insert((target, text.clone().into_bytes()));
        }
        serde_json::Value::Array(list) => list.iter().for_each(|value| strings(value, seeds)),
        serde_json::Value::Object(map) => map.values().for_each(|value| strings(value, seeds)),
        _ => {}
    }
}
