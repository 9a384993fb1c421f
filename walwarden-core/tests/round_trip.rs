//! What a reader takes is what is written again, byte for byte: every type of document of the golden bundles, as it is and
//! changed at any place (`spec:bytes-1`).

use std::{collections::BTreeMap, fs, path::Path, sync::OnceLock};

use proptest::{prelude::*, sample::Index};
use walwarden_core::{
    bundle::{CHECKPOINTS, ENTRIES, PROOFS, Proofs, REGISTRY, STATEMENT},
    chain::Entry,
    checkpoint::{CheckpointLine, Note},
    cosignature::Witness,
    dsse::Envelope,
    handover::Handover,
    jcs,
    policy::Policy,
    statement::{Backup, Bundle, Evidence, KeyRegistry, RestoreTest, Review, Statement},
};

/// Reads a document and writes it again; `None` where it is refused.
type Again = fn(&[u8]) -> Option<Vec<u8>>;

/// Every type: what it is called, and how it is read and written.
const TYPES: [(&str, Again); 13] = [
    ("backup", |b| Statement::<Backup>::parse_payload(b).ok()?.to_jcs().ok()),
    ("bundle", |b| Statement::<Bundle>::parse_payload(b).ok()?.to_jcs().ok()),
    ("evidence", |b| Statement::<Evidence>::parse_payload(b).ok()?.to_jcs().ok()),
    ("key-registry", |b| Statement::<KeyRegistry>::parse_payload(b).ok()?.to_jcs().ok()),
    ("restore-test", |b| Statement::<RestoreTest>::parse_payload(b).ok()?.to_jcs().ok()),
    ("review", |b| Statement::<Review>::parse_payload(b).ok()?.to_jcs().ok()),
    ("envelope", |b| Envelope::parse(b).ok()?.to_jcs().ok()),
    ("entry", |b| {
        let entry = Entry::parse(b).ok()?;
        // Data that is interpreted is written as it was; other data is kept as bytes.
        if let Ok(data) = entry.event().data() {
            assert_eq!(data.get(), entry.data.get());
        }
        entry.to_jcs().ok()
    }),
    ("checkpoint", |b| jcs::to_vec(&jcs::parse::<CheckpointLine>(b).ok()?).ok()),
    ("note", |b| Some(Note::parse(core::str::from_utf8(b).ok()?).ok()?.to_text().into_bytes())),
    ("proofs", |b| jcs::to_vec(&jcs::parse_exact::<Proofs>(b).ok()?).ok()),
    ("policy", |b| Policy::parse(b).ok()?.to_jcs().ok()),
    // One key: a file of them is for people, and may have white space around it (`spec:time-11`).
    ("witness", |b| Some(core::str::from_utf8(b).ok()?.parse::<Witness>().ok()?.to_verifier_key().into_bytes())),
];

/// Files of a stored zip, by name.
fn files(zip: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let number =
        |at: usize, width: usize| zip[at..at + width].iter().rev().fold(0, |n, byte| n << 8 | usize::from(*byte));
    let (mut files, mut at) = (BTreeMap::new(), 0);
    while zip[at..].starts_with(b"PK\x03\x04") {
        let (size, data) = (number(at + 22, 4), at + 30 + number(at + 26, 2));
        files.insert(String::from_utf8(zip[at + 30..data].to_vec()).unwrap(), zip[data..data + size].to_vec());
        at = data + size;
    }
    files
}

/// Documents of the golden bundles, by type.
fn documents() -> &'static BTreeMap<&'static str, Vec<Vec<u8>>> {
    static DOCUMENTS: OnceLock<BTreeMap<&'static str, Vec<Vec<u8>>>> = OnceLock::new();
    DOCUMENTS.get_or_init(|| {
        let mut found: BTreeMap<&str, Vec<Vec<u8>>> = BTreeMap::new();
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/golden");
        let mut add = |kind, document: &[u8]| found.entry(kind).or_default().push(document.to_vec());
        for path in fs::read_dir(&golden).unwrap().map(|file| file.unwrap().path()) {
            if path.extension().is_none_or(|extension| extension != "zip") {
                continue;
            }
            for (name, bytes) in files(&fs::read(&path).unwrap()) {
                let kind = match name.as_str() {
                    ENTRIES => "entry",
                    CHECKPOINTS => "checkpoint",
                    REGISTRY => "key-registry",
                    STATEMENT => "bundle",
                    name => name.strip_prefix("statements/").map_or("", |name| match name {
                        "backup.ndjson" => "backup",
                        "evidence.ndjson" => "evidence",
                        "restore-test.ndjson" => "restore-test",
                        "review.ndjson" => "review",
                        other => panic!("{other}"),
                    }),
                };
                match kind {
                    "" if name == PROOFS => add("proofs", &bytes),
                    "" if Policy::parse(&bytes).is_ok() => add("policy", &bytes),
                    "" => {}
                    kind => {
                        for line in bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
                            if kind == "entry" {
                                add(kind, line);
                            } else if let Ok(line) = jcs::parse::<CheckpointLine>(line) {
                                add(kind, &jcs::to_vec(&line).unwrap());
                                add("note", line.note.as_bytes());
                            } else {
                                add("envelope", line);
                                add(kind, &Envelope::parse(line).unwrap().payload.0);
                            }
                        }
                    }
                }
            }
        }
        for line in fs::read_to_string(golden.join("witnesses.txt")).unwrap().lines() {
            if Witness::parse_file(line.as_bytes()).is_ok_and(|found| found.len() == 1) {
                add("witness", line.as_bytes());
            }
        }
        found
    })
}

#[test]
fn every_document_is_written_as_it_was_read() {
    assert_eq!(documents().len(), TYPES.len(), "{:?}", documents().keys());
    for (name, again) in TYPES {
        for document in &documents()[name] {
            assert_eq!(again(document).as_ref(), Some(document), "{name}: {}", String::from_utf8_lossy(document));
        }
    }
}

#[test]
fn a_handover_is_read_as_it_was_written() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/golden/minimal.json");
    let handover = Handover::parse(&fs::read(path).unwrap()).unwrap();
    assert_eq!(Handover::parse(&jcs::to_vec(&handover).unwrap()).unwrap(), handover);
}

/// What a document may be changed by.
fn pieces() -> impl Strategy<Value = String> {
    let known = vec![
        "",
        "\"",
        "0",
        "1",
        "00",
        "-1",
        "-0",
        "1.0",
        "1e1",
        "null",
        "true",
        "{}",
        "[]",
        ",",
        "\"x\":1,",
        " ",
        "\n",
        "\\u0041",
        "\\n",
        "\u{e9}",
        "=",
        "+",
        "A",
        "9007199254740992",
    ];
    prop_oneof![prop::sample::select(known).prop_map(String::from), "[ -~]{0,3}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12_000))]
    #[test]
    fn what_is_taken_after_a_change_is_written_as_it_is(
        kind in 0..TYPES.len(), which in any::<Index>(), at in any::<Index>(), cut in 0..3_usize, piece in pieces(),
    ) {
        let (name, again) = TYPES[kind];
        let documents = &documents()[name];
        let mut document = documents[which.index(documents.len())].clone();
        let from = at.index(document.len());
        let to = document.len().min(from + cut);
        document.splice(from..to, piece.bytes());
        if let Some(written) = again(&document) {
            prop_assert_eq!(String::from_utf8_lossy(&written), String::from_utf8_lossy(&document), "{}", name);
        }
    }
}
