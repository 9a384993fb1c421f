//! The quarter of the demonstration: a real server, real dumps and restores, a real bucket, a time-stamping authority, a
//! witness and persons with keys of their own, through what `walwarden` itself runs, under a clock that is moved by hand.
//!
//! It is no test: `make proof-data` writes the bundle that is committed under `fixtures/proof`.

#[path = "support/s3.rs"]
mod s3_support;
mod support;
#[path = "support/tsa.rs"]
mod tsa;
#[path = "support/witness.rs"]
mod witness;
#[path = "support/world.rs"]
mod world;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use s3_support::{S3, credentials, store};
use support::{Server, walk};
use walwarden_core::{
    EntryId, Time,
    event::{ActionKind, ActionRecorded, ActionState, AlertAcknowledged, Conclusion, Event, Outcome, Role},
    statement::key_registry::Use,
};
use walwarden_produce::{
    adoption::adopt,
    clock::Clock as _,
    keys::{
        change::{Change, ChangeRequest, Place, change},
        roots::Roots,
        write_handover,
    },
    review::{Asked, ReviewRequest, Reviewer, review},
    witness::cosign,
};
use witness::Peer;
use world::{PASSPHRASE, World, time, verifier};

/// What every page of the report says beside the period.
const ORGANISATION: &str = "Acme (demonstration data)";

const POLICY: &str = include_str!("../../fixtures/proof/policy.toml");

/// Persons, and what they are.
const PERSONS: [(&str, &str); 4] = [
    ("cto", "Chief technology officer"),
    ("ops-lead", "Head of operations"),
    ("sec-lead", "Head of security"),
    ("dba-lead", "Database administrator"),
];

/// The story, day by day.
struct Quarter {
    world: World,
    witness: Peer,
    server: Server,
    folder: PathBuf,
}

impl Quarter {
    fn begin(server: Server, s3: &S3) -> Self {
        let now = time("06-29T09:00");
        let mut witness = None;
        let mut world = World::called(ORGANISATION, POLICY, &server.conninfo(), now, |dir, clock| {
            let (copy, secret) = (store(&s3.endpoint(), "acme-dr"), credentials(dir));
            let clock = Arc::clone(clock);
            let mode = format!("clock={}", watch(dir).display());
            let peer = Peer::start(&dir.join("vault"), "witness.example", 42, &mode);
            let seeing = peer.as_ref().expect("make test has set up what this needs").config();
            witness = peer;
            let url = tsa::authority_at(&dir.join("tsa"), true, move || Some(clock.now()));
            format!(
                "[[copy]]\nname = \"dr\"\n{copy}credentials = \"{}\"\n[[anchor]]\nname = \"tsa\"\nurl = \"{url}\"\n\
                 [[channel]]\nname = \"oncall\"\nkind = \"command\"\nargv = [\"true\"]\nrecipients_ref = \"rota\"\n{seeing}",
                secret.display()
            )
        });
        let folder = world.dir.path().to_owned();
        for (person, _) in PERSONS {
            let place = Place::File { path: &folder.join(format!("{person}.pem")), passphrase: person };
            keys(&mut world, Change::New { uses: vec![Use::Review], custodian: person, place: Box::new(place) }, None);
        }
        let mut quarter = Self { world, witness: witness.unwrap(), server, folder };
        quarter.review("cto", "06-29T10:00", Asked::Policy, Role::Approver, "");
        quarter
    }

    /// One night: a few orders more, a run; in the morning somebody looks at what it told.
    fn night(&mut self, at: Time) {
        let sql = format!(
            "INSERT INTO shop.sale (placed_at, customer, status, total) \
             SELECT timestamptz '{at}' - n * interval '3 minutes', n, 'placed', n * 7.25 FROM generate_series(1, 40) n"
        );
        self.server.sql("shop", &sql);
        self.run(at);
    }

    fn run(&mut self, at: Time) {
        fs::write(watch(&self.folder), (at.micros() / 1_000_000).to_string()).unwrap();
        let ran = self.world.run(at);
        if !ran.failures.is_empty() || !ran.raised.is_empty() {
            println!("{at}: {:?} {:?}", ran.failures, ran.raised.iter().map(|alert| &alert.alert).collect::<Vec<_>>());
        }
        let mut open = Vec::new();
        for (id, event) in self.world.events() {
            match event {
                Event::AlertRaised(_) => open.push(id),
                Event::AlertAcknowledged(seen) => open.retain(|id| *id != seen.alert),
                _ => {}
            }
        }
        self.world.clock.set(at.plus_seconds(20 * 60));
        for alert in open {
            let seen = AlertAcknowledged { alert, by: "ops-lead".into(), note: None, escalated_to: None };
            self.world.record(Event::AlertAcknowledged(Box::new(seen)));
        }
    }

    fn review(&mut self, person: &str, at: &str, asked: Asked<'_>, role: Role, notes: &str) {
        self.world.clock.set(time(at));
        let key = self.folder.join(format!("{person}.pem"));
        let reviewer = Reviewer::open(&self.world.producer.registry, &key, person).unwrap();
        let title = PERSONS.iter().find(|(id, _)| *id == person).unwrap().1;
        let request = ReviewRequest { asked, role, conclusion: Conclusion::NoIssue, title, notes };
        review(&mut self.world.producer, &mut self.world.signers.head, &reviewer, &request).unwrap();
    }

    /// Captures that nobody has reviewed yet.
    fn captures(&self) -> Vec<String> {
        let mut open: Vec<EntryId> = Vec::new();
        for (id, event) in self.world.events() {
            match event {
                Event::EvidenceCollected(_) => open.push(id),
                Event::ReviewSigned(review) => open.retain(|id| !review.subjects.contains(id)),
                _ => {}
            }
        }
        open.iter().map(ToString::to_string).collect()
    }

    /// The id of the last entry of which this is true.
    fn last(&self, is: impl Fn(&Event) -> bool) -> EntryId {
        self.world.events().into_iter().rev().find(|(_, event)| is(event)).unwrap().0
    }

    fn answer(&mut self, at: &str, kind: ActionKind, subject: EntryId, code: &str, text: &str) -> EntryId {
        self.world.clock.set(time(at));
        let action = ActionRecorded {
            action: None,
            kind,
            state: ActionState::Opened,
            subjects: vec![subject],
            reason_code: code.into(),
            root_cause: None,
            owner: "dba-lead".into(),
            due: Some(time(at).plus_seconds(7 * 86_400)),
            closed_by: Vec::new(),
            text: text.into(),
        };
        self.world.record(Event::ActionRecorded(Box::new(action)));
        self.last(|event| matches!(event, Event::ActionRecorded(_)))
    }

    fn close(&mut self, at: &str, action: EntryId, kind: ActionKind, by: EntryId, cause: &str, text: &str) {
        self.world.clock.set(time(at));
        let closed = ActionRecorded {
            action: Some(action),
            kind,
            state: ActionState::Closed,
            subjects: Vec::new(),
            reason_code: "done".into(),
            root_cause: Some(cause.into()),
            owner: "dba-lead".into(),
            due: None,
            closed_by: vec![by],
            text: text.into(),
        };
        self.world.record(Event::ActionRecorded(Box::new(closed)));
    }

    /// A dump on the host's disk goes bad, as disks do; the restore test of the month meets it.
    fn rotten_dump(&mut self) {
        let mut dumps = Vec::new();
        walk(&self.world.producer.folder.join("objects"), &mut dumps);
        let newest = dumps.into_iter().filter(|path| path.ends_with("db.dump")).max().unwrap();
        let good = fs::read(&newest).unwrap();
        let mut bad = good.clone();
        let middle = bad.len() / 2;
        bad[middle] ^= 1;
        replace(&newest, &bad);
        self.run(time("07-31T22:30"));
        let failed = self.last(|event| matches!(event, Event::RestoreTested(test) if test.outcome == Outcome::Failed));
        let text = "The stored dump has another digest than the one that was signed.";
        let action = self.answer("08-01T00:03", ActionKind::Corrective, failed, "object-mismatch", text);
        // Brought back from the copy in the other account.
        replace(&newest, &good);
        self.night(time("08-01T00:05"));
        let passed = self.last(|event| matches!(event, Event::RestoreTested(test) if test.outcome == Outcome::Passed));
        let text =
            "The object was brought back from the copy; the disk is replaced; a backup of the night was restored.";
        self.close("08-01T09:00", action, ActionKind::Corrective, passed, "a failing disk of the backup host", text);
    }

    /// The statement key gets a successor.
    fn new_key(&mut self) {
        self.world.clock.set(time("08-20T09:00"));
        keys(&mut self.world, Change::Rotate(Use::Backup), Some("yearly"));
        self.world.signers = self.world.producer.unlock(PASSPHRASE, Use::Backup).unwrap();
    }

    /// A head over the whole period, seen by the witness before anything is sealed: `walwarden witness`.
    fn witnessed(&mut self, at: &str) {
        self.world.clock.set(time(at));
        fs::write(watch(&self.folder), (time(at).micros() / 1_000_000).to_string()).unwrap();
        let World { producer, signers, .. } = &mut self.world;
        let known = producer.config.witness[0].clone();
        cosign(producer, &mut signers.head, &known).unwrap();
    }

    /// What is promised becomes stricter.
    fn new_policy(&mut self) {
        self.world.clock.set(time("08-31T09:00"));
        let next = POLICY
            .replace("version = \"1\"", "version = \"2\"")
            .replace("effective_from = \"2026-06-29T00:00:00Z\"", "effective_from = \"2026-08-31T22:00:00Z\"")
            .replace("rto = \"4h\"", "rto = \"2h\"");
        let file = self.folder.join("next.toml");
        fs::write(&file, next).unwrap();
        let World { producer, signers, .. } = &mut self.world;
        adopt(producer, &mut signers.head, &file, Some("two hours instead of four until a restore is usable")).unwrap();
        self.review("cto", "08-31T10:00", Asked::Policy, Role::Approver, "as agreed with the customers");
    }
}

/// Where the witness reads what time it is.
fn watch(folder: &Path) -> PathBuf {
    folder.join("seconds")
}

fn keys(world: &mut World, what: Change<'_>, reason: Option<&str>) {
    let root = [(world.dir.path().join("root.pem"), PASSPHRASE.to_owned().into())];
    let roots = Roots::open(&world.producer.registry, &root, None).unwrap();
    let request = ChangeRequest { change: what, roots, passphrase: PASSPHRASE, reason };
    change(&mut world.producer, request).unwrap();
}

fn replace(path: &Path, bytes: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
#[ignore = "make proof-data runs it: it takes minutes, and writes fixtures/proof"]
fn the_quarter_of_the_demonstration() {
    let out = PathBuf::from(std::env::var_os("WALWARDEN_PROOF_DATA").expect("WALWARDEN_PROOF_DATA names a folder"));
    let verifier = verifier().expect("cargo build -p walwarden-verify");
    let s3 = S3::start().expect("make test has set up what this needs");
    s3.bucket("acme-dr", false);
    let mut quarter = Quarter::begin(Server::shop(), &s3);
    quarter.night(time("06-30T00:05"));
    for month in ["07", "08", "09"] {
        for day in 1..=31 {
            let date = format!("{month}-{day:02}");
            match date.as_str() {
                "09-31" => continue,
                // No timer: found the night after.
                "07-14" => continue,
                "08-01" => quarter.rotten_dump(),
                _ => quarter.night(time(&format!("{date}T00:05"))),
            }
            match date.as_str() {
                "07-15" => {
                    let missed = quarter.last(|event| matches!(event, Event::OccurrenceMissed(_)));
                    let text = "The host was down for new memory, and the timer has no catch-up; it has one now.";
                    let action = quarter.answer("07-15T08:00", ActionKind::Explanation, missed, "host-down", text);
                    let now = "The timer catches up; the night of the 15th ran.";
                    quarter.close(
                        "07-15T08:05",
                        action,
                        ActionKind::Explanation,
                        missed,
                        "maintenance of the host",
                        now,
                    );
                }
                "08-20" => quarter.new_key(),
                "08-31" => quarter.new_policy(),
                _ => {}
            }
            if day == 3 {
                let ids = quarter.captures();
                let asked = Asked::Entries { ids: &ids, role_list: false };
                quarter.review("sec-lead", &format!("{date}T10:00"), asked, Role::Reviewer, "");
            }
            if date == "08-15" {
                // What an auditor was given in the middle of the quarter.
                let producer = &quarter.world.producer;
                let head = producer.chain.read().unwrap().head().unwrap();
                let handover = write_handover(&producer.folder, &producer.registry, head).unwrap();
                fs::copy(handover, out.join("handover.json")).unwrap();
            }
        }
    }
    quarter.night(time("10-01T00:05"));
    let period = Asked::Period("2026-Q3");
    quarter.review("ops-lead", "10-01T08:00", period, Role::Preparer, "three points, each with its answer");
    quarter.review("sec-lead", "10-01T08:30", Asked::Period("2026-Q3"), Role::Reviewer, "read with the report");
    quarter.witnessed("10-01T08:45");
    let bundle = quarter.world.seal(&verifier, time("10-01T09:00"), "2026-Q3");
    fs::copy(bundle, out.join("acme-2026-Q3.zip")).unwrap();
    fs::write(out.join("witness.txt"), format!("{}\n", quarter.witness.key)).unwrap();
    for root in ["ec-root.pem", "ec-authority.pem"] {
        fs::copy(tsa::peers().join(root), out.join(root)).unwrap();
    }
}
