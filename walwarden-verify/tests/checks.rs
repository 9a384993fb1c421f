//! The engine: what stands in every report, what is accepted, what a folder claims.

use std::collections::BTreeSet;

use walwarden_core::{Time, rules::RULES};
use walwarden_fixtures::{
    golden::{july, minimal_story, sealed_july, two_periods},
    pack,
    story::Story,
};
use walwarden_verify::{
    Report, Source, Trust, Verdict, VerifyInput,
    checks::CHECKS,
    open,
    report::{Container, NotRun, Outcome},
    trust::{Previous, TrustError, parse_head},
    verify,
};

fn as_of() -> Time {
    "2026-09-15T12:00:00.000000Z".parse().unwrap()
}

fn judge(zip: Vec<u8>, trust: &Trust) -> Report {
    let source = Source::from_zip("x.zip", zip).expect("a zip");
    verify(&VerifyInput { source: &source, trust, as_of: as_of() })
}

fn outcome<'r>(report: &'r Report, id: &str) -> &'r Outcome {
    &report.checks.iter().find(|result| result.check.id == id).expect("a known id").outcome
}

fn handed_over(story: &Story) -> Trust {
    let mut trust = Trust::default();
    trust.add_handover(story.handover(1).as_bytes()).unwrap();
    trust
}

#[test]
fn check_ids_are_frozen() {
    let ids: Vec<String> =
        CHECKS.iter().map(|check| format!("{}{}", check.id, if check.required { " required" } else { "" })).collect();
    insta::assert_snapshot!(ids.join("\n"), @r"
    zip.profile
    bundle.listed required
    bundle.digests required
    json.canonical required
    chain.canonical required
    chain.not-empty required
    chain.contiguous required
    keys.registry-versions required
    keys.root-pinned required
    keys.not-rolled-back
    chain.checkpoints-signed required
    chain.roots required
    chain.proofs required
    chain.ends-at-checkpoint required
    bundle.signed required
    chain.known required
    chain.witnessed
    time.timestamps
    statements.signed
    statements.referenced required
    keys.in-span
    keys.last-head
    keys.csv required
    keys.no-private-material required
    blobs.digests
    policy.in-force required
    bundle.agrees required
    bundle.complete required
    rows.roots
    restore.names-backup
    restore.outcome-follows
    artifacts.digests
    ");
    assert_eq!(CHECKS.iter().map(|check| check.id).collect::<BTreeSet<_>>().len(), CHECKS.len(), "none twice");
}

/// Every `Needs` names a check that exists and did not pass: the reader can follow it to the cause.
fn needs_lead_to_a_cause(report: &Report) {
    for result in &report.checks {
        if let Outcome::NotRun(NotRun::Needs(id)) = result.outcome {
            let cause = outcome(report, id);
            assert!(!matches!(cause, Outcome::Pass(_)), "{} needs {id}, which passed", result.check.id);
        }
    }
}

#[test]
fn whatever_is_missing_every_check_and_rule_is_listed() {
    let mut story = minimal_story();
    let sealed = sealed_july(&mut story);
    let names: Vec<&String> = sealed.files.keys().collect();
    let mut judged = 0;
    for name in names {
        for content in
            [None, Some(b"".to_vec()), Some(b"\xFF\xFE\n".to_vec()), Some(b"{}".to_vec()), Some(b"[]\n".to_vec())]
        {
            let mut files = sealed.files.clone();
            match content {
                Some(content) => _ = files.insert(name.clone(), content),
                None => _ = files.remove(name),
            }
            let report = judge(pack::zip(&files), &handed_over(&story));
            assert_eq!(report.verdict(), Verdict::Rejected, "{name}");
            assert_eq!(report.checks.len(), CHECKS.len());
            assert_eq!(report.rules.len(), RULES.len());
            needs_lead_to_a_cause(&report);
            judged += 1;
        }
    }
    assert_eq!(judged, 55, "change this number on purpose");
    let nothing = judge(pack::zip(&[("a".to_owned(), Vec::new())].into()), &Trust::default());
    assert_eq!((nothing.verdict(), nothing.checks.len()), (Verdict::Rejected, CHECKS.len()));
    needs_lead_to_a_cause(&nothing);
}

#[test]
fn without_pins_nothing_is_established() {
    let mut story = minimal_story();
    let zip = sealed_july(&mut story).zip();
    let report = judge(zip, &Trust::default());
    assert_eq!(report.verdict(), Verdict::NotEstablished);
    assert_eq!(
        outcome(&report, "keys.root-pinned"),
        &Outcome::NotRun(NotRun::NoInput("a root key (--trust or --root)"))
    );
    assert!(matches!(outcome(&report, "chain.known"), Outcome::NotRun(NotRun::NoInput(_))));
    let Outcome::Pass(evidence) = outcome(&report, "bundle.signed") else { panic!("it is judged all the same") };
    assert!(evidence.0.contains("no pinned root"), "{}", evidence.0);
    assert!(report.rules.iter().all(|rule| rule.status.word() != "supported"), "nothing is supported by nobody's key");
}

#[test]
fn first_contact_is_accepted_and_hides_no_failure() {
    let mut story = minimal_story();
    let zip = sealed_july(&mut story).zip();
    let mut trust = handed_over(&story);
    trust.known.clear();
    trust.first_contact = true;
    let report = judge(zip.clone(), &trust);
    assert!(matches!(outcome(&report, "chain.known"), Outcome::Accepted(_)));
    assert_eq!(report.verdict(), Verdict::Verified);
    assert_eq!(report.counts().accepted, 1);

    // A head that is held and does not fit fails, whatever the reader accepts.
    let mut trust = handed_over(&story);
    trust.first_contact = true;
    trust.known[0].head.root = walwarden_core::Digest::of(b"another history");
    assert!(matches!(outcome(&judge(zip, &trust), "chain.known"), Outcome::Fail(_)));
}

#[test]
fn a_period_without_entries_is_not_established() {
    let mut story = minimal_story();
    story.at("2026-07-31T22:10:00Z").export(july());
    let quiet = walwarden_core::Period { start: time("2026-07-20"), end: time("2026-07-21") };
    let report = judge(story.seal(quiet).zip(), &handed_over(&story));
    assert!(matches!(outcome(&report, "chain.not-empty"), Outcome::NotRun(NotRun::NothingToCheck(_))));
    assert_eq!(report.verdict(), Verdict::NotEstablished);
}

fn time(day: &str) -> Time {
    format!("{day}T00:00:00.000000Z").parse().unwrap()
}

#[test]
fn a_folder_claims_no_profile_and_is_judged_alike() {
    let mut story = minimal_story();
    let sealed = sealed_july(&mut story);
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in &sealed.files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let trust = handed_over(&story);
    let read = || {
        let source = open(folder.path()).unwrap();
        verify(&VerifyInput { source: &source, trust: &trust, as_of: as_of() })
    };
    let (report, zipped) = (read(), judge(sealed.zip(), &trust));
    assert!(matches!(outcome(&report, "zip.profile"), Outcome::NotRun(NotRun::NotClaimed(_))));
    assert_eq!((report.verdict(), report.subject.container), (Verdict::Verified, Container::Folder));
    assert_eq!(report.subject.bundle_digest, zipped.subject.bundle_digest);
    for (of_folder, of_zip) in report.checks.iter().zip(&zipped.checks).skip(1) {
        let evidence = of_folder.check.id == "keys.no-private-material";
        assert!(evidence || of_folder.outcome == of_zip.outcome, "{}", of_folder.check.id);
    }

    std::fs::write(folder.path().join("notes.txt"), b"mine").unwrap();
    assert!(matches!(outcome(&read(), "bundle.listed"), Outcome::Fail(_)), "a file that nobody listed");
    std::fs::remove_file(folder.path().join("notes.txt")).unwrap();
    #[cfg(unix)]
    {
        std::fs::rename(folder.path().join("readme.txt"), folder.path().join("../readme.txt.moved")).unwrap();
        std::os::unix::fs::symlink("../readme.txt.moved", folder.path().join("readme.txt")).unwrap();
        assert!(matches!(outcome(&read(), "bundle.listed"), Outcome::Fail(_)), "a link is no file of a bundle");
        std::fs::remove_file(folder.path().join("../readme.txt.moved")).unwrap();
    }
}

#[test]
fn an_earlier_bundle_is_held_against_a_later_one() {
    let (story, first, second) = two_periods();
    let pinned = handed_over(&story);
    let first_source = Source::from_zip("first.zip", first.zip()).unwrap();
    let previous = Previous::of(&first_source, pinned.pins.as_ref(), as_of()).unwrap();
    let mut trust = pinned.clone();
    trust.add_previous(previous.clone());
    let report = judge(second.zip(), &trust);
    assert_eq!(report.verdict(), Verdict::Verified);
    assert!(matches!(outcome(&report, "keys.not-rolled-back"), Outcome::Pass(_)));
    let Outcome::Pass(evidence) = outcome(&report, "chain.known") else { panic!("it continues") };
    assert!(evidence.0.contains("the periods join without gap"), "{}", evidence.0);
    assert_eq!(report.trust.known.as_ref().unwrap().source, "--previous");

    // The same bundle again: the periods overlap, and that is said.
    let Outcome::Pass(evidence) = outcome(&judge(first.zip(), &trust), "chain.known").clone() else {
        panic!("the same")
    };
    assert!(evidence.0.contains("overlap"), "{}", evidence.0);

    // Set back: the later one was seen, the earlier one is shown.
    let second_source = Source::from_zip("second.zip", second.zip()).unwrap();
    let mut later = pinned.clone();
    later.add_previous(Previous::of(&second_source, pinned.pins.as_ref(), as_of()).unwrap());
    let Outcome::Fail(finding) = outcome(&judge(first.zip(), &later), "chain.known").clone() else {
        panic!("rollback")
    };
    assert_eq!(finding.reads_as.word(), "truncation");

    // A rejected bundle is nothing to hold against another.
    let mut files = first.files.clone();
    files.insert("readme.txt".into(), b"another text".to_vec());
    let broken = Source::from_zip("broken.zip", pack::zip(&files)).unwrap();
    let refused = Previous::of(&broken, pinned.pins.as_ref(), as_of());
    assert_eq!(refused.unwrap_err(), TrustError::Previous("it fails bundle.digests".into()));
}

#[test]
fn heads_that_contradict_each_other_are_no_trust() {
    let (story, first, _) = two_periods();
    let mut trust = handed_over(&story);
    assert_eq!(trust.agrees(), Ok(()));
    let mut other = trust.known[0].clone();
    other.source = "--known-head";
    other.head.root = first.payload;
    trust.known.push(other);
    assert_eq!(trust.agrees(), Err(TrustError::Contradiction("--trust", "--known-head")));
    trust.known[1].origin = Some("acme.example/other".parse().unwrap());
    assert_eq!(trust.agrees(), Err(TrustError::Origins("--trust", "--known-head")));
}

#[test]
fn a_head_is_read_from_a_note_and_from_a_line() {
    let line = format!("acme.example/backups 41 {}\n", walwarden_core::Digest::of(b""));
    let head = parse_head(&line).unwrap();
    assert_eq!((head.origin.as_str(), head.tree.size), ("acme.example/backups", 41));
    let note = format!("{head}\n\u{2014} acme.example/backups AAAAAAAA\n");
    assert_eq!(parse_head(&note), Ok(head));
    for bad in
        ["", "acme.example/backups 41", "acme.example/backups 041 00", &line.replace('a', "A"), &format!("{line}x")]
    {
        assert!(parse_head(bad).is_err(), "{bad}");
    }
}
