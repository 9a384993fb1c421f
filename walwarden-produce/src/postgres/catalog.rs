//! What a database holds: the tables that are in the content root, what is not and why, and the sequences.

use std::collections::{BTreeMap, BTreeSet};

use walwarden_core::{
    rows::{Column, Order},
    statement::backup::Omitted,
};

use super::{
    facts::number,
    quote::{quote_ident, quote_qualified, shown},
    session::{Session, SqlError},
};

/// Types whose native order is the same on every server: all others are ordered by their text in C.
const NATIVE: [u32; 11] = [16, 17, 20, 21, 23, 26, 1082, 1114, 1184, 1700, 2950];

/// Relations of users: not of the system, not temporary, not an extension's.
const OF_USERS: &str = "n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND c.relpersistence <> 't' \
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid \
     AND d.deptype = 'e')";

/// A table whose rows are in the content root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Schema.
    pub schema: String,
    /// Name.
    pub name: String,
    /// Columns in the order of the table, generated ones left out.
    pub columns: Vec<Column>,
    /// Columns of the usable primary key in index order.
    pub key: Vec<KeyColumn>,
    /// What its rows are read from.
    source: Source,
    /// Size in pages as the catalog knows it: the largest is read first.
    pub pages: u64,
}

/// A column of a primary key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyColumn {
    /// Name.
    pub name: String,
    /// Whether the type's own order is used.
    native: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    /// The table, without the rows of those that inherit from it.
    Only,
    /// A partitioned table and all its partitions.
    Whole,
    /// A partitioned table with foreign partitions: its partitions that are here.
    Local(Vec<(String, String)>),
}

impl Table {
    /// Order of its rows.
    #[must_use]
    pub const fn order(&self) -> Order {
        if self.key.is_empty() { Order::LeafHash } else { Order::Key }
    }

    /// The query that reads its rows.
    #[must_use]
    pub fn query(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|column| quote_ident(&column.name)).collect();
        let columns = columns.join(", ");
        let own = quote_qualified(&self.schema, &self.name);
        let from = match &self.source {
            Source::Only => format!("ONLY {own}"),
            Source::Whole => own,
            Source::Local(parts) if parts.is_empty() => format!("ONLY {own}"),
            Source::Local(parts) => {
                let part = |(schema, name): &(String, String)| {
                    format!("SELECT {columns} FROM ONLY {}", quote_qualified(schema, name))
                };
                let parts: Vec<String> = parts.iter().map(part).collect();
                format!("({}) AS parts", parts.join(" UNION ALL "))
            }
        };
        let mut query = format!("SELECT {columns} FROM {from}");
        if !self.key.is_empty() {
            let key: Vec<String> = self.key.iter().map(KeyColumn::ordering).collect();
            query.push_str(&format!(" ORDER BY {}", key.join(", ")));
        }
        query
    }
}

impl KeyColumn {
    /// Two keys of `char(n)` whose texts differ in padding only would be equal keys, so the text without it is enough.
    fn ordering(&self) -> String {
        let name = quote_ident(&self.name);
        if self.native { name } else { format!("CAST({name} AS pg_catalog.text) COLLATE pg_catalog.\"C\"") }
    }
}

/// A sequence and how it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence {
    /// Schema.
    pub schema: String,
    /// Name.
    pub name: String,
    /// Added by each call.
    pub increment: i64,
    /// Whether it starts again at its end.
    pub cycles: bool,
    /// The table column that owns it: schema, table, column.
    pub owner: Option<(String, String, String)>,
    /// The value given out last; of one that never gave any, what precedes its first.
    pub position: i128,
}

/// A relation that must be locked and readable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Relation {
    /// OID.
    pub oid: u32,
    /// Schema.
    pub schema: String,
    /// Name.
    pub name: String,
    /// Whether this role may read it; nothing of what was dropped since the snapshot.
    pub readable: Option<bool>,
    /// Whether row-level security applies to this role.
    pub row_security: bool,
    /// Whether it is unlogged.
    pub unlogged: bool,
}

/// All tables and partitions of users.
///
/// # Errors
/// [`SqlError`].
pub fn relations(session: &mut Session) -> Result<Vec<Relation>, SqlError> {
    let query = format!(
        "SELECT c.oid::text, n.nspname, c.relname, \
         coalesce((has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))::text, ''), \
         row_security_active(c.oid)::text, (c.relpersistence = 'u')::text \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'p') AND {OF_USERS} \
         ORDER BY c.oid"
    );
    let relation = |[oid, schema, name, readable, security, unlogged]: [String; 6]| {
        Ok(Relation {
            oid: number(&oid)?,
            schema,
            name,
            readable: if readable.is_empty() { None } else { Some(readable == "true") },
            row_security: security == "true",
            unlogged: unlogged == "true",
        })
    };
    texts(session, &query)?.into_iter().map(relation).collect()
}

/// The tables of the content root, in no order that matters.
///
/// # Errors
/// [`SqlError`].
pub fn tables(session: &mut Session) -> Result<Vec<Table>, SqlError> {
    let columns = columns(session)?;
    let keys = keys(session)?;
    let partitions = partitions(session)?;
    let query = format!(
        "SELECT c.oid::text, n.nspname, c.relname, c.relkind::text, greatest(c.relpages, 0)::text FROM pg_class c \
         JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND {OF_USERS}"
    );
    let mut tables = Vec::new();
    for [oid, schema, name, kind, pages] in texts(session, &query)? {
        let oid: u32 = number(&oid)?;
        let columns = columns.get(&oid).cloned().unwrap_or_default();
        let read = |key: &KeyColumn| columns.iter().any(|column| column.name == key.name);
        let key = keys.get(&oid).filter(|key| key.iter().all(read)).cloned().unwrap_or_default();
        let parts = partitions.get(&oid);
        let source = match (kind.as_str(), parts) {
            ("p", Some(parts)) if parts.foreign => Source::Local(parts.local.clone()),
            ("p", _) => Source::Whole,
            _ => Source::Only,
        };
        let pages = number::<u64>(&pages)?.max(parts.map_or(0, |parts| parts.pages));
        tables.push(Table { schema, name, columns, key, source, pages });
    }
    Ok(tables)
}

fn columns(session: &mut Session) -> Result<BTreeMap<u32, Vec<Column>>, SqlError> {
    let query = format!(
        "SELECT c.oid::text, a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a \
         JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND c.relkind IN ('r', 'p') \
         AND NOT c.relispartition AND {OF_USERS} ORDER BY c.oid, a.attnum"
    );
    let mut found: BTreeMap<u32, Vec<Column>> = BTreeMap::new();
    for [oid, name, r#type] in texts(session, &query)? {
        found.entry(number(&oid)?).or_default().push(Column { name, r#type });
    }
    Ok(found)
}

fn keys(session: &mut Session) -> Result<BTreeMap<u32, Vec<KeyColumn>>, SqlError> {
    let query = "SELECT i.indrelid::text, a.attname, a.atttypid::text FROM pg_index i \
         CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place) \
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum \
         WHERE i.indisprimary AND i.indisvalid AND k.place <= i.indnkeyatts ORDER BY i.indrelid, k.place";
    let mut found: BTreeMap<u32, Vec<KeyColumn>> = BTreeMap::new();
    for [oid, name, r#type] in texts(session, query)? {
        let native = NATIVE.contains(&number(&r#type)?);
        found.entry(number(&oid)?).or_default().push(KeyColumn { name, native });
    }
    Ok(found)
}

/// The leaves below a partitioned table.
#[derive(Debug, Default)]
struct Partitions {
    local: Vec<(String, String)>,
    foreign: bool,
    pages: u64,
}

fn partitions(session: &mut Session) -> Result<BTreeMap<u32, Partitions>, SqlError> {
    let query = format!(
        "SELECT c.oid::text, l.relkind::text, ln.nspname, l.relname, greatest(l.relpages, 0)::text FROM pg_class c \
         JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN LATERAL pg_partition_tree(c.oid) AS t \
         JOIN pg_class l ON l.oid = t.relid JOIN pg_namespace ln ON ln.oid = l.relnamespace \
         WHERE c.relkind = 'p' AND NOT c.relispartition AND t.isleaf AND l.relkind IN ('r', 'f') AND {OF_USERS} \
         ORDER BY c.oid, ln.nspname COLLATE \"C\", l.relname COLLATE \"C\""
    );
    let mut found: BTreeMap<u32, Partitions> = BTreeMap::new();
    for [oid, kind, schema, name, pages] in texts(session, &query)? {
        let parts = found.entry(number(&oid)?).or_default();
        parts.pages += number::<u64>(&pages)?;
        match kind.as_str() {
            "f" => parts.foreign = true,
            _ => parts.local.push((schema, name)),
        }
    }
    Ok(found)
}

/// What is not in the content root, sorted, each with its reason.
///
/// # Errors
/// [`SqlError`].
pub fn omitted(session: &mut Session) -> Result<Vec<Omitted>, SqlError> {
    let mut found: BTreeSet<Omitted> = BTreeSet::new();
    for (schema, reason) in [
        ("information_schema", "part of the server"),
        ("pg_catalog", "part of the server"),
        ("pg_temp", "temporary tables belong to one session"),
        ("pg_toast", "storage of other tables"),
    ] {
        found.insert(omission("system-schema", schema, "*", reason));
    }
    let relations = format!(
        "SELECT c.relkind::text, n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('v', 'm', 'f') AND {OF_USERS}"
    );
    for [kind, schema, name] in texts(session, &relations)? {
        let (kind, reason) = match kind.as_str() {
            "v" => ("view", "computed from tables"),
            "m" => ("materialized-view", "computed from tables, and again by a restore"),
            _ => ("foreign-table", "its rows are elsewhere and not in a dump"),
        };
        found.insert(omission(kind, &schema, &name, reason));
    }
    let generated = format!(
        "SELECT n.nspname, c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
         JOIN pg_namespace n ON n.oid = c.relnamespace WHERE a.attnum > 0 AND NOT a.attisdropped \
         AND a.attgenerated <> '' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND {OF_USERS}"
    );
    for [schema, table, column] in texts(session, &generated)? {
        let name = format!("{}.{}", shown(&table), shown(&column));
        found.insert(omission("generated-column", &schema, &name, "computed from other columns"));
    }
    // plpgsql comes with every new database, wanted or not.
    let extensions = "SELECT n.nspname, e.extname, c.relname FROM pg_extension e \
         LEFT JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid \
         AND d.classid = 'pg_class'::regclass AND d.deptype = 'e' \
         LEFT JOIN pg_class c ON c.oid = d.objid AND c.relkind IN ('r', 'p') \
         JOIN pg_namespace n ON n.oid = coalesce(c.relnamespace, e.extnamespace) WHERE e.extname <> 'plpgsql'";
    for row in session.rows(extensions)? {
        match row.as_slice() {
            [Some(schema), Some(_), Some(table)] => {
                found.insert(omission("extension-table", schema, table, "belongs to an extension"))
            }
            [Some(schema), Some(extension), None] => {
                found.insert(omission("extension", schema, extension, "brings its own objects"))
            }
            _ => return Err(SqlError::Answer("an extension without a name".into())),
        };
    }
    Ok(found.into_iter().collect())
}

fn omission(kind: &str, schema: &str, name: &str, reason: &str) -> Omitted {
    Omitted { kind: kind.into(), schema: schema.into(), name: name.into(), reason: reason.into() }
}

/// All sequences of users with the values they hold now, by schema and name. No snapshot covers them.
///
/// # Errors
/// [`SqlError`].
pub fn sequences(session: &mut Session) -> Result<Vec<Sequence>, SqlError> {
    let query = format!(
        "SELECT n.nspname, c.relname, s.seqincrement::text, s.seqcycle::text, tn.nspname, t.relname, a.attname \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid \
         LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid \
         AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0 \
         LEFT JOIN pg_class t ON t.oid = d.refobjid LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace \
         LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid \
         WHERE c.relkind = 'S' AND {OF_USERS} ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\""
    );
    let mut found = Vec::new();
    for row in session.rows(&query)? {
        let [Some(schema), Some(name), Some(increment), Some(cycles), owner @ ..] = row.as_slice() else {
            return Err(SqlError::Answer("a sequence without a name".into()));
        };
        let owner = match owner {
            [Some(schema), Some(table), Some(column)] => Some((schema.clone(), table.clone(), column.clone())),
            _ => None,
        };
        let (schema, name, cycles) = (schema.clone(), name.clone(), cycles == "true");
        found.push(Sequence { schema, name, increment: number(increment)?, cycles, owner, position: 0 });
    }
    for batch in found.chunks_mut(100) {
        positions(session, batch)?;
    }
    Ok(found)
}

fn positions(session: &mut Session, sequences: &mut [Sequence]) -> Result<(), SqlError> {
    let one = |(place, sequence): (usize, &Sequence)| {
        let name = quote_qualified(&sequence.schema, &sequence.name);
        format!("SELECT {place}::text, last_value::text, is_called::text FROM {name}")
    };
    let query: Vec<String> = sequences.iter().enumerate().map(one).collect();
    for [place, value, called] in texts(session, &query.join(" UNION ALL "))? {
        let value: i128 = number(&value)?;
        if let Some(sequence) = sequences.get_mut(number::<usize>(&place)?) {
            sequence.position = if called == "true" { value } else { value - i128::from(sequence.increment) };
        }
    }
    Ok(())
}

/// Rows of `N` texts, none of them null.
pub(crate) fn texts<const N: usize>(session: &mut Session, query: &str) -> Result<Vec<[String; N]>, SqlError> {
    let whole = |row: Vec<Option<String>>| row.into_iter().collect::<Option<Vec<_>>>()?.try_into().ok();
    let rows = session.rows(query)?.into_iter().map(whole).collect::<Option<Vec<[String; N]>>>();
    rows.ok_or_else(|| SqlError::Answer(format!("rows without {N} values")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let column = |name: &str, r#type: &str| Column { name: name.into(), r#type: r#type.into() };
        Table {
            schema: "s\"".into(),
            name: "t".into(),
            columns: vec![column("id", "integer"), column("a b", "text")],
            key: vec![],
            source: Source::Only,
            pages: 0,
        }
    }

    #[test]
    fn queries_quote_and_order() {
        let mut table = table();
        assert_eq!(table.query(), "SELECT \"id\", \"a b\" FROM ONLY \"s\"\"\".\"t\"");
        assert_eq!(table.order(), Order::LeafHash);
        let key = |name: &str, native| KeyColumn { name: name.into(), native };
        table.key = vec![key("id", true), key("a b", false)];
        table.source = Source::Whole;
        assert_eq!(
            table.query(),
            "SELECT \"id\", \"a b\" FROM \"s\"\"\".\"t\" ORDER BY \"id\", \
             CAST(\"a b\" AS pg_catalog.text) COLLATE pg_catalog.\"C\""
        );
        table.source = Source::Local(vec![("p".into(), "q".into()), ("p".into(), "r".into())]);
        assert!(table.query().contains("(SELECT \"id\", \"a b\" FROM ONLY \"p\".\"q\" UNION ALL SELECT"));
        (table.columns, table.key, table.source) = (vec![], vec![], Source::Only);
        assert_eq!(table.query(), "SELECT  FROM ONLY \"s\"\"\".\"t\"");
    }
}
