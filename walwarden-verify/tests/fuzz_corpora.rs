//! What fuzzing has found worth keeping, and where it started, held by an ordinary test.

#[path = "../fuzz/src/lib.rs"]
#[allow(dead_code, missing_docs, unreachable_pub, reason = "the targets of another crate, read as modules")]
mod targets;

use std::{fs, path::Path};

/// How a target reads bytes.
type Run = fn(&[u8]);

/// Every target.
const TARGETS: [(&str, Run); 5] = [
    ("json", targets::json::run),
    ("notes", targets::notes::run),
    ("tokens", targets::tokens::run),
    ("verify", targets::verify::run),
    ("zip", targets::zip::run),
];

/// Inputs that are committed, by target: those that reach different code, and those that once broke something.
fn kept(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    files.map(|file| fs::read(file.expect("a file").path()).expect("an input")).collect()
}

#[test]
fn the_corpora_hold() {
    let seeds = targets::seeds::all();
    for (target, run) in TARGETS {
        let mut inputs = kept(target);
        assert!(inputs.len() >= 20, "the corpus of {target} is there");
        // The seeds of whole bundles are the corpus of tampered ones, which has tests of its own.
        let seeds = seeds.iter().filter(|(name, _)| *name == target && target != "zip");
        inputs.extend(seeds.map(|(_, bytes)| bytes.clone()));
        inputs.iter().for_each(|input| run(input));
    }
}
