//! Several bundles of one record: the span of evidence, gaps, what stays open, and what is no series.
#![allow(clippy::disallowed_types, reason = "a test starts the program")]

mod golden_support;

use std::process::Command;

use golden_support::two_periods;
use walwarden_core::{
    Period, Time,
    rules::{RULES, Status},
};
use walwarden_fixtures::{
    corpus,
    golden::{august, begun, july},
    story::{keys::Ring, tables::tiny},
};
use walwarden_verify::{
    RunBlock, Source, Trust, Verdict,
    compare::Periods,
    render::{Paper, SeriesFormat, series as rendered},
    report::Outcome,
    series::{Series, SeriesError, series},
};

fn as_of() -> Time {
    "2026-12-15T12:00:00.000000Z".parse().expect("a time")
}

/// The same bundle once more.
fn again(source: &Source) -> Source {
    Source::from_zip(source.name(), source.bytes().to_vec()).expect("a zip")
}

fn text(series: &Series) -> String {
    let mut out = Vec::new();
    rendered(series, &RunBlock::default(), SeriesFormat::Text { colour: false }, &mut out).expect("rendered");
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn two_periods_make_one_span_and_an_open_action_is_carried_over() {
    let (sources, trust) = two_periods();
    let series = series(&sources, &trust, as_of()).expect("a series");
    assert_eq!(series.evidence, Some(Period { start: july().start, end: august().end }));
    let [first, second] = series.members.as_slice() else { panic!("two") };
    assert_eq!((first.joins, second.joins), (None, Some(Periods::Join)));
    assert_eq!((&first.not_joined, &second.not_joined), (&None, &None));
    let known = second.report.checks.iter().find(|result| result.check.id == "chain.known").expect("the check");
    assert!(matches!(known.outcome, Outcome::Pass(_)), "{:?}", known.outcome);
    assert_eq!(second.report.trust.known.as_ref().map(|known| known.source), Some("--previous"));
    let [action] = series.open_actions.as_slice() else { panic!("one action") };
    assert!(action.opened_before_period && action.is_open());
    assert_eq!(series.trends.len(), RULES.len());
    let failures = series.trends.iter().find(|trend| trend.rule == "WW-BK-03").expect("the rule");
    assert_eq!(
        failures.periods.iter().map(|(status, ..)| *status).collect::<Vec<_>>(),
        [Status::Exception, Status::NotOccurred]
    );
    assert_eq!(series.verdict(), series.members.iter().map(|member| member.report.verdict()).max().expect("two"));
    let said = text(&series).split_whitespace().collect::<Vec<_>>().join(" ");
    for words in ["The periods join without gap.", "without a gap, over bundles that stand: 62 days", &action.id] {
        assert!(said.contains(words), "{words}\n{said}");
    }
}

/// Pages say what the text says, and the same run gives the same bytes.
#[test]
fn pages_of_a_series_say_what_the_text_says() {
    let (sources, trust) = two_periods();
    let series = series(&sources, &trust, as_of()).expect("a series");
    let bytes = |format| {
        let mut out = Vec::new();
        rendered(&series, &RunBlock::default(), format, &mut out).expect("rendered");
        out
    };
    let pdf = bytes(SeriesFormat::Pdf(Paper::A4));
    assert_eq!(pdf, bytes(SeriesFormat::Pdf(Paper::A4)));
    let paper = lopdf::Document::load_mem(&pdf).expect("a PDF");
    let numbers: Vec<u32> = paper.get_pages().into_keys().collect();
    let joined = |text: &str| text.split_whitespace().collect::<String>();
    let paper = joined(&paper.extract_text(&numbers).expect("text"));
    let page = joined(&String::from_utf8(bytes(SeriesFormat::Html)).expect("UTF-8"));
    assert!(!paper.contains("[U+"), "the fonts have every sign");
    let action = &series.open_actions[0];
    let mut said = vec![
        "The periods join without gap.",
        "over bundles that stand: 62 days",
        "carried over into the last period",
        series.verdict().words(),
        "Actions open at the end",
        &action.id,
    ];
    said.extend(series.trends.iter().map(|trend| trend.rule));
    for words in said.into_iter().map(joined) {
        assert!(paper.contains(&words), "the paper lacks {words}");
        assert!(page.contains(&words), "the page lacks {words}");
    }
}

/// A quarter that nobody hands over is named, and evidence does not reach over it.
#[test]
fn a_gap_ends_the_span() {
    let september = Period { start: august().end, end: "2026-09-30T22:00:00.000000Z".parse().expect("a time") };
    let mut story = begun("acme.example/series-gap-h4m8v2q6ty", Ring::small(), &["shop"]);
    story.at("2026-07-02T00:00:00Z").backup("shop", &tiny());
    let end = story.at("2026-07-31T22:10:00Z").export(july());
    let first = story.seal(july());
    story.exported(&first, end.size);
    story.at("2026-09-02T00:00:00Z").backup("shop", &tiny());
    story.at("2026-09-30T22:10:00Z").export(september);
    let second = story.seal(september);
    let source = |name: &str, zip| Source::from_zip(name, zip).expect("a zip");
    let sources = [source("july.zip", first.zip()), source("september.zip", second.zip())];
    let mut trust = Trust::default();
    trust.add_handover(story.handover(1).as_bytes()).expect("a handover");
    let series = series(&sources, &trust, as_of()).expect("a series");
    assert_eq!(series.members[1].joins, Some(Periods::Gap(august())));
    assert_eq!(series.evidence, Some(september));
    let said = text(&series).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("Neither bundle covers 2026-07-31 22:00:00 to 2026-08-31 22:00:00 UTC."));
}

#[test]
fn a_bundle_that_does_not_stand_ends_the_span() {
    let (sources, trust) = two_periods();
    let spoilt = |source: &Source| {
        let mut zip = source.bytes().to_vec();
        let place = zip.windows(15).rposition(|window| window == b"backup.complete").expect("an entry");
        zip[place] ^= 1;
        Source::from_zip("spoilt.zip", zip).expect("a zip")
    };
    let last = [again(&sources[0]), spoilt(&sources[1])];
    let judged = series(&last, &trust, as_of()).expect("a series");
    assert_eq!((judged.verdict(), judged.evidence), (Verdict::Rejected, None));
    let first = [spoilt(&sources[0]), again(&sources[1])];
    let judged = series(&first, &trust, as_of()).expect("a series");
    assert_eq!((judged.verdict(), judged.evidence), (Verdict::Rejected, Some(august())));
    assert!(judged.members[1].not_joined.as_deref().is_some_and(|why| why.contains("does not stand itself")));
}

#[test]
fn what_is_no_series_is_refused() {
    let (sources, trust) = two_periods();
    let error = |sources: &[Source]| series(sources, &trust, as_of()).expect_err("no series");
    assert_eq!(error(&sources[..1]), SeriesError::TooFew);
    let reversed = [again(&sources[1]), again(&sources[0])];
    assert_eq!(error(&reversed), SeriesError::Order("july.zip".into(), "august.zip".into()));
    let golden = std::fs::read(corpus::folder().join("golden/minimal.zip")).expect("a bundle");
    let other = Source::from_zip("minimal.zip", golden).expect("a zip");
    assert_eq!(error(&[again(&sources[0]), other]), SeriesError::Origin("minimal.zip".into(), "july.zip".into()));
}

/// A head that is later than the first bundle is asked of the last.
#[test]
fn a_later_head_is_held_against_the_last_bundle() {
    let (sources, trust) = two_periods();
    let alone = series(&sources, &trust, as_of()).expect("a series");
    let head = alone.members[1].report.claims.as_ref().expect("claims").head;
    let mut later = trust.clone();
    later.known[0].head = head;
    let judged = series(&sources, &later, as_of()).expect("a series");
    assert_eq!(judged.verdict(), alone.verdict());
    assert_eq!(judged.evidence, alone.evidence);
    later.known[0].head.root = walwarden_core::Digest::of(b"another history");
    let judged = series(&sources, &later, as_of()).expect("a series");
    assert_eq!((judged.verdict(), judged.evidence), (Verdict::Rejected, None));
    let mut none = trust;
    none.known.clear();
    let judged = series(&sources, &none, as_of()).expect("a series");
    assert_eq!(judged.members[0].report.verdict(), Verdict::NotEstablished, "no head is held, and nobody said so");
}

#[test]
fn the_program_reports_over_several_bundles() {
    let golden = |file: &str| corpus::folder().join("golden").join(file);
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_walwarden-verify"));
        command.env_clear().arg("report").args(args).arg("--trust").arg(golden("previous.json"));
        let output = command.args(["--as-of", "2026-12-15T12:00:00Z"]).output().expect("the program starts");
        let (out, said) = (String::from_utf8(output.stdout), String::from_utf8(output.stderr));
        (output.status.code(), out.expect("UTF-8"), said.expect("UTF-8"))
    };
    let (previous, next) = (golden("previous.zip").display().to_string(), golden("next.zip").display().to_string());
    let (code, out, said) = run(&[&previous, &next, "--json", "-"]);
    assert_eq!(code, Some(0), "{said}");
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&json["verdict"], json["bundles"].as_array().map(Vec::len)), (&"verified".into(), Some(2)));
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (page, paper) = (file("periods.html"), file("periods.pdf"));
    let (code, out, said) = run(&[&previous, &next, "--html", &page, "--pdf", &paper]);
    assert_eq!(code, Some(0), "{said}");
    assert!(out.contains("Several periods"), "text too, since standard output is free");
    assert!(std::fs::read_to_string(page).expect("written").starts_with("<!DOCTYPE html>"));
    assert!(std::fs::read(paper).expect("written").starts_with(b"%PDF-1.7"));
    let (code, out, said) = run(&[&next, &previous]);
    assert_eq!((code, out.as_str()), (Some(2), ""), "{said}");
    assert!(said.contains("hint: give the earliest period first"), "{said}");
    let (code, ..) = run(&[&previous]);
    assert_eq!(code, Some(2));
}
