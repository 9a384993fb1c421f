//! Honest stories, told by dice: no check of an honest bundle ever fails.

mod golden_support;

use golden_support::ids;
use walwarden_core::{Period, event::Trigger, key::PublicKey};
use walwarden_fixtures::{
    golden::policy,
    keys::TestKey,
    story::{
        Story,
        backup::{BackupRun, later},
        keys::Ring,
        tables::{Table, billing, shop, tiny},
    },
};
use walwarden_verify::{Source, Trust, Verdict, VerifyInput, report::Outcome, verify};

const SEEDS: u64 = 150;
const DATABASES: [&str; 3] = ["billing", "crm", "shop"];
const LOG_KEYS: [&str; 4] = ["log 2", "log 3", "log 4", "log 5"];
const STATEMENT_KEYS: [&str; 4] = ["statements 2", "statements 3", "statements 4", "statements 5"];
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

    fn millis(&mut self, below: u64) -> i64 {
        i64::try_from(self.below(below)).expect("small")
    }
}

/// A story and what is under way in it.
struct Teller {
    dice: Dice,
    story: Story,
    databases: Vec<&'static str>,
    running: Vec<(BackupRun, TestKey)>,
    log_keys: Vec<&'static str>,
    statement_keys: Vec<&'static str>,
    versions: u64,
    /// Nothing goes wrong.
    calm: bool,
}

impl Teller {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let ring = if dice.one_in(2) { Ring::small() } else { Ring::apart() };
        let databases = DATABASES[..1 + usize::try_from(dice.below(3)).expect("small")].to_vec();
        let story = Story::begin(&format!("acme.example/dice-{seed:010}"), "2026-05-01T08:00:00Z", ring);
        let mut teller = Self {
            dice,
            story,
            databases,
            running: Vec::new(),
            log_keys: LOG_KEYS.to_vec(),
            statement_keys: STATEMENT_KEYS.to_vec(),
            versions: 0,
            calm: seed.is_multiple_of(3),
        };
        teller.adopt();
        teller
    }

    fn adopt(&mut self) {
        self.versions += 1;
        self.story.wait(1_000).adopt(&policy(&format!("2026.{}", self.versions), &self.databases)).declare();
    }

    fn tables(&mut self) -> Vec<Table> {
        match self.dice.below(5) {
            0 => Vec::new(),
            1 => tiny(),
            2 => billing(),
            _ => shop(usize::try_from(self.dice.below(20)).expect("small")),
        }
    }

    /// One thing that happens; hosts' clocks differ by up to 50 ms.
    fn happens(&mut self) {
        let skew = self.dice.millis(100) - 50;
        self.story.wait(skew);
        let database = self.databases[usize::try_from(self.dice.below(self.databases.len() as u64)).expect("small")];
        let tables = self.tables();
        match self.dice.below(40) {
            0..14 => _ = self.story.backup(database, &tables),
            14..20 if self.calm => {}
            14..17 => _ = self.story.backup_failed(database),
            17..20 => {
                let key = self.story.ring.statements.clone();
                self.running.push((self.story.backup_started(database, Trigger::Manual), key));
            }
            20..24 => {
                if let Some((run, key)) = self.running.pop() {
                    self.story.wait(3_000).backup_signed_by(&run, &tables, &key, |_| (), |_, _| ());
                }
            }
            24..34 => self.restores(database),
            34 => self.adopt(),
            35 => self.rotates(),
            36 => _ = self.story.declare(),
            _ => _ = self.story.sign_head(),
        }
    }

    fn restores(&mut self, database: &str) {
        let Some(backup) = self.story.last_backup(database) else { return };
        let rows = backup.stated.data.rows.0;
        match self.dice.below(4) {
            0 if rows > 0 && !self.calm => _ = self.story.restore_test_failed(&backup),
            1 => _ = self.story.restore_started(&backup),
            _ if backup.stated.data.tables > 0 => _ = self.story.restore_test(&backup),
            _ => {}
        }
    }

    /// A calm month ends with a backup and a restore test of everything.
    fn ends_well(&mut self) {
        for database in self.databases.clone() {
            let backup = self.story.wait(1_000).backup(database, &shop(3));
            self.story.restore_test(&backup);
        }
    }

    fn rotates(&mut self) {
        if self.dice.one_in(2) {
            if let Some(word) = self.log_keys.pop() {
                self.story.replace_log_key(&TestKey::new(word));
            }
        } else if let Some(word) = self.statement_keys.pop() {
            self.story.replace_statement_key(&TestKey::new(word));
        }
    }
}

#[test]
fn no_check_of_an_honest_bundle_fails() {
    let mut verdicts = [0_usize; 4];
    for seed in 0..SEEDS {
        let mut teller = Teller::new(seed);
        let days = 1 + teller.dice.below(60);
        for _ in 0..days {
            let wait = teller.dice.millis(DAY.unsigned_abs());
            teller.story.wait(wait);
            for _ in 0..teller.dice.below(4) {
                teller.happens();
            }
        }
        if teller.calm {
            teller.ends_well();
        }
        let end = later(teller.story.clock, teller.dice.millis(3_600_000));
        let start = later(end, -DAY * (1 + teller.dice.millis(70)));
        let period = Period { start, end };
        teller.story.clock = later(end, 60_000);
        teller.story.export(period);
        let known = 1 + usize::try_from(teller.dice.below(teller.story.size() as u64)).expect("small");
        let sealed = teller.story.seal(period);

        let source = Source::from_zip("seed.zip", sealed.zip()).expect("a zip");
        let mut trust = Trust::default();
        trust.add_handover(teller.story.handover(known).as_bytes()).expect("a handover");
        let report = verify(&VerifyInput { source: &source, trust: &trust, as_of: later(end, DAY) });
        let failed: Vec<_> = report
            .checks
            .iter()
            .filter_map(|result| match &result.outcome {
                Outcome::Fail(finding) => Some((result.check.id, finding)),
                _ => None,
            })
            .collect();
        assert!(failed.is_empty(), "seed {seed}: {failed:#?}");
        let open = ids(&report, |outcome| matches!(outcome, Outcome::NotRun(_)));
        let established = report.verdict() != Verdict::NotEstablished || open.contains(&"chain.not-empty");
        assert!(established, "seed {seed}: not run {open:?}");
        verdicts[report.verdict() as usize] += 1;
    }
    let [verified, exceptions, ..] = verdicts;
    assert!(verified > 0 && exceptions > 0, "both occur: {verdicts:?}");
}

#[test]
fn test_keys_are_sound_and_distinct() {
    let words = LOG_KEYS.into_iter().chain(STATEMENT_KEYS).chain(walwarden_fixtures::keys::WORDS);
    let mut keys: Vec<[u8; 32]> = words.map(|word| PublicKey::to_bytes(&TestKey::new(word).public())).collect();
    let before = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), before);
}
