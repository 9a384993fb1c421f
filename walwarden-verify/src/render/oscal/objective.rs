//! Assessment objectives of SP 800-53A revision 5 that rules speak to, and which rules those are.
//!
//! Which rule speaks to which control stands in core's table; this splits a control's rules among its objectives.
//! `cp-9_obj.c` is about documentation: no record of backups speaks to it, so no finding is ever made of it.

/// Objective ids as NIST's catalog writes them, each with its rules.
pub(super) const OBJECTIVES: &[(&str, &[&str])] = &[
    ("cp-9_obj.a", &["WW-BK-01", "WW-BK-02", "WW-PO-02"]),
    ("cp-9_obj.b", &["WW-BK-01", "WW-BK-02", "WW-PO-02", "WW-TW-01"]),
    ("cp-9_obj.d", &["WW-AC-03", "WW-RN-01"]),
    ("cp-9.1_obj-1", &["WW-RT-01"]),
    ("cp-9.1_obj-2", &["WW-BK-05", "WW-RT-02"]),
    ("cp-9.8_obj", &["WW-BK-04", "WW-CP-02", "WW-EN-01"]),
    ("cp-10_obj-1", &["WW-RT-03"]),
    ("cp-10_obj-2", &["WW-BK-02", "WW-RT-03"]),
];
