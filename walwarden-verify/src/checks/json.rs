//! `json.canonical`.

use super::{Judged, count, differs, pass};
use crate::{facts::Facts, report::ReadsAs};

/// Every JSON and NDJSON file is in its one canonical form and within the limits (`spec:bytes-1`).
pub(super) fn canonical(facts: &mut Facts<'_>) -> Judged {
    if let Some((name, wrong)) = facts.misspelt().first_key_value() {
        let place = if wrong.line == 0 { (*name).to_owned() } else { format!("{name} line {}", wrong.line) };
        let found = wrong.error.as_ref().map_or("an empty line, or no LF at the end".into(), ToString::to_string);
        let what = "a document is not canonical JSON: two programs may read it differently";
        return Err(differs(what, ReadsAs::Edit, place, "the RFC 8785 form", found));
    }
    let documents = facts
        .source
        .files()
        .filter(|(name, bytes)| bytes.is_some() && (name.ends_with(".json") || name.ends_with(".ndjson")));
    pass(format!("{} in RFC 8785 form", count(documents.count(), "document", "documents")))
}
