//! One backup, with what shows it.

use walwarden_core::{
    Digest,
    event::Outcome,
    merkle::{Proof, inclusion_steps},
    statement::{Bytes, Object},
};

use crate::{
    render::document::{Block, Card, Cell, Fact, Mark, Row, Sign, Table, Text, Tone, compared, words},
    show::{BackupOfDay, Carriage, DayShown, RestoreOf, Signer},
};

/// What stands over the proofs.
const BY_HAND: &str = "The entry hash is the SHA-256 of the byte 00 and the line without its line feed. Each step joins two digests: the SHA-256 of the byte 01, the left one and the right one, as bytes. The last one must be the root of the head.";

/// How a proof is checked without this program.
pub(super) fn by_hand() -> Vec<Block> {
    let commands = [
        "(printf '\\000'; unzip -p BUNDLE chain/entries.ndjson | sed -n LINEp | tr -d '\\n') | sha256sum",
        "printf '01%s%s' LEFT RIGHT | xxd -r -p | sha256sum",
    ];
    vec![
        Block::heading("To check a proof by hand"),
        Block::plain(BY_HAND),
        Block::plain("LINE is the number of the entry and one more; LEFT and RIGHT are the digests of a step:"),
        Block::Commands(commands.map(str::to_owned).into()),
    ]
}

/// One backup.
pub(super) fn card(shown: &DayShown, backup: &BackupOfDay) -> Card {
    let mark = if shown.is_established() {
        Mark::new(Sign::Disc, Tone::Good, "established")
    } else {
        Mark::new(Sign::Ring, Tone::Warn, "not established")
    };
    let title = Text::plain(format!("Backup of {} UTC, ", words::time(backup.said.snapshot_at)))
        .join(Text::plain("entry ").and(words::number(backup.seq)));
    Card {
        anchor: format!("backup-{}", backup.seq),
        mark,
        title,
        lead: Text::default(),
        facts: facts(shown, backup),
        table: backup.proof.as_ref().and_then(|proof| steps(shown, backup, proof)),
    }
}

fn facts(shown: &DayShown, backup: &BackupOfDay) -> Vec<Fact> {
    let said = &backup.said;
    let utc = |time| format!("{} UTC", words::time(time));
    let same =
        if said.same_snapshot { "dump and rows of one snapshot" } else { "rows NOT read in the dump's snapshot" };
    let mut facts = vec![
        Fact::new("Snapshot", Text::plain(format!("{}, self-asserted; {same}", utc(said.snapshot_at)))),
        Fact::new("Entry", Text::code(&backup.id).and(format!(", recorded {}", utc(backup.recorded_at)))),
    ];
    facts.push(content(backup));
    facts.push(object("Dump", &said.object, backup.statement.said.as_ref().map(|said| said.plain)));
    if let Some(statement) = &backup.statement.said {
        facts.push(object("Globals", &statement.globals.object, Some(statement.globals.plain)));
        facts.extend(statement.rowkey.as_ref().map(|rowkey| object("Row key", &rowkey.object, None)));
        let encryption = &statement.encryption;
        let recipients = encryption.recipients.join(", ");
        let text = Text::record(&encryption.alg);
        let text = if recipients.is_empty() { text } else { text.and(", for ").join(Text::value(&recipients)) };
        facts.push(Fact::new("Encryption", text));
    }
    if !backup.objects.is_empty() {
        let line = |object| {
            let (mark, file) = compared(object);
            let text = Text::plain(object.what).and(": ").and(mark.words);
            file.map_or_else(|| text.clone(), |file| text.clone().and(", ").join(file))
        };
        facts.push(Fact { label: "Hashed here", values: backup.objects.iter().map(line).collect() });
    }
    facts.push(statement(backup));
    facts.extend(signers(backup));
    facts.extend(restores(backup));
    facts.push(Fact::new("Entry hash", Text::digest(&backup.entry_hash)));
    facts.push(Fact::new("Proof", proof(shown, backup)));
    facts
}

fn proof(shown: &DayShown, backup: &BackupOfDay) -> Text {
    match (&shown.head, &backup.proof) {
        (Ok(signed), Some(proof)) => Text::plain(format!(
            "{} from the entry hash to the root of the head of {} lines",
            words::count(proof.0.len(), "step", "steps"),
            words::number(signed.head.tree.size)
        )),
        _ => Text::plain("none: no head is established"),
    }
}

fn content(backup: &BackupOfDay) -> Fact {
    let said = &backup.said;
    let tables = usize::try_from(said.tables).unwrap_or_default();
    let figures = format!(
        "{}, {} {}",
        words::count(tables, "table", "tables"),
        words::number(said.rows.0),
        if said.rows.0 == 1 { "row" } else { "rows" }
    );
    let root = match &said.content_root {
        Some(root) => Text::plain("content root ").join(Text::digest(root)),
        None => Text::plain("no content root: rows were not hashed"),
    };
    Fact { label: "Content", values: vec![Text::plain(figures), root] }
}

/// Where an object lies, and its digests.
fn object(label: &'static str, object: &Object, plain: Option<Bytes>) -> Fact {
    let place = Text::record(&object.provider).and(", account ").and_record(&object.account_ref).and(", region ");
    let version = match &object.version_id {
        Some(version) => Text::plain("version ").join(Text::value(version)),
        None => Text::plain("no version is recorded"),
    };
    let bytes = |bytes: u64| Text::plain(format!("{} bytes", words::number(bytes)));
    let digest = |digest: &Digest| Text::plain("SHA-256 ").join(Text::digest(digest));
    let mut values = vec![
        place.and_record(&object.region),
        Text::plain("bucket ").and_record(&object.bucket),
        Text::plain("key ").join(Text::value(&object.key)),
        version,
        bytes(object.bytes.0),
        digest(&object.sha256),
    ];
    if let Some(plain) = plain.filter(|plain| plain.sha256 != object.sha256) {
        values.extend([bytes(plain.bytes.0).and(" before encryption"), digest(&plain.sha256)]);
    }
    Fact { label, values }
}

fn statement(backup: &BackupOfDay) -> Fact {
    let statement = &backup.statement;
    let mut values: Vec<Text> =
        statement.payload.iter().map(|payload| Text::plain("payload ").join(Text::digest(payload))).collect();
    values.push(carriage(&statement.state));
    Fact { label: "Statement", values }
}

fn carriage(state: &Carriage) -> Text {
    match state {
        Carriage::Verified => Text::plain("carried; every signature holds, by keys that may sign it"),
        Carriage::NotVerified => Text::plain("carried; that its signatures hold is not established"),
        Carriage::Withheld(reason) => Text::plain("withheld by the organisation: ").join(Text::value(reason)),
        Carriage::NotCarried => Text::plain(
            "not carried: only the entry is here, by authority of the log key; the bundle of its period has it",
        ),
    }
}

fn signers(backup: &BackupOfDay) -> Vec<Fact> {
    let verified = backup.statement.state == Carriage::Verified;
    let values = |signer: &Signer| {
        let mut values = vec![Text::plain("key id ").join(Text::code(&signer.keyid))];
        match &signer.key {
            Some(key) => {
                values.push(Text::plain("fingerprint ").join(Text::digest(&key.fingerprint)));
                let held =
                    Text::plain("custodian ").and_record(&key.custodian).and(", stored in ").and_record(&key.storage);
                values.push(held.and(", today ").and_record(&key.state).and(" by the newest registry"));
            }
            None => values.push(Text::plain("the newest registry does not list it")),
        }
        values
    };
    let label = if verified { "Signed by" } else { "Claims a key" };
    backup.statement.signers.iter().map(|signer| Fact { label, values: values(signer) }).collect()
}

fn restores(backup: &BackupOfDay) -> [Fact; 2] {
    let tests: Vec<Text> = backup.restores.iter().map(restore).collect();
    let none = || vec![Text::plain("none is recorded")];
    let verified = match backup.restored_verified_at() {
        Some(time) => {
            Text::plain(format!("{} UTC: a test had passed every check, by the producer's word", words::time(time)))
        }
        None => Text::plain("none established: no test of it passed by a statement that is carried and verified"),
    };
    [
        Fact { label: "Restore tests", values: if tests.is_empty() { none() } else { tests } },
        Fact::new("Verified restore", verified),
    ]
}

fn restore(test: &RestoreOf) -> Text {
    let text = Text::plain(format!("entry {}, {} UTC: ", words::number(test.seq), words::time(test.said.started_at)));
    let text = text.and(test.said.outcome.word()).and(", by ").and_record(&test.said.performed_by);
    match (&test.statement, test.said.outcome) {
        (Carriage::Verified, _) => text,
        (state, Outcome::Passed | Outcome::Failed | Outcome::Aborted) => {
            text.and("; its statement: ").join(carriage(state))
        }
    }
}

/// The way from the entry hash to the root. Each digest is computed here from the two before it.
fn steps(shown: &DayShown, backup: &BackupOfDay, proof: &Proof) -> Option<Table> {
    let head = &shown.head.as_ref().ok()?.head.tree;
    let steps = inclusion_steps(proof, &backup.entry_hash, backup.seq, head).ok()?;
    let rows = (1_u64..).zip(steps).map(|(number, step)| {
        let (sibling, above) = (Text::digest(&step.sibling), Text::plain("the digest above"));
        let (left, right) = if step.is_left { (sibling, above) } else { (above, sibling) };
        Row::new(vec![
            Text::plain(words::number(number)).into(),
            Cell::Lines(["left", "right", "gives"].map(Text::plain).into()),
            Cell::Lines(vec![left, right, Text::digest(&step.node)]),
        ])
    });
    Some(Table {
        caption: "From the entry hash to the root of the head",
        columns: vec![words::figures("Step"), words::fit("Part"), words::fill("Digest", 1)],
        rows: rows.collect(),
    })
}
