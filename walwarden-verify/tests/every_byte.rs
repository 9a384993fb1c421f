//! The smallest golden bundle: each byte, three other values each, is never believed.

mod golden_support;

use std::sync::atomic::{AtomicUsize, Ordering};

use golden_support::trust;
use walwarden_fixtures::{case::Expect, corpus};
use walwarden_verify::{Source, Trust, Verdict, VerifyInput, verify};

/// What a byte is changed to: one bit, the highest bit, all bits.
const MASKS: [u8; 3] = [0x01, 0x80, 0xFF];

#[test]
fn no_changed_byte_is_believed() {
    let toml = corpus::folder().join("golden/minimal.toml");
    let expect = Expect::read(&toml);
    let (trust, zip) = (trust(&toml, &expect), std::fs::read(toml.with_extension("zip")).expect("a zip"));
    let as_of = expect.as_of.parse().expect("a time");
    let judged = |zip: Vec<u8>| {
        let source = Source::from_zip("minimal.zip", zip)?;
        Some(verify(&VerifyInput { source: &source, trust: &trust as &Trust, as_of }).verdict())
    };
    assert_eq!(judged(zip.clone()), Some(Verdict::Verified), "unchanged, it is believed");

    let next = AtomicUsize::new(0);
    let work = || {
        let mut believed = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= zip.len() {
                return believed;
            }
            for mask in MASKS {
                let mut changed = zip.clone();
                changed[at] ^= mask;
                // No zip at all is exit 2, and as good as rejected.
                if matches!(judged(changed), Some(Verdict::Verified | Verdict::Exceptions)) {
                    believed.push((at, mask));
                }
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let believed: Vec<(usize, u8)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    });
    assert_eq!(believed, [], "bytes whose change was believed");
}
