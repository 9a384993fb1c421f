//! What is known of every line of a chain, in a few bytes: a chain may have millions.
//!
//! [`Entry::parse`] says what a line may be. Almost all lines of a long chain are starts and ends of backups in plain
//! text; those are read by their fixed text, in one pass that allocates nothing. Every other line goes to
//! [`Entry::parse`], so that both ways accept the same lines, and refuse them with the same words.

use alloc::{borrow::Cow, vec::Vec};

use super::{BlobRef, Entry, StatementRef};
use crate::{
    digest::Digest,
    event::Event,
    jcs::{JcsError, Reader},
    limits,
    time::Time,
    value::{EntryId, Origin},
};

/// One line of a chain that was read as an entry. What few checks ask for is parsed again when it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    bytes: &'a [u8],
    /// Position that it states.
    pub seq: u64,
    /// When it was appended.
    pub recorded_at: Time,
    /// Name of the entry.
    pub id: EntryId,
    /// Run that a backup event is of; of other events its own id.
    run: EntryId,
    /// Where the policy's digest begins; 0 where it is `null`, [`UNKNOWN`] where the line has to be parsed for it.
    policy: u32,
    /// Place of the type in [`Event::TYPES`], beyond it for others.
    kind: u8,
    marks: u8,
}

/// The event is one that this version reads.
const INTERPRETED: u8 = 1;
/// The origin is not that of the first line.
const OTHER_ORIGIN: u8 = 1 << 1;
/// `prev` is the hash of the line before.
const FOLLOWS: u8 = 1 << 2;
/// The entry, or the data of its event, names other entries.
const REFERS: u8 = 1 << 3;
const STATEMENTS: u8 = 1 << 4;
const BLOBS: u8 = 1 << 5;
/// The policy is known to be that of the line before.
const SAME_POLICY: u8 = 1 << 6;

const UNKNOWN: u32 = u32::MAX;

/// A line, and what is needed once, while its chain is read.
pub(super) struct Read<'a> {
    pub(super) line: Line<'a>,
    pub(super) prev: Digest,
    /// Payloads of its statements.
    pub(super) payloads: Payloads,
    /// Database of a completed backup.
    pub(super) completed: Option<Cow<'a, str>>,
}

/// Almost always none or one.
pub(super) enum Payloads {
    None,
    One(Digest),
    Many(Vec<Digest>),
}

impl<'a> Line<'a> {
    /// Reads a line without its LF, of a chain of this origin.
    pub(super) fn read(bytes: &'a [u8], origin: Option<&Origin>) -> Result<Read<'a>, JcsError> {
        match origin.and_then(|origin| plain(bytes, origin)) {
            Some(read) => Ok(read),
            None => Ok(Self::of(bytes, &Entry::parse(bytes)?, origin)),
        }
    }

    /// What is kept of an entry.
    fn of(bytes: &'a [u8], entry: &Entry<'_>, origin: Option<&Origin>) -> Read<'a> {
        // `serde` also reads an object that is written as the array of its values: not the members of the event.
        let is_exact = |event: &Event| event.data().is_ok_and(|data| data.get() == entry.data.get());
        let event = Some(entry.event()).filter(is_exact).unwrap_or(Event::NotInterpreted);
        let (run, completed) = match &event {
            Event::BackupStarted(start) => (start.run_id, None),
            Event::BackupFailed(failed) => (failed.run_id, None),
            Event::BackupCompleted(done) => (done.run_id, Some(Cow::Owned(done.database.clone()))),
            _ => (entry.id, None),
        };
        let mark = |holds: bool, mark: u8| if holds { mark } else { 0 };
        let marks = mark(event != Event::NotInterpreted, INTERPRETED)
            | mark(Some(&entry.origin) != origin, OTHER_ORIGIN)
            | mark(!entry.refs.is_empty() || !event.refs().is_empty(), REFERS)
            | mark(!entry.statements.is_empty(), STATEMENTS)
            | mark(!entry.blobs.is_empty(), BLOBS);
        let kind = Event::TYPES.iter().position(|kind| *kind == entry.kind);
        let kind = kind.and_then(|kind| u8::try_from(kind).ok()).unwrap_or(u8::MAX);
        let payloads = match entry.statements.as_slice() {
            [] => Payloads::None,
            [one] => Payloads::One(one.payload),
            many => Payloads::Many(many.iter().map(|statement| statement.payload).collect()),
        };
        let (seq, recorded_at, id) = (entry.seq, entry.recorded_at, entry.id);
        let line = Self { bytes, seq, recorded_at, id, run, policy: UNKNOWN, kind, marks };
        Read { line, prev: entry.prev, payloads, completed }
    }

    pub(super) const fn mark_follows(&mut self) {
        self.marks |= FOLLOWS;
    }

    /// Notes whether it names the policy of `before`, while the bytes of both are near.
    pub(super) fn mark_policy_of(&mut self, before: &Self) {
        let spelt = |line: &Self| match line.policy {
            0 => Some(""),
            UNKNOWN => None,
            at => line.text(at, 64),
        };
        if spelt(self).is_some_and(|policy| spelt(before) == Some(policy)) {
            self.marks |= SAME_POLICY;
        }
    }

    /// Whether it is known to name the policy of the line before. `false` says nothing.
    #[must_use]
    pub const fn names_policy_of_line_before(&self) -> bool {
        self.marks & SAME_POLICY != 0
    }

    pub(super) const fn follows(&self) -> bool {
        self.marks & FOLLOWS != 0
    }

    pub(super) const fn is_of_other_origin(&self) -> bool {
        self.marks & OTHER_ORIGIN != 0
    }

    /// The line, without its LF.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The whole entry. `None` never happens: the same bytes were parsed before.
    #[must_use]
    pub fn entry(&self) -> Option<Entry<'a>> {
        serde_json::from_slice(self.bytes).ok()
    }

    /// Event type, as the line states it.
    #[must_use]
    pub fn kind(&self) -> Cow<'a, str> {
        match Event::TYPES.get(usize::from(self.kind)) {
            Some(kind) => Cow::Borrowed(kind),
            None => self.entry().map(|entry| entry.kind).unwrap_or_default(),
        }
    }

    /// Whether the event type is one of these, all of [`Event::TYPES`].
    #[must_use]
    pub fn is_one_of(&self, kinds: &[&str]) -> bool {
        Event::TYPES.get(usize::from(self.kind)).is_some_and(|kind| kinds.contains(kind))
    }

    /// Place of its type in [`Event::TYPES`]; `None` of a type that is not known.
    #[must_use]
    pub fn type_place(&self) -> Option<usize> {
        Some(usize::from(self.kind)).filter(|_| self.is_known_type())
    }

    /// Whether the event type is one of [`Event::TYPES`].
    #[must_use]
    pub fn is_known_type(&self) -> bool {
        usize::from(self.kind) < Event::TYPES.len()
    }

    /// Whether the event is of a known type and has its members.
    #[must_use]
    pub const fn is_interpreted(&self) -> bool {
        self.marks & INTERPRETED != 0
    }

    /// The typed event.
    #[must_use]
    pub fn event(&self) -> Event {
        if !self.is_interpreted() {
            return Event::NotInterpreted;
        }
        self.entry().map_or(Event::NotInterpreted, |entry| entry.event())
    }

    /// The run that an interpreted backup event is of.
    #[must_use]
    pub const fn run(&self) -> EntryId {
        self.run
    }

    /// Whether it, or the data of its event, names other entries.
    #[must_use]
    pub const fn refers(&self) -> bool {
        self.marks & REFERS != 0
    }

    /// When it happened.
    #[must_use]
    pub fn at(&self) -> Time {
        // No string of a canonical line holds a quotation mark, and only the actor ends before the time.
        let spelt = || {
            let from = find(self.bytes, b"},\"at\":\"")?;
            self.text(u32::try_from(from).ok()?, 27)?.parse().ok()
        };
        spelt().or_else(|| self.entry().map(|entry| entry.at)).unwrap_or(self.recorded_at)
    }

    /// How far the clock of the program that wrote it was off, in milliseconds, where that was measured.
    #[must_use]
    pub fn clock_offset_ms(&self) -> Option<i64> {
        // The tool stands last but for the type; its offset is its first member.
        const TOOL: &[u8] = b",\"tool\":{";
        let tool = self.bytes.windows(TOOL.len()).rposition(|window| window == TOOL)?.checked_add(TOOL.len())?;
        let number = self.bytes.get(tool..)?.strip_prefix(b"\"clock_offset_ms\":")?;
        let length = number.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'-').count();
        core::str::from_utf8(number.get(..length)?).ok()?.parse().ok()
    }

    /// Digest of the policy that it names.
    #[must_use]
    pub fn policy(&self) -> Option<Digest> {
        match self.policy {
            0 => None,
            UNKNOWN => self.entry()?.policy,
            at => self.text(at, 64)?.parse().ok(),
        }
    }

    /// Part of the line, of which it is known that it is ASCII.
    fn text(&self, at: u32, length: usize) -> Option<&'a str> {
        let from = usize::try_from(at).ok()?;
        core::str::from_utf8(self.bytes.get(from..from.checked_add(length)?)?).ok()
    }

    /// Statements that belong to it.
    #[must_use]
    pub fn statements(&self) -> Vec<StatementRef> {
        if self.marks & STATEMENTS == 0 {
            return Vec::new();
        }
        self.entry().map(|entry| entry.statements).unwrap_or_default()
    }

    /// Blobs that belong to it.
    #[must_use]
    pub fn blobs(&self) -> Vec<BlobRef<'a>> {
        if self.marks & BLOBS == 0 {
            return Vec::new();
        }
        self.entry().map(|entry| entry.blobs).unwrap_or_default()
    }
}

/// Where the text after `wanted` begins, the first time that it occurs.
fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)?.checked_add(wanted.len())
}

/// A line whose entry is [`Event::BackupStarted`] or [`Event::BackupCompleted`] in plain text, of this origin, with at
/// most one statement, and that names no other entry; `None` for any other line, good or bad.
fn plain<'a>(bytes: &'a [u8], origin: &Origin) -> Option<Read<'a>> {
    if bytes.len() > limits::DOCUMENT_BYTES {
        return None;
    }
    // The type stands last, and says how to read the data.
    let data = KINDS.iter().find(|kind| bytes.ends_with(kind.end.as_bytes()))?;
    let mut reader = Reader::new(bytes);
    let r = &mut reader;
    r.fixed("{\"_type\":\"https://walwarden.dev/spec/entry/v1\",\"actor\":")?;
    actor(r)?;
    r.fixed(",\"at\":\"")?;
    r.time()?;
    r.fixed("\",\"blobs\":[],\"data\":")?;
    let Data { run, completed } = (data.read)(r)?;
    r.fixed(",\"id\":\"")?;
    let id = r.id()?;
    r.fixed("\",\"origin\":\"")?;
    r.fixed(origin.as_str())?;
    r.fixed("\",\"policy\":")?;
    let policy = policy(r, bytes.len())?;
    r.fixed(",\"prev\":\"")?;
    let prev = r.digest()?;
    r.fixed("\",\"recorded_at\":\"")?;
    let recorded_at = r.time()?;
    r.fixed("\",\"refs\":[],\"seq\":")?;
    let seq = u64::try_from(r.integer()?).ok()?;
    r.fixed(",\"statements\":[")?;
    let payload = statement(r)?;
    r.fixed("],\"tool\":")?;
    tool(r)?;
    r.fixed(data.end)?;
    r.end()?;
    let kind = Event::TYPES.iter().position(|kind| *kind == data.kind).and_then(|kind| u8::try_from(kind).ok())?;
    let marks = if payload.is_some() { INTERPRETED | STATEMENTS } else { INTERPRETED };
    let completed = match completed {
        Some(database) => Some(Cow::Borrowed(core::str::from_utf8(database).ok()?)),
        None => None,
    };
    let line = Line { bytes, seq, recorded_at, id, run, policy, kind, marks };
    Some(Read { line, prev, payloads: payload.map_or(Payloads::None, Payloads::One), completed })
}

/// A type of event that is read by its fixed text.
struct Kind {
    kind: &'static str,
    /// How its lines end.
    end: &'static str,
    read: for<'a> fn(&mut Reader<'a>) -> Option<Data<'a>>,
}

const KINDS: [Kind; 2] = [
    Kind { kind: "backup.started", end: ",\"type\":\"backup.started\"}", read: backup_started },
    Kind { kind: "backup.completed", end: ",\"type\":\"backup.completed\"}", read: backup_completed },
];

/// What is kept of an event's data.
struct Data<'a> {
    run: EntryId,
    /// Database of a completed backup.
    completed: Option<&'a [u8]>,
}

/// As [`super::Actor`].
fn actor(r: &mut Reader<'_>) -> Option<()> {
    r.fixed("{\"auth\":\"")?;
    r.word(&["os-user", "oidc", "key", "none"])?;
    if r.found("\",\"host\":\"") {
        r.text()?;
    }
    r.fixed("\",\"id\":\"")?;
    r.text()?;
    r.fixed("\",\"kind\":\"")?;
    r.word(&["service", "person"])?;
    r.fixed("\"}")
}

/// Where the digest begins; 0 of `null`.
fn policy(r: &mut Reader<'_>, length: usize) -> Option<u32> {
    if r.found("null") {
        return Some(0);
    }
    r.fixed("\"")?;
    let at = length.checked_sub(r.left())?;
    r.hex()?;
    r.fixed("\"")?;
    u32::try_from(at).ok()
}

/// As one [`StatementRef`], or none: its payload.
fn statement(r: &mut Reader<'_>) -> Option<Option<Digest>> {
    if !r.found("{\"envelope\":\"") {
        return Some(None);
    }
    r.hex()?;
    r.fixed("\",\"payload\":\"")?;
    let payload = r.digest()?;
    r.fixed("\"}")?;
    Some(Some(payload))
}

/// As [`super::Tool`].
fn tool(r: &mut Reader<'_>) -> Option<()> {
    r.fixed("{")?;
    if r.found("\"clock_offset_ms\":") {
        r.integer()?;
        r.fixed(",")?;
    }
    if r.found("\"clock_source\":\"") {
        r.text()?;
        r.fixed("\",")?;
    }
    r.fixed("\"name\":\"")?;
    r.text()?;
    r.fixed("\",\"sha256\":\"")?;
    r.hex()?;
    r.fixed("\",\"version\":\"")?;
    r.text()?;
    r.fixed("\"}")
}

/// As [`crate::event::BackupStarted`] that repeats no run.
fn backup_started<'a>(r: &mut Reader<'a>) -> Option<Data<'a>> {
    r.fixed("{\"database\":\"")?;
    r.text()?;
    if r.found("\",\"expected_at\":\"") {
        r.time()?;
    }
    if r.found("\",\"reason\":\"") {
        r.text()?;
    }
    r.fixed("\",\"run_id\":\"")?;
    let run = r.id()?;
    r.fixed("\",\"trigger\":\"")?;
    r.word(&["schedule", "manual", "retry"])?;
    r.fixed("\"}")?;
    Some(Data { run, completed: None })
}

/// As [`crate::event::BackupCompleted`].
fn backup_completed<'a>(r: &mut Reader<'a>) -> Option<Data<'a>> {
    r.fixed("{\"completed_at\":\"")?;
    r.time()?;
    if r.found("\",\"content_root\":\"") {
        r.hex()?;
    }
    r.fixed("\",\"database\":\"")?;
    let database = r.text()?;
    r.fixed("\",\"object\":")?;
    object(r)?;
    r.fixed(",\"rows\":\"")?;
    r.decimal()?;
    r.fixed("\",\"run_id\":\"")?;
    let run = r.id()?;
    r.fixed("\",\"same_snapshot\":")?;
    r.boolean()?;
    r.fixed(",\"schema\":{\"exact\":\"")?;
    r.hex()?;
    r.fixed("\",\"portable\":\"")?;
    r.hex()?;
    r.fixed("\"},\"snapshot_at\":\"")?;
    r.time()?;
    r.fixed("\",\"started_at\":\"")?;
    r.time()?;
    r.fixed("\",\"tables\":")?;
    r.integer()?;
    r.fixed(",\"warnings\":")?;
    r.integer()?;
    r.fixed("}")?;
    Some(Data { run, completed: Some(database) })
}

/// As [`crate::statement::Object`].
fn object(r: &mut Reader<'_>) -> Option<()> {
    r.fixed("{\"account_ref\":\"")?;
    r.text()?;
    r.fixed("\",\"bucket\":\"")?;
    r.text()?;
    r.fixed("\",\"bytes\":\"")?;
    r.decimal()?;
    if r.found("\",\"etag\":\"") {
        r.text()?;
    }
    r.fixed("\",\"key\":\"")?;
    r.text()?;
    r.fixed("\",\"provider\":\"")?;
    r.text()?;
    r.fixed("\",\"region\":\"")?;
    r.text()?;
    r.fixed("\",\"sha256\":\"")?;
    r.hex()?;
    if r.found("\",\"version_id\":\"") {
        r.text()?;
    }
    r.fixed("\"}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prelude::*, sample::Index};
    use std::{format, string::String, vec};

    const STARTED: &str = r#"{"_type":"https://walwarden.dev/spec/entry/v1","actor":{"auth":"os-user","host":"db1","id":"runner","kind":"service"},"at":"2026-01-06T16:00:00.120000Z","blobs":[],"data":{"database":"shop","expected_at":"2024-02-29T23:59:59.999999Z","reason":"late","run_id":"01KEA0JQ3RWF21T0WTMTASWZ22","trigger":"schedule"},"id":"01KEA0JQ3R9NS8338G2T5YJ9KN","origin":"acme.example/long-t2b7x4n0qd","policy":null,"prev":"a32eb9b53c5a7d67f559c4798506bdf83c1615132aef131d9f28e38cb2571135","recorded_at":"2026-01-06T16:00:04.370000Z","refs":[],"seq":999,"statements":[],"tool":{"clock_offset_ms":-12,"clock_source":"chrony","name":"walwarden","sha256":"439201d0eb5ab1dd8c25b0319aa816d766e2bbccccb5b0566925c9a46616f4fe","version":"0.1.0"},"type":"backup.started"}"#;
    const COMPLETED: &str = r#"{"_type":"https://walwarden.dev/spec/entry/v1","actor":{"auth":"none","id":"runner","kind":"person"},"at":"2026-01-06T16:00:04.370000Z","blobs":[],"data":{"completed_at":"2026-01-06T16:00:04.370000Z","content_root":"a95dbf29fe99d330b05ff6c59942d24e55789ce346ea821e69d2ba382449c20e","database":"shop","object":{"account_ref":"acme","bucket":"backups","bytes":"5016","etag":"e","key":"shop/01/dump","provider":"local","region":"eu","sha256":"360d965a95d9953c86182a5e22a722511c0042ffd7ca2aec7abbe47ad0bebccd","version_id":"v"},"rows":"11","run_id":"01KEA0JQ3RWF21T0WTMTASWZ22","same_snapshot":true,"schema":{"exact":"8f9212db71954dd12a3386e0ef528a11f7e8dfd3da3ac9c891f63be2847d794f","portable":"c23e3a99db7449b79e2791b26140d62b2fda91a15a32a442a45ff6ea54bce6e7"},"snapshot_at":"2026-01-06T16:00:00.430000Z","started_at":"2026-01-06T16:00:00.120000Z","tables":3,"warnings":0},"id":"01KEA0JV8JQJZJZTDVR7GTATFY","origin":"acme.example/long-t2b7x4n0qd","policy":"3aca223a137585ba89a2a475a2ef6a08ea78b2131ff3583674c2d1a7750d7abb","prev":"f58a4f1f0865beaea3e2eb065e782b1c97c3fa6aca5afe273787c574e9f0b498","recorded_at":"2026-01-06T16:00:04.370000Z","refs":[],"seq":1000,"statements":[{"envelope":"5731a85e9c7fa18f700ec94ce69e464ff1b8588de20cb0aa6e108ca4bb618ae6","payload":"7de41fec13435ec5fab5281a6ca33e458a1a9c0ee88acfbc7669a5278b5693d0"}],"tool":{"name":"walwarden","sha256":"439201d0eb5ab1dd8c25b0319aa816d766e2bbccccb5b0566925c9a46616f4fe","version":"0.1.0"},"type":"backup.completed"}"#;

    fn origin() -> Origin {
        "acme.example/long-t2b7x4n0qd".parse().unwrap()
    }

    /// Everything that a line answers.
    fn answers(read: &Read<'_>) -> String {
        let Read { line, prev, payloads, completed } = read;
        let payloads = match payloads {
            Payloads::None => vec![],
            Payloads::One(one) => vec![*one],
            Payloads::Many(many) => many.clone(),
        };
        let Line { bytes, seq, recorded_at, id, run, kind, marks, .. } = line;
        format!(
            "{bytes:?} {seq} {recorded_at} {id} {run} {kind} {marks} {prev} {payloads:?} {completed:?} {:?} {:?}",
            line.policy(),
            line.at()
        )
    }

    /// Reading by fixed text accepts nothing that [`Entry::parse`] refuses, and reads the same.
    fn agree(bytes: &[u8]) -> bool {
        let Some(read) = plain(bytes, &origin()) else { return false };
        let entry = Entry::parse(bytes).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(bytes)));
        assert_eq!(answers(&read), answers(&Line::of(bytes, &entry, Some(&origin()))));
        assert_eq!((read.line.at(), read.line.clock_offset_ms()), (entry.at, entry.tool.clock_offset_ms));
        true
    }

    #[test]
    fn usual_lines_are_read_by_their_fixed_text() {
        for line in [STARTED, COMPLETED] {
            assert!(agree(line.as_bytes()), "{line}");
        }
        let without = STARTED.replace(r#""expected_at":"2024-02-29T23:59:59.999999Z","reason":"late","#, "");
        assert!(agree(without.as_bytes()));
        for (known, other) in [
            ("2024-02-29", "2023-02-29"),
            ("\"seq\":999", "\"seq\":-999"),
            ("\"seq\":999", "\"seq\":9007199254740992"),
            ("late", "sp\u{e4}t"),
            ("late", "l\\nate"),
            ("01KEA0JQ3R9", "81KEA0JQ3R9"),
            ("acme.example", "evil.example"),
            ("\"refs\":[]", "\"refs\":[\"01KEA0JQ3RWF21T0WTMTASWZ22\"]"),
            ("schedule", "whenever"),
            ("\"policy\":null,", ""),
        ] {
            let changed = STARTED.replace(known, other);
            assert_ne!(changed, STARTED);
            assert!(!agree(changed.as_bytes()), "{other}");
        }
    }

    /// What a hostile hand does to a line.
    fn pieces() -> impl Strategy<Value = String> {
        prop_oneof![
            "[ -~\\x00-\\x1f\u{e9}]{0,3}",
            prop::sample::select(vec![
                "",
                "\"",
                "\\\"",
                "0",
                "00",
                "-0",
                "null",
                "{}",
                "[]",
                ",",
                ",\"x\":1",
                "\"x\":null,",
                " ",
                "true",
                "\",\"host\":\"",
                "\",\"retry_of\":\"01KEA0JQ3RWF21T0WTMTASWZ22",
                "\\u0041",
                "e1",
                ".0"
            ])
            .prop_map(String::from),
            (any::<Index>(), 0..80_usize).prop_map(|(from, length)| {
                let from = from.index(COMPLETED.len());
                COMPLETED[from..COMPLETED.len().min(from + length)].into()
            }),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn a_changed_line_is_read_alike_or_left_to_the_parser(
            completed in any::<bool>(), at in any::<Index>(), cut in 0..40_usize, piece in pieces(), and_at in any::<Index>(), byte in any::<u8>(), twice in any::<bool>(),
        ) {
            let mut bytes = if completed { COMPLETED } else { STARTED }.as_bytes().to_vec();
            let from = at.index(bytes.len());
            let to = bytes.len().min(from + cut);
            bytes.splice(from..to, piece.bytes());
            if twice {
                let at = and_at.index(bytes.len());
                bytes[at] = byte;
            }
            agree(&bytes);
        }

        #[test]
        fn one_changed_character(completed in any::<bool>(), at in any::<Index>(), byte in prop::sample::select(b"019afgzAIZ\"\\,:{}[] T-.\n".to_vec())) {
            let mut bytes = if completed { COMPLETED } else { STARTED }.as_bytes().to_vec();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            agree(&bytes);
        }
    }
}
