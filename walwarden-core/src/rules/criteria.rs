//! Which criteria a rule speaks to, and what its rules come to together (`spec:rules-12`).
//!
//! The mapping is ours and names criteria by id alone. It is the only source of roll-ups.

use alloc::{collections::BTreeMap, vec::Vec};

use super::{RuleResult, Status};
use crate::policy::Framework::{self, Csf, Dora, Hipaa, Iso27001, Nist80053, Pci, Soc2};

/// Ids of criteria of a framework.
pub type Criteria = (Framework, &'static [&'static str]);

/// Each rule, and the criteria that it speaks to.
#[rustfmt::skip] // a table: one rule, one line
pub static MAPPING: &[(&str, &[Criteria])] = &[
    ("WW-IN-01", &[(Soc2, &["CC7.2"]), (Iso27001, &["A.8.15", "A.5.33"]), (Hipaa, &["164.312(c)(1)"]), (Pci, &["10.3"]), (Nist80053, &["AU-9(3)"])]),
    ("WW-IN-02", &[(Soc2, &["CC6.1"]), (Iso27001, &["A.8.24"]), (Pci, &["3.7"]), (Nist80053, &["SC-12"])]),
    ("WW-IN-03", &[(Soc2, &["CC7.2"]), (Iso27001, &["A.8.15"]), (Pci, &["10.3"]), (Nist80053, &["AU-10"])]),
    ("WW-IN-04", &[(Soc2, &["CC4.1"]), (Iso27001, &["A.5.28"]), (Nist80053, &["AU-9"])]),
    ("WW-IN-05", &[(Iso27001, &["A.8.17"]), (Pci, &["10.6"]), (Nist80053, &["AU-8"])]),
    ("WW-PO-01", &[(Soc2, &["A1.2", "CC9.1"]), (Iso27001, &["A.8.13", "A.5.1"]), (Hipaa, &["164.308(a)(7)(i)"]), (Dora, &["12(1)"]), (Nist80053, &["CP-1"]), (Csf, &["GV.PO-01"])]),
    ("WW-PO-02", &[(Soc2, &["A1.2"]), (Iso27001, &["A.8.13"]), (Dora, &["12(6)"]), (Nist80053, &["CP-9"])]),
    ("WW-SC-01", &[(Soc2, &["A1.2"]), (Iso27001, &["A.5.9"]), (Dora, &["12(1)"]), (Nist80053, &["CM-8"]), (Csf, &["ID.AM-07"])]),
    ("WW-BK-01", &[(Soc2, &["A1.2"]), (Iso27001, &["A.8.13"]), (Hipaa, &["164.308(a)(7)(ii)(A)"]), (Pci, &["12.10.1"]), (Dora, &["12(1)"]), (Nist80053, &["CP-9"]), (Csf, &["PR.DS-11"])]),
    ("WW-BK-02", &[(Soc2, &["A1.2"]), (Iso27001, &["A.8.13"]), (Dora, &["12(6)"]), (Nist80053, &["CP-9", "CP-10"])]),
    ("WW-BK-03", &[(Soc2, &["A1.2", "CC7.4"]), (Iso27001, &["A.8.16"]), (Hipaa, &["164.308(a)(6)(ii)"]), (Nist80053, &["SI-4"])]),
    ("WW-BK-04", &[(Soc2, &["A1.2", "CC6.1"]), (Iso27001, &["A.8.24"]), (Hipaa, &["164.312(c)(1)"]), (Nist80053, &["CP-9(8)"])]),
    ("WW-BK-05", &[(Soc2, &["A1.2"]), (Iso27001, &["A.8.13"]), (Hipaa, &["164.308(a)(7)(ii)(A)"]), (Nist80053, &["CP-9(1)"])]),
    ("WW-BK-06", &[(Soc2, &["A1.2", "CC7.2"]), (Nist80053, &["SI-7"])]),
    ("WW-CP-01", &[(Soc2, &["A1.2"]), (Iso27001, &["A.8.13", "A.8.14"]), (Hipaa, &["164.310(d)(2)(iv)"]), (Pci, &["9.4.1"]), (Dora, &["12(3)"]), (Nist80053, &["CP-6", "CP-9(3)", "CP-9(5)"])]),
    ("WW-CP-02", &[(Soc2, &["CC6.1"]), (Iso27001, &["A.5.33"]), (Pci, &["10.3"]), (Nist80053, &["CP-9(8)"])]),
    ("WW-RT-01", &[(Soc2, &["A1.3"]), (Iso27001, &["A.8.13", "A.5.30"]), (Hipaa, &["164.308(a)(7)(ii)(D)"]), (Dora, &["11(6)", "12(2)"]), (Nist80053, &["CP-4", "CP-9(1)", "CP-9(2)"]), (Csf, &["RC.RP-03"])]),
    ("WW-RT-02", &[(Soc2, &["A1.3"]), (Hipaa, &["164.308(a)(7)(ii)(A)"]), (Dora, &["12(7)"]), (Nist80053, &["CP-9(1)"]), (Csf, &["PR.DS-11", "RC.RP-03"])]),
    ("WW-RT-03", &[(Soc2, &["A1.3"]), (Iso27001, &["A.5.30"]), (Dora, &["12(6)"]), (Nist80053, &["CP-10"]), (Csf, &["RC.RP-05"])]),
    ("WW-RT-04", &[(Soc2, &["A1.3"]), (Iso27001, &["A.8.31"]), (Pci, &["6.5.3"]), (Dora, &["12(3)"]), (Nist80053, &["CP-4"])]),
    ("WW-RT-05", &[(Soc2, &["A1.3"]), (Iso27001, &["A.8.13"]), (Nist80053, &["CP-4"])]),
    ("WW-RT-06", &[(Soc2, &["A1.3", "CC7.5"]), (Iso27001, &["A.5.27"]), (Hipaa, &["164.308(a)(7)(ii)(D)"]), (Dora, &["13"]), (Nist80053, &["CP-4"]), (Csf, &["ID.IM-02"])]),
    ("WW-RT-07", &[(Soc2, &["A1.3"]), (Iso27001, &["A.8.13"]), (Nist80053, &["CP-4"])]),
    ("WW-TW-01", &[(Soc2, &["A1.3"]), (Iso27001, &["A.8.24", "A.8.13"]), (Nist80053, &["CP-9", "SC-12"])]),
    ("WW-RN-01", &[(Soc2, &["A1.2"]), (Iso27001, &["A.8.10", "A.8.13"]), (Pci, &["3.2.1"]), (Nist80053, &["CP-9", "SI-12"])]),
    ("WW-RN-02", &[(Soc2, &["A1.2", "CC6.5"]), (Iso27001, &["A.8.10"]), (Pci, &["3.2.1"]), (Nist80053, &["MP-6"])]),
    ("WW-RN-03", &[(Iso27001, &["A.5.33"]), (Hipaa, &["164.316(b)(2)(i)"]), (Pci, &["10.5.1"]), (Nist80053, &["AU-11"])]),
    ("WW-AC-01", &[(Soc2, &["CC6.1", "CC6.2", "CC6.3"]), (Iso27001, &["A.5.18", "A.8.2"]), (Hipaa, &["164.308(a)(4)"]), (Pci, &["7.2.4"]), (Dora, &["9(4)"]), (Nist80053, &["AC-2", "AC-6"]), (Csf, &["PR.AA-05"])]),
    ("WW-AC-02", &[(Soc2, &["CC6.1", "CC6.3"]), (Iso27001, &["A.8.2"]), (Pci, &["7.2"]), (Nist80053, &["AC-6"])]),
    ("WW-AC-03", &[(Soc2, &["CC6.1"]), (Iso27001, &["A.8.3"]), (Hipaa, &["164.312(a)(1)"]), (Nist80053, &["CP-9", "AC-3"])]),
    ("WW-AC-04", &[(Soc2, &["CC6.1"]), (Iso27001, &["A.5.3"]), (Dora, &["9(4)"]), (Nist80053, &["AC-5"])]),
    ("WW-EN-01", &[(Soc2, &["CC6.1", "CC6.7"]), (Iso27001, &["A.8.24"]), (Hipaa, &["164.312(e)(1)", "164.312(a)(2)(iv)"]), (Pci, &["4.2", "3.5"]), (Dora, &["9(4)"]), (Nist80053, &["CP-9(8)", "SC-8"]), (Csf, &["PR.DS-01", "PR.DS-02"])]),
    ("WW-EN-02", &[(Soc2, &["CC6.1"]), (Iso27001, &["A.8.24"]), (Hipaa, &["164.312(a)(2)(iv)"]), (Pci, &["3.5"]), (Nist80053, &["SC-28"]), (Csf, &["PR.DS-01"])]),
    ("WW-CM-01", &[(Soc2, &["CC8.1"]), (Iso27001, &["A.8.32"]), (Pci, &["6.5.1"]), (Dora, &["9(4)"]), (Nist80053, &["CM-3"])]),
    ("WW-CM-02", &[(Soc2, &["CC7.1", "CC8.1"]), (Iso27001, &["A.8.9"]), (Nist80053, &["CM-2", "CM-6"]), (Csf, &["PR.PS-01"])]),
    ("WW-LG-01", &[(Soc2, &["CC7.2"]), (Iso27001, &["A.8.15"]), (Hipaa, &["164.312(b)"]), (Pci, &["10.2"]), (Nist80053, &["AU-2", "AU-12"]), (Csf, &["PR.PS-04"])]),
    ("WW-LG-02", &[(Soc2, &["CC7.2"]), (Iso27001, &["A.8.15"]), (Hipaa, &["164.308(a)(1)(ii)(D)"]), (Pci, &["10.5.1"]), (Nist80053, &["AU-11"])]),
    ("WW-MO-01", &[(Soc2, &["A1.2", "CC7.2", "CC7.3"]), (Iso27001, &["A.8.16"]), (Hipaa, &["164.308(a)(6)(ii)"]), (Pci, &["10.7"]), (Dora, &["10"]), (Nist80053, &["SI-4"]), (Csf, &["DE.CM-09"])]),
    ("WW-EV-01", &[(Soc2, &["CC4.1"]), (Iso27001, &["A.5.28", "A.5.35"]), (Hipaa, &["164.308(a)(8)"]), (Nist80053, &["CA-7"])]),
    ("WW-SS-01", &[(Soc2, &["CC9.2"]), (Iso27001, &["A.5.19", "A.5.22"]), (Hipaa, &["164.308(b)"]), (Pci, &["12.8"]), (Dora, &["28"]), (Nist80053, &["SA-9"]), (Csf, &["GV.SC-07"])]),
    ("WW-SO-01", &[(Soc2, &["CC4.2"]), (Iso27001, &["A.5.1"]), (Nist80053, &["CA-2"])]),
];

/// What no rule here can speak to: it lies outside of what a record of backups shows.
pub static OUTSIDE: &[(Framework, &str, &str)] = &[
    (Soc2, "A1.1", "capacity and demand"),
    (Soc2, "A1.2", "its environmental part"),
    (Soc2, "CC6.1", "its part on identity providers and second factors"),
    (Iso27001, "A.5.29", "the whole plan for continuity"),
    (Dora, "12(5)", "capacities of central securities depositories"),
    (Hipaa, "164.308(a)(7)(ii)(C)", "the emergency mode operation plan"),
    (Nist80053, "CP-9", "its part on user and security documentation"),
];

/// A criterion, and what its rules came to together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criterion {
    /// Its framework.
    pub framework: Framework,
    /// Its id there.
    pub id: &'static str,
    /// The strongest status of the rules counted; `None` when all of them stand beside.
    pub status: Option<Status>,
    /// Rules counted, in printing order, each with its status.
    pub rules: Vec<(&'static str, Status)>,
    /// Rules named beside the roll-up: promised by nobody, or in need of what only a reader can bring.
    pub beside: Vec<(&'static str, Status)>,
}

impl Criterion {
    /// How many rules have a status, beside or not.
    #[must_use]
    pub fn count(&self, status: Status) -> usize {
        self.rules.iter().chain(&self.beside).filter(|(_, found)| *found == status).count()
    }
}

/// Criteria of a rule.
#[must_use]
pub fn of(rule: &str) -> &'static [Criteria] {
    MAPPING.iter().find(|(id, _)| *id == rule).map_or(&[], |(_, criteria)| criteria)
}

/// Every criterion of a framework that a rule speaks to, in order of the ids.
#[must_use]
pub fn roll_up(results: &[RuleResult], framework: Framework) -> Vec<Criterion> {
    let mut found: BTreeMap<Natural, Criterion> = BTreeMap::new();
    for result in results {
        let ids = of(result.rule.id).iter().filter(|(of, _)| *of == framework).flat_map(|(_, ids)| ids.iter());
        for id in ids {
            let empty = || Criterion { framework, id, status: None, rules: Vec::new(), beside: Vec::new() };
            let criterion = found.entry(natural(id)).or_insert_with(empty);
            let told = (result.rule.id, result.status);
            if stands_beside(result) {
                criterion.beside.push(told);
            } else {
                criterion.status = Some(criterion.status.map_or(result.status, |status| status.min(result.status)));
                criterion.rules.push(told);
            }
        }
    }
    found.into_values().collect()
}

/// Whether a criterion is of SOC 2's category Availability, which an engagement may leave out (`spec:report-13`).
#[must_use]
pub fn is_availability(framework: Framework, id: &str) -> bool {
    framework == Soc2 && id.starts_with("A1.")
}

/// Whether a result is named beside a roll-up and not counted in it.
#[must_use]
pub fn stands_beside(result: &RuleResult) -> bool {
    result.is_unpromised() || result.rule.reader && result.status == Status::NotTested
}

/// An id cut into words and numbers, so that `A.8.9` comes before `A.8.13`.
type Natural = Vec<(u64, &'static str)>;

fn natural(id: &'static str) -> Natural {
    let mut parts = Vec::new();
    let mut rest = id;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, after) = rest.split_at_checked(digits).unwrap_or((rest, ""));
        let words = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (word, after) = after.split_at_checked(words).unwrap_or((after, ""));
        parts.push((number.parse().unwrap_or(0), word));
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Assessment, Gap, GapKind, RULES};
    use std::{collections::BTreeSet, vec};

    #[test]
    fn every_rule_is_mapped_and_nothing_else_is() {
        let rules: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
        let mapped: BTreeSet<&str> = MAPPING.iter().map(|(id, _)| *id).collect();
        assert_eq!(rules.difference(&mapped).collect::<Vec<_>>(), Vec::<&&str>::new());
        assert_eq!(MAPPING.len(), mapped.len());
    }

    #[test]
    fn the_strongest_status_counts_and_what_nobody_promised_stands_beside() {
        let rule = |id: &str| RULES.iter().find(|rule| rule.id == id).unwrap();
        let result = |id, status| RuleResult::new(rule(id), Assessment::without(status, ""));
        let mut unpromised = result("WW-BK-01", Status::NotEvidenced);
        unpromised.gaps = vec![Gap { kind: GapKind::NotPromised, database: "shop".into(), what: "no schedule".into() }];
        let results = [unpromised, result("WW-BK-03", Status::NotOccurred), result("WW-BK-04", Status::Supported)];
        let rolled = roll_up(&results, Soc2);
        let of = |id: &str| rolled.iter().find(|criterion| criterion.id == id).unwrap();
        assert_eq!(of("A1.2").status, Some(Status::Supported));
        assert_eq!(of("A1.2").beside, [("WW-BK-01", Status::NotEvidenced)]);
        assert_eq!(of("CC7.4").status, Some(Status::NotOccurred));
        assert_eq!(of("A1.2").count(Status::NotOccurred), 1);
        let alone = roll_up(&results[..1], Dora);
        assert!(alone.iter().all(|criterion| criterion.status.is_none()), "no other rule speaks");
    }

    #[test]
    fn criteria_are_in_order_of_their_numbers() {
        let mut ids = ["A.8.13", "A.5.30", "A.8.9", "A.5.1"];
        ids.sort_by_key(|id| natural(id));
        assert_eq!(ids, ["A.5.1", "A.5.30", "A.8.9", "A.8.13"]);
    }
}
