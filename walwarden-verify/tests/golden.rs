//! Golden bundles: verdict, what is not run, exceptions.

mod golden_support;

use std::collections::BTreeSet;

use golden_support::judge_all;
use walwarden_core::{
    chain::{Entries, Line},
    event::Event,
};
use walwarden_fixtures::{corpus, story::long};
use walwarden_verify::{Source, Trust, Verdict, VerifyInput, verify};

#[test]
fn every_golden_bundle_is_judged_as_it_says() {
    let reports = judge_all("golden");
    assert_eq!(reports.len(), 20, "change this number on purpose");
}

#[test]
fn one_golden_bundle_has_an_entry_of_every_type() {
    let zip = std::fs::read(corpus::folder().join("golden/events.zip")).expect("a bundle");
    let source = Source::from_zip("events.zip", zip).expect("a zip");
    let lines = source.file("chain/entries.ndjson").expect("the lines of the chain");
    let entries = Entries::parse(lines).expect("a chain");
    let types: BTreeSet<String> = entries.all().iter().map(|line| line.kind().into_owned()).collect();
    assert!(entries.all().iter().all(Line::is_interpreted));
    assert_eq!(types, Event::TYPES.iter().map(|kind| (*kind).to_owned()).collect());
}

#[test]
fn the_files_are_those_that_would_be_written() {
    assert_eq!(corpus::check().expect("the folders can be read"), Vec::<String>::new(), "run `cargo fixtures write`");
}

#[test]
fn a_long_chain_has_as_many_entries_as_asked_for_and_is_verified() {
    for entries in [30, 41, 600] {
        let (zip, handover) = long::sealed(entries);
        let source = Source::from_zip("chain.zip", zip).expect("a zip");
        let mut trust = Trust::default();
        trust.add_handover(handover.as_bytes()).expect("a handover");
        let as_of = "2030-01-01T00:00:00.000000Z".parse().expect("a time");
        let report = verify(&VerifyInput { source: &source, trust: &trust, as_of });
        assert_eq!(report.verdict(), Verdict::Verified, "{entries} entries");
        assert_eq!(report.facts.entries, entries as u64);
    }
}
