//! Events of the period for machines: the same that the workpapers lay out as tables.

use serde::Serialize;
use walwarden_core::{Digest, Period, Time, merkle::TreeHead};

use crate::report::recorded::{self, Ipe, OutputShown};

#[derive(Serialize)]
pub(super) struct Recorded<'a> {
    due: Vec<Due<'a>>,
    runs: Vec<Run<'a>>,
    tests: Vec<Test<'a>>,
    copies: Vec<Copy<'a>>,
    prunes: Vec<Prune<'a>>,
    captures: Vec<Capture<'a>>,
    alerts: Vec<Alert<'a>>,
    actions: Vec<Action<'a>>,
    reviews: Vec<Review<'a>>,
}

#[derive(Serialize)]
struct Due<'a> {
    database: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra: Option<&'a str>,
    window: Period,
}

/// In the order of `backups`.
#[derive(Serialize)]
struct Run<'a> {
    entry_hash: Digest,
    trigger: Option<&'a str>,
    expected_at: Option<Time>,
    started_at: Option<Time>,
    ended_at: Option<Time>,
    available_at: Option<Time>,
    encryption: Option<Encryption<'a>>,
}

#[derive(Serialize)]
struct Encryption<'a> {
    alg: &'a str,
    recipients: &'a [String],
}

/// In the order of `restore_tests`.
#[derive(Serialize)]
struct Test<'a> {
    entry_hash: Digest,
    purpose: &'a str,
    scope: Option<&'a str>,
    environment: &'a str,
    class: &'a str,
    ended_at: Option<Time>,
    checks_passed_at: Option<Time>,
    data_age_s: Option<i64>,
    rpo_s: Option<i64>,
    approved_by: Option<&'a str>,
    actions: &'a [String],
    signers: &'a [String],
}

#[derive(Serialize)]
struct Copy<'a> {
    seq: u64,
    entry: &'a str,
    at: Time,
    database: &'a str,
    backup: &'a str,
    outcome: &'a str,
    method: &'a str,
    provider: &'a str,
    account_ref: &'a str,
    region: &'a str,
    apart: &'a [&'static str],
    lock: &'a str,
    lock_until: Option<Time>,
}

#[derive(Serialize)]
struct Prune<'a> {
    seq: u64,
    entry: &'a str,
    at: Time,
    database: &'a str,
    backup: &'a str,
    key: &'a str,
    tier: &'a str,
    keep: i64,
    age_days: i64,
    outcome: &'a str,
}

#[derive(Serialize)]
struct Capture<'a> {
    seq: u64,
    entry: &'a str,
    at: Time,
    database: Option<&'a str>,
    collector: &'a str,
    due_at: Option<Time>,
    covers: Period,
    trigger: &'a str,
    outcome: &'a str,
    rows: u64,
    diff: Option<Diff>,
    flags: Vec<Flag<'a>>,
    reason: Option<&'a str>,
    ipe: Option<Made<'a>>,
}

#[derive(Serialize)]
struct Diff {
    added: i64,
    removed: i64,
    changed: i64,
}

#[derive(Serialize)]
struct Flag<'a> {
    code: &'a str,
    detail: &'a str,
}

/// How a capture was made.
#[derive(Serialize)]
struct Made<'a> {
    collector_version: &'a str,
    source: Option<Source<'a>>,
    session_role: Option<&'a str>,
    parameters: Vec<Parameter<'a>>,
    zone: &'a str,
    started_at: Time,
    ended_at: Time,
    run_by: &'a str,
    pages: i64,
    filters: &'a [String],
    not_visible: &'a [String],
    reconciled: Option<Reconciled<'a>>,
    outputs: Vec<Output<'a>>,
    redactions: &'a [String],
    tool_sha256: Digest,
    signers: &'a [String],
}

#[derive(Serialize)]
struct Source<'a> {
    provider: &'a str,
    host_sha256: Digest,
    database: &'a str,
    /// Larger than a number of JSON may be.
    system_identifier: String,
    server_version: &'a str,
    in_recovery: bool,
}

#[derive(Serialize)]
struct Parameter<'a> {
    name: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
struct Reconciled<'a> {
    how: &'a str,
    rows: u64,
    equal: bool,
}

#[derive(Serialize)]
struct Output<'a> {
    name: &'a str,
    sha256: Digest,
    bytes: u64,
    media: &'a str,
    columns: &'a [String],
    question_sha256: Option<Digest>,
}

#[derive(Serialize)]
struct Alert<'a> {
    seq: u64,
    entry: &'a str,
    at: Time,
    alert: &'a str,
    severity: &'a str,
    subject: Option<&'a str>,
    channel: &'a str,
    delivery: &'a str,
    test: bool,
    acknowledged: Option<Acknowledged<'a>>,
}

#[derive(Serialize)]
struct Acknowledged<'a> {
    at: Time,
    by: &'a str,
}

#[derive(Serialize)]
struct Action<'a> {
    seq: u64,
    entry: &'a str,
    opened_at: Time,
    opened_before_period: bool,
    kind: &'a str,
    state: &'a str,
    state_at: Time,
    subjects: &'a [String],
    reason_code: &'a str,
    root_cause: Option<&'a str>,
    owner: &'a str,
    due: Option<Time>,
    closed_by: &'a [String],
    text: &'a str,
}

#[derive(Serialize)]
struct Review<'a> {
    seq: u64,
    entry: &'a str,
    at: Time,
    subject: &'a str,
    subjects: &'a [String],
    role: &'a str,
    person: &'a str,
    conclusion: &'a str,
    period: Option<Period>,
    head: TreeHead,
    title: Option<&'a str>,
    notes: Option<&'a str>,
}

impl<'a> From<&'a recorded::Recorded> for Recorded<'a> {
    fn from(recorded: &'a recorded::Recorded) -> Self {
        Self {
            due: recorded
                .due
                .iter()
                .map(|due| Due { database: &due.database, extra: due.extra.as_deref(), window: due.window })
                .collect(),
            runs: recorded.runs.iter().map(run).collect(),
            tests: recorded.tests.iter().map(test).collect(),
            copies: recorded.copies.iter().map(copy).collect(),
            prunes: recorded.prunes.iter().map(prune).collect(),
            captures: recorded.captures.iter().map(capture).collect(),
            alerts: recorded.alerts.iter().map(alert).collect(),
            actions: recorded.actions.iter().map(action).collect(),
            reviews: recorded.reviews.iter().map(review).collect(),
        }
    }
}

fn run(run: &recorded::RunShown) -> Run<'_> {
    Run {
        entry_hash: run.entry_hash,
        trigger: run.trigger.as_deref(),
        expected_at: run.expected_at,
        started_at: run.started_at,
        ended_at: run.ended_at,
        available_at: run.available_at,
        encryption: run.encryption.as_ref().map(|of| Encryption { alg: &of.alg, recipients: &of.recipients }),
    }
}

fn test(test: &recorded::TestShown) -> Test<'_> {
    Test {
        entry_hash: test.entry_hash,
        purpose: &test.purpose,
        scope: test.scope.as_deref(),
        environment: &test.environment,
        class: &test.class,
        ended_at: test.ended_at,
        checks_passed_at: test.checks_passed_at,
        data_age_s: test.data_age_s,
        rpo_s: test.rpo_s,
        approved_by: test.approved_by.as_deref(),
        actions: &test.actions,
        signers: &test.signers,
    }
}

fn copy(copy: &recorded::CopyShown) -> Copy<'_> {
    Copy {
        seq: copy.seq,
        entry: &copy.id,
        at: copy.at,
        database: &copy.database,
        backup: &copy.backup,
        outcome: &copy.outcome,
        method: &copy.method,
        provider: &copy.provider,
        account_ref: &copy.account_ref,
        region: &copy.region,
        apart: &copy.apart,
        lock: &copy.lock,
        lock_until: copy.lock_until,
    }
}

fn prune(object: &recorded::PruneShown) -> Prune<'_> {
    Prune {
        seq: object.seq,
        entry: &object.id,
        at: object.at,
        database: &object.database,
        backup: &object.backup,
        key: &object.key,
        tier: &object.tier,
        keep: object.keep,
        age_days: object.age_days,
        outcome: object.outcome,
    }
}

fn capture(capture: &recorded::CaptureShown) -> Capture<'_> {
    Capture {
        seq: capture.seq,
        entry: &capture.id,
        at: capture.at,
        database: capture.database.as_deref(),
        collector: &capture.collector,
        due_at: capture.due_at,
        covers: capture.covers,
        trigger: &capture.trigger,
        outcome: &capture.outcome,
        rows: capture.rows,
        diff: capture.diff.map(|(added, removed, changed)| Diff { added, removed, changed }),
        flags: capture.flags.iter().map(|(code, detail)| Flag { code, detail }).collect(),
        reason: capture.reason.as_deref(),
        ipe: capture.ipe.as_ref().map(made),
    }
}

fn made(ipe: &Ipe) -> Made<'_> {
    Made {
        collector_version: &ipe.collector_version,
        source: ipe.source.as_ref().map(|of| Source {
            provider: &of.provider,
            host_sha256: of.host_sha256,
            database: &of.database,
            system_identifier: of.system_identifier.to_string(),
            server_version: &of.server_version,
            in_recovery: of.in_recovery,
        }),
        session_role: ipe.session_role.as_deref(),
        parameters: ipe.parameters.iter().map(|(name, value)| Parameter { name, value }).collect(),
        zone: &ipe.zone,
        started_at: ipe.started_at,
        ended_at: ipe.ended_at,
        run_by: &ipe.run_by,
        pages: ipe.pages,
        filters: &ipe.filters,
        not_visible: &ipe.not_visible,
        reconciled: ipe.reconciled.as_ref().map(|(how, rows, equal)| Reconciled { how, rows: *rows, equal: *equal }),
        outputs: ipe.outputs.iter().map(output).collect(),
        redactions: &ipe.redactions,
        tool_sha256: ipe.tool,
        signers: &ipe.signers,
    }
}

fn output(output: &OutputShown) -> Output<'_> {
    Output {
        name: &output.name,
        sha256: output.sha256,
        bytes: output.bytes,
        media: &output.media,
        columns: &output.columns,
        question_sha256: output.query,
    }
}

fn alert(alert: &recorded::AlertShown) -> Alert<'_> {
    Alert {
        seq: alert.seq,
        entry: &alert.id,
        at: alert.at,
        alert: &alert.alert,
        severity: &alert.severity,
        subject: alert.subject.as_deref(),
        channel: &alert.channel,
        delivery: &alert.delivery,
        test: alert.test,
        acknowledged: alert.acknowledged.as_ref().map(|(at, by)| Acknowledged { at: *at, by }),
    }
}

fn action(action: &recorded::ActionShown) -> Action<'_> {
    Action {
        seq: action.seq,
        entry: &action.id,
        opened_at: action.opened_at,
        opened_before_period: action.opened_before_period,
        kind: &action.kind,
        state: &action.state,
        state_at: action.state_at,
        subjects: &action.subjects,
        reason_code: &action.reason_code,
        root_cause: action.root_cause.as_deref(),
        owner: &action.owner,
        due: action.due,
        closed_by: &action.closed_by,
        text: &action.text,
    }
}

fn review(review: &recorded::ReviewShown) -> Review<'_> {
    Review {
        seq: review.seq,
        entry: &review.id,
        at: review.at,
        subject: &review.subject,
        subjects: &review.subjects,
        role: &review.role,
        person: &review.person,
        conclusion: &review.conclusion,
        period: review.period,
        head: review.head,
        title: review.said.as_ref().map(|(title, _)| title.as_str()),
        notes: review.said.as_ref().map(|(_, notes)| notes.as_str()),
    }
}
