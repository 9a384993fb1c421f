//! What a report holds of the period, event by event.

mod golden_support;

use golden_support::{cases, judge};
use walwarden_fixtures::{case::Expect, corpus};
use walwarden_verify::{Report, report::BackupOutcome};

fn golden(name: &str) -> Report {
    let toml = corpus::folder().join("golden").join(name).with_extension("toml");
    judge(&toml, &Expect::read(&toml))
}

#[test]
fn every_run_and_test_that_is_shown_has_its_details() {
    let (mut backups, mut available) = (0, 0);
    for toml in cases("golden") {
        let facts = judge(&toml, &Expect::read(&toml)).facts;
        assert_eq!(facts.recorded.runs.len(), facts.backups.len(), "{}", toml.display());
        assert_eq!(facts.recorded.tests.len(), facts.restores.len(), "{}", toml.display());
        for (run, backup) in facts.recorded.runs.iter().zip(&facts.backups) {
            let completed = matches!(backup.outcome, BackupOutcome::Completed(_));
            assert_eq!(run.encryption.is_some(), completed);
            // Where the policy asks for copies, a backup without one never counts.
            assert!(completed || run.available_at.is_none());
            available += usize::from(run.available_at.is_some());
            assert_eq!(run.ended_at.is_none(), matches!(backup.outcome, BackupOutcome::Open));
            backups += 1;
        }
    }
    assert!(backups > available && available > 20, "{backups}, {available}");
}

#[test]
fn events_of_every_kind_are_gathered_and_joined() {
    let recorded = golden("events").facts.recorded;
    let [action] = recorded.actions.as_slice() else { panic!("one action: {:?}", recorded.actions) };
    assert_eq!((action.state.as_str(), action.closed_by.len(), action.opened_before_period), ("closed", 1, false));
    assert_eq!(action.opened_at.to_string(), "2026-07-05T07:30:00.000000Z");
    assert_eq!(action.state_at.to_string(), "2026-07-06T09:00:00.000000Z");
    let [failure, fire] = recorded.alerts.as_slice() else { panic!("two alerts") };
    assert_eq!(failure.acknowledged.as_ref().map(|(_, by)| by.as_str()), Some("ops-lead"));
    assert!(failure.subject.is_some() && fire.test && fire.acknowledged.is_none());
    let outcomes: Vec<&str> = recorded.prunes.iter().map(|object| object.outcome).collect();
    assert_eq!(outcomes, ["confirmed", "held"]);
    let [copy] = recorded.copies.as_slice() else { panic!("one copy") };
    assert_eq!((copy.outcome.as_str(), copy.provider.is_empty()), ("ok", false));
    let [capture] = recorded.captures.as_slice() else { panic!("one capture") };
    let ipe = capture.ipe.as_ref().expect("a verified statement");
    assert_eq!((ipe.outputs.len(), ipe.run_by.as_str()), (1, "backup-runner"));
    assert_eq!(recorded.reviews.iter().map(|review| review.person.as_str()).collect::<Vec<_>>(), ["sec-lead"; 2]);
    assert!(recorded.reviews.iter().all(|review| review.said.is_some()));
}

#[test]
fn what_was_due_has_the_windows_of_the_schedule() {
    let report = golden("nightly");
    let rule = report.rules.iter().find(|rule| rule.rule.id == "WW-BK-01").expect("the rule");
    let due = &report.facts.recorded.due;
    assert!(rule.items.len() > 20);
    for item in &rule.items {
        let own = due.iter().filter(|due| due.database == item.database && due.window.start == item.at);
        assert_eq!(own.count(), 1, "{}", item.id);
    }
    assert!(
        due.windows(2).all(|pair| pair[0].database != pair[1].database || pair[0].window.end == pair[1].window.start)
    );
}

#[test]
fn a_period_that_was_signed_off_after_its_end_shows_who_signed() {
    for name in ["quarter", "quarter-clean", "quarter-autumn"] {
        let facts = golden(name).facts;
        let signed: Vec<_> = facts.recorded.reviews.iter().filter(|review| review.subject == "period").collect();
        let who: Vec<_> = signed.iter().map(|review| (review.person.as_str(), review.role.as_str())).collect();
        assert_eq!(who, [("sec-lead", "preparer"), ("cto", "reviewer")], "{name}");
    }
}
