//! Statements as the bundle carries them: parsed, not yet believed.

use std::collections::BTreeMap;

use walwarden_core::{
    Digest,
    bundle::lines,
    dsse::{DsseError, Envelope},
    statement::{
        Backup, Evidence, Head, Predicate as _, RestoreTest, Review, Statement, StatementError, Subject,
        key_registry::Use,
    },
    value::EntryId,
};

use crate::source::Source;

/// A kind of statement that belongs to entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Backup,
    Evidence,
    RestoreTest,
    Review,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Backup, Self::Evidence, Self::RestoreTest, Self::Review];

    /// The file that carries them.
    pub(crate) const fn file(self) -> &'static str {
        match self {
            Self::Backup => Backup::FILE,
            Self::Evidence => Evidence::FILE,
            Self::RestoreTest => RestoreTest::FILE,
            Self::Review => Review::FILE,
        }
    }

    /// The event type of their entries.
    pub(crate) const fn event(self) -> &'static str {
        match self {
            Self::Backup => "backup.completed",
            Self::Evidence => "evidence.collected",
            Self::RestoreTest => "restore.tested",
            Self::Review => "review.signed or policy.adopted",
        }
    }

    /// What their keys must be for.
    pub(crate) const fn purpose(self) -> Use {
        match self {
            Self::Backup => Use::Backup,
            Self::Evidence => Use::Evidence,
            Self::RestoreTest => Use::RestoreTest,
            Self::Review => Use::Review,
        }
    }
}

/// What a statement says.
#[derive(Debug)]
pub(crate) enum Predicate {
    Backup(Box<Backup>),
    Evidence(Box<Evidence>),
    RestoreTest(Box<RestoreTest>),
    Review(Box<Review>),
}

impl Predicate {
    pub(crate) const fn head(&self) -> &Head {
        match self {
            Self::Backup(backup) => &backup.head,
            Self::Evidence(evidence) => &evidence.head,
            Self::RestoreTest(test) => &test.head,
            Self::Review(review) => &review.head,
        }
    }

    /// The run that it ends, where it ends one.
    pub(crate) const fn run(&self) -> Option<EntryId> {
        match self {
            Self::Backup(backup) => Some(backup.data.run_id),
            Self::RestoreTest(test) => Some(test.test_id),
            Self::Evidence(_) | Self::Review(_) => None,
        }
    }

    /// Blobs that the statement names, with their length where it says one.
    pub(crate) fn blobs(&self) -> Vec<(Digest, Option<u64>)> {
        match self {
            Self::Backup(backup) => backup.blobs().map(|blob| (blob, None)).collect(),
            Self::Evidence(evidence) => {
                let queries = evidence.outputs.iter().filter_map(|output| Some((output.query?, None)));
                queries.chain(evidence.outputs.iter().map(|o| (o.sha256, Some(o.bytes.0)))).collect()
            }
            Self::RestoreTest(test) => {
                test.attachments.iter().copied().chain(test.schema.diff).map(|digest| (digest, None)).collect()
            }
            Self::Review(_) => Vec::new(),
        }
    }
}

/// One statement.
#[derive(Debug)]
pub(crate) struct One {
    pub(crate) kind: Kind,
    /// Line of its file, from 1.
    pub(crate) line: usize,
    pub(crate) envelope: Envelope,
    pub(crate) payload_digest: Digest,
    pub(crate) envelope_digest: Digest,
    pub(crate) subject: Vec<Subject>,
    pub(crate) predicate: Predicate,
}

impl One {
    /// `statements/backup.ndjson line 3`
    pub(crate) fn place(&self) -> String {
        format!("{} line {}", self.kind.file(), self.line)
    }
}

/// All statements, in order of the files.
#[derive(Debug, Default)]
pub(crate) struct Carried {
    pub(crate) all: Vec<One>,
    index: BTreeMap<Digest, usize>,
}

/// Why a line is no statement.
#[derive(Debug)]
pub(crate) struct CarriedError {
    pub(crate) place: String,
    pub(crate) what: String,
}

impl Carried {
    /// Parses every statement file; an absent one carries none.
    pub(crate) fn read(source: &Source) -> Result<Self, CarriedError> {
        let mut carried = Self::default();
        for kind in Kind::ALL {
            for (index, line) in lines(source.file(kind.file()).unwrap_or_default()).enumerate() {
                let number = index.saturating_add(1);
                let wrong = |what: String| CarriedError { place: format!("{} line {number}", kind.file()), what };
                let line = line.map_err(|_| wrong("the line is empty or not ended by LF".into()))?;
                let one = one(kind, number, line).map_err(|error| wrong(error.to_string()))?;
                carried.index.entry(one.payload_digest).or_insert(carried.all.len());
                carried.all.push(one);
            }
        }
        Ok(carried)
    }

    /// The statement with this payload.
    pub(crate) fn find(&self, payload: &Digest) -> Option<&One> {
        self.all.get(*self.index.get(payload)?)
    }
}

#[derive(Debug, thiserror::Error)]
enum LineError {
    #[error(transparent)]
    Envelope(#[from] DsseError),
    #[error(transparent)]
    Statement(#[from] StatementError),
}

fn one(kind: Kind, number: usize, line: &[u8]) -> Result<One, LineError> {
    let envelope = Envelope::parse(line)?;
    let payload = &envelope.payload.0;
    let (subject, predicate) = match kind {
        Kind::Backup => parse(payload, |backup| Predicate::Backup(Box::new(backup))),
        Kind::Evidence => parse(payload, |evidence| Predicate::Evidence(Box::new(evidence))),
        Kind::RestoreTest => parse(payload, |test| Predicate::RestoreTest(Box::new(test))),
        Kind::Review => parse(payload, |review| Predicate::Review(Box::new(review))),
    }?;
    Ok(One {
        kind,
        line: number,
        payload_digest: envelope.payload_digest(),
        envelope_digest: Digest::of(line),
        envelope,
        subject,
        predicate,
    })
}

fn parse<P: walwarden_core::statement::Predicate>(
    payload: &[u8],
    wrap: impl FnOnce(P) -> Predicate,
) -> Result<(Vec<Subject>, Predicate), StatementError> {
    let statement = Statement::<P>::parse_payload(payload)?;
    Ok((statement.subject, wrap(statement.predicate)))
}
