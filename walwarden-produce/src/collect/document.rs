//! `provider_document`, `key_escrow`, `manual`: what a person brings. The record holds it as that: somebody's word.

use std::{fs, path::Path};

use walwarden_core::{
    Time,
    event::{Covers, flag},
    policy::Collector,
};

use super::{
    Scene,
    capture::{Capture, Failure, File, Table, row},
};
use crate::{
    attachment::{BYTES, media},
    error::{OperatorError, StorageError},
};

/// For how long a document holds that does not say it.
const YEAR_S: i64 = 365 * 86_400;

/// What a person says of what they bring.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// Of a provider's document: whose it is, as `[[subservice]]` of the policy names it.
    pub supplier: Option<String>,
    /// Of a document: when it was issued; of a file: when it was made; of keys: when they were seen.
    pub at: Option<Time>,
    /// Of a document: until when it holds.
    pub valid_until: Option<Time>,
    /// Of a document: whether it says that the storage is encrypted, or that it is not.
    pub encrypted: Option<bool>,
    /// What it is for; of keys, who holds which key where.
    pub note: Option<String>,
    /// Of keys: who holds them.
    pub custodian: Option<String>,
    /// Of keys: which.
    pub key: Option<String>,
    /// Of keys: where they lie.
    pub place: Option<String>,
}

/// What must be given for a collector.
pub(super) fn check(collector: Collector, file: Option<&Path>, words: &Words) -> Result<(), OperatorError> {
    let needs = |given: bool, what: &'static str, expected: &'static str| {
        let missing = OperatorError::Value { what, value: String::new(), expected };
        if given { Ok(()) } else { Err(missing) }
    };
    match collector {
        Collector::ProviderDocument => {
            needs(file.is_some(), "--file", "the document")?;
            needs(words.supplier.is_some(), "--supplier", "whose document it is, as the policy names it")?;
            needs(words.at.is_some(), "--at", "when the document was issued")
        }
        Collector::Manual => {
            needs(file.is_some(), "--file", "a file")?;
            needs(words.at.is_some(), "--at", "when the file was made")?;
            needs(words.note.is_some(), "--note", "what the file is for")
        }
        Collector::KeyEscrow => {
            needs(words.custodian.is_some(), "--custodian", "a person id")?;
            needs(words.key.is_some(), "--key", "the id of a key")?;
            needs(words.place.is_some(), "--place", "where the key lies")
        }
        _ => Ok(()),
    }
}

pub(super) fn capture(scene: &Scene<'_>) -> Result<Capture, Failure> {
    let (request, words) = (scene.request, &scene.request.words);
    let mut capture = Capture::default();
    let parameters = [
        ("supplier", words.supplier.clone()),
        ("at", words.at.map(|at| at.to_string())),
        ("valid_until", words.valid_until.map(|at| at.to_string())),
        ("note", words.note.clone()),
        // The name alone: a path says nothing to others.
        ("file", request.file.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned())),
    ];
    let said = parameters.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    capture.parameters.extend(said);
    if let Some(path) = request.file {
        capture.files.push(file(path)?);
    }
    match request.collector {
        Collector::ProviderDocument => {
            let from = words.at.unwrap_or(scene.now);
            capture.covers = Some(Covers { from, to: words.valid_until.unwrap_or_else(|| from.plus_seconds(YEAR_S)) });
            capture.flag(flag::SUPPLIER, words.supplier.clone().unwrap_or_default());
            match words.encrypted {
                Some(true) => capture.flag(flag::AT_REST_ENCRYPTED, "by the document"),
                Some(false) => capture.flag(flag::AT_REST_UNENCRYPTED, "by the document"),
                None => {}
            }
        }
        Collector::KeyEscrow => {
            let seen = words.at.unwrap_or(scene.now).to_string();
            let row = row([
                ("custodian", words.custodian.clone()),
                ("key", words.key.clone()),
                ("place", words.place.clone()),
                ("seen_at", Some(seen)),
            ]);
            let columns = ["custodian", "key", "place", "seen_at"];
            capture.tables = vec![Table::new("keys.ndjson", &columns, 2, vec![row])];
        }
        _ => {}
    }
    Ok(capture)
}

fn file(path: &Path) -> Result<File, Failure> {
    let length = fs::metadata(path).map_err(StorageError::at("read the file", path))?.len();
    if length > BYTES {
        return Err(Failure::new("file-too-large", format!("the file has {length} bytes, of {BYTES} at most")));
    }
    let bytes = fs::read(path).map_err(StorageError::at("read the file", path))?;
    Ok(File { name: "document", media: media(path), bytes })
}
