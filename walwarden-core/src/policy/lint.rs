//! What a policy promises and cannot keep, or promises too little of, found by reading it (`spec:policy-9`).
//!
//! A pure function: what it needs beside the policy is given, and what is not given is named as not looked at.

use alloc::{
    collections::{BTreeSet, VecDeque},
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use super::{Algorithm, Apart, DatabasePolicy, Framework, Policy, Retention, Span};
use crate::{
    rules::words::duration,
    schedule::Schedule,
    time::{Period, Time},
    zone::Zone,
};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The promise cannot be kept, or nobody could say that it was.
    Error,
    /// It can be kept; somebody may ask for more.
    Warning,
}

impl Severity {
    /// The word in outputs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A question to a policy. Ids are frozen and never reused.
#[derive(Debug, PartialEq, Eq)]
pub struct Lint {
    /// Its id.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What should hold.
    pub title: &'static str,
}

/// A place where a policy falls short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Of what.
    pub lint: &'static Lint,
    /// Where in the policy.
    pub at: String,
    /// What is there.
    pub what: String,
}

/// A question that was not asked, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotLookedAt {
    /// Which.
    pub lint: &'static Lint,
    /// What was not given.
    pub why: &'static str,
}

/// What came of reading a policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Linted {
    /// In order of [`lints`], then of the policy.
    pub findings: Vec<Finding>,
    /// In order of [`lints`].
    pub not_looked_at: Vec<NotLookedAt>,
}

/// What a policy is held against. Everything may be unknown.
#[derive(Default)]
pub struct Surroundings<'a> {
    /// When it was adopted, or would be.
    pub adopted_at: Option<Time>,
    /// Persons who hold an active key for reviews.
    pub reviewers: Option<&'a [&'a str]>,
    /// Actors that capture evidence.
    pub collectors: Option<&'a [&'a str]>,
    /// Where copies can be stored.
    pub locations: Option<&'a [Location<'a>]>,
    /// By what backups are encrypted before they are stored; empty, by nothing.
    pub encryption: Option<&'a [Algorithm]>,
    /// The zone of the policy, over two years from then on.
    pub zone: Option<&'a Zone>,
}

/// Where copies can be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Location<'a> {
    /// Who runs it.
    pub provider: &'a str,
    /// Account, by reference.
    pub account_ref: &'a str,
    /// Region.
    pub region: &'a str,
    /// Whether it lies apart from the machine that makes backups; otherwise it is apart from nothing.
    pub elsewhere: bool,
}

struct Question {
    lint: Lint,
    ask: fn(&Policy, &Surroundings<'_>) -> Asked,
}

/// What is wrong, by place; or what was not given.
type Asked = Result<Vec<(String, String)>, &'static str>;

const fn error(id: &'static str, title: &'static str, ask: fn(&Policy, &Surroundings<'_>) -> Asked) -> Question {
    Question { lint: Lint { id, severity: Severity::Error, title }, ask }
}

const fn warning(id: &'static str, title: &'static str, ask: fn(&Policy, &Surroundings<'_>) -> Asked) -> Question {
    Question { lint: Lint { id, severity: Severity::Warning, title }, ask }
}

static QUESTIONS: &[Question] = &[
    error("rpo-gap", "The longest gap of the schedule, a late start and a long run fit in the RPO", rpo_gap),
    error("guard-window", "The longest window of the restore tests fits in the guard", guard_window),
    error("database-incomplete", "Every database has schedule, retention, cadence, owner, criticality", incomplete),
    error("unexplained", "What is left out has a reason and an approver", unexplained),
    error("approver-is-author", "Who approved the policy is not who wrote it", approver),
    error("reviewer-without-key", "Every reviewer holds a key for reviews", reviewer_keys),
    error("reviewer-collects", "No reviewer captures evidence", reviewers_apart),
    error("separation-unmet", "The stores can hold the copies apart as promised", separation),
    error("account-unmet", "There is a store in the account of each extra schedule", accounts),
    error("encryption-unmet", "Backups are encrypted as promised", encryption),
    error("retention-short", "Retention keeps a backup across a window of the restore tests", retention),
    warning("back-dated", "The policy does not begin before it is adopted", back_dated),
    warning("hipaa-evidence-age", "With HIPAA, evidence is kept for six years", hipaa),
    warning("pci-log-age", "With PCI DSS, logs are at hand for twelve months", pci),
];

/// Every question, in order.
pub fn lints() -> impl Iterator<Item = &'static Lint> {
    QUESTIONS.iter().map(|question| &question.lint)
}

/// Asks every question.
#[must_use]
pub fn lint(policy: &Policy, about: &Surroundings<'_>) -> Linted {
    let mut linted = Linted::default();
    for Question { lint, ask } in QUESTIONS {
        match ask(policy, about) {
            Ok(found) => linted.findings.extend(found.into_iter().map(|(at, what)| Finding { lint, at, what })),
            Err(why) => linted.not_looked_at.push(NotLookedAt { lint, why }),
        }
    }
    linted
}

/// What is wrong with the databases, each by itself.
fn databases(policy: &Policy, wrong: impl Fn(&DatabasePolicy) -> Option<String>) -> Vec<(String, String)> {
    let found = |database| Some((format!("database {}", database_id(database)), wrong(database)?));
    policy.databases.iter().filter_map(found).collect()
}

fn database_id(database: &DatabasePolicy) -> &str {
    &database.id
}

fn rpo_gap(policy: &Policy, about: &Surroundings<'_>) -> Asked {
    let zone = about.zone.ok_or("the rules of its time zone were not given")?;
    let from = about.adopted_at.unwrap_or(policy.effective_from);
    Ok(databases(policy, |database| {
        let longest = longest(database, zone, from)?;
        (longest.needed_s() > database.rpo_s).then(|| format!("{}, RPO {}", longest.words(), duration(database.rpo_s)))
    }))
}

/// The longest that a database can be without a new backup while its schedule is kept; in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Longest {
    gap: i64,
    late: i64,
    run: i64,
}

impl Longest {
    /// All of it.
    pub(crate) const fn needed_s(self) -> i64 {
        self.gap.saturating_add(self.late).saturating_add(self.run)
    }

    /// How it comes about.
    pub(crate) fn words(self) -> String {
        let [gap, late, run, all] = [self.gap, self.late, self.run, self.needed_s()].map(duration);
        format!("gap {gap} + start {late} + run {run} = {all}")
    }
}

/// Of the 366 days from `from` on; `None` of a database without a schedule.
pub(crate) fn longest(database: &DatabasePolicy, zone: &Zone, from: Time) -> Option<Longest> {
    let gap = longest_gap_s(database.schedule.as_ref()?, zone, from);
    Some(Longest { gap, late: database.start_tolerance_s.unwrap_or(0), run: database.max_run_s })
}

/// Longest time between two instants of a schedule, the first of which lies in the 366 days from `from` on; of one that
/// does not come again within as many more days, the time until these are over.
fn longest_gap_s(schedule: &Schedule, zone: &Zone, from: Time) -> i64 {
    let until = days_after(from, 366);
    let span = Period { start: from, end: days_after(until, 366) };
    let (mut before, mut longest) = (from, 0);
    for at in schedule.instants(zone, span).chain([span.end]) {
        if before >= until {
            break;
        }
        // Up to the first one no promise is broken yet, unless it is a year away.
        if before > from || at >= until {
            longest = longest.max(at.seconds_since(before));
        }
        before = at;
    }
    longest
}

fn days_after(time: Time, days: i64) -> Time {
    Time::from_micros(time.micros().saturating_add(days.saturating_mul(DAY).saturating_mul(1_000_000))).unwrap_or(time)
}

const DAY: i64 = 86_400;

fn guard_window(policy: &Policy, _: &Surroundings<'_>) -> Asked {
    Ok(databases(policy, |database| {
        let test = database.restore_test.as_ref()?;
        let (cadence, guard) = (test.cadence?, test.guard_s?);
        let days = cadence.longest_days();
        (days.saturating_mul(DAY) > guard).then(|| format!("{cadence} has windows of {days} days, the guard {guard} s"))
    }))
}

fn incomplete(policy: &Policy, _: &Surroundings<'_>) -> Asked {
    Ok(databases(policy, |database| {
        let cadence = database.restore_test.as_ref().and_then(|test| test.cadence);
        let parts = [
            ("schedule", database.schedule.is_some()),
            ("retention", database.retention.is_some()),
            ("restore_test.cadence", cadence.is_some()),
            ("owner", !is_blank(&database.owner)),
            ("criticality", !is_blank(&database.criticality)),
        ];
        let missing: Vec<&str> = parts.into_iter().filter(|(_, there)| !there).map(|(name, _)| name).collect();
        (!missing.is_empty()).then(|| format!("no {}", missing.join(", ")))
    }))
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn unexplained(policy: &Policy, _: &Surroundings<'_>) -> Asked {
    let excluded = policy.exclude.iter().map(|one| ("excluded database", &one.database, &one.reason, &one.approved_by));
    let without = policy.not_applicable.iter().map(|one| ("rule", &one.rule, &one.reason, &one.approved_by));
    let found = excluded.chain(without).filter(|(_, _, reason, by)| is_blank(reason) || is_blank(by));
    Ok(found.map(|(what, name, ..)| (format!("{what} {name}"), "no reason, or no approver".into())).collect())
}

fn approver(policy: &Policy, _: &Surroundings<'_>) -> Asked {
    let same = policy.author == policy.approved_by;
    Ok(same.then(|| ("policy".into(), format!("{} wrote it and approved it", policy.author))).into_iter().collect())
}

/// Reviewers of whom this holds.
fn reviewers(policy: &Policy, what: &str, wrong: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let named = policy.evidence.iter().flat_map(|one| one.reviewers.iter().map(move |person| (one, person)));
    let found = named.filter(|(_, person)| wrong(person));
    found.map(|(one, person)| (format!("evidence of {}", one.collector), format!("{person} {what}"))).collect()
}

fn reviewer_keys(policy: &Policy, about: &Surroundings<'_>) -> Asked {
    let holders = about.reviewers.ok_or("no registry of keys was given")?;
    Ok(reviewers(policy, "holds no active key for reviews", |person| !holders.contains(&person)))
}

fn reviewers_apart(policy: &Policy, about: &Surroundings<'_>) -> Asked {
    let actors = about.collectors.ok_or("it was not given who captures evidence")?;
    Ok(reviewers(policy, "captures evidence", |person| actors.contains(&person)))
}

fn separation(policy: &Policy, about: &Surroundings<'_>) -> Asked {
    let locations = about.locations.ok_or("it was not given where copies can be stored")?;
    Ok(databases(policy, |database| {
        let copies = database.copies.as_ref()?;
        let apart = |location: &&Location<'_>| match copies.separation {
            Some(Apart::Provider) => location.elsewhere && location.provider != database.provider,
            Some(Apart::Account) => location.elsewhere && location.account_ref != database.account_ref,
            Some(Apart::Region) => location.elsewhere && location.region != database.region,
            None => true,
        };
        let there = i64::try_from(locations.iter().filter(apart).count()).unwrap_or(i64::MAX);
        (there < copies.min).then(|| format!("{} copies are promised, {there} stores lie apart", copies.min))
    }))
}

fn accounts(policy: &Policy, about: &Surroundings<'_>) -> Asked {
    let locations = about.locations.ok_or("it was not given where copies can be stored")?;
    Ok(databases(policy, |database| {
        let is_there = |account: &str| locations.iter().any(|location| location.account_ref == account);
        let extra = database.extra_schedules.iter().find(|extra| !is_there(&extra.to))?;
        Some(format!("extra schedule {} goes to {}, and no store lies there", extra.name, extra.to))
    }))
}

fn encryption(policy: &Policy, about: &Surroundings<'_>) -> Asked {
    let there = about.encryption.ok_or("it was not given how backups are encrypted")?;
    Ok(databases(policy, |database| {
        let promised = &database.encryption.as_ref()?.backup;
        let words: Vec<&str> = promised.iter().map(|algorithm| algorithm.word()).collect();
        let is_met = promised.is_empty() || promised.iter().any(|algorithm| there.contains(algorithm));
        (!is_met).then(|| format!("{} is promised, and backups are not encrypted by it", words.join(" or ")))
    }))
}

fn retention(policy: &Policy, _: &Surroundings<'_>) -> Asked {
    Ok(databases(policy, |database| {
        let window = database.restore_test.as_ref()?.cadence?.longest_days();
        let what = match database.retention.as_ref()? {
            Retention::Tiers { daily, weekly, monthly, .. } => {
                let days = |keep: &Option<i64>, days: i64| keep.unwrap_or(0).saturating_mul(days);
                // A month has 28 days at the least.
                let kept = days(daily, 1).max(days(weekly, 7)).max(days(monthly, 28));
                (kept < window).then(|| format!("backups are kept for {kept} days"))
            }
            Retention::KeepLast { keep, .. } => overfills(database, *keep, window)
                .then(|| format!("the last {keep} backups are kept, and more can be due in a window")),
        };
        what.map(|what| format!("{what}, and windows of restore tests have {window} days"))
    }))
}

/// Whether more than `keep` backups of all schedules are due in so many days in a row.
fn overfills(database: &DatabasePolicy, keep: i64, days: i64) -> bool {
    // Four years from Monday, 1 January 2024, hold every day of a year; a window may begin on their last one.
    let Some(first) = Time::from_micros(1_704_067_200_000_000) else { return false };
    let span = Period { start: first, end: days_after(first, days.saturating_add(1461)) };
    let Ok(keep) = usize::try_from(keep) else { return false };
    let (zone, mut kept) = (Zone::utc(), VecDeque::new());
    let extras = database.extra_schedules.iter().map(|extra| &extra.cron);
    let schedules = database.schedule.iter().chain(extras);
    let due: BTreeSet<Time> = schedules.flat_map(|schedule| schedule.instants(&zone, span)).collect();
    due.into_iter().any(|at| {
        kept.push_back(at);
        // One more than is kept: the first of them is gone when the last one is there.
        kept.len() > keep && kept.pop_front().is_some_and(|gone| at < days_after(gone, days))
    })
}

fn back_dated(policy: &Policy, about: &Surroundings<'_>) -> Asked {
    let adopted_at = about.adopted_at.ok_or("it was not given when the policy is adopted")?;
    let early = policy.effective_from < adopted_at;
    let what = || format!("it says {}, and counts from its entry, {adopted_at}", policy.effective_from);
    Ok(early.then(|| ("policy".to_string(), what())).into_iter().collect())
}

fn hipaa(policy: &Policy, _: &Surroundings<'_>) -> Asked {
    let chain = policy.evidence_retention.as_ref().and_then(|kept| kept.chain);
    Ok(shorter(policy, Framework::Hipaa, "evidence_retention.chain", chain, 72))
}

fn pci(policy: &Policy, _: &Surroundings<'_>) -> Asked {
    let logs = policy.evidence_retention.as_ref().and_then(|kept| kept.logs.as_ref());
    Ok(shorter(policy, Framework::Pci, "evidence_retention.logs.online", logs.and_then(|logs| logs.online), 12))
}

/// Whether a span is shorter than a framework wants it.
fn shorter(policy: &Policy, of: Framework, at: &str, span: Option<Span>, months: i64) -> Vec<(String, String)> {
    let long = |span: Span| match span {
        Span::Months(n) => n >= months,
        // As many days as so many months can have.
        Span::Days(n) => n >= months.saturating_mul(366).div_euclid(12),
    };
    let short = policy.frameworks.contains(&of) && !span.is_some_and(long);
    let what = if span.is_none() { "nothing is promised" } else { "it is shorter" };
    short.then(|| (at.to_string(), what.to_string())).into_iter().collect()
}
