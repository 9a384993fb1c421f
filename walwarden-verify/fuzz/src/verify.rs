//! The whole verify, deep: the bytes say which golden bundle is taken, what is changed in it and how much of it is signed
//! again afterwards, so that a change reaches the checks behind the signatures.
//!
//! ```text
//! bundle u8 | depth u8 | edits: [place u16 | kind u8 | length u8 | bytes]*
//! ```

use std::sync::OnceLock;

use walwarden_core::bundle::{CHECKPOINTS, ENTRIES, STATEMENT};
use walwarden_fixtures::{
    case::Expect,
    corpus,
    tamper::{BACKUPS, Kit, TESTS, envelope},
};
use walwarden_verify::{
    Report, RunBlock, Source, Trust, Verdict, VerifyInput,
    checks::CHECKS,
    render::{Format, render},
    verify,
};

/// A golden bundle and what its reader brings.
struct Golden {
    zip: Vec<u8>,
    trust: Trust,
    as_of: walwarden_core::Time,
}

/// How much is signed again after the change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// Nothing: the bytes of the zip are changed.
    Zip,
    /// The bundle's own statement: a file is changed.
    Seal,
    /// Links, heads, proofs and seal: a line of the chain is changed.
    Chain,
    /// A statement, and all of the above.
    Statement,
    /// The bundle's own statement is what is changed.
    Bundle,
}

const DEPTHS: [Depth; 5] = [Depth::Zip, Depth::Seal, Depth::Chain, Depth::Statement, Depth::Bundle];

/// Judges a changed bundle, and renders the report.
pub fn run(data: &[u8]) {
    let [which, depth, edits @ ..] = data else { return };
    let golden = goldens().get(usize::from(*which) % goldens().len()).expect("a golden bundle");
    let depth = DEPTHS[usize::from(*depth) % DEPTHS.len()];
    let Some(zip) = changed(&golden.zip, depth, edits) else { return };
    let same = zip == golden.zip;
    let Some(source) = Source::from_zip("fuzz.zip", zip) else { return };
    let report = verify(&VerifyInput { source: &source, trust: &golden.trust, as_of: golden.as_of });
    assert_eq!(report.checks.len(), CHECKS.len(), "every check is listed");
    let believed = matches!(report.verdict(), Verdict::Verified | Verdict::Exceptions);
    // Deeper changes are made by whoever holds the keys: those may be believed.
    assert!(same || !believed || !matches!(depth, Depth::Zip | Depth::Seal), "a change by a stranger was believed");
    outputs(&report);
}

/// No output carries an escape sequence or markup of the bundle.
fn outputs(report: &Report) {
    let run = RunBlock { version: "0".into(), program: None, platform: "fuzz".into(), sandbox: "none: fuzzing".into() };
    let mut text = Vec::new();
    render(report, &run, Format::Text { colour: false }, &mut text).expect("memory takes everything");
    let text = String::from_utf8(text).expect("text is UTF-8");
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "a control character reached the terminal");
    let mut html = Vec::new();
    render(report, &run, Format::Html, &mut html).expect("memory takes everything");
    let html = String::from_utf8(html).expect("a page is UTF-8").to_lowercase();
    assert!(!html.contains("<script") && !html.contains("javascript:"), "markup reached the page");
    let mut json = Vec::new();
    render(report, &run, Format::Json, &mut json).expect("memory takes everything");
    serde_json::from_slice::<serde_json::Value>(&json).expect("the report is JSON");
}

fn changed(zip: &[u8], depth: Depth, edits: &[u8]) -> Option<Vec<u8>> {
    if depth == Depth::Zip {
        return Some(edited(zip, edits));
    }
    let kit = Kit::of(zip);
    let [which, edits @ ..] = edits else { return None };
    let which = usize::from(*which);
    match depth {
        Depth::Zip => None,
        Depth::Seal => {
            let names: Vec<String> = kit.names().into_iter().map(str::to_owned).collect();
            let name = names.get(which % names.len()).filter(|name| *name != STATEMENT && *name != CHECKPOINTS)?;
            let mut kit = kit;
            let bytes = edited(kit.file(name), edits);
            *kit.file(name) = bytes;
            Some(kit.reseal().zip())
        }
        Depth::Chain => {
            let count = kit.text(ENTRIES).lines().count();
            let line = edited_text(kit.text(ENTRIES).lines().nth(which % count)?, edits);
            // The kit finds `prev` again, to link the lines.
            line.split_once("\"prev\":\"").filter(|(_, rest)| rest.contains('"'))?;
            Some(kit.replace_line(ENTRIES, which % count, &line).resign_all().zip())
        }
        Depth::Statement => {
            let file = [BACKUPS, TESTS].into_iter().filter(|file| kit.names().contains(file)).nth(which % 2)?;
            let count = kit.text(file).lines().count();
            let index = usize::from(*edits.first()?) % count.max(1);
            let payload = envelope::payload(kit.text(file).lines().nth(index)?);
            let edited = edited_text(&payload, edits.get(1..).unwrap_or_default());
            // The kit insists on a change.
            (edited != payload).then(|| kit.restate_line(file, index, |_| edited).resign_all().zip())
        }
        Depth::Bundle => {
            let mut kit = kit;
            let text = envelope::restate(&kit.text(STATEMENT), |payload| edited_text(payload, edits));
            *kit.file(STATEMENT) = text.into_bytes();
            Some(kit.zip())
        }
    }
}

/// Bytes after the edits: put over, inserted or cut out.
fn edited(bytes: &[u8], mut edits: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    while let [high, low, kind, length, rest @ ..] = edits {
        let place = usize::from(u16::from_be_bytes([*high, *low])) % (bytes.len() + 1);
        let take = usize::from(*length).min(rest.len());
        let (new, rest) = rest.split_at(take);
        edits = rest;
        let end = (place + take).min(bytes.len());
        match kind % 3 {
            0 => drop(bytes.splice(place..end, new.iter().copied())),
            1 => drop(bytes.splice(place..place, new.iter().copied())),
            _ => drop(bytes.drain(place..(place + usize::from(*length)).min(bytes.len()))),
        }
    }
    bytes
}

/// One line of text after the edits.
fn edited_text(text: &str, edits: &[u8]) -> String {
    String::from_utf8_lossy(&edited(text.as_bytes(), edits)).replace(['\n', '\r'], " ")
}

/// Every golden bundle that is judged alone, by name.
fn goldens() -> &'static [Golden] {
    static GOLDENS: OnceLock<Vec<Golden>> = OnceLock::new();
    GOLDENS.get_or_init(|| {
        let mut tomls: Vec<_> = std::fs::read_dir(corpus::folder().join("golden"))
            .expect("golden bundles")
            .map(|file| file.expect("a file").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
            .collect();
        tomls.sort();
        tomls.iter().filter_map(|toml| golden(toml)).collect()
    })
}

fn golden(toml: &std::path::Path) -> Option<Golden> {
    let expect = Expect::read(toml);
    let handover = toml.parent()?.join(expect.trust.as_ref()?);
    let mut trust = Trust::default();
    trust.add_handover(&std::fs::read(handover).expect("a handover")).expect("a handover");
    let zip = std::fs::read(toml.with_extension("zip")).expect("a zip");
    Some(Golden { zip, trust, as_of: expect.as_of.parse().expect("a time") })
}
