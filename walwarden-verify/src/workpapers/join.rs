//! What rules, runs, actions and alerts say of one entry: looked up, never judged.

use std::collections::BTreeMap;

use walwarden_core::{
    Period,
    rules::{Item, RuleResult, Status},
};

use crate::report::{
    BackupShown, Report,
    recorded::{ActionShown, AlertShown, CopyShown, RunShown},
};

/// A run of a backup with its details.
pub(super) type Run<'r> = (&'r BackupShown, &'r RunShown);

/// Lookups over one report.
pub(super) struct Joined<'r> {
    rules: BTreeMap<&'static str, &'r RuleResult>,
    items: BTreeMap<(&'static str, &'r str), &'r Item>,
    actions: BTreeMap<&'r str, &'r ActionShown>,
    alerts: BTreeMap<&'r str, &'r AlertShown>,
    runs: BTreeMap<&'r str, Run<'r>>,
    due: BTreeMap<String, Period>,
    copies: BTreeMap<&'r str, &'r CopyShown>,
}

impl<'r> Joined<'r> {
    pub(super) fn of(report: &'r Report) -> Self {
        let recorded = &report.facts.recorded;
        let mut items: BTreeMap<(&'static str, &str), &Item> = BTreeMap::new();
        for result in &report.rules {
            for item in result.items.iter().filter(|item| !item.entry.is_empty()) {
                let known = items.entry((result.rule.id, item.entry.as_str())).or_insert(item);
                // An entry may be several items of a rule: then one that deviates speaks for it.
                if known.deviation.is_none() {
                    *known = item;
                }
            }
        }
        let actions =
            recorded.actions.iter().flat_map(|action| action.subjects.iter().map(move |s| (s.as_str(), action)));
        let alerts = recorded.alerts.iter().filter_map(|alert| Some((alert.subject.as_deref()?, alert)));
        let mut copies: BTreeMap<&str, &CopyShown> = BTreeMap::new();
        for copy in &recorded.copies {
            let known = copies.entry(&copy.backup).or_insert(copy);
            // The first that found it good counts; until one does, the last.
            if known.outcome != "ok" {
                *known = copy;
            }
        }
        let runs =
            report.facts.backups.iter().zip(&recorded.runs).map(|(shown, run)| (shown.id.as_str(), (shown, run)));
        let due = recorded.due.iter().map(|due| (due.item(), due.window));
        Self {
            runs: runs.collect(),
            due: due.collect(),
            copies,
            rules: report.rules.iter().map(|result| (result.rule.id, result)).collect(),
            items,
            actions: actions.collect(),
            alerts: alerts.collect(),
        }
    }

    /// The item of a rule that an entry is.
    pub(super) fn item(&self, rule: &'static str, entry: &str) -> Option<&'r Item> {
        self.items.get(&(rule, entry)).copied()
    }

    /// The last action that is about an entry.
    pub(super) fn action(&self, entry: &str) -> Option<&'r ActionShown> {
        self.actions.get(entry).copied()
    }

    /// The last alert that is about an entry.
    pub(super) fn alert(&self, entry: &str) -> Option<&'r AlertShown> {
        self.alerts.get(entry).copied()
    }

    /// The run that an entry ended, or began.
    pub(super) fn run(&self, entry: &str) -> Option<Run<'r>> {
        self.runs.get(entry).copied()
    }

    /// The window of an occurrence.
    pub(super) fn window(&self, item: &Item) -> Option<Period> {
        self.due.get(&item.id).copied()
    }

    /// The look at a copy of a backup that found it good first, else the last look.
    pub(super) fn copy(&self, backup: &str) -> Option<&'r CopyShown> {
        self.copies.get(backup).copied()
    }

    /// An attribute: what a rule says of an entry; empty where the entry is no item of it.
    pub(super) fn attribute(&self, rule: &'static str, entry: &str) -> &'static str {
        match (self.item(rule, entry), self.rules.get(rule).map(|result| result.status)) {
            (Some(item), _) if item.deviation.is_some() => "deviates",
            (Some(_), Some(Status::NotTested)) | (None, Some(Status::NotTested | Status::IntegrityFailure)) => {
                "not tested"
            }
            (Some(_), _) => "holds",
            (None, Some(Status::NotApplicable)) => "n/a",
            (None, _) => "",
        }
    }

    /// The basis of a rule.
    pub(super) fn basis(&self, rule: &str) -> &'static str {
        self.rules.get(rule).map_or("", |result| result.rule.basis.print().0)
    }
}

/// `conforms` or `deviates`.
pub(super) const fn status(item: &Item) -> &'static str {
    if item.deviation.is_some() { "deviates" } else { "conforms" }
}
