//! NIST OSCAL assessment results, SP 800-53 only (`spec:workpapers-12`).
//!
//! The schema knows two states of a finding, satisfied and not: everything between stays an observation with a remark.

mod objective;
mod shape;

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;
use walwarden_core::{
    Digest, Time,
    policy::Framework,
    rules::{Basis, RuleResult, Status, criteria},
};

use super::{
    document::{DISCLAIMER, SUBTITLE, TITLE},
    escape,
};
use crate::report::{Report, RunBlock, recorded::ReviewShown};
use objective::OBJECTIVES;
use shape::{
    Attestation, Control, Controls, Document, Evidence, Finding, Hash, Href, Import, Matter, Metadata, Observation,
    Part, Party, Prop, Related, Resource, ResultSet, Results, Reviewed, Rlink, State, Target,
};

/// Of which every UUID is made.
const NAMESPACE: Uuid = uuid::uuid!("5728fc62-8c35-5f11-b1be-3d79e4cfd523");
/// Of our own properties.
const NS: &str = "https://walwarden.dev/ns/oscal";
/// The version of the schema.
const VERSION: &str = "1.2.3";
/// Longest value, in characters.
const CAP: usize = 2_000;

/// Writes the document, indented, ended by LF.
pub(super) fn render(report: &Report, run: &RunBlock) -> Result<String, serde_json::Error> {
    let document = Ids::of(report).document(report, run);
    Ok(escape::json(&serde_json::to_string_pretty(&document)?) + "\n")
}

/// One line, not empty, without white space at its ends: what every value has to be.
fn line(text: &str) -> String {
    let visible = escape::visible(text, CAP);
    let trimmed = visible.trim();
    if trimmed.is_empty() { "-".into() } else { trimmed.to_owned() }
}

fn prop(name: &'static str, value: &str) -> Prop {
    Prop { name, ns: NS, value: line(value) }
}

/// Ids, the same for the same bundle.
struct Ids {
    /// The bundle digest, or what stands for it.
    bundle: String,
}

/// A part of a rule: one database, or what is of none.
struct Observed<'r> {
    result: &'r RuleResult,
    database: String,
    status: Status,
    uuid: Uuid,
}

impl Ids {
    fn of(report: &Report) -> Self {
        let digest = report.subject.bundle_digest.or(report.subject.file_digest);
        Self { bundle: digest.map_or_else(|| "no bundle".into(), |digest| digest.to_string()) }
    }

    /// Of a place in the document.
    fn at(&self, place: &str) -> Uuid {
        Uuid::new_v5(&NAMESPACE, format!("{}/{place}", self.bundle).as_bytes())
    }

    fn document(&self, report: &Report, run: &RunBlock) -> Document {
        let observed = self.observed(report);
        let claims = report.claims.as_ref();
        let organisation = self.at("metadata/parties/0");
        let party = Party {
            uuid: organisation,
            r#type: "organization",
            name: line(claims.map_or("not known", |claims| &claims.organisation)),
        };
        let (plan, bundle) = (self.at("back-matter/resources/0"), self.at("back-matter/resources/1"));
        Document {
            results: Results {
                uuid: self.at("uuid"),
                metadata: Metadata {
                    title: format!("{TITLE}. {SUBTITLE}"),
                    last_modified: report.as_of,
                    version: line(&self.bundle),
                    oscal_version: VERSION,
                    props: vec![prop("program-version", &run.version), prop("verdict", report.verdict().word())],
                    parties: vec![party],
                    remarks: DISCLAIMER,
                },
                import_ap: Import { href: format!("#{plan}") },
                results: vec![self.result_set(report, &observed, organisation)],
                back_matter: Matter { resources: vec![policy(report, plan), self.bundle(report, bundle)] },
            },
        }
    }

    fn result_set(&self, report: &Report, observed: &[Observed<'_>], organisation: Uuid) -> ResultSet {
        let period = report.claims.as_ref().map(|claims| claims.period);
        let counts = report.counts();
        let sign_offs = report.facts.recorded.reviews.iter().filter(|review| review.subject == "period");
        ResultSet {
            uuid: self.at("results/0"),
            title: "Control rules over the period of the bundle",
            description: format!(
                "{}: {} exceptions, {} rules not evidenced; {} checks failed, {} not run.",
                report.verdict().words(),
                counts.exceptions,
                counts.not_evidenced,
                counts.failed,
                counts.not_run
            ),
            start: period.map_or(report.as_of, |period| period.start),
            end: period.map(|period| period.end),
            props: vec![
                prop("exit-code", &report.verdict().exit_code().to_string()),
                prop("exceptions", &counts.exceptions.to_string()),
                prop("not-evidenced", &counts.not_evidenced.to_string()),
                prop("checks-failed", &counts.failed.to_string()),
                prop("checks-not-run", &counts.not_run.to_string()),
            ],
            reviewed_controls: reviewed(report),
            attestations: sign_offs.map(|review| attestation(review, organisation)).collect(),
            observations: observed.iter().map(|part| observation(report, part)).collect(),
            findings: OBJECTIVES.iter().filter_map(|(id, rules)| self.finding(observed, id, rules)).collect(),
        }
    }

    /// One for each rule and database, in order of the rules.
    fn observed<'r>(&self, report: &'r Report) -> Vec<Observed<'r>> {
        let parts = report.rules.iter().flat_map(|result| {
            let by: BTreeMap<&str, Status> = result.by_database();
            let parts: Vec<(String, Status)> = match by.is_empty() {
                true => vec![("*".into(), result.status)],
                false => by.into_iter().map(|(database, status)| (database.to_owned(), status)).collect(),
            };
            parts.into_iter().map(move |(database, status)| (result, database, status))
        });
        let observed = |(place, (result, database, status))| Observed {
            result,
            database,
            status,
            uuid: self.at(&format!("results/0/observations/{place}")),
        };
        parts.enumerate().map(observed).collect()
    }

    /// A finding, where the rules of an objective come to one of the two states that there are.
    fn finding(&self, observed: &[Observed<'_>], id: &'static str, rules: &[&str]) -> Option<Finding> {
        let parts: Vec<&Observed<'_>> = observed.iter().filter(|part| rules.contains(&part.result.rule.id)).collect();
        let results: BTreeMap<&str, &RuleResult> =
            parts.iter().map(|part| (part.result.rule.id, part.result)).collect();
        let counted = results.values().filter(|result| !criteria::stands_beside(result));
        let status = counted.map(|result| result.status).min()?;
        let left_out = results.values().any(|result| result.is_unpromised());
        let (state, reason) = match status {
            Status::Supported if !left_out => ("satisfied", "pass"),
            Status::Exception | Status::IntegrityFailure => ("not-satisfied", "fail"),
            _ => return None,
        };
        let named: Vec<&str> = results.keys().copied().collect();
        Some(Finding {
            uuid: self.at(&format!("results/0/findings/{id}")),
            title: format!("{id}: {}", status.print().1),
            description: format!("What these rules come to together: {}.", named.join(", ")),
            target: Target { r#type: "objective-id", target_id: id, status: State { state, reason } },
            related_observations: parts.iter().map(|part| Related { observation_uuid: part.uuid }).collect(),
        })
    }

    fn bundle(&self, report: &Report, uuid: Uuid) -> Resource {
        let name = line(&report.subject.name);
        Resource {
            uuid,
            title: "The evidence bundle".into(),
            description: format!("Bundle digest {}", self.bundle),
            props: vec![prop("bundle-digest", &self.bundle), prop("file-name", &name)],
            rlinks: rlinks("urn:sha256:", report.subject.file_digest),
        }
    }
}

/// The policy in force last stands for the plan: it says what was promised.
fn policy(report: &Report, uuid: Uuid) -> Resource {
    let policy = report.facts.policies.last();
    let version = policy.map_or_else(|| "not established".into(), |policy| line(&policy.version));
    Resource {
        uuid,
        title: format!("Policy {version}, resolved"),
        description: "What the organisation promised, as adopted in the record; it lies in the bundle by its digest."
            .into(),
        props: vec![prop("policy-version", &version)],
        rlinks: policy.map(|policy| rlinks("blobs/", Some(policy.digest))).unwrap_or_default(),
    }
}

fn rlinks(prefix: &str, digest: Option<Digest>) -> Vec<Rlink> {
    let link = |digest: Digest| Rlink {
        href: format!("{prefix}{digest}"),
        hashes: vec![Hash { algorithm: "SHA-256", value: digest }],
    };
    digest.map(link).into_iter().collect()
}

/// The controls that any rule speaks to.
fn reviewed(report: &Report) -> Reviewed {
    let mut controls: BTreeSet<String> = BTreeSet::new();
    for result in &report.rules {
        for (framework, ids) in criteria::of(result.rule.id) {
            if *framework == Framework::Nist80053 {
                controls.extend(ids.iter().map(|id| control(id)));
            }
        }
    }
    let include_controls = controls.into_iter().map(|control_id| Control { control_id }).collect();
    Reviewed { control_selections: vec![Controls { include_controls }] }
}

/// `CP-9(1)` as catalogs write it: `cp-9.1`.
fn control(id: &str) -> String {
    id.to_ascii_lowercase().replace('(', ".").replace(')', "")
}

fn attestation(review: &ReviewShown, organisation: Uuid) -> Attestation {
    let title = review.said.as_ref().map_or("", |(title, _)| title);
    let prose = format!(
        "{} {} signed as {} over the head of {} lines: {}.",
        line(&review.person),
        line(title),
        line(&review.role),
        review.head.size,
        line(&review.conclusion)
    );
    Attestation {
        responsible_parties: vec![shape::Responsible { role_id: "asset-owner", party_uuids: vec![organisation] }],
        parts: vec![Part { name: "sign-off", ns: NS, prose, props: vec![prop("entry", &review.id)] }],
    }
}

fn observation(report: &Report, part: &Observed<'_>) -> Observation {
    let Observed { result, database, status, uuid } = part;
    let of = |of: &str| of == database.as_str();
    let items: Vec<_> = result.items.iter().filter(|item| of(&item.database)).collect();
    let deviating = items.iter().filter(|item| item.deviation.is_some()).count();
    let gaps: Vec<&str> = result.gaps.iter().filter(|gap| of(&gap.database)).map(|gap| gap.what.as_str()).collect();
    let mut remarks: Vec<String> = items
        .iter()
        .filter_map(|item| Some(format!("{}: {}", line(&item.id), line(item.deviation.as_deref()?))))
        .collect();
    remarks.extend(gaps.iter().map(|what| format!("not evidenced: {}", line(what))));
    if !result.reason.is_empty() {
        remarks.push(line(&result.reason));
    }
    if !matches!(status, Status::Supported | Status::Exception | Status::IntegrityFailure) {
        remarks.push(format!("No finding rests on this: {} is neither satisfied nor not satisfied.", status.print().1));
    }
    Observation {
        uuid: *uuid,
        title: line(&format!("{} {}", result.rule.id, result.rule.title)),
        description: line(result.rule.computation),
        props: vec![
            prop("rule", result.rule.id),
            prop("status", status.word()),
            prop("basis", result.rule.basis.print().0),
            prop("database", database),
            prop("population", &items.len().to_string()),
            prop("deviating", &deviating.to_string()),
        ],
        methods: [method(result.rule.basis)],
        relevant_evidence: evidence(report, result),
        collected: collected(report, &items),
        remarks: (!remarks.is_empty()).then(|| remarks.join("\n")),
    }
}

const fn method(basis: Basis) -> &'static str {
    match basis {
        Basis::B1 | Basis::B2 => "TEST",
        Basis::B3 | Basis::B5 => "EXAMINE",
        Basis::B4 => "INTERVIEW",
    }
}

/// The time of the last item; of none, the end of the period.
fn collected(report: &Report, items: &[&walwarden_core::rules::Item]) -> Time {
    let end = report.claims.as_ref().map_or(report.as_of, |claims| claims.period.end);
    items.iter().map(|item| item.at).max().unwrap_or(end)
}

fn evidence(report: &Report, result: &RuleResult) -> Vec<Evidence> {
    let file = format!("populations/{}.csv", result.rule.id);
    let name = line(&report.subject.name);
    vec![Evidence {
        href: Href(file),
        description: format!("The population of {} in {name}, as a table of the workpapers.", result.rule.id),
    }]
}

#[cfg(test)]
mod tests;
