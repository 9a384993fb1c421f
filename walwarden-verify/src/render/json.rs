//! `report.json`, version `v1` (`spec/schema/report.v1.json`).
//!
//! Own structures, so that inner changes of [`Report`] do not break readers. Values are exact: nothing is cut.

mod recorded;

use serde::Serialize;
use walwarden_core::{
    Digest, Time,
    merkle::TreeHead,
    policy::Framework,
    rules::{Gap, Item, RuleResult, Status, criteria},
};

use super::{
    document::{DISCLAIMER, SUBTITLE, TITLE},
    escape,
};
use crate::report::{self, BackupOutcome, CheckResult, Container, Outcome, Report, RunBlock};

/// `schema` of every report of this version.
const SCHEMA: &str = "https://walwarden.dev/spec/report/v1";

/// Writes the report, indented, ended by LF.
pub(super) fn render(report: &Report, run: &RunBlock) -> Result<String, serde_json::Error> {
    let mut text = escape::json(&serde_json::to_string_pretty(&V1::of(report, run))?);
    text.push('\n');
    Ok(text)
}

/// Writes what a page shows at once, in one line: of each rule its status, and nothing of what was found.
pub(super) fn brief<'a>(report: &'a Report) -> Result<String, serde_json::Error> {
    let rule = |result: &'a RuleResult| RuleBrief {
        id: result.rule.id,
        title: result.rule.title,
        status: result.status.word(),
        reason: &result.reason,
    };
    let brief = Brief {
        verdict: report.verdict().into(),
        counts: report.counts().into(),
        subject: (&report.subject).into(),
        claims: report.claims.as_ref().map(Into::into),
        checks: report.checks.iter().map(Into::into).collect(),
        rules: report.rules.iter().map(rule).collect(),
    };
    Ok(escape::json(&serde_json::to_string(&brief)?))
}

#[derive(Serialize)]
struct Brief<'a> {
    verdict: Verdict,
    counts: Counts,
    subject: Subject<'a>,
    claims: Option<Claims<'a>>,
    checks: Vec<Check<'a>>,
    rules: Vec<RuleBrief<'a>>,
}

#[derive(Serialize)]
struct RuleBrief<'a> {
    id: &'static str,
    title: &'static str,
    status: &'static str,
    reason: &'a str,
}

#[derive(Serialize)]
struct V1<'a> {
    schema: &'static str,
    spec_version: &'a str,
    title: &'static str,
    subtitle: &'static str,
    disclaimer: &'static str,
    verdict: Verdict,
    counts: Counts,
    as_of: String,
    subject: Subject<'a>,
    claims: Option<Claims<'a>>,
    trust: Trust<'a>,
    checks: Vec<Check<'a>>,
    rules: Vec<Rule<'a>>,
    arranged: Arranged,
    criteria: Vec<Criterion>,
    facts: Facts<'a>,
    run: Run<'a>,
}

#[derive(Serialize)]
struct Verdict {
    word: &'static str,
    words: &'static str,
    exit_code: u8,
}

#[derive(Serialize)]
struct Counts {
    passed: usize,
    failed: usize,
    not_run: usize,
    required_not_run: usize,
    accepted: usize,
    exceptions: usize,
    not_evidenced: usize,
}

#[derive(Serialize)]
struct Subject<'a> {
    name: &'a str,
    container: &'static str,
    bytes: u64,
    file_sha256: Option<Digest>,
    bundle_digest: Option<Digest>,
}

#[derive(Serialize)]
struct Claims<'a> {
    organisation: &'a str,
    origin: String,
    period: walwarden_core::Period,
    zone: &'a str,
    sealed_at: String,
    head: TreeHead,
    ceremony: Option<&'a str>,
}

#[derive(Serialize)]
struct Trust<'a> {
    pins: Vec<Digest>,
    threshold: usize,
    first_contact: bool,
    tsa_roots: &'a [String],
    known: Option<Known>,
    contradicted: Option<Contradicted<'a>>,
}

#[derive(Serialize)]
struct Contradicted<'a> {
    previous: &'a str,
    relation: &'static str,
    why: &'a str,
}

#[derive(Serialize)]
struct Known {
    head: TreeHead,
    source: &'static str,
    entries_after: Option<u64>,
}

#[derive(Serialize)]
struct Check<'a> {
    id: &'static str,
    title: &'static str,
    spec: &'static str,
    required: bool,
    #[serde(flatten)]
    outcome: CheckOutcome<'a>,
}

#[derive(Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
enum CheckOutcome<'a> {
    Pass { evidence: &'a str },
    Fail { finding: Finding<'a> },
    NotRun { reason: &'static str, detail: &'a str },
    Accepted { choice: &'a str },
}

#[derive(Serialize)]
struct Finding<'a> {
    what: &'a str,
    reads_as: &'static str,
    at: &'a str,
    expected: &'a str,
    found: &'a str,
}

#[derive(Serialize)]
struct Rule<'a> {
    id: &'static str,
    title: &'static str,
    computation: &'static str,
    basis: &'static str,
    status: &'static str,
    reason: &'a str,
    deviating: usize,
    population: usize,
    items: Vec<RuleItem<'a>>,
    gaps: Vec<RuleGap<'a>>,
    /// Whether it needs what only a reader can bring.
    needs_reader: bool,
    databases: Vec<Part<'a>>,
    criteria: Vec<CriterionId>,
}

/// A rule in one database; `*` is what is of none.
#[derive(Serialize)]
struct Part<'a> {
    database: &'a str,
    status: &'static str,
}

#[derive(Serialize)]
struct CriterionId {
    framework: &'static str,
    id: &'static str,
}

/// Which frameworks `criteria` has, and which it leaves out.
#[derive(Serialize)]
struct Arranged {
    frameworks: Vec<&'static str>,
    left_out: Vec<&'static str>,
    chosen_by: &'static str,
    soc2_availability: &'static str,
}

/// What the rules of a criterion come to together.
#[derive(Serialize)]
struct Criterion {
    framework: &'static str,
    id: &'static str,
    /// The policy leaves it out of the engagement.
    informational: bool,
    status: Option<&'static str>,
    rules: Vec<RuleStatus>,
    /// Not counted: promised by nobody, or in need of what only a reader can bring.
    beside: Vec<RuleStatus>,
}

#[derive(Serialize)]
struct RuleStatus {
    rule: &'static str,
    status: &'static str,
}

/// A part without evidence.
#[derive(Serialize)]
struct RuleGap<'a> {
    kind: &'static str,
    database: &'a str,
    what: &'a str,
}

#[derive(Serialize)]
struct RuleItem<'a> {
    id: &'a str,
    at: String,
    database: &'a str,
    entry: &'a str,
    deviation: Option<&'a str>,
    note: Option<&'a str>,
}

#[derive(Serialize)]
struct Facts<'a> {
    entries: u64,
    entries_in_period: u64,
    databases: Vec<Database<'a>>,
    policies: Vec<Policy<'a>>,
    backups: Vec<Backup<'a>>,
    restore_tests: Vec<RestoreTest<'a>>,
    timestamps: Vec<Timestamp<'a>>,
    keys: Vec<Key<'a>>,
    stored_objects: Option<StoredObjects<'a>>,
    not_interpreted: Vec<NotInterpreted<'a>>,
    recorded: recorded::Recorded<'a>,
}

#[derive(Serialize)]
struct Database<'a> {
    id: &'a str,
    provider: &'a str,
    region: &'a str,
    owner: &'a str,
    server_version: &'a str,
}

#[derive(Serialize)]
struct Policy<'a> {
    version: &'a str,
    sha256: Digest,
    effective_from: String,
    author: &'a str,
    approved_by: &'a str,
    approval_signed: bool,
}

#[derive(Serialize)]
struct Backup<'a> {
    seq: u64,
    entry: &'a str,
    database: &'a str,
    started_at: Option<String>,
    #[serde(flatten)]
    outcome: Ending<'a>,
}

#[derive(Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
enum Ending<'a> {
    Completed {
        snapshot_at: String,
        object_key: &'a str,
        bytes: u64,
        sha256: Digest,
        tables: u64,
        rows: u64,
        content_root: Option<Digest>,
        signers: &'a [String],
    },
    Failed {
        stage: &'a str,
        reason_code: &'a str,
        message: &'a str,
    },
    Open,
}

#[derive(Serialize)]
struct RestoreTest<'a> {
    seq: u64,
    entry: &'a str,
    database: &'a str,
    backup: &'a str,
    outcome: &'a str,
    started_at: String,
    seconds: Option<i64>,
    rto_s: Option<i64>,
    tables_equal: u64,
    tables_expected: u64,
    rows_actual: u64,
    rows_expected: u64,
    root_expected: Option<Digest>,
    root_actual: Option<Digest>,
    steps: Vec<Step<'a>>,
    performed_by: &'a str,
    lessons: &'a str,
}

#[derive(Serialize)]
struct Step<'a> {
    name: &'a str,
    outcome: &'a str,
    seconds: i64,
}

#[derive(Serialize)]
struct Timestamp<'a> {
    size: u64,
    gen_time: String,
    not_after: String,
    authority: &'a str,
    root: Option<&'a str>,
}

#[derive(Serialize)]
struct Key<'a> {
    keyid: &'a str,
    fingerprint: Digest,
    uses: &'a [String],
    custodian: &'a str,
    storage: &'a str,
    state: &'a str,
    from: Option<At>,
    to: Option<At>,
}

/// An entry, and when it was recorded.
#[derive(Serialize)]
struct At {
    seq: u64,
    recorded_at: String,
}

#[derive(Serialize)]
struct StoredObjects<'a> {
    folder: &'a str,
    objects: Vec<StoredObject<'a>>,
    other_files: Vec<OtherFile<'a>>,
    other_files_left_out: usize,
    not_looked_at: Option<&'a str>,
}

#[derive(Serialize)]
struct StoredObject<'a> {
    seq: Option<u64>,
    database: &'a str,
    what: &'a str,
    key: &'a str,
    bytes: u64,
    sha256: Digest,
    #[serde(flatten)]
    compared: Compared<'a>,
}

#[derive(Serialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
enum Compared<'a> {
    Equal { file: &'a str, before_encryption: bool },
    Differs { file: &'a str, file_bytes: u64, file_sha256: Digest },
    Unread { file: &'a str, why: &'a str },
    NotGiven,
}

#[derive(Serialize)]
struct OtherFile<'a> {
    file: &'a str,
    bytes: u64,
    why: &'a str,
}

#[derive(Serialize)]
struct NotInterpreted<'a> {
    seq: u64,
    entry: &'a str,
    r#type: &'a str,
}

#[derive(Serialize)]
struct Run<'a> {
    version: &'a str,
    program_sha256: Option<Digest>,
    platform: &'a str,
    sandbox: &'a str,
}

impl<'a> V1<'a> {
    fn of(report: &'a Report, run: &'a RunBlock) -> Self {
        Self {
            schema: SCHEMA,
            spec_version: report.spec_version,
            title: TITLE,
            subtitle: SUBTITLE,
            disclaimer: DISCLAIMER,
            verdict: report.verdict().into(),
            counts: report.counts().into(),
            as_of: report.as_of.to_string(),
            subject: (&report.subject).into(),
            claims: report.claims.as_ref().map(Into::into),
            trust: (&report.trust).into(),
            checks: report.checks.iter().map(Into::into).collect(),
            rules: report.rules.iter().map(Into::into).collect(),
            arranged: (&report.arranged).into(),
            criteria: criteria(report),
            facts: (&report.facts).into(),
            run: Run {
                version: &run.version,
                program_sha256: run.program,
                platform: &run.platform,
                sandbox: &run.sandbox,
            },
        }
    }
}

impl From<report::Verdict> for Verdict {
    fn from(verdict: report::Verdict) -> Self {
        Self { word: verdict.word(), words: verdict.words(), exit_code: verdict.exit_code() }
    }
}

impl From<&report::Arranged> for Arranged {
    fn from(arranged: &report::Arranged) -> Self {
        let words = |frameworks: &[Framework]| frameworks.iter().map(|framework| framework.word()).collect();
        Self {
            frameworks: words(&arranged.frameworks),
            left_out: words(&arranged.left_out()),
            chosen_by: arranged.by.word(),
            soc2_availability: arranged.availability.word(),
        }
    }
}

/// Every criterion of the frameworks shown that a rule speaks to.
fn criteria(report: &Report) -> Vec<Criterion> {
    let statuses = |of: &[(&'static str, Status)]| {
        of.iter().map(|(rule, status)| RuleStatus { rule, status: status.word() }).collect::<Vec<_>>()
    };
    let criterion = |criterion: criteria::Criterion| Criterion {
        informational: report.arranged.is_informational(&criterion),
        framework: criterion.framework.word(),
        id: criterion.id,
        status: criterion.status.map(Status::word),
        rules: statuses(&criterion.rules),
        beside: statuses(&criterion.beside),
    };
    report.criteria().into_iter().map(criterion).collect()
}

fn at((seq, time): (u64, Time)) -> At {
    At { seq, recorded_at: time.to_string() }
}

impl From<report::Counts> for Counts {
    fn from(counts: report::Counts) -> Self {
        let report::Counts { passed, failed, not_run, required_not_run, accepted, exceptions, not_evidenced } = counts;
        Self { passed, failed, not_run, required_not_run, accepted, exceptions, not_evidenced }
    }
}

impl<'a> From<&'a report::Subject> for Subject<'a> {
    fn from(subject: &'a report::Subject) -> Self {
        let container = match subject.container {
            Container::Zip => "zip",
            Container::Folder => "folder",
        };
        Self {
            name: &subject.name,
            container,
            bytes: subject.bytes,
            file_sha256: subject.file_digest,
            bundle_digest: subject.bundle_digest,
        }
    }
}

impl<'a> From<&'a report::Claims> for Claims<'a> {
    fn from(claims: &'a report::Claims) -> Self {
        Self {
            organisation: &claims.organisation,
            origin: claims.origin.to_string(),
            period: claims.period,
            zone: &claims.zone,
            sealed_at: claims.sealed_at.to_string(),
            head: claims.head,
            ceremony: claims.ceremony.as_deref(),
        }
    }
}

impl<'a> From<&'a report::TrustShown> for Trust<'a> {
    fn from(trust: &'a report::TrustShown) -> Self {
        let known = |known: &report::KnownHead| Known {
            head: known.head,
            source: known.source,
            entries_after: known.entries_after,
        };
        Self {
            pins: trust.pins.clone(),
            threshold: trust.threshold,
            first_contact: trust.first_contact,
            tsa_roots: &trust.tsa_roots,
            known: trust.known.as_ref().map(known),
            contradicted: trust.contradicted.as_ref().map(|one| Contradicted {
                previous: &one.previous,
                relation: one.relation.word(),
                why: &one.why,
            }),
        }
    }
}

impl<'a> From<&'a CheckResult> for Check<'a> {
    fn from(result: &'a CheckResult) -> Self {
        let outcome = match &result.outcome {
            Outcome::Pass(evidence) => CheckOutcome::Pass { evidence: &evidence.0 },
            Outcome::Fail(finding) => CheckOutcome::Fail {
                finding: Finding {
                    what: &finding.what,
                    reads_as: finding.reads_as.word(),
                    at: &finding.at,
                    expected: &finding.expected,
                    found: &finding.found,
                },
            },
            Outcome::NotRun(reason) => not_run(reason),
            Outcome::Accepted(choice) => CheckOutcome::Accepted { choice },
        };
        let check = result.check;
        Self { id: check.id, title: check.title, spec: check.spec, required: check.required, outcome }
    }
}

const fn not_run(reason: &report::NotRun) -> CheckOutcome<'_> {
    let (reason, detail) = match reason {
        report::NotRun::Needs(id) => ("needs", *id),
        report::NotRun::NoInput(input) => ("no-input", *input),
        report::NotRun::NotClaimed(what) => ("not-claimed", *what),
        report::NotRun::NothingToCheck(what) => ("nothing-to-check", *what),
    };
    CheckOutcome::NotRun { reason, detail }
}

impl<'a> From<&'a RuleResult> for Rule<'a> {
    fn from(result: &'a RuleResult) -> Self {
        Self {
            id: result.rule.id,
            title: result.rule.title,
            computation: result.rule.computation,
            basis: result.rule.basis.print().0,
            status: result.status.word(),
            reason: &result.reason,
            deviating: result.deviating(),
            population: result.items.len(),
            items: result.items.iter().map(Into::into).collect(),
            gaps: result.gaps.iter().map(Into::into).collect(),
            needs_reader: result.rule.reader,
            databases: result
                .by_database()
                .into_iter()
                .map(|(database, status)| Part { database, status: status.word() })
                .collect(),
            criteria: criteria::of(result.rule.id)
                .iter()
                .flat_map(|(framework, ids)| ids.iter().map(|id| CriterionId { framework: framework.word(), id }))
                .collect(),
        }
    }
}

impl<'a> From<&'a Gap> for RuleGap<'a> {
    fn from(gap: &'a Gap) -> Self {
        Self { kind: gap.kind.word(), database: &gap.database, what: &gap.what }
    }
}

impl<'a> From<&'a Item> for RuleItem<'a> {
    fn from(item: &'a Item) -> Self {
        Self {
            id: &item.id,
            at: item.at.to_string(),
            database: &item.database,
            entry: &item.entry,
            deviation: item.deviation.as_deref(),
            note: item.note.as_deref(),
        }
    }
}

impl<'a> From<&'a report::Shown> for Facts<'a> {
    fn from(facts: &'a report::Shown) -> Self {
        Self {
            entries: facts.entries,
            entries_in_period: facts.entries_in_period,
            databases: facts.databases.iter().map(Into::into).collect(),
            policies: facts.policies.iter().map(Into::into).collect(),
            backups: facts.backups.iter().map(Into::into).collect(),
            restore_tests: facts.restores.iter().map(Into::into).collect(),
            timestamps: facts.stamps.iter().map(Into::into).collect(),
            keys: facts.keys.iter().map(Into::into).collect(),
            stored_objects: facts.artifacts.as_ref().map(Into::into),
            not_interpreted: facts
                .not_interpreted
                .iter()
                .map(|(seq, entry, kind)| NotInterpreted { seq: *seq, entry, r#type: kind })
                .collect(),
            recorded: (&facts.recorded).into(),
        }
    }
}

impl<'a> From<&'a report::ArtifactsShown> for StoredObjects<'a> {
    fn from(artifacts: &'a report::ArtifactsShown) -> Self {
        let other = |file: &'a report::OtherFile| OtherFile { file: &file.path, bytes: file.bytes, why: &file.why };
        Self {
            folder: &artifacts.folder,
            objects: artifacts.objects.iter().map(Into::into).collect(),
            other_files: artifacts.others.iter().map(other).collect(),
            other_files_left_out: artifacts.others_left_out,
            not_looked_at: artifacts.more,
        }
    }
}

impl<'a> From<&'a report::ObjectShown> for StoredObject<'a> {
    fn from(object: &'a report::ObjectShown) -> Self {
        let compared = match &object.compared {
            report::Compared::Equal { path, before_encryption } => {
                Compared::Equal { file: path, before_encryption: *before_encryption }
            }
            report::Compared::Differs { path, bytes, sha256 } => {
                Compared::Differs { file: path, file_bytes: *bytes, file_sha256: *sha256 }
            }
            report::Compared::Unread { path, why } => Compared::Unread { file: path, why },
            report::Compared::NotGiven => Compared::NotGiven,
        };
        Self {
            seq: object.seq,
            database: &object.database,
            what: object.what,
            key: &object.key,
            bytes: object.bytes,
            sha256: object.sha256,
            compared,
        }
    }
}

impl<'a> From<&'a report::DatabaseShown> for Database<'a> {
    fn from(database: &'a report::DatabaseShown) -> Self {
        Self {
            id: &database.id,
            provider: &database.provider,
            region: &database.region,
            owner: &database.owner,
            server_version: &database.server_version,
        }
    }
}

impl<'a> From<&'a report::PolicyShown> for Policy<'a> {
    fn from(policy: &'a report::PolicyShown) -> Self {
        Self {
            version: &policy.version,
            sha256: policy.digest,
            effective_from: policy.effective_from.to_string(),
            author: &policy.author,
            approved_by: &policy.approved_by,
            approval_signed: policy.signed,
        }
    }
}

impl<'a> From<&'a report::BackupShown> for Backup<'a> {
    fn from(backup: &'a report::BackupShown) -> Self {
        let outcome = match &backup.outcome {
            BackupOutcome::Completed(done) => Ending::Completed {
                snapshot_at: done.snapshot_at.to_string(),
                object_key: &done.key,
                bytes: done.bytes,
                sha256: done.sha256,
                tables: done.tables,
                rows: done.rows,
                content_root: done.content_root,
                signers: &done.signers,
            },
            BackupOutcome::Failed { stage, reason, message } => Ending::Failed { stage, reason_code: reason, message },
            BackupOutcome::Open => Ending::Open,
        };
        Self {
            seq: backup.seq,
            entry: &backup.id,
            database: &backup.database,
            started_at: backup.started_at.map(|time| time.to_string()),
            outcome,
        }
    }
}

impl<'a> From<&'a report::RestoreShown> for RestoreTest<'a> {
    fn from(test: &'a report::RestoreShown) -> Self {
        Self {
            seq: test.seq,
            entry: &test.id,
            database: &test.database,
            backup: &test.backup,
            outcome: &test.outcome,
            started_at: test.started_at.to_string(),
            seconds: test.seconds,
            rto_s: test.rto_s,
            tables_equal: test.tables.0,
            tables_expected: test.tables.1,
            rows_actual: test.rows.0,
            rows_expected: test.rows.1,
            root_expected: test.root_expected,
            root_actual: test.root_actual,
            steps: test
                .steps
                .iter()
                .map(|(name, outcome, seconds)| Step { name, outcome, seconds: *seconds })
                .collect(),
            performed_by: &test.performed_by,
            lessons: &test.lessons,
        }
    }
}

impl<'a> From<&'a report::StampShown> for Timestamp<'a> {
    fn from(stamp: &'a report::StampShown) -> Self {
        Self {
            size: stamp.size,
            gen_time: stamp.gen_time.to_string(),
            not_after: stamp.not_after.to_string(),
            authority: &stamp.authority,
            root: stamp.root.as_deref(),
        }
    }
}

impl<'a> From<&'a report::KeyShown> for Key<'a> {
    fn from(key: &'a report::KeyShown) -> Self {
        Self {
            keyid: &key.keyid,
            fingerprint: key.fingerprint,
            uses: &key.uses,
            custodian: &key.custodian,
            storage: &key.storage,
            state: &key.state,
            from: key.from.map(at),
            to: key.to.map(at),
        }
    }
}
