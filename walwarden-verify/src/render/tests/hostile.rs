//! No string of a bundle reaches an output as it is, whatever it holds and wherever it stands.

use super::{FORMATS, bytes, junit, sample, string, words_of};
use crate::{
    render::{Format, Paper, escape::is_hidden},
    report::{
        ArtifactsShown, BackupOutcome, BackupShown, Claims, Compared, CompletedShown, Contradiction, DatabaseShown,
        Evidence, Finding, KeyShown, ObjectShown, OtherFile, Outcome, PolicyShown, ReadsAs, Report, RestoreShown,
        RunBlock, Shown, Subject,
    },
};

/// Each breaks out of something: markup, an attribute, a template, a terminal, a writing direction, a formula, a PDF
/// string, an XML section, a line.
const BAD: [&str; 12] = [
    "<script>alert(1)</script>",
    "\" onload=\"x' onload='x",
    "{{ 7*7 }}{% raw %}{# #}",
    "\u{1b}[31mred\u{1b}]0;title\u{7}",
    "\u{202E}gpj.exe\u{2066}\u{200F}",
    "=cmd|' /C calc'!A0",
    "+1\t@SUM(A1)",
    ") Tj ET /JavaScript (app.alert(1)) << >>",
    "]]></failure><testcase/><!-- &lt; &#0;",
    "line\r\nTrust me: verified\u{2028}\u{85}",
    "\u{0}\u{7f}\u{FEFF}\u{FFFE}\u{E0041}\u{AD}",
    "\\u003cscript\\u003e \\ % $(id) `id`",
];

/// Hands out the strings in turn.
struct Poison(usize);

impl Poison {
    fn take(&mut self) -> String {
        self.0 += 1;
        BAD[self.0 % BAD.len()].to_owned()
    }

    fn fill(&mut self, fields: &mut [&mut String]) {
        fields.iter_mut().for_each(|field| **field = self.take());
    }
}

/// Every string of a report replaced. Nothing is left out by accident: each pattern names every member, so that a new
/// one does not compile until it stands here too.
fn poisoned(mut report: Report, from: usize) -> Report {
    let mut poison = Poison(from);
    let Report { spec_version: _, subject, as_of: _, claims, trust, checks, rules, arranged: _, facts } = &mut report;
    let Subject { name, container: _, bytes: _, file_digest: _, bundle_digest: _ } = subject;
    poison.fill(&mut [name]);
    if let Some(Claims { organisation, origin: _, period: _, zone, sealed_at: _, head: _, ceremony }) = claims {
        poison.fill(&mut [organisation, zone]);
        *ceremony = Some(poison.take());
    }
    if let Some(Contradiction { previous, relation: _, why }) = &mut trust.contradicted {
        poison.fill(&mut [previous, why]);
    }
    for result in checks {
        match &mut result.outcome {
            Outcome::Pass(Evidence(evidence)) => poison.fill(&mut [evidence]),
            Outcome::Fail(Finding { what, reads_as: _, at, expected, found }) => {
                poison.fill(&mut [what, at, expected, found]);
            }
            Outcome::NotRun(_) | Outcome::Accepted(_) => {}
        }
    }
    for rule in rules {
        poison.fill(&mut [&mut rule.reason]);
        for item in &mut rule.items {
            poison.fill(&mut [&mut item.id, &mut item.database, &mut item.entry]);
            item.deviation = item.deviation.is_some().then(|| poison.take());
        }
    }
    facts_poisoned(facts, &mut poison);
    report
}

fn facts_poisoned(facts: &mut Shown, poison: &mut Poison) {
    for DatabaseShown { id, provider, region, owner, server_version } in &mut facts.databases {
        poison.fill(&mut [id, provider, region, owner, server_version]);
    }
    for PolicyShown { version, digest: _, effective_from: _, author, approved_by, signed: _, promises: _ } in
        &mut facts.policies
    {
        poison.fill(&mut [version, author, approved_by]);
    }
    for BackupShown { seq: _, id, database, started_at: _, outcome } in &mut facts.backups {
        poison.fill(&mut [id, database]);
        match outcome {
            BackupOutcome::Completed(CompletedShown { key, signers, .. }) => {
                poison.fill(&mut [key]);
                poison.fill(&mut signers.iter_mut().collect::<Vec<_>>());
            }
            BackupOutcome::Failed { stage, reason, message } => poison.fill(&mut [stage, reason, message]),
            BackupOutcome::Open => {}
        }
    }
    for RestoreShown { id, database, backup, outcome, steps, performed_by, lessons, .. } in &mut facts.restores {
        poison.fill(&mut [id, database, backup, outcome, performed_by, lessons]);
        steps.iter_mut().for_each(|(name, outcome, _)| poison.fill(&mut [name, outcome]));
    }
    for KeyShown { keyid, fingerprint: _, uses, custodian, storage, state, from: _, to: _ } in &mut facts.keys {
        poison.fill(&mut [keyid, custodian, storage, state]);
        poison.fill(&mut uses.iter_mut().collect::<Vec<_>>());
    }
    if let Some(ArtifactsShown { folder, objects, others, others_left_out: _, more: _ }) = &mut facts.artifacts {
        poison.fill(&mut [folder]);
        for ObjectShown { database, key, compared, .. } in objects {
            poison.fill(&mut [database, key]);
            match compared {
                Compared::Equal { path, .. } | Compared::Differs { path, .. } => poison.fill(&mut [path]),
                Compared::Unread { path, why } => poison.fill(&mut [path, why]),
                Compared::NotGiven => {}
            }
        }
        for OtherFile { path, bytes: _, why } in others {
            poison.fill(&mut [path, why]);
        }
    }
    facts.not_interpreted.push((9, poison.take(), poison.take()));
}

/// Several reports, so that each string stands in many places.
fn reports() -> Vec<Report> {
    let finding = |report: &mut Report| {
        let finding = Finding {
            what: "w".into(),
            reads_as: ReadsAs::Other,
            at: "a".into(),
            expected: "e".into(),
            found: "f".into(),
        };
        sample::set(report, "blobs.digests", Outcome::Fail(finding));
    };
    let sources = [sample::clean, sample::exceptions, sample::rejected];
    let all = sources.iter().flat_map(|source| (0..BAD.len()).map(move |from| poisoned(with(source(), finding), from)));
    all.collect()
}

fn with(mut report: Report, change: impl Fn(&mut Report)) -> Report {
    change(&mut report);
    report
}

#[test]
fn nothing_hidden_stands_in_any_text() {
    let reports = reports();
    assert_eq!(reports.len(), 36, "change this number on purpose");
    for report in &reports {
        for format in [Format::Text { colour: false }, Format::Html, Format::Json, Format::Junit, Format::Oscal] {
            let output = string(report, format);
            let hidden = output.chars().find(|c| is_hidden(*c) && *c != '\n');
            assert_eq!(hidden, None, "{format:?}");
        }
    }
}

#[test]
fn nothing_becomes_markup() {
    // `<script` occurs in the page only as text; a control shows that the search can fail.
    assert!("<script>".contains("<script"));
    for report in &reports() {
        let page = string(report, Format::Html);
        for tag in ["<script", "<img", "<testcase", "onload=\"x"] {
            assert!(!page.contains(tag), "{tag}");
        }
        assert!(words_of(&page).contains("<script>alert(1)</script>"), "shown as text");
        assert!(words_of(&page).contains("{{ 7*7 }}"), "no template runs over it");
        assert!(!page.contains("49}") && !words_of(&page).contains(" 49 "), "nothing was computed");
    }
}

#[test]
fn json_and_junit_stay_whole() {
    for report in &reports() {
        let json: serde_json::Value = serde_json::from_slice(&bytes(report, Format::Json)).expect("JSON");
        assert_eq!(json["subject"]["name"], report.subject.name.as_str(), "the value is exact");
        let oscal: serde_json::Value = serde_json::from_slice(&bytes(report, Format::Oscal)).expect("JSON");
        assert!(oscal["assessment-results"]["results"][0]["observations"].is_array());
    }
    for report in reports().iter().step_by(5) {
        let Some(read) = junit::read(&string(report, Format::Junit)) else { return };
        assert_eq!(read[1]["cases"].as_array().expect("cases").len(), report.checks.len(), "no case was added");
        let suites = read.as_array().expect("suites").iter().skip(2);
        let cases: usize = suites.map(|suite| suite["cases"].as_array().expect("cases").len()).sum();
        assert_eq!(cases, report.rules.iter().map(|rule| rule.by_database().len().max(1)).sum::<usize>());
    }
}

#[test]
fn the_pdf_has_no_object_of_theirs() {
    for report in reports().iter().step_by(7) {
        let pdf = lopdf::Document::load_mem(&bytes(report, Format::Pdf(Paper::A4))).expect("a PDF");
        for object in pdf.objects.values() {
            let Ok(dictionary) = object.as_dict() else { continue };
            for name in [b"JavaScript".as_slice(), b"JS", b"OpenAction", b"AA", b"Launch", b"EmbeddedFile"] {
                assert!(!dictionary.has(name), "{}", String::from_utf8_lossy(name));
            }
        }
    }
    assert!(FORMATS.contains(&Format::Pdf(Paper::A4)));
}

#[test]
fn the_run_block_is_shown_the_same_way() {
    let run = RunBlock { sandbox: BAD.concat(), platform: BAD.concat(), version: BAD.concat(), program: None };
    for format in [Format::Text { colour: false }, Format::Html, Format::Json, Format::Junit, Format::Oscal] {
        let mut out = Vec::new();
        crate::render::render(&sample::clean(), &run, format, &mut out).expect("it renders");
        let output = String::from_utf8(out).expect("UTF-8");
        assert_eq!(output.chars().find(|c| is_hidden(*c) && *c != '\n'), None, "{format:?}");
    }
}
