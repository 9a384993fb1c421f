//! Time-stamp tokens and the roots of their authorities.

use std::{fs, path::PathBuf, sync::OnceLock};

use walwarden_core::{
    Time,
    tsa::{Stamp, Token, TsaRoots},
};
use walwarden_fixtures::corpus;

/// Real tokens, and what they cover.
struct Recorded {
    notes: Vec<Vec<u8>>,
    stamps: Vec<Stamp>,
    times: Vec<Time>,
    roots: TsaRoots,
}

/// Reads the bytes as a token, and as a file of roots.
pub fn run(data: &[u8]) {
    let recorded = recorded();
    for note in &recorded.notes {
        if let Ok(stamp) = Token::parse(data).and_then(|token| token.open(note)) {
            // What an authority signed may be carried differently, and says the same.
            assert!(recorded.times.contains(&stamp.gen_time()), "a time that no authority signed");
            assert!(stamp.not_after() >= stamp.gen_time(), "accuracy only widens");
            _ = stamp.anchor(&recorded.roots);
        }
    }
    let mut roots = TsaRoots::default();
    if roots.add(data).is_ok() {
        assert!(!roots.is_empty(), "a file of roots has some");
        recorded.stamps.iter().for_each(|stamp| drop(stamp.anchor(&roots)));
    }
}

/// Every recorded file with such an ending, good and odd.
pub(crate) fn files(extension: &str) -> Vec<Vec<u8>> {
    let folders = ["peers/tsa", "peers/tsa/odd"].map(|folder| corpus::folder().join(folder));
    let listed = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("recorded tokens"));
    let mut paths: Vec<PathBuf> = listed.map(|file| file.expect("a file").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("a file")).collect()
}

fn recorded() -> &'static Recorded {
    static RECORDED: OnceLock<Recorded> = OnceLock::new();
    RECORDED.get_or_init(|| {
        let notes = files("note");
        let mut stamps = Vec::new();
        for token in files("tsr") {
            let opened = notes.iter().filter_map(|note| Token::parse(&token).ok()?.open(note).ok());
            stamps.extend(opened);
        }
        assert!(!stamps.is_empty(), "some recorded token stands");
        let times = stamps.iter().map(Stamp::gen_time).collect();
        let mut roots = TsaRoots::default();
        let folder = corpus::folder().join("peers/tsa");
        for root in ["ec-root.pem", "rsa-root.pem"] {
            roots.add(&fs::read(folder.join(root)).expect("a root")).expect("a root");
        }
        Recorded { notes, stamps, times, roots }
    })
}
