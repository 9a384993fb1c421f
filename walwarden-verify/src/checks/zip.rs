//! `zip.profile`.

use super::{Judged, Stop, count, differs, pass};
use crate::{
    facts::Facts,
    report::{Container, NotRun, ReadsAs},
};

/// The container has no byte that two readers could read differently (`spec:bundle-5`).
pub(super) fn profile(facts: &mut Facts<'_>) -> Judged {
    let source = facts.source;
    if source.container() == Container::Folder {
        return Err(Stop::NotRun(NotRun::NotClaimed("a folder claims no zip profile")));
    }
    let Some(first) = source.violations().first() else {
        let files = count(source.files().count(), "file", "files");
        return pass(format!("{files}, {} bytes, every byte accounted for", source.bytes().len()));
    };
    let what = match source.violation_count() {
        1 => first.what.clone(),
        more => format!("{} (the first of {more} deviations)", first.what),
    };
    Err(differs(what, ReadsAs::Edit, first.at.clone(), &first.expected, &first.found))
}
