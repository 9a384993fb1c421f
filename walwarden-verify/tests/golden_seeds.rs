//! Honest stories, told by dice: no check of an honest bundle ever fails.

mod golden_support;

use std::collections::BTreeMap;

use golden_support::ids;
use walwarden_core::{
    Digest, EntryId, Period,
    event::{HoldAction, OperatorActionKind, Reviewed, Trigger},
    merkle::TreeHead,
};
use walwarden_fixtures::{
    golden::{policy, witness, witness_keys},
    keys::TestKey,
    story::{
        Story,
        backup::{BackupRun, later},
        keys::Ring,
        review::Person,
        seal::Sealed,
        tables::{Table, billing, shop, tiny},
    },
};
use walwarden_verify::{Report, Source, Trust, Verdict, VerifyInput, report::Outcome, trust::Previous, verify};

const SEEDS: u64 = 1_000;
const DATABASES: [&str; 3] = ["billing", "crm", "shop"];
const ROOTS: [&str; 6] = ["root a", "root b", "root c", "root d", "root e", "es256 root f"];
const LOG_KEYS: [&str; 6] = ["log 2", "log 3", "log 4", "log 5", "log 6", "log 7"];
const STATEMENT_KEYS: [&str; 6] =
    ["statements 2", "statements 3", "es256 statements 4", "statements 5", "statements 6", "statements 7"];
const DAY: i64 = 86_400_000;

/// xorshift64*: dice that fall the same way for a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % sides
    }

    fn one_in(&mut self, sides: u64) -> bool {
        self.below(sides) == 0
    }

    fn index(&mut self, below: usize) -> usize {
        usize::try_from(self.below(below as u64)).expect("small")
    }

    fn millis(&mut self, below: u64) -> i64 {
        i64::try_from(self.below(below)).expect("small")
    }
}

/// A story and what is under way in it.
struct Teller {
    dice: Dice,
    story: Story,
    databases: Vec<&'static str>,
    /// Runs, and the key that was told to sign their end.
    running: Vec<(BackupRun, TestKey)>,
    log_keys: Vec<&'static str>,
    statement_keys: Vec<&'static str>,
    versions: u64,
    captures: Vec<EntryId>,
    failures: Vec<EntryId>,
    policies: Vec<EntryId>,
    /// Nothing goes wrong.
    calm: bool,
    /// How often each thing happened.
    features: BTreeMap<&'static str, usize>,
}

/// All that must happen in some story.
const FEATURES: [&str; 32] = [
    "alert, action, copy or hold",
    "approval signed",
    "backup",
    "backup failed",
    "backup over a change of key",
    "backup that stays open",
    "bundle judged against the one before",
    "bundle judged after a gap",
    "bundle judged by witnesses",
    "capture of evidence",
    "capture compared with an earlier one",
    "log key replaced",
    "log key revoked",
    "log key revoked from an earlier head",
    "one root",
    "head seen by a witness while the period ran",
    "key on P-256 for roots",
    "key on P-256 for statements",
    "period without entries",
    "policy adopted",
    "reader holds a head of before a change of roots",
    "restore test failed",
    "restore test passed",
    "restore test that stays open",
    "review of a capture",
    "review of a failure",
    "review of a policy",
    "roots replaced",
    "several databases",
    "some roots of several sign",
    "statement key replaced",
    "statement key revoked",
];

impl Teller {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        // Few on P-256: its signatures take longer.
        let ring = match dice.below(10) {
            0 | 1 => Ring::small(),
            2 | 3 => Ring::apart(),
            4 | 5 => Ring::two_of_three(),
            6 => Ring::es256(),
            _ => Ring::with_persons(),
        };
        let databases = DATABASES[..1 + dice.index(3)].to_vec();
        let signers = drawn(&mut dice, &ring.roots, ring.threshold);
        let mut features = BTreeMap::new();
        features.extend((databases.len() > 1).then_some(("several databases", 1)));
        features.extend((signers.len() < ring.roots.len()).then_some(("some roots of several sign", 1)));
        features.extend((ring.roots.len() == 1).then_some(("one root", 1)));
        let origin = format!("acme.example/dice-{seed:010}");
        let mut teller = Self {
            dice,
            story: Story::begin_signed(&origin, "2026-05-01T08:00:00Z", ring, |_| (), &signers),
            databases,
            running: Vec::new(),
            log_keys: LOG_KEYS.to_vec(),
            statement_keys: STATEMENT_KEYS.to_vec(),
            versions: 0,
            captures: Vec::new(),
            failures: Vec::new(),
            policies: Vec::new(),
            calm: seed.is_multiple_of(3),
            features,
        };
        teller.adopt();
        teller
    }

    fn did(&mut self, feature: &'static str) {
        *self.features.entry(feature).or_default() += 1;
    }

    fn has_persons(&self) -> bool {
        !self.story.ring.persons.is_empty()
    }

    /// Keys on P-256 that are in use now.
    fn did_es256(&mut self) {
        let is_es256 = |key: &TestKey| key.public().as_ed25519().is_none();
        if self.story.ring.roots.iter().any(is_es256) {
            self.did("key on P-256 for roots");
        }
        if is_es256(&self.story.ring.statements) {
            self.did("key on P-256 for statements");
        }
    }

    /// A witness sees the last head, now by the story's clock.
    fn cosigned(&mut self, index: usize) {
        let (witness, key) = witness(index);
        let now = self.story.clock.to_string();
        self.story.cosign(&witness, &key, &format!("{}Z", &now[..19]));
    }

    fn adopt(&mut self) {
        self.versions += 1;
        let toml = policy(&format!("2026.{}", self.versions), &self.databases);
        let approver = self.story.ring.persons.iter().find(|person| person.id == Person::approver().id).cloned();
        if let Some(approver) = approver.filter(|_| self.dice.one_in(2)) {
            self.story.wait(1_000).adopt_approved(&toml, &approver, |_, _| ());
            self.did("approval signed");
        } else {
            self.story.wait(1_000).adopt(&toml);
        }
        self.policies.push(self.story.last_entry());
        self.story.declare();
        self.did("policy adopted");
    }

    fn tables(&mut self) -> Vec<Table> {
        match self.dice.below(5) {
            0 => Vec::new(),
            1 => tiny(),
            2 => billing(),
            _ => shop(self.dice.index(20)),
        }
    }

    /// One thing that happens; hosts' clocks differ by up to 50 ms.
    fn happens(&mut self) {
        let skew = self.dice.millis(100) - 50;
        self.story.wait(skew);
        let database = self.databases[self.dice.index(self.databases.len())];
        let tables = self.tables();
        match self.dice.below(48) {
            0..14 => {
                self.story.backup(database, &tables);
                self.did("backup");
            }
            14..20 if self.calm => {}
            14..17 => {
                let failed = self.story.backup_failed(database);
                self.failures.push(failed);
                self.did("backup failed");
            }
            17..20 => {
                let key = self.story.ring.statements.clone();
                self.running.push((self.story.backup_started(database, Trigger::Manual), key));
            }
            20..24 => self.completes(&tables),
            24..34 => self.restores(database),
            34 => self.adopt(),
            35 | 36 => self.replaces(),
            37 => self.revokes(),
            38 => self.replaces_roots(),
            39 => _ = self.story.declare(),
            45 => self.tells(database),
            40..45 if self.has_persons() => self.reviews(database),
            _ => {
                self.story.sign_head();
                if self.dice.one_in(4) {
                    self.cosigned(0);
                    self.did("head seen by a witness while the period ran");
                }
            }
        }
    }

    /// What surrounds backups: copies, alerts, what persons do.
    fn tells(&mut self, database: &str) {
        let about = self.failures.last().copied().unwrap_or_else(|| self.story.last_entry());
        match (self.dice.below(6), self.story.last_backup(database)) {
            (0, _) => {
                let alert = self.story.alert("BackupFailed", about);
                self.story.acknowledged(alert);
            }
            (1, _) => {
                let action = self.story.action_opened(&[about]);
                self.story.action_closed(action, &[about]);
            }
            (2, _) => _ = self.story.corrected(about, "reason_code", "a", "b"),
            (3, _) => _ = self.story.by_hand(OperatorActionKind::KeyUse, database),
            (4, Some(backup)) => _ = self.story.copy_verified(&backup),
            (_, Some(backup)) => _ = self.story.pruned(&[], &[&backup]),
            _ => _ = self.story.hold(HoldAction::Placed, database),
        }
        self.did("alert, action, copy or hold");
    }

    fn completes(&mut self, tables: &[Table]) {
        let Some((run, key)) = self.running.pop() else { return };
        if key.word != self.story.ring.statements.word {
            self.did("backup over a change of key");
        }
        self.story.wait(3_000).backup_signed_by(&run, tables, &key, |_| (), |_, _| ());
    }

    fn restores(&mut self, database: &str) {
        let Some(backup) = self.story.last_backup(database) else { return };
        let rows = backup.stated.data.rows.0;
        match self.dice.below(4) {
            0 if rows > 0 && !self.calm => {
                let failed = self.story.restore_test_failed(&backup);
                self.failures.push(failed);
                self.did("restore test failed");
            }
            1 => {
                self.story.restore_started(&backup);
                self.did("restore test that stays open");
            }
            _ if backup.stated.data.tables > 0 => {
                self.story.restore_test(&backup);
                self.did("restore test passed");
            }
            _ => {}
        }
    }

    /// Collectors and persons at work.
    fn reviews(&mut self, database: &str) {
        let captured = self.captures.last().copied();
        match self.dice.below(4) {
            0 => {
                let previous = captured.filter(|_| self.dice.one_in(2));
                let rows = ["{\"rolname\":\"app\"}", "{\"rolname\":\"postgres\"}"];
                let rows = &rows[..self.dice.index(3)];
                self.captures.push(self.story.evidence_with(database, rows, previous, |_, _| ()));
                self.did("capture of evidence");
                if previous.is_some() {
                    self.did("capture compared with an earlier one");
                }
            }
            1 => self.review("review of a capture", Reviewed::Evidence, captured),
            2 => self.review("review of a failure", Reviewed::Exception, self.failures.last().copied()),
            _ => self.review("review of a policy", Reviewed::Policy, self.policies.last().copied()),
        }
    }

    fn review(&mut self, feature: &'static str, subject: Reviewed, item: Option<EntryId>) {
        let Some(item) = item else { return };
        let reviewer = self.story.ring.persons.first().expect("a person").clone();
        self.story.review(&reviewer, subject, &[item]);
        self.did(feature);
    }

    fn replaces(&mut self) {
        if self.dice.one_in(2) {
            let Some(word) = self.log_keys.pop() else { return };
            self.story.replace_log_key(&TestKey::new(word));
            self.did("log key replaced");
        } else {
            let Some(word) = self.statement_keys.pop() else { return };
            self.story.replace_statement_key(&TestKey::new(word));
            self.did("statement key replaced");
        }
    }

    fn revokes(&mut self) {
        let now = self.story.sign_head();
        if self.dice.one_in(2) {
            let Some(word) = self.log_keys.pop() else { return };
            let cut = self.earlier_head(now);
            self.story.revoke_log_key(&TestKey::new(word), cut);
            self.story.drop_heads_beyond(cut);
            self.did(if cut == now { "log key revoked" } else { "log key revoked from an earlier head" });
        } else {
            let Some(word) = self.statement_keys.pop() else { return };
            let new = TestKey::new(word);
            self.story.revoke_statement_key(&new, now);
            // Nobody believes the old key any more: what is under way ends unsigned by it, as a failure.
            self.fails_all();
            self.did("statement key revoked");
        }
    }

    /// Everything under way fails.
    fn fails_all(&mut self) {
        for (run, _) in std::mem::take(&mut self.running) {
            let failed = self.story.wait(100).backup_broken_off(run);
            self.failures.push(failed);
        }
    }

    /// One of the last heads, or this one.
    fn earlier_head(&mut self, now: TreeHead) -> TreeHead {
        let back = self.dice.below(3);
        let size = usize::try_from(now.size.saturating_sub(back).max(1)).expect("small");
        self.story.head_at(size)
    }

    /// Other roots and another threshold; enough of both sign.
    fn replaces_roots(&mut self) {
        let before = (self.story.ring.roots.clone(), self.story.ring.threshold);
        // The last one is on P-256, which takes longer: in few stories.
        let known = if self.dice.one_in(8) { &ROOTS[..] } else { &ROOTS[..5] };
        let all: Vec<TestKey> = known.iter().copied().map(TestKey::new).collect();
        let count = 1 + self.dice.index(3);
        let roots = drawn(&mut self.dice, &all, count);
        let threshold = 1 + self.dice.index(roots.len());
        let mut signers = drawn(&mut self.dice, &before.0, before.1);
        for key in drawn(&mut self.dice, &roots, threshold) {
            if signers.iter().all(|signer| signer.word != key.word) {
                signers.push(key);
            }
        }
        if signers.len() < before.0.len() {
            self.did("some roots of several sign");
        }
        self.story.replace_roots(&roots, threshold, &signers);
        self.did("roots replaced");
    }

    /// A calm month ends with a backup and a restore test of everything.
    fn ends_well(&mut self) {
        for database in self.databases.clone() {
            let backup = self.story.wait(1_000).backup(database, &shop(3));
            self.story.restore_test(&backup);
        }
    }

    /// Some days pass, and a period ends with them.
    fn days(&mut self, most: u64) -> i64 {
        let days = 1 + self.dice.millis(most);
        for _ in 0..days {
            let wait = self.dice.millis(DAY.unsigned_abs());
            self.story.wait(wait);
            for _ in 0..self.dice.below(4) {
                self.happens();
            }
        }
        if self.calm {
            self.ends_well();
        }
        days
    }

    /// Seals from `start`, or from some days before the end.
    fn seals(&mut self, start: Option<walwarden_core::Time>) -> (Sealed, u64) {
        let end = later(self.story.clock, self.dice.millis(3_600_000));
        let start = start.unwrap_or_else(|| later(end, -DAY * (1 + self.dice.millis(70))));
        let period = Period { start, end };
        self.story.clock = later(end, 60_000);
        let head = self.story.export(period);
        self.did_es256();
        // Both see every bundle's last head; who judges it may not ask.
        self.cosigned(0);
        self.cosigned(1);
        (self.story.seal(period), head.size)
    }
}

/// At least `least` of `keys`, in their order.
fn drawn(dice: &mut Dice, keys: &[TestKey], least: usize) -> Vec<TestKey> {
    let mut drawn = keys.to_vec();
    while drawn.len() > least && dice.one_in(2) {
        drawn.remove(dice.index(drawn.len()));
    }
    drawn
}

fn judged(sealed: &Sealed, trust: &Trust) -> Report {
    let source = Source::from_zip("seed.zip", sealed.zip()).expect("a zip");
    verify(&VerifyInput { source: &source, trust, as_of: later(sealed.period.end, DAY) })
}

fn no_failure(seed: u64, report: &Report) {
    let failed: Vec<_> = report
        .checks
        .iter()
        .filter_map(|result| match &result.outcome {
            Outcome::Fail(finding) => Some((result.check.id, finding)),
            _ => None,
        })
        .collect();
    assert!(failed.is_empty(), "seed {seed}: {failed:#?}");
    let open = ids(report, |outcome| matches!(outcome, Outcome::NotRun(_)));
    let established = report.verdict() != Verdict::NotEstablished || open.contains(&"chain.not-empty");
    assert!(established, "seed {seed}: not run {open:?}");
}

/// Tells the story of a seed, seals one period or two, and judges each.
fn told(seed: u64, verdicts: &mut [usize; 4]) -> BTreeMap<&'static str, usize> {
    let mut teller = Teller::new(seed);
    teller.days(60);
    let (first, size) = teller.seals(None);
    let known = 1 + teller.dice.index(usize::try_from(size).expect("small"));
    let mut trust = Trust::default();
    trust.add_handover(teller.story.handover(known).as_bytes()).expect("a handover");
    if teller.dice.one_in(2) {
        // One of the two is enough, or both are needed.
        let threshold = teller.dice.one_in(2).then_some(1);
        trust.add_witnesses(witness_keys().as_bytes(), threshold).expect("witnesses");
        teller.did("bundle judged by witnesses");
    }
    let mut judge = |teller: &mut Teller, sealed: &Sealed, trust: &Trust| {
        let report = judged(sealed, trust);
        no_failure(seed, &report);
        if report.verdict() == Verdict::NotEstablished {
            teller.did("period without entries");
        }
        verdicts[report.verdict() as usize] += 1;
    };
    judge(&mut teller, &first, &trust);
    if teller.story.handover(known) != teller.story.handover(usize::try_from(size).expect("small"))
        && teller.features.contains_key("roots replaced")
    {
        teller.did("reader holds a head of before a change of roots");
    }
    if teller.dice.one_in(3) {
        let source = Source::from_zip("first.zip", first.zip()).expect("a zip");
        let as_of = later(first.period.end, DAY);
        trust.add_previous(Previous::of(&source, trust.pins.as_ref(), as_of).expect("an honest bundle"));
        teller.story.exported(&first, size);
        teller.days(20);
        let gap = teller.dice.one_in(3);
        let start =
            if gap { later(first.period.end, teller.dice.millis(DAY.unsigned_abs())) } else { first.period.end };
        let start = start.min(teller.story.clock);
        let (second, _) = teller.seals(Some(start));
        judge(&mut teller, &second, &trust);
        teller.did(if gap { "bundle judged after a gap" } else { "bundle judged against the one before" });
    }
    if !teller.running.is_empty() {
        teller.did("backup that stays open");
    }
    teller.features
}

#[test]
fn no_check_of_an_honest_bundle_fails() {
    let mut verdicts = [0_usize; 4];
    let mut stories: BTreeMap<&str, usize> = FEATURES.map(|feature| (feature, 0)).into();
    for seed in 0..SEEDS {
        for feature in told(seed, &mut verdicts).into_keys() {
            *stories.get_mut(feature).unwrap_or_else(|| panic!("{feature} is listed")) += 1;
        }
    }
    #[expect(clippy::disallowed_macros, reason = "the test says what it drew")]
    for (feature, count) in &stories {
        println!("{count:5} of {SEEDS} stories: {feature}");
    }
    let never: Vec<&str> = stories.iter().filter(|(_, count)| **count == 0).map(|(feature, _)| *feature).collect();
    assert!(never.is_empty(), "these never happened: {never:?}");
    // Drawn stories keep no promise for long: what they must not do is fail a check.
    let [_, exceptions, _, rejected] = verdicts;
    assert!(exceptions > 0 && rejected == 0, "{verdicts:?}");
}

#[test]
fn test_keys_are_sound_and_distinct() {
    let more = LOG_KEYS.into_iter().chain(STATEMENT_KEYS).chain(["root e", "es256 root f"]);
    let words = more.chain(walwarden_fixtures::keys::WORDS);
    let mut keys: Vec<Digest> = words.map(|word| TestKey::new(word).fingerprint()).collect();
    let before = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), before);
}
