//! `encryption_at_rest`: what of a database may be encrypted by itself.
//!
//! A column of bytes is a candidate and no proof. Whether the storage is encrypted no catalog knows: that is for the
//! provider to say (`provider_document`).

use super::{
    Scene,
    ask::Ask,
    capture::{Capture, Failure},
};

const COLUMNS_QUERY: &str = "SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod) \
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' \
     AND n.nspname <> 'information_schema' AND a.atttypid = 'bytea'::regtype ORDER BY 1, 2, a.attnum";
const EXTENSIONS_QUERY: &str = "SELECT name, installed_version FROM pg_available_extensions \
     WHERE name IN ('pgcrypto', 'pgsodium', 'supabase_vault') ORDER BY name";

pub(super) fn capture(scene: &Scene<'_>) -> Result<Capture, Failure> {
    let mut ask = Ask::open(scene)?;
    let tables = vec![
        ask.table("candidate-columns.ndjson", &["schema", "table", "column", "type"], 3, COLUMNS_QUERY)?,
        ask.table("extensions.ndjson", &["name", "installed_version"], 1, EXTENSIONS_QUERY)?,
    ];
    Ok(Capture {
        tables,
        filters: vec!["columns of other types than bytea, and of the system's own schemas".into()],
        not_visible: vec!["whether the server's storage is encrypted".into()],
        asked: Some(ask.asked),
        ..Capture::default()
    })
}
