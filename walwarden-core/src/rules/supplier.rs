//! WW-SS-01: reports of suppliers were read (`spec:rules-37`).

use alloc::{collections::BTreeMap, format, string::ToString as _, vec, vec::Vec};

use super::{
    Assessment, Basis, GapKind, Item, Rule,
    capture::{Capture, Captures, makers},
    integrity::in_force,
    review::{Reviews, counts, told},
    window::{ALL, after, gap, not_promised},
};
use crate::{
    event::{Reviewed, flag},
    policy::{Collector, Policy, SupplierReport},
    record::Record,
};

/// Each supplier's report was reviewed in time.
pub(super) const REPORTS: Rule = Rule {
    id: "WW-SS-01",
    title: "Reports of suppliers were reviewed",
    computation: "for each supplier with a promised report, another person reviewed a valid one within the promised time before the period's end",
    basis: Basis::B5,
    reader: false,
    evaluate: reports,
};

fn reports(record: &Record<'_>) -> Assessment {
    let with_report = |policy: &Policy| policy.subservice.iter().any(|one| one.report.is_some());
    if !in_force(record, with_report) {
        return Assessment::with_gaps(vec![], vec![not_promised("that reports of suppliers are reviewed")]);
    }
    let (captures, reviews) = (Captures::new(record), Reviews::new(record));
    let (mut items, mut gaps) = (Vec::new(), Vec::new());
    let terms = record.terms_of_period();
    let newest = terms.iter().rev().find_map(|term| term.policy);
    let mut of: BTreeMap<&str, Vec<&Capture<'_>>> = BTreeMap::new();
    let in_time = |capture: &&Capture<'_>| capture.is_good() && capture.line.recorded_at < record.period().end;
    for capture in captures.of(Collector::ProviderDocument).iter().filter(in_time) {
        for supplier in capture.flags(flag::SUPPLIER) {
            of.entry(supplier).or_default().push(capture);
        }
    }
    for supplier in newest.iter().flat_map(|policy| &policy.subservice) {
        let Some(report) = &supplier.report else { continue };
        let documents = of.get(supplier.name.as_str()).map(Vec::as_slice).unwrap_or_default();
        let Some(last) = documents.last() else {
            gaps.push(gap(GapKind::NoInput, ALL, format!("no {} of {} is captured", report.kind, supplier.name)));
            continue;
        };
        let told = documents.iter().rev().find_map(|document| reviewed(record, &reviews, document, report));
        let end = record.period().end;
        let expired = last.data.covers.to < end;
        let deviation = if expired {
            Some(format!("the {} of {} was valid until {}", report.kind, supplier.name, last.data.covers.to))
        } else if told.is_none() {
            let days = report.review.longest_days();
            let what = "another person reviewed it";
            Some(format!(
                "{} of {}: no signed review in the last {days} days says that {what}",
                report.kind, supplier.name
            ))
        } else {
            None
        };
        let note = told.filter(|_| deviation.is_none()).map(|told| format!("{}: {told}", supplier.name));
        let id = format!("{}/{ALL}/{end}/{}", REPORTS.id, supplier.name);
        let entry = last.line.id.to_string();
        items.push(Item { id, at: end, database: ALL.into(), entry, deviation, note });
    }
    Assessment::with_gaps(items, gaps)
}

/// Who reviewed a document not longer ago than promised; nobody who brought it.
fn reviewed(
    record: &Record<'_>,
    reviews: &Reviews<'_>,
    document: &Capture<'_>,
    report: &SupplierReport,
) -> Option<alloc::string::String> {
    let makers = makers(record, document);
    let seconds = report.review.longest_days().saturating_mul(86_400);
    let holds = |(line, review): &&super::review::Signed<'_>| {
        review.subject == Reviewed::Evidence
            && !makers.contains(&review.person)
            && counts(record, line)
            && after(line.recorded_at, seconds) >= record.period().end
    };
    reviews.of(document.line.id).rev().find(holds).map(|(line, review)| told(line, review))
}
