//! Stored objects held against the statements that name them.
#![allow(clippy::disallowed_types, reason = "a test lays a socket where a file should be")]

use std::{
    fs,
    io::Write as _,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use walwarden_core::{Decimal, Digest, Time, event::Trigger, statement::Backup};
use walwarden_fixtures::{
    golden::{minimal_story, sealed_july},
    story::{Story, tables::tiny},
};
use walwarden_verify::{
    Report, Source, Trust, Verdict, VerifyInput,
    artifacts::{Artifacts, Content},
    report::{Compared, NotRun, Outcome},
    verify,
};

/// Content of an object, stored and before encryption.
fn stored(what: &str) -> Vec<u8> {
    format!("stored {what} ").repeat(40_000).into_bytes()
}

fn plain(what: &str) -> Vec<u8> {
    format!("plain {what}").into_bytes()
}

/// States real bytes.
fn real(day: &'static str) -> impl FnOnce(&mut Backup) {
    move |backup: &mut Backup| {
        let state = |object: &mut walwarden_core::statement::Object, what: &str| {
            let bytes = stored(&format!("{day} {what}"));
            (object.bytes, object.sha256) = (Decimal(bytes.len() as u64), Digest::of(&bytes));
            object.key = format!("shop/{day}/{what}");
        };
        state(&mut backup.data.object, "dump");
        state(&mut backup.globals.object, "globals");
        state(&mut backup.rowkey.as_mut().unwrap().object, "rowkey");
        let before = plain(&format!("{day} dump"));
        (backup.plain.bytes, backup.plain.sha256) = (Decimal(before.len() as u64), Digest::of(&before));
    }
}

/// A story with two backups of real bytes after its first one, and its bundle.
fn bundle() -> (Story, Source) {
    let mut story = minimal_story();
    for day in ["2026-07-03", "2026-07-04"] {
        let run = story.at(&format!("{day}T00:00:00Z")).backup_started("shop", Trigger::Schedule);
        story.wait(4_000);
        story.backup_completed(&run, &tiny(), real(if day.ends_with('3') { "one" } else { "two" }));
    }
    let source = Source::from_zip("x.zip", sealed_july(&mut story).zip()).expect("a zip");
    (story, source)
}

fn judge(folder: &Path) -> Report {
    let (story, source) = bundle();
    let mut trust = Trust::default();
    trust.add_handover(story.handover(1).as_bytes()).unwrap();
    trust.artifacts = Some(Artifacts::read(folder, &source, &|_, _| ()).unwrap());
    let as_of: Time = "2026-09-15T12:00:00.000000Z".parse().unwrap();
    verify(&VerifyInput { source: &source, trust: &trust, as_of })
}

fn outcome(report: &Report) -> &Outcome {
    &report.checks.iter().find(|result| result.check.id == "artifacts.digests").unwrap().outcome
}

/// What came of an object.
fn compared<'r>(report: &'r Report, key: &str) -> &'r Compared {
    let artifacts = report.facts.artifacts.as_ref().expect("objects were given");
    &artifacts.objects.iter().find(|object| object.key == key).expect("a stated object").compared
}

fn put(folder: &Path, path: &str, bytes: &[u8]) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn evidence(report: &Report) -> &str {
    match outcome(report) {
        Outcome::Pass(evidence) => &evidence.0,
        other => panic!("{other:?}"),
    }
}

#[test]
fn objects_are_recognised_by_their_bytes_whatever_they_are_called() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "shop/one/dump", &stored("one dump"));
    put(folder.path(), "copy of the second one", &stored("two dump"));
    put(folder.path(), "decrypted/one.pgdump", &plain("one dump"));
    put(folder.path(), "notes.txt", b"mine");
    let report = judge(folder.path());
    assert_eq!(
        evidence(&report),
        "2 of 9 objects hashed here, with the digests stated, 7 not given; 1 file of no stated object"
    );
    assert_eq!(report.verdict(), Verdict::Verified);
    let equal = |path: &str| Compared::Equal { path: path.into(), before_encryption: false };
    assert_eq!(compared(&report, "shop/one/dump"), &equal("shop/one/dump"));
    assert_eq!(compared(&report, "shop/two/dump"), &equal("copy of the second one"));
    assert_eq!(compared(&report, "shop/two/rowkey"), &Compared::NotGiven);
    let others = &report.facts.artifacts.as_ref().unwrap().others;
    assert_eq!(others.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["notes.txt"]);

    fs::remove_file(folder.path().join("shop/one/dump")).unwrap();
    let plain = Compared::Equal { path: "decrypted/one.pgdump".into(), before_encryption: true };
    assert_eq!(compared(&judge(folder.path()), "shop/one/dump"), &plain);
}

#[test]
fn a_file_named_like_an_object_and_of_other_bytes_is_a_finding() {
    let good = stored("one dump");
    let changed = {
        let mut bytes = good.clone();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        bytes
    };
    let cases: [(&str, &[u8], &str); 5] = [
        ("shop/one/dump", &changed, "edit"),
        ("one/dump", &good[..good.len() - 1], "truncation"),
        ("backups/shop/one/dump", &[good.as_slice(), b"x"].concat(), "edit"),
        ("one/dump", b"", "truncation"),
        ("shop/one/dump", &stored("two dump"), "edit"),
    ];
    for (path, bytes, reads_as) in cases {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), path, bytes);
        put(folder.path(), "a copy", &good);
        let report = judge(folder.path());
        let Outcome::Fail(finding) = outcome(&report) else { panic!("{path}: {:?}", outcome(&report)) };
        assert_eq!((finding.reads_as.word(), finding.at.as_str()), (reads_as, path));
        assert!(finding.expected.contains(&Digest::of(&good).to_string()), "{finding:?}");
        assert!(finding.found.contains(&Digest::of(bytes).to_string()), "{finding:?}");
        assert!(finding.found.starts_with(&format!("{} bytes", bytes.len())), "{finding:?}");
        assert_eq!(report.verdict(), Verdict::Rejected);
        assert!(matches!(compared(&report, "shop/one/dump"), Compared::Differs { .. }), "a good copy does not hide it");
    }
}

#[test]
fn a_name_that_says_too_little_is_no_finding() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "dump", b"of another quarter");
    put(folder.path(), "shop/three/dump", b"of another quarter");
    put(folder.path(), "same size", &vec![b'x'; stored("one dump").len()]);
    let report = judge(folder.path());
    assert!(matches!(outcome(&report), Outcome::NotRun(NotRun::NothingToCheck(_))), "{:?}", outcome(&report));
    assert_eq!(report.verdict(), Verdict::Verified, "it is not required");
    let others = &report.facts.artifacts.as_ref().unwrap().others;
    let why: Vec<&str> = others.iter().map(|file| file.why.as_str()).collect();
    assert_eq!(
        why,
        [
            "no stated object has its size or its name",
            "no stated object has its digest",
            "no stated object has its size or its name",
        ]
    );
}

#[test]
fn without_a_folder_the_check_is_not_run() {
    let (story, source) = bundle();
    let mut trust = Trust::default();
    trust.add_handover(story.handover(1).as_bytes()).unwrap();
    let report =
        verify(&VerifyInput { source: &source, trust: &trust, as_of: "2026-09-15T12:00:00.000000Z".parse().unwrap() });
    assert_eq!(outcome(&report), &Outcome::NotRun(NotRun::NoInput("stored objects (--artifacts)")));
    assert!(report.facts.artifacts.is_none());
    assert!(Artifacts::read(Path::new("/no/such/folder"), &source, &|_, _| ()).is_err());
    assert!(Artifacts::read(Path::new("/dev/null"), &source, &|_, _| ()).is_err());
}

#[test]
#[cfg(unix)]
fn what_is_no_plain_file_is_listed_and_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "shop/one/dump", &stored("one dump"));
    fs::create_dir_all(folder.path().join("shop/two")).unwrap();
    let at = |path: &str| folder.path().join(path);
    std::os::unix::fs::symlink(at("shop/one/dump"), at("shop/two/dump")).unwrap();
    std::os::unix::fs::symlink(folder.path(), at("loop")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    (0..40).fold(at("deep"), |path, _| {
        fs::create_dir(&path).unwrap();
        path.join("d")
    });
    let report = judge(folder.path());
    assert_eq!(
        evidence(&report),
        "1 of 9 objects hashed here, with the digests stated, 7 not given, 1 could not be read; 3 files of no stated object"
    );
    assert!(matches!(compared(&report, "shop/two/dump"), Compared::Unread { why, .. } if why.contains("a link")));
}

#[test]
fn only_what_can_be_an_object_is_read_and_what_changes_meanwhile_is_said() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "grows", &stored("two dump"));
    let large = fs::File::create(folder.path().join("large")).unwrap();
    large.set_len(1 << 40).unwrap();
    let (_, source) = bundle();
    let (told, of) = (AtomicU64::new(0), AtomicU64::new(0));
    let growing = folder.path().join("grows");
    let progress = |done, total| {
        if told.swap(done, Ordering::Relaxed) == 0 {
            fs::OpenOptions::new().append(true).open(&growing).unwrap().write_all(b"more").unwrap();
        }
        of.store(total, Ordering::Relaxed);
    };
    let artifacts = Artifacts::read(folder.path(), &source, &progress).unwrap();
    let content = |path: &str| &artifacts.files.iter().find(|file| file.path == path).unwrap().content;
    assert_eq!(content("large"), &Content::OfNoInterest, "a terabyte that nobody stated is not read");
    assert_eq!(content("grows"), &Content::Unread("it changed while it was read".into()));
    assert_eq!(of.into_inner(), stored("two dump").len() as u64);
}
