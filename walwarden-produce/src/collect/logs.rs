//! `connection_logs`, `query_audit`: what a server is set to log, and what an export of the log holds.
//!
//! Settings are no log. Of an export, which holds what people did and typed, only its digest and its numbers are kept.

use std::collections::BTreeMap;

use walwarden_core::{event::flag, policy::Collector};

use super::{
    Scene,
    ask::Ask,
    capture::{Capture, Failure, Row, Table, text},
    log_export,
};
use crate::postgres::quote::quote_literal;

const SETTINGS: &str = "settings.ndjson";
const OVERRIDES: &str = "overrides.ndjson";
const EXTENSIONS: &str = "extensions.ndjson";

const CONNECTIONS: &[&str] = &[
    "log_connections",
    "log_destination",
    "log_disconnections",
    "log_line_prefix",
    "log_timezone",
    "logging_collector",
];
const STATEMENTS: &[&str] =
    &["log_statement", "pgaudit.log", "pgaudit.log_relation", "pgaudit.role", "shared_preload_libraries"];
/// What changes data, the schema or roles, as pgaudit calls it.
const CLASSES: [&str; 3] = ["ddl", "role", "write"];

const OVERRIDES_QUERY: &str = "SELECT coalesce(d.datname, '*'), coalesce(r.rolname, '*'), \
     split_part(o.text, '=', 1), substr(o.text, strpos(o.text, '=') + 1) FROM pg_db_role_setting s \
     CROSS JOIN LATERAL unnest(s.setconfig) AS o (text) LEFT JOIN pg_database d ON d.oid = s.setdatabase \
     LEFT JOIN pg_roles r ON r.oid = s.setrole ORDER BY 1, 2, 3";
const EXTENSIONS_QUERY: &str = "SELECT name, default_version, installed_version FROM pg_available_extensions \
     WHERE name = 'pgaudit'";

pub(super) fn capture(scene: &Scene<'_>) -> Result<Capture, Failure> {
    let audit = scene.request.collector == Collector::QueryAudit;
    let watched = if audit { STATEMENTS } else { CONNECTIONS };
    let mut ask = Ask::open(scene)?;
    let names: Vec<String> = watched.iter().map(|name| quote_literal(name)).collect();
    let query = format!(
        "SELECT name, setting, source, context, pending_restart::text FROM pg_settings WHERE name IN ({}) ORDER BY name",
        names.join(", ")
    );
    let settings = ask.table(SETTINGS, &["name", "setting", "source", "context", "pending_restart"], 1, &query)?;
    let overrides = ask.table(OVERRIDES, &["database", "role", "name", "setting"], 3, OVERRIDES_QUERY)?;
    let mut capture = Capture::default();
    let values: BTreeMap<&str, &str> =
        settings.rows.iter().map(|row| (text(row, "name"), text(row, "setting"))).collect();
    let off = if audit { statements_off(&values)? } else { connections_off(&values) };
    off.into_iter().for_each(|what| capture.flag(flag::SETTING_OFF, what));
    let here = ask.facts.database.as_str();
    for what in overrides.rows.iter().filter_map(|row| overridden(row, here, watched, &values)) {
        capture.flag(flag::SETTING_OVERRIDDEN, what);
    }
    capture.tables = vec![settings, overrides];
    if audit {
        let table = ask.table(EXTENSIONS, &["name", "default_version", "installed_version"], 1, EXTENSIONS_QUERY)?;
        capture.tables.push(table);
    }
    capture.asked = Some(ask.asked);
    match export(scene, audit) {
        None => capture.flag(flag::NO_EXPORT, "only settings were captured"),
        Some(file) => log_export::read(scene, &file, &mut capture)?,
    }
    Ok(capture)
}

/// The export that was handed over, else the one that is configured.
fn export(scene: &Scene<'_>, audit: bool) -> Option<std::path::PathBuf> {
    let configured = || {
        let evidence = scene.producer.config.evidence(scene.request.database)?;
        if audit { evidence.statement_log.clone() } else { evidence.connection_log.clone() }
    };
    scene.request.file.map(Into::into).or_else(configured)
}

fn connections_off(values: &BTreeMap<&str, &str>) -> Vec<String> {
    let value = |name| values.get(name).copied().unwrap_or_default();
    let mut off = Vec::new();
    // Since 18 a list of what is logged of a connection: who it is of is known once it is authorized.
    let logged: Vec<&str> = value("log_connections").split(',').map(str::trim).collect();
    if !logged.iter().any(|one| is_on(one) || matches!(*one, "all" | "authorization")) {
        off.push(said("log_connections", value("log_connections")));
    }
    if !is_on(value("log_disconnections")) {
        off.push(said("log_disconnections", value("log_disconnections")));
    }
    if value("log_destination").is_empty() {
        off.push(said("log_destination", ""));
    }
    off
}

/// Statements that change something are logged by the server itself, or by pgaudit.
fn statements_off(values: &BTreeMap<&str, &str>) -> Result<Vec<String>, Failure> {
    let Some(preloaded) = values.get("shared_preload_libraries") else {
        let what = "this role does not see shared_preload_libraries; it needs pg_monitor";
        return Err(Failure::new("insufficient-privilege", what));
    };
    let log_statement = values.get("log_statement").copied().unwrap_or_default();
    let pgaudit = preloaded.split(',').any(|library| library.trim().trim_matches('"').ends_with("pgaudit"));
    let classes = values.get("pgaudit.log").copied().unwrap_or_default();
    let lacking: Vec<&str> = CLASSES
        .into_iter()
        .filter(|class| match log_statement {
            "mod" | "all" => false,
            // Of changes of roles and rights it logs all, of data none.
            "ddl" => *class == "write" && !(pgaudit && has_class(classes, class)),
            _ => !(pgaudit && has_class(classes, class)),
        })
        .collect();
    Ok(match lacking.as_slice() {
        [] => Vec::new(),
        lacking if pgaudit => vec![format!("pgaudit.log: {classes:?} lacks {}", lacking.join(", "))],
        _ => vec![said("log_statement", log_statement)],
    })
}

/// Whether a list such as `all, -read` has a class; the last word on it counts.
fn has_class(list: &str, class: &str) -> bool {
    list.split(',').map(|one| one.trim().to_ascii_lowercase()).fold(false, |has, one| match one.as_str() {
        "all" => true,
        "none" | "-all" => false,
        one if one == class => true,
        one if one.strip_prefix('-') == Some(class) => false,
        _ => has,
    })
}

fn overridden(row: &Row, here: &str, watched: &[&str], values: &BTreeMap<&str, &str>) -> Option<String> {
    let (database, role, name) = (text(row, "database"), text(row, "role"), text(row, "name"));
    let reaches = database == "*" || database == here;
    let other = watched.contains(&name) && values.get(name).copied() != Some(text(row, "setting"));
    (reaches && other).then(|| format!("{name} is {:?} for database {database}, role {role}", text(row, "setting")))
}

fn is_on(value: &str) -> bool {
    matches!(value, "on" | "true" | "yes" | "1")
}

fn said(name: &str, value: &str) -> String {
    format!("{name}: {value:?}")
}

/// The export's numbers, and its lines by day.
pub(super) fn export_tables(summary: Row, days: Vec<Row>) -> [Table; 2] {
    [
        Table::new(
            "export.ndjson",
            &["sha256", "bytes", "lines", "lines_without_time", "first", "last"],
            0,
            vec![summary],
        ),
        Table::new("lines-per-day.ndjson", &["day", "lines"], 0, days),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statements(log_statement: &str, preloaded: &str, pgaudit: &str) -> Vec<String> {
        let values =
            [("log_statement", log_statement), ("shared_preload_libraries", preloaded), ("pgaudit.log", pgaudit)];
        statements_off(&values.into_iter().collect()).unwrap()
    }

    #[test]
    fn what_changes_something_must_be_logged() {
        assert!(statements("mod", "", "").is_empty());
        assert!(statements("none", "pgaudit", "all, -read").is_empty());
        assert!(statements("ddl", "pg_stat_statements, pgaudit", "write").is_empty());
        assert_eq!(statements("none", "", ""), ["log_statement: \"none\""]);
        assert_eq!(statements("ddl", "", "write"), ["log_statement: \"ddl\""]);
        assert_eq!(statements("none", "pgaudit", "ddl, write"), ["pgaudit.log: \"ddl, write\" lacks role"]);
        assert_eq!(statements("none", "pgaudit", "all, -role"), ["pgaudit.log: \"all, -role\" lacks role"]);
        assert!(statements_off(&BTreeMap::new()).is_err());
    }

    #[test]
    fn connections_are_logged_with_whose_they_are() {
        let off = |on: &str| {
            connections_off(&BTreeMap::from([
                ("log_connections", on),
                ("log_disconnections", "on"),
                ("log_destination", "stderr"),
            ]))
        };
        assert!(off("on").is_empty() && off("receipt,authorization").is_empty() && off("all").is_empty());
        assert_eq!(off("off"), ["log_connections: \"off\""]);
        assert_eq!(off("receipt"), ["log_connections: \"receipt\""]);
        assert_eq!(connections_off(&BTreeMap::new()).len(), 3);
    }
}
