//! The migrations that a database says were applied to it: all of them, without a limit.

use walwarden_core::{Decimal, policy::Migrations, statement::evidence::Reconciled};

use super::{
    Scene,
    ask::Ask,
    capture::{Failure, Table},
};
use crate::postgres::quote::quote_qualified;

/// The output.
pub(super) const NAME: &str = "migrations.ndjson";
const COLUMNS: [&str; 4] = ["id", "hash", "created_at", "applied_at"];
const TIME: &str = "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'";

/// Reads them, and counts them again; `None` where the policy does not say where they are.
pub(super) fn applied(scene: &Scene<'_>, ask: &mut Ask) -> Result<Option<(Table, Reconciled)>, Failure> {
    let Some(migrations) = scene.promised().and_then(|promised| promised.migrations.as_ref()) else { return Ok(None) };
    let (columns, query, counting) = match migrations {
        Migrations::Drizzle { schema, table, .. } => {
            let table = quote_qualified(schema, table);
            let query = format!(
                "SELECT id::text, hash, to_char(to_timestamp(created_at / 1000.0) AT TIME ZONE 'UTC', {TIME}), \
                 CASE WHEN current_setting('track_commit_timestamp') = 'on' \
                 THEN to_char(pg_xact_commit_timestamp(xmin) AT TIME ZONE 'UTC', {TIME}) END \
                 FROM {table} ORDER BY id"
            );
            (&COLUMNS[..], query, format!("SELECT count(*)::text FROM {table}"))
        }
        Migrations::Query { sql, .. } => {
            let sql = sql.trim().trim_end_matches(';');
            (&["id", "hash", "applied_at"][..], sql.to_owned(), format!("SELECT count(*)::text FROM ({sql}) q"))
        }
    };
    let table = ask.table(NAME, columns, 1, &query)?;
    let counted = ask.count(&counting)?;
    let equal = counted == table.rows.len() as u64;
    Ok(Some((table, Reconciled { source: "count(*) of the migrations".into(), rows: Decimal(counted), equal })))
}
