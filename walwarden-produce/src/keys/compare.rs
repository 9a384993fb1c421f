//! The registry of a vault against a `keys.csv` that somebody kept.

use std::{collections::BTreeMap, path::Path};

use walwarden_core::key::KeyId;

use crate::{
    error::{OperatorError, ProduceError},
    files,
    producer::Producer,
};

/// The first line (`spec:keys-11`).
const HEADER: &str = "key_id,public_key,algorithm,status,activated_at,retired_at";
/// Longest file that is read: more keys than a registry can hold.
const LIMIT: usize = 1 << 20;

/// How one key differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The vault has it, the file does not.
    Added(KeyId),
    /// The file has it, the vault does not.
    Missing(KeyId),
    /// Both have it, and not alike.
    Changed {
        /// The key.
        key: KeyId,
        /// Which column.
        column: &'static str,
        /// In the file.
        kept: String,
        /// In the vault.
        now: String,
    },
}

/// Compares; empty when both are the same.
///
/// # Errors
/// The file is no `keys.csv`, or the vault is damaged.
pub fn compare(producer: &Producer, file: &Path) -> Result<Vec<Difference>, ProduceError> {
    let bytes = files::read(file)?;
    let not_csv = || OperatorError::Value {
        what: "file",
        value: file.display().to_string(),
        expected: "a keys.csv, as bundles carry it",
    };
    let text = String::from_utf8(bytes).ok().filter(|text| text.len() <= LIMIT).ok_or_else(not_csv)?;
    let kept = rows(&text).ok_or_else(not_csv)?;
    let snapshot = producer.chain.read()?;
    let csv = producer.registry_of(&snapshot)?.csv();
    let now = rows(&csv).ok_or_else(|| ProduceError::Bug("our own keys.csv is none".into()))?;
    Ok(differences(&kept, &now))
}

type Row<'a> = [&'a str; 6];

/// Rows by key; `None` when the text is of another form.
fn rows(text: &str) -> Option<BTreeMap<KeyId, Row<'_>>> {
    let mut lines = text.lines();
    if lines.next() != Some(HEADER) {
        return None;
    }
    let mut rows = BTreeMap::new();
    for line in lines {
        let row: Row<'_> = line.split(',').collect::<Vec<_>>().try_into().ok()?;
        // A terminal obeys control characters, also those in a file that somebody kept.
        let plain = !line.contains(char::is_control);
        let doubled = rows.insert(row[0].parse().ok()?, row).is_some();
        if doubled || !plain {
            return None;
        }
    }
    Some(rows)
}

fn differences(kept: &BTreeMap<KeyId, Row<'_>>, now: &BTreeMap<KeyId, Row<'_>>) -> Vec<Difference> {
    let columns: Vec<&'static str> = HEADER.split(',').collect();
    let mut all = Vec::new();
    for (key, was) in kept {
        let Some(is) = now.get(key) else {
            all.push(Difference::Missing(key.clone()));
            continue;
        };
        for ((column, was), is) in columns.iter().zip(was).zip(is).filter(|((_, was), is)| was != is) {
            let (kept, now) = ((*was).to_owned(), (*is).to_owned());
            all.push(Difference::Changed { key: key.clone(), column, kept, now });
        }
    }
    all.extend(now.keys().filter(|key| !kept.contains_key(*key)).cloned().map(Difference::Added));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(rows: &[&str]) -> String {
        format!("{HEADER}\n{}\n", rows.join("\n"))
    }

    #[test]
    fn each_difference_is_named() {
        let id = |letter: char| letter.to_string().repeat(42) + "A";
        let row =
            |letter: char, status: &str| format!("{},x,Ed25519,{status},2026-01-01T00:00:00.000000Z,", id(letter));
        let (kept, now) =
            (csv(&[&row('a', "active"), &row('b', "active")]), csv(&[&row('b', "retired"), &row('c', "active")]));
        let found = differences(&rows(&kept).unwrap(), &rows(&now).unwrap());
        let changed = Difference::Changed {
            key: id('b').parse().unwrap(),
            column: "status",
            kept: "active".into(),
            now: "retired".into(),
        };
        let expected =
            [Difference::Missing(id('a').parse().unwrap()), changed, Difference::Added(id('c').parse().unwrap())];
        assert_eq!(found, expected);
        assert_eq!(differences(&rows(&now).unwrap(), &rows(&now).unwrap()), []);
    }

    #[test]
    fn another_file_is_not_compared() {
        let id = "a".repeat(42) + "A";
        let (doubled, hostile) = (format!("{id},,,,,"), format!("{id},\u{1b}[2J,,,,"));
        for rows_of in [["x"].as_slice(), &[&hostile], &[&doubled, &doubled]] {
            assert!(rows(&csv(rows_of)).is_none(), "{rows_of:?}");
        }
        assert!(rows("").is_none() && rows("key_id\n").is_none());
        assert_eq!(rows(&csv(&[&doubled])).unwrap().len(), 1);
    }
}
