//! The schema's fingerprint: two projections of the catalog.
//!
//! Not the text of `pg_dump -s`, which carries versions and random tokens. The *portable* projection holds what is equal
//! on every major version: names, types, nullability, keys, labels. The *exact* one holds what a server writes out
//! itself (expressions, index and function definitions, extension versions), equal on one major only. Neither holds
//! owners or privileges, which a restore test leaves out, nor the order of columns, nor anything of the extensions' own.
//!
//! Each is a canonical JSON object `{kind: [{member: text}, ..]}`; objects of a kind are sorted by their bytes.

use std::collections::BTreeMap;

use walwarden_core::{Digest, digest::Hasher, event::SchemaDigests, jcs, rows::Layout};

use super::session::{Session, SqlError};

/// The schema, as digests and as numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// Both digests.
    pub digests: SchemaDigests,
    /// Objects by kind, of both projections.
    pub counts: BTreeMap<String, i64>,
    /// The projections themselves, by kind: each object in canonical JSON. For telling what differs.
    pub objects: BTreeMap<String, Vec<String>>,
}

/// One kind of object: name, whether portable, members, query.
struct Kind {
    name: &'static str,
    portable: bool,
    members: &'static [&'static str],
    /// Columns in the order of `members`; `{users}` stands for "relation `c` in schema `n` is a user's".
    query: &'static str,
}

const RELATION: &str = "n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND c.relpersistence <> 't' \
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid \
     AND d.deptype = 'e')";

const KINDS: &[Kind] = &[
    Kind {
        name: "schema",
        portable: true,
        members: &["name"],
        // A new database has `public` whether the source kept it or not.
        query: "SELECT n.nspname FROM pg_namespace n WHERE n.nspname NOT IN ('information_schema', 'public') \
                AND n.nspname !~ '^pg_' AND NOT EXISTS (SELECT FROM pg_depend d \
                WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')",
    },
    Kind {
        name: "relation",
        portable: true,
        members: &["kind", "name", "persistence", "schema", "security"],
        query: "SELECT c.relkind::text, c.relname, c.relpersistence::text, n.nspname, \
                c.relrowsecurity::text || '/' || c.relforcerowsecurity::text \
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND {users}",
    },
    Kind {
        name: "column",
        portable: true,
        members: &["generated", "identity", "name", "nullable", "schema", "table", "type"],
        query: "SELECT a.attgenerated::text, a.attidentity::text, a.attname, (NOT a.attnotnull)::text, n.nspname, \
                c.relname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a \
                JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
                WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND {users}",
    },
    Kind {
        name: "key",
        portable: true,
        members: &["columns", "kind", "name", "references", "schema", "table"],
        query: "SELECT (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.place) \
                FROM unnest(o.conkey) WITH ORDINALITY AS k (attnum, place) \
                JOIN pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = k.attnum), o.contype::text, o.conname, \
                coalesce((SELECT quote_ident(fn.nspname) || '.' || quote_ident(f.relname) FROM pg_class f \
                JOIN pg_namespace fn ON fn.oid = f.relnamespace WHERE f.oid = o.confrelid), ''), n.nspname, c.relname \
                FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
                WHERE o.contype IN ('p', 'u', 'f') AND o.conparentid = 0 AND {users}",
    },
    Kind {
        name: "enum",
        portable: true,
        members: &["labels", "name", "schema"],
        query: "SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder), t.typname, n.nspname \
                FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_enum e ON e.enumtypid = t.oid \
                WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid \
                AND d.deptype = 'e') GROUP BY t.oid, t.typname, n.nspname",
    },
    Kind {
        name: "domain",
        portable: true,
        members: &["name", "nullable", "schema", "type"],
        query: "SELECT t.typname, (NOT t.typnotnull)::text, n.nspname, format_type(t.typbasetype, t.typtypmod) \
                FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'd' \
                AND n.nspname <> 'information_schema' AND NOT EXISTS (SELECT FROM pg_depend d \
                WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')",
    },
    Kind {
        name: "partition",
        portable: true,
        members: &["name", "parent", "schema"],
        query: "SELECT c.relname, quote_ident(pn.nspname) || '.' || quote_ident(p.relname), n.nspname FROM pg_inherits i \
                JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
                JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace \
                WHERE c.relkind IN ('r', 'p', 'f') AND {users}",
    },
    Kind {
        name: "not-validated",
        portable: true,
        members: &["name", "schema", "table"],
        query: "SELECT o.conname, n.nspname, c.relname FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid \
                JOIN pg_namespace n ON n.oid = c.relnamespace \
                WHERE NOT o.convalidated AND o.conparentid = 0 AND {users}",
    },
    Kind {
        name: "extension",
        portable: false,
        members: &["name", "schema", "version"],
        query: "SELECT e.extname, n.nspname, e.extversion FROM pg_extension e \
                JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname <> 'plpgsql'",
    },
    Kind {
        name: "default",
        portable: false,
        members: &["column", "expression", "schema", "table"],
        query: "SELECT a.attname, pg_get_expr(f.adbin, f.adrelid), n.nspname, c.relname FROM pg_attrdef f \
                JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum \
                JOIN pg_class c ON c.oid = f.adrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {users}",
    },
    Kind {
        name: "index",
        portable: false,
        members: &["definition", "name", "schema", "table", "valid"],
        // pg_dump leaves out what a failed CREATE INDEX CONCURRENTLY left behind.
        query: "SELECT pg_get_indexdef(i.indexrelid), x.relname, n.nspname, c.relname, i.indisvalid::text \
                FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid \
                JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'm') \
                AND (i.indisvalid OR c.relkind = 'p') AND {users}",
    },
    Kind {
        name: "constraint",
        portable: false,
        members: &["definition", "name", "schema", "table", "validated"],
        // NOT NULL stands with the columns: before version 18 it has no entry here.
        query: "SELECT pg_get_constraintdef(o.oid), o.conname, n.nspname, c.relname, o.convalidated::text \
                FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
                WHERE o.contype IN ('p', 'u', 'f', 'c', 'x') AND o.conparentid = 0 AND {users}",
    },
    Kind {
        name: "domain-constraint",
        portable: false,
        members: &["definition", "domain", "name", "schema"],
        query: "SELECT pg_get_constraintdef(o.oid), t.typname, o.conname, n.nspname FROM pg_constraint o \
                JOIN pg_type t ON t.oid = o.contypid JOIN pg_namespace n ON n.oid = t.typnamespace \
                WHERE o.contype = 'c' AND n.nspname <> 'information_schema' AND NOT EXISTS (SELECT FROM pg_depend d \
                WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')",
    },
    Kind {
        name: "view",
        portable: false,
        members: &["definition", "name", "schema"],
        query: "SELECT pg_get_viewdef(c.oid), c.relname, n.nspname FROM pg_class c \
                JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm') AND {users}",
    },
    Kind {
        name: "function",
        portable: false,
        members: &["definition", "name", "schema"],
        // An aggregate has no text of its own; its signature and parts stand for it.
        query: "SELECT CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) ELSE \
                (SELECT concat_ws(' ', 'aggregate', pg_get_function_identity_arguments(p.oid), g.aggtransfn::text, \
                g.aggfinalfn::text, format_type(g.aggtranstype, NULL), coalesce(g.agginitval, '')) \
                FROM pg_aggregate g WHERE g.aggfnoid = p.oid) END, p.proname, n.nspname \
                FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname <> 'information_schema' \
                AND n.nspname !~ '^pg_' AND NOT EXISTS (SELECT FROM pg_depend d \
                WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype IN ('e', 'i'))",
    },
    Kind {
        name: "trigger",
        portable: false,
        members: &["definition", "enabled", "name", "schema", "table"],
        query: "SELECT pg_get_triggerdef(g.oid), g.tgenabled::text, g.tgname, n.nspname, c.relname FROM pg_trigger g \
                JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
                WHERE NOT g.tgisinternal AND g.tgparentid = 0 AND {users}",
    },
    Kind {
        name: "policy",
        portable: false,
        members: &["check", "command", "name", "permissive", "schema", "table", "using"],
        query: "SELECT coalesce(pg_get_expr(y.polwithcheck, y.polrelid), ''), y.polcmd::text, y.polname, \
                y.polpermissive::text, n.nspname, c.relname, coalesce(pg_get_expr(y.polqual, y.polrelid), '') \
                FROM pg_policy y JOIN pg_class c ON c.oid = y.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
                WHERE {users}",
    },
    Kind {
        name: "sequence",
        portable: false,
        members: &["cycle", "increment", "max", "min", "name", "schema", "start", "type"],
        query: "SELECT s.seqcycle::text, s.seqincrement::text, s.seqmax::text, s.seqmin::text, c.relname, n.nspname, \
                s.seqstart::text, format_type(s.seqtypid, NULL) FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid \
                JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {users}",
    },
    Kind {
        name: "rule",
        portable: false,
        members: &["definition", "enabled", "name", "schema", "table"],
        query: "SELECT pg_get_ruledef(r.oid), r.ev_enabled::text, r.rulename, n.nspname, c.relname FROM pg_rewrite r \
                JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace \
                WHERE r.rulename <> '_RETURN' AND {users}",
    },
    Kind {
        name: "statistics",
        portable: false,
        members: &["definition", "name", "schema"],
        query: "SELECT pg_get_statisticsobjdef(x.oid), x.stxname, n.nspname FROM pg_statistic_ext x \
                JOIN pg_class c ON c.oid = x.stxrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {users}",
    },
    Kind {
        name: "range",
        portable: false,
        members: &["name", "schema", "subtype"],
        query: "SELECT t.typname, n.nspname, format_type(r.rngsubtype, NULL) FROM pg_range r \
                JOIN pg_type t ON t.oid = r.rngtypid JOIN pg_namespace n ON n.oid = t.typnamespace \
                WHERE n.nspname <> 'pg_catalog' AND NOT EXISTS (SELECT FROM pg_depend d \
                WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')",
    },
    Kind {
        name: "comment",
        portable: false,
        members: &["kind", "object", "text"],
        // Below 16384 are the server's own objects.
        query: "SELECT i.type, i.identity, x.description FROM pg_description x \
                CROSS JOIN LATERAL pg_identify_object(x.classoid, x.objoid, x.objsubid) AS i \
                WHERE x.objoid >= 16384 AND x.classoid <> 'pg_largeobject'::regclass AND NOT EXISTS \
                (SELECT FROM pg_depend d WHERE d.classid = x.classoid AND d.objid = x.objoid AND d.deptype = 'e')",
    },
    Kind {
        name: "partition-bound",
        portable: false,
        members: &["bound", "name", "schema"],
        query: "SELECT coalesce(pg_get_expr(c.relpartbound, c.oid), pg_get_partkeydef(c.oid), ''), c.relname, n.nspname \
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                WHERE (c.relispartition OR c.relkind = 'p') AND c.relkind IN ('r', 'p', 'f') AND {users}",
    },
];

/// Projects the catalog. The session is pinned, so that names come out qualified.
///
/// # Errors
/// [`SqlError`].
pub fn fingerprint(session: &mut Session) -> Result<Fingerprint, SqlError> {
    let mut objects: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for kind in KINDS {
        let query = kind.query.replace("{users}", RELATION);
        objects.insert(kind.name.into(), of_kind(session, kind, &query)?);
    }
    let counts =
        objects.iter().map(|(kind, list)| (kind.clone(), i64::try_from(list.len()).unwrap_or(i64::MAX))).collect();
    let digests = SchemaDigests { portable: digest(&objects, true), exact: digest(&objects, false) };
    Ok(Fingerprint { digests, counts, objects })
}

fn of_kind(session: &mut Session, kind: &Kind, query: &str) -> Result<Vec<String>, SqlError> {
    let answer = |error: walwarden_core::rows::RowsError| SqlError::Answer(format!("{}: {error}", kind.name));
    let layout = Layout::new(kind.members).map_err(answer)?;
    let mut list = Vec::new();
    let mut line = Vec::new();
    for row in session.rows(query)? {
        let settled: Vec<Option<String>> = row.into_iter().map(|value| value.map(|text| settled(&text))).collect();
        let values: Vec<Option<&str>> = settled.iter().map(Option::as_deref).collect();
        layout.write(&values, &mut line).map_err(answer)?;
        list.push(String::from_utf8_lossy(&line).into_owned());
    }
    list.sort_unstable();
    Ok(list)
}

/// The digest of `{kind:[object,..],..}` over the kinds of one projection.
fn digest(objects: &BTreeMap<String, Vec<String>>, portable: bool) -> Digest {
    let mut hasher = Hasher::new();
    let mut first = true;
    let member = |name: &str| KINDS.iter().any(|kind| kind.name == name && kind.portable == portable);
    for (kind, list) in objects.iter().filter(|(kind, _)| member(kind)) {
        let mut name = vec![if first { b'{' } else { b',' }];
        jcs::write_string(kind, &mut name);
        hasher.update(&name);
        hasher.update(b":[");
        hasher.update(list.join(",").as_bytes());
        hasher.update(b"]");
        first = false;
    }
    hasher.update(b"}");
    hasher.finish()
}

/// Writes casts of array constructors as the server does after a reload.
///
/// `(ARRAY['a'::character varying, ..])::text[]` is what `status IN ('a', ..)` over a `varchar` is written as; read
/// again, the cast moves to the elements and is written as `ARRAY[('a'::character varying)::text, ..]`. Both are one
/// expression, and the commonest constraint there is.
fn settled(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("(ARRAY[") {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        match cast_array(from) {
            Some((array, after)) => {
                out.push_str(&array);
                rest = after;
            }
            None => {
                out.push_str("(ARRAY[");
                rest = &from["(ARRAY[".len()..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// Reads `(ARRAY[..])::type[]` and returns it with the cast on each element, and what follows.
fn cast_array(text: &str) -> Option<(String, &str)> {
    let body = text.strip_prefix("(ARRAY[")?;
    let (elements, after) = elements(body)?;
    let after = after.strip_prefix(")::")?;
    let end = after.find("[]")?;
    let (r#type, after) = after.split_at(end);
    let name = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '.' | '"' | '(' | ')' | ',');
    if r#type.is_empty() || !r#type.chars().all(name) {
        return None;
    }
    let cast: Vec<String> = elements.iter().map(|element| format!("({element})::{type}")).collect();
    Some((format!("ARRAY[{}]", cast.join(", ")), after.strip_prefix("[]")?))
}

/// Splits at the commas of the outermost level, up to the closing bracket.
fn elements(text: &str) -> Option<(Vec<&str>, &str)> {
    let (mut depth, mut quote, mut start) = (0_usize, None, 0);
    let mut found = Vec::new();
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '[' | '(') => depth += 1,
            (None, ']') if depth == 0 => {
                found.push(text.get(start..at)?.trim());
                return Some((found, text.get(at + 1..)?));
            }
            (None, ']' | ')') => depth = depth.checked_sub(1)?,
            (None, ',') if depth == 0 => {
                found.push(text.get(start..at)?.trim());
                start = at + 1;
            }
            (None, _) => {}
        }
    }
    None
}

/// Kinds whose objects differ, for people: `index (2 only in the backup, 1 only here)`.
#[must_use]
pub fn differing_kinds(expected: &BTreeMap<String, i64>, actual: &BTreeMap<String, i64>) -> Vec<String> {
    let mut kinds: Vec<&String> = expected.keys().chain(actual.keys()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let count = |of: &BTreeMap<String, i64>, kind: &String| of.get(kind).copied().unwrap_or(0);
    let differs = |kind: &&&String| count(expected, kind) != count(actual, kind);
    let text = |kind: &String| format!("{kind}: {} became {}", count(expected, kind), count(actual, kind));
    kinds.iter().filter(differs).map(|kind| text(kind)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cast_over_an_array_settles_where_a_reload_puts_it() {
        let written =
            "CHECK (((status)::text = ANY ((ARRAY['a,b'::character varying, 'c]'::character varying])::text[])))";
        let reloaded =
            "CHECK (((status)::text = ANY (ARRAY[('a,b'::character varying)::text, ('c]'::character varying)::text])))";
        assert_eq!(settled(written), reloaded);
        assert_eq!(settled(reloaded), reloaded);
        for other in ["(ARRAY[1, 2])", "(ARRAY[", "x", "((ARRAY['it''s'])::text[)"] {
            assert_eq!(settled(other), other);
        }
    }

    #[test]
    fn kinds_are_unique_and_their_members_sorted() {
        let mut names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KINDS.len());
        assert!(KINDS.iter().all(|kind| kind.members.is_sorted()));
    }
}
