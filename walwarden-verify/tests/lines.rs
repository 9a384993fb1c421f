//! Reading a chain fast is reading it as `Entry::parse` does: on every fixture, golden and tampered, whole and in pieces.

use std::path::Path;

use walwarden_core::{
    bundle::{ENTRIES, lines},
    chain::{ChainError, Entries, Entry, Joining, Piece, entry_hash, origin, pieces},
    event::Event,
};

/// The reference: line by line, each by the strict parser.
fn strict(ndjson: &[u8]) -> Result<Vec<Entry<'_>>, ChainError> {
    let entry = |(index, line): (usize, Result<_, _>)| {
        let line: &[u8] = line.map_err(|_| ChainError::Lines { line: index + 1 })?;
        Entry::parse(line).map_err(|error| ChainError::Entry { line: index + 1, error })
    };
    lines(ndjson).enumerate().map(entry).collect()
}

/// Everything that an entry answers, in words.
fn words(entry: &Entry<'_>) -> String {
    let event = entry.event();
    let refers = !entry.refs.is_empty() || !event.refs().is_empty();
    let run = match &event {
        Event::BackupStarted(start) => start.run_id,
        Event::BackupFailed(failed) => failed.run_id,
        Event::BackupCompleted(done) => done.run_id,
        _ => entry.id,
    };
    let Entry { seq, id, at, recorded_at, kind, policy, statements, blobs, .. } = entry;
    format!("{seq} {id} {at} {recorded_at} {kind} {policy:?} {statements:?} {blobs:?} {event:?} {refers} {run}")
}

#[test]
fn every_fixture_is_read_as_the_strict_parser_reads_it() {
    let mut chains = 0;
    for folder in ["golden", "tampered"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(folder);
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "zip") {
                continue;
            }
            let Ok(source) = walwarden_verify::open(&path) else { continue };
            let Some(ndjson) = source.file(ENTRIES) else { continue };
            let expected = strict(ndjson);
            let origin = origin(ndjson);
            for size in [1, 2000, usize::MAX / 2] {
                let pieces = pieces(ndjson, size);
                assert_eq!(pieces.concat(), ndjson);
                let mut joining = Joining::new(origin.clone());
                pieces.into_iter().for_each(|piece| joining.push(Piece::read(piece, origin.as_ref())));
                let found = joining.finish();
                match (&expected, &found) {
                    (Err(expected), Err(found)) => assert_eq!(expected, found, "{}", path.display()),
                    (Ok(expected), Ok(found)) => {
                        assert_eq!(expected.len(), found.all().len());
                        for (entry, line) in expected.iter().zip(found.all()) {
                            let read = line.entry().unwrap();
                            assert_eq!(words(entry), words(&read), "{}", path.display());
                            let told = (line.seq, line.id, line.recorded_at, line.kind(), line.at(), line.policy());
                            let is =
                                (entry.seq, entry.id, entry.recorded_at, entry.kind.clone(), entry.at, entry.policy);
                            assert_eq!(told, is);
                            assert!(words(entry).ends_with(&format!("{} {}", line.refers(), line.run())));
                            assert_eq!((line.event(), line.statements()), (entry.event(), entry.statements.clone()));
                        }
                        let hashes: Vec<_> = lines(ndjson).map(|line| entry_hash(line.unwrap())).collect();
                        assert_eq!(found.hashes(), hashes);
                        assert_eq!(found.contiguous(), Entries::parse(ndjson).unwrap().contiguous());
                        let leaves = walwarden_core::merkle::Range::from_iter(hashes);
                        assert_eq!(found.root_at(expected.len() as u64), Some(leaves.root()));
                    }
                    _ => panic!("{}: {:?} but {:?}", path.display(), expected.is_ok(), found.err()),
                }
            }
            chains += 1;
        }
    }
    assert!(chains > 100, "only {chains} chains were read");
}

/// A tree of more leaves than one kept subtree has the same roots as one grown leaf by leaf.
#[test]
fn roots_of_a_long_chain_are_those_of_its_leaves() {
    let (zip, _) = walwarden_fixtures::story::long::sealed(3000);
    let source = walwarden_verify::Source::from_zip("long", zip).unwrap();
    let entries = Entries::parse(source.file(ENTRIES).unwrap()).unwrap();
    let mut leaves = walwarden_core::merkle::Range::new();
    for (hash, size) in entries.hashes().iter().zip(1_u64..) {
        leaves.push(*hash);
        if size % 101 == 0 || size % 1024 < 2 || size == 3000 {
            assert_eq!(entries.root_at(size), Some(leaves.root()), "{size}");
        }
    }
    assert_eq!(entries.root_at(3001), None);
}
