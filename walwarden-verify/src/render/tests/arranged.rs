//! The frameworks of a report are a view: what the reader leaves out is named, and no verdict moves (`spec:report-13`).

use walwarden_core::{
    policy::Framework::{self, Csf, Hipaa, Iso27001, Soc2},
    rules::criteria::{Criterion, is_availability},
};

use super::{Format, sample, string};
use crate::{
    report::{Arranged, ArrangedBy, Availability, Report},
    workpapers::workpapers,
};

/// The rows of `matrix.csv`: framework, criterion, and whether its rules are counted.
fn matrix(report: &Report) -> Vec<[String; 3]> {
    let papers = workpapers(report, &sample::run()).expect("papers");
    let paper = papers.iter().find(|paper| paper.name == "matrix.csv").expect("the matrix");
    let mut reader = csv::Reader::from_reader(paper.bytes.as_slice());
    let heads = reader.headers().expect("a head").clone();
    let place = |name: &str| heads.iter().position(|head| head == name).expect("a column");
    let (framework, criterion, counted) = (place("framework"), place("criterion"), place("counted"));
    let row = |row: csv::StringRecord| [framework, criterion, counted].map(|place| row[place].to_owned());
    reader.records().map(|record| row(record.expect("RFC 4180"))).collect()
}

fn json(report: &Report) -> serde_json::Value {
    serde_json::from_str(&string(report, Format::Json)).expect("JSON")
}

#[test]
fn what_the_reader_leaves_out_is_named_and_nothing_else_changes() {
    let whole = sample::exceptions();
    let some = whole.clone().arranged_by(&[Csf, Soc2, Csf]);
    assert_eq!(some.arranged.frameworks, [Soc2, Csf], "each once, in printing order");
    assert_eq!(some.arranged.by, ArrangedBy::Reader);
    assert!(some.arranged.left_out().contains(&Hipaa) && some.arranged.left_out().len() == 5);
    assert_eq!((some.verdict(), some.counts()), (whole.verdict(), whole.counts()));
    let of = |report: &Report| matrix(report).into_iter().filter(|row| row[0] == Soc2.word()).count();
    assert_eq!(of(&some), of(&whole));
    assert!(matrix(&some).iter().all(|row| row[0] == Soc2.word() || row[0] == Csf.word()));
    let said = json(&some);
    assert_eq!(said["arranged"]["frameworks"], serde_json::json!([Soc2.word(), Csf.word()]));
    assert_eq!(said["arranged"]["left_out"].as_array().map(Vec::len), Some(5));
    assert_eq!(said["arranged"]["chosen_by"], "reader");
    assert_eq!(said["rules"], json(&whole)["rules"]);
    let all = said["criteria"].as_array().expect("criteria");
    assert_eq!(all.len(), some.criteria().len());
    for format in [Format::Text { colour: false }, Format::Html] {
        let words: String = string(&some, format).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("as the reader asked") && words.contains("the rules are the same"), "{format:?}");
    }
    assert_eq!(whole.clone().arranged_by(&[]).arranged, whole.arranged, "none chosen: as it was");
}

#[test]
fn the_policy_chooses_where_the_reader_does_not() {
    let mut policy = sample::policy();
    policy.frameworks = vec![Hipaa, Iso27001];
    policy.soc2_availability_in_scope = Some(true);
    let arranged = Arranged::of(Some(&policy));
    assert_eq!(arranged.frameworks, [Iso27001, Hipaa]);
    assert_eq!((arranged.by, arranged.availability), (ArrangedBy::Policy, Availability::InScope));
    policy.frameworks.clear();
    policy.soc2_availability_in_scope = None;
    let arranged = Arranged::of(Some(&policy));
    assert_eq!(arranged.frameworks, Framework::ALL);
    assert_eq!((arranged.by, arranged.availability), (ArrangedBy::Nobody, Availability::NotStated));
    assert!(arranged.left_out().is_empty());
}

/// The policy of the organisation could otherwise silence what it finds.
#[test]
fn availability_out_of_scope_sets_its_criteria_apart_and_no_exception() {
    let stated = sample::exceptions();
    let mut out = stated.clone();
    out.arranged.availability = Availability::NotInScope;
    assert_eq!((out.verdict(), out.counts()), (stated.verdict(), stated.counts()));
    let apart = |report: &Report| {
        report.criteria().into_iter().filter(|one| report.arranged.is_informational(one)).collect::<Vec<Criterion>>()
    };
    assert!(apart(&stated).is_empty());
    let found = apart(&out);
    assert!(found.len() >= 2 && found.iter().all(|one| is_availability(one.framework, one.id)), "A1.2 and A1.3");
    for [framework, criterion, counted] in matrix(&out) {
        let is_apart = is_availability(framework.parse().expect("a framework"), &criterion);
        assert!(counted == "beside" || (counted == "informational") == is_apart, "{framework} {criterion}: {counted}");
    }
    let words: String = string(&out, Format::Text { colour: false }).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("Availability (A1), informational"), "{words}");
    assert!(words.contains("not in scope, as the policy says"));
}
