//! Rules about logs of the databases (`spec:rules-33`, `spec:rules-34`).

use super::{
    Assessment, Basis, Rule,
    capture::{Judged, consume, unless_explained},
};
use crate::{event::flag, policy::Collector, record::Record};

/// Settings of logs are on.
pub(super) const SETTINGS: Rule = Rule {
    id: "WW-LG-01",
    title: "Logs of connections and statements were on",
    computation: "no capture flags a required setting that is off, or that a database or role overrides",
    basis: Basis::B3,
    reader: false,
    evaluate: settings,
};

/// Logs were exported, whole.
pub(super) const EXPORTS: Rule = Rule {
    id: "WW-LG-02",
    title: "Logs were exported whole",
    computation: "each capture has an export that reaches to the edges of its span, without an empty day that nobody explained",
    basis: Basis::B3,
    reader: false,
    evaluate: exports,
};

const LOGS: &[Collector] = &[Collector::ConnectionLogs, Collector::QueryAudit];

fn settings(record: &Record<'_>) -> Assessment {
    consume(record, SETTINGS.id, LOGS, |capture| {
        let flags = capture.flagged(&[flag::SETTING_OFF, flag::SETTING_OVERRIDDEN]);
        flags.map_or(Judged::Conforms(None), Judged::Deviates)
    })
}

fn exports(record: &Record<'_>) -> Assessment {
    consume(record, EXPORTS.id, LOGS, |capture| {
        if capture.has(flag::NO_EXPORT) {
            return Judged::Lacks("no export of the log is in it".into());
        }
        if let Some(edge) = capture.flagged(&[flag::EDGE_MISSING]) {
            return Judged::Deviates(edge);
        }
        unless_explained(record, capture, capture.flagged(&[flag::GAP_DAY]))
    })
}
