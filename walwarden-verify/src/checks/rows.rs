//! `rows.roots`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, de::DeserializeOwned};
use walwarden_core::{
    Digest,
    bundle::blob_name,
    jcs::{self, JcsError},
    limits,
    rows::{ContentLeaf, content_root},
    statement::{
        Backup,
        backup::{Content, Listed},
    },
};

use super::{Judged, Stop, count, differs, fail, nothing, pass};
use crate::{
    facts::{Facts, One, Predicate},
    report::ReadsAs,
};

/// The content root of each backup statement, recomputed from its leaf objects, is the one signed and recorded, and so
/// are the counts (`spec:rows-8`).
pub(super) fn roots(facts: &mut Facts<'_>) -> Judged {
    let (mut checked, mut withheld, mut without) = (0_usize, 0_usize, 0_usize);
    let mut seen = Seen::default();
    for one in &facts.statements()?.all {
        let Predicate::Backup(backup) = &one.predicate else { continue };
        let mut absent = usize::from(!seen.list(facts, &backup.sequences, "sequences", one)?);
        match &backup.content {
            None => {
                no_content(one, backup)?;
                without = without.saturating_add(1);
            }
            Some(content) => {
                let omitted = seen.list(facts, &content.omitted, "what is left out", one)?;
                absent = absent.saturating_add(usize::from(!omitted));
                match seen.sum(facts, &content.tables, one)? {
                    Some(sum) => {
                        root(one, backup, content, sum)?;
                        checked = checked.saturating_add(1);
                    }
                    None => absent = absent.saturating_add(1),
                }
            }
        }
        withheld = withheld.saturating_add(absent);
    }
    if checked == 0 {
        return Err(nothing("no backup statement with a content root is carried"));
    }
    let mut evidence = format!("{} recomputed", count(checked, "content root", "content roots"));
    if without > 0 {
        evidence.push_str(&format!("; {} without one", count(without, "backup", "backups")));
    }
    if withheld > 0 {
        evidence.push_str(&format!("; {} not carried", count(withheld, "list is", "lists are")));
    }
    pass(evidence)
}

fn no_content(one: &One, backup: &Backup) -> Result<(), Stop> {
    match backup.data.content_root {
        Some(root) => Err(differs(
            "a content root without the tables that it is of",
            ReadsAs::Deletion,
            one.place(),
            root,
            "none",
        )),
        None => Ok(()),
    }
}

/// Lists in blobs that were read: one that many statements name is read once.
#[derive(Default)]
struct Seen {
    lists: BTreeSet<(&'static str, Digest)>,
    sums: BTreeMap<Digest, Sum>,
}

/// What follows from a list of tables.
#[derive(Clone, Copy)]
struct Sum {
    root: Digest,
    tables: i64,
    rows: u64,
}

impl Seen {
    /// Whether a list is there: in the statement, or in a blob that is carried and holds one.
    fn list<T: DeserializeOwned + Serialize>(
        &mut self,
        facts: &Facts<'_>,
        list: &Listed<T>,
        of: &'static str,
        one: &One,
    ) -> Result<bool, Stop> {
        let Some(blob) = list.blob().filter(|blob| !self.lists.contains(&(of, *blob))) else { return Ok(true) };
        let is_there = read::<T>(facts, blob, of, one)?.is_some();
        if is_there {
            self.lists.insert((of, blob));
        }
        Ok(is_there)
    }

    /// What follows from the leaf objects; `None` where their blob is not carried.
    fn sum(&mut self, facts: &Facts<'_>, tables: &Listed<ContentLeaf>, one: &One) -> Result<Option<Sum>, Stop> {
        let blob = match tables {
            Listed::Inline(leaves) => return Sum::of(leaves, one).map(Some),
            Listed::Blob(list) => list.blob,
        };
        if let Some(sum) = self.sums.get(&blob) {
            return Ok(Some(*sum));
        }
        let Some(leaves) = read(facts, blob, "tables", one)? else { return Ok(None) };
        let sum = Sum::of(&leaves, one)?;
        self.sums.insert(blob, sum);
        Ok(Some(sum))
    }
}

impl Sum {
    fn of(leaves: &[ContentLeaf], one: &One) -> Result<Self, Stop> {
        let root = content_root(leaves).map_err(|error| fail(error.to_string(), ReadsAs::Edit, one.place()))?;
        let tables = leaves.iter().filter(|leaf| matches!(leaf, ContentLeaf::Table { .. }));
        let (tables, rows) = tables.fold((0_i64, 0_u64), |(tables, rows), leaf| {
            (tables.saturating_add(1), rows.saturating_add(leaf.rows_and_root().0))
        });
        Ok(Self { root, tables, rows })
    }
}

/// The list in a blob; `None` where that is not carried, which `bundle.complete` judges.
fn read<T: DeserializeOwned + Serialize>(
    facts: &Facts<'_>,
    blob: Digest,
    of: &str,
    one: &One,
) -> Result<Option<Vec<T>>, Stop> {
    let name = blob_name(&blob);
    let Some(bytes) = facts.source.file(&name) else { return Ok(None) };
    if facts.digest(&name) != Some(blob) {
        return Err(Stop::needs("blobs.digests"));
    }
    let wrong = |error: JcsError| fail(format!("the list of {of} of {}: {error}", one.place()), ReadsAs::Edit, &name);
    jcs::parse_exact_up_to(bytes, limits::LIST_BYTES).map(Some).map_err(wrong)
}

fn root(one: &One, backup: &Backup, content: &Content, Sum { root: found, tables, rows }: Sum) -> Result<(), Stop> {
    let place = || one.place();
    if found != content.root {
        return Err(differs(
            "the tables do not have the content root stated",
            ReadsAs::Edit,
            place(),
            content.root,
            found,
        ));
    }
    if backup.data.content_root != Some(content.root) {
        let recorded = backup.data.content_root.map_or("none".into(), |root| root.to_string());
        return Err(differs(
            "the recorded content root is not that of the statement",
            ReadsAs::Edit,
            place(),
            content.root,
            recorded,
        ));
    }
    if content.canonical != "pgrow-v1" {
        return Err(differs(
            "rows in a form that this version does not know",
            ReadsAs::Other,
            place(),
            "pgrow-v1",
            &content.canonical,
        ));
    }
    if !matches!((content.blinding.alg.as_str(), content.blinding.commitment), ("hmac-v1", Some(_)) | ("none", None)) {
        let what = "rows are blinded in a way that this version does not know, or without a commitment to the key";
        return Err(differs(what, ReadsAs::Other, place(), "hmac-v1, with a commitment", &content.blinding.alg));
    }
    let stated = (backup.data.tables, backup.data.rows.0);
    if (tables, rows) != stated {
        let shown = |(tables, rows): (i64, u64)| format!("{tables} tables, {rows} rows");
        return Err(differs(
            "the recorded counts are not those of the tables",
            ReadsAs::Edit,
            place(),
            shown((tables, rows)),
            shown(stated),
        ));
    }
    Ok(())
}
