//! The first page: verdict, identity, trust and limits (`spec:report-2`).

use walwarden_core::rules::Status;

use super::{
    Count, Cover, Fact, Mark, Panel, Text, Tone,
    words::{self, LIMITS, NO_WITNESS, SUBTITLE},
};
use crate::{
    compare::Relation,
    report::{Counts, Outcome, Report, Verdict},
};

/// The organisation's name, or that it is not known.
pub(super) fn organisation(report: &Report) -> Text {
    let claims = report.claims.as_ref();
    claims.map_or_else(|| Text::plain("Organisation not established"), |claims| Text::record(&claims.organisation))
}

/// Stands on every page: organisation and period.
pub(super) fn running(report: &Report) -> String {
    report.claims.as_ref().map_or_else(
        || "Organisation and period not established".to_owned(),
        |claims| {
            let minute = |time| words::time(time).get(..16).unwrap_or("").to_owned();
            let name = super::visible(&claims.organisation, 60);
            format!("{name} · {} to {} UTC", minute(claims.period.start), minute(claims.period.end))
        },
    )
}

/// Stands on every page: the short digest of the bundle.
pub(super) fn short(report: &Report) -> String {
    match (&report.subject.bundle_digest, &report.subject.file_digest) {
        (Some(digest), _) => format!("bundle {}", words::short(digest)),
        (None, Some(digest)) => format!("file {}", words::short(digest)),
        (None, None) => "bundle not identified".to_owned(),
    }
}

/// The first page.
pub(super) fn cover(report: &Report) -> Cover {
    Cover {
        subtitle: SUBTITLE,
        organisation: organisation(report),
        panel: panel(report),
        attention: super::attention::attention(report),
        tallies: super::tally::tallies(report),
        facts: facts(report),
        limits_title: "Limits",
        limits: LIMITS.iter().map(Text::plain).collect(),
    }
}

fn panel(report: &Report) -> Panel {
    let counts = report.counts();
    let verdict = report.verdict();
    let mut sentence = match verdict {
        Verdict::Rejected if only_against_the_reader(report) => format!(
            "{} failed, and only against what you gave: root keys, a head, an earlier bundle or witnesses. Compare it with what was given to you. If nothing slipped there, this is another history than the one you hold, and nothing in it may be relied on.",
            words::count(counts.failed, "check", "checks")
        ),
        _ => sentence(verdict, counts),
    };
    if let Some(contradiction) = &report.trust.contradicted {
        sentence.push_str(match contradiction.relation {
            Relation::Fork => " This bundle and the one given with --previous are two histories of one chain, both signed under your root keys, that cannot both be true: a FORK. See the summary for how to keep what shows it.",
            _ => " This history does not continue that of the bundle given with --previous: see the summary.",
        });
    }
    if report.rules.iter().all(|rule| rule.status == Status::IntegrityFailure) {
        sentence.push_str(" No rule was evaluated.");
    }
    Panel { mark: words::verdict(verdict), sentence, counts: figures(counts) }
}

/// Whether every failed check is one that holds the bundle against something that the reader gave.
fn only_against_the_reader(report: &Report) -> bool {
    const GIVEN: [&str; 4] = ["keys.root-pinned", "keys.not-rolled-back", "chain.known", "chain.witnessed"];
    let failed = report.checks.iter().filter(|result| matches!(result.outcome, Outcome::Fail(_)));
    report.trust.contradicted.is_none() && failed.map(|result| result.check.id).all(|id| GIVEN.contains(&id))
}

/// The verdict in one line, with its counts (`spec:verification-2`).
pub(in crate::render) fn verdict_line(report: &Report) -> Mark {
    let mut mark = words::verdict(report.verdict());
    let counts = figures(report.counts());
    let counts: Vec<String> = counts.iter().map(|count| format!("{} {}", count.number, count.label)).collect();
    mark.words = format!("{}: {}", mark.words, counts.join(" · "));
    mark
}

fn sentence(verdict: Verdict, counts: Counts) -> String {
    match verdict {
        Verdict::Verified => {
            "No check failed, every required check passed or was accepted by the reader, and no exceptions were identified by the rules listed, for the items and period stated.".to_owned()
        }
        Verdict::Exceptions => {
            "No check failed. The record shows deviations from what the policy promised, or lacks evidence for it; both are listed first.".to_owned()
        }
        Verdict::NotEstablished => format!(
            "No check failed, but {} could not be run. What the record shows is not established until they are.",
            words::count(counts.required_not_run, "required check", "required checks")
        ),
        Verdict::Rejected => format!(
            "{} failed. The bundle is not what it claims to be, and nothing in it may be relied on.",
            words::count(counts.failed, "check", "checks")
        ),
    }
}

fn figures(counts: Counts) -> Vec<Count> {
    let figure = |number: usize, label, tone| Count {
        number: number.to_string(),
        label,
        tone: if number == 0 { Tone::Quiet } else { tone },
    };
    vec![
        figure(counts.failed, "failed", Tone::Bad),
        figure(counts.not_run, "not run", Tone::Warn),
        figure(counts.accepted, "accepted by the reader", Tone::Warn),
        figure(counts.passed, "passed", Tone::Good),
        figure(counts.exceptions, if counts.exceptions == 1 { "exception" } else { "exceptions" }, Tone::Bad),
        figure(counts.not_evidenced, "not evidenced", Tone::Warn),
    ]
}

/// What was compared with heads that the reader, or a witness of the reader's, had seen.
pub(super) fn heads(report: &Report) -> [Fact; 2] {
    [Fact::new("Known head", known(report)), Fact::new("Witness", witness(report))]
}

fn facts(report: &Report) -> Vec<Fact> {
    let mut facts = claimed(report);
    facts.push(roots(report));
    facts.extend(heads(report));
    facts.push(super::time::fact(report));
    facts.push(Fact::new("Stored objects", super::artifacts::count(report)));
    facts.push(Fact::new(
        "Bundle digest",
        optional(report.subject.bundle_digest.as_ref(), "the bundle statement could not be read"),
    ));
    facts.push(Fact::new("Zip digest", optional(report.subject.file_digest.as_ref(), "an unpacked folder has none")));
    facts
}

fn optional(digest: Option<&walwarden_core::Digest>, otherwise: &str) -> Text {
    digest.map_or_else(|| Text::plain(otherwise), Text::digest)
}

fn claimed(report: &Report) -> Vec<Fact> {
    let Some(claims) = &report.claims else {
        let what = format!("none shown: the bundle statement could not be read; {}", judged(report));
        return vec![Fact::new("Claims", Text::plain(what))];
    };
    let period = format!(
        "{} to {} UTC, end not included; policy zone ",
        words::time(claims.period.start),
        words::time(claims.period.end)
    );
    let databases = &report.facts.databases;
    let scope = match databases.as_slice() {
        [] => Text::plain("not shown: no scope is established"),
        some => some.iter().enumerate().fold(
            Text::plain(words::count(some.len(), "database: ", "databases: ")),
            |text, (place, database)| {
                let text = if place == 0 { text } else { text.and(", ") };
                text.and_record(&database.id)
            },
        ),
    };
    vec![
        Fact::new("Origin", Text::code(claims.origin.to_string())),
        Fact::new("Period", Text::plain(period).and_record(&claims.zone)),
        Fact::new(
            "Sealed",
            Text::plain(format!("{} UTC, self-asserted; {}", words::time(claims.sealed_at), judged(report))),
        ),
        Fact::new("Scope", scope),
        Fact::new("Policy", policies(report)),
        Fact::new("Ceremony", ceremony(claims.ceremony.as_deref())),
    ]
}

/// The instant given as now.
fn judged(report: &Report) -> String {
    format!("judged as of {} UTC", words::time(report.as_of))
}

fn policies(report: &Report) -> Text {
    let versions = report.facts.policies.iter().enumerate();
    let text = versions.fold(Text::default(), |text, (place, policy)| {
        let text = if place == 0 { text.and("version ") } else { text.and(", ") };
        text.and_record(&policy.version).and(if policy.signed {
            " (approval signed)"
        } else {
            " (approval stated, not signed)"
        })
    });
    if text.is_empty() { Text::plain("not shown: no policy is established") } else { text }
}

fn ceremony(ceremony: Option<&str>) -> Text {
    match ceremony {
        Some("same-host") => Text::plain(
            "same-host: all keys were made on one machine; operator, signer and root custodian were not separate there",
        ),
        Some(other) => Text::record(other).and(", as the registry says"),
        None => Text::plain("not stated"),
    }
}

fn roots(report: &Report) -> Fact {
    let trust = &report.trust;
    let values = if trust.pins.is_empty() {
        vec![Text::plain("none pinned: the signer is not established, and no rule is supported")]
    } else {
        let head = format!(
            "{} pinned by the reader, {} must have signed",
            words::count(trust.pins.len(), "key", "keys"),
            trust.threshold
        );
        std::iter::once(Text::plain(head)).chain(trust.pins.iter().map(Text::digest)).collect()
    };
    Fact { label: "Root keys", values }
}

fn known(report: &Report) -> Text {
    let Some(known) = &report.trust.known else {
        return Text::plain(if report.trust.first_contact {
            "none: first contact, accepted by the reader; no check compares this history with an earlier one"
        } else {
            "none given: whether this history continues one seen before is not established"
        });
    };
    let text = Text::plain(format!("size {} from {}, root ", known.head.size, known.source))
        .join(Text::digest(&known.head.root));
    match known.entries_after {
        Some(after) => text.and(format!(
            "; {} after it",
            words::count(usize::try_from(after).unwrap_or(usize::MAX), "entry lies", "entries lie")
        )),
        None if report
            .checks
            .iter()
            .any(|one| one.check.id == "chain.known" && matches!(one.outcome, Outcome::Fail(_))) =>
        {
            text.and("; this history does not continue it")
        }
        None => text.and("; not established that this history continues it"),
    }
}

fn witness(report: &Report) -> Text {
    let witnessed =
        report.checks.iter().find(|result| result.check.id == "chain.witnessed").map(|result| &result.outcome);
    match witnessed {
        Some(Outcome::Pass(evidence)) => Text::value(&evidence.0),
        Some(Outcome::Fail(finding)) => Text::value(&finding.what),
        Some(Outcome::NotRun(_) | Outcome::Accepted(_)) | None => Text::plain(NO_WITNESS),
    }
}
