//! Whether facts may be shown at all: only from bytes whose checks passed.

use crate::report::Report;

/// Stands where facts would, when the checks they rest on did not pass.
pub(super) const NOT_SHOWN: &str = "Not shown: a check that these facts rest on did not pass.";

/// Whether the chain was established, so that an empty list means "none".
pub(super) const fn is_established(report: &Report) -> bool {
    report.facts.entries > 0
}

/// The sentence that stands for an empty list.
pub(super) const fn nothing<'a>(report: &Report, none: &'a str) -> &'a str {
    if is_established(report) { none } else { NOT_SHOWN }
}
