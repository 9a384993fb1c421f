//! `access_control`: roles, memberships, who can become whom, grants.
//!
//! No role is left out: predefined ones are privilege, and a pattern such as `pg_%` would also hide `pgbouncer`. All
//! comes from the catalogs themselves; `information_schema` shows only what the asking role may use.

use std::collections::{BTreeMap, BTreeSet};

use walwarden_core::{Decimal, event::flag, statement::evidence::Reconciled};

use super::{
    Scene,
    ask::Ask,
    before::Before,
    capture::{Capture, Failure, Row, is_true, text},
    roles::outside,
};

const ROLES: &str = "roles.ndjson";
const MEMBERSHIPS: &str = "memberships.ndjson";
const CLOSURE: &str = "can-become.ndjson";
const GRANTS: &str = "grants.ndjson";
const DEFAULTS: &str = "default-privileges.ndjson";

const ROLES_QUERY: &str = "SELECT rolname, (rolname ~ '^pg_')::text, rolsuper::text, rolcreatedb::text, \
     rolcreaterole::text, rolcanlogin::text, rolconnlimit::text, rolreplication::text, rolbypassrls::text, \
     rolinherit::text, rolvaliduntil::text, rolconfig::text FROM pg_roles ORDER BY rolname COLLATE \"C\"";
const ROLES_COLUMNS: &[&str] = &[
    "role",
    "predefined",
    "superuser",
    "createdb",
    "createrole",
    "login",
    "connection_limit",
    "replication",
    "bypassrls",
    "inherit",
    "valid_until",
    "config",
];
/// As JSON where columns differ between major versions.
const MEMBERSHIPS_QUERY: &str = "SELECT g.rolname, m.rolname, o.rolname, a.admin_option::text, \
     to_jsonb(a) ->> 'inherit_option', to_jsonb(a) ->> 'set_option' FROM pg_auth_members a \
     JOIN pg_roles g ON g.oid = a.roleid JOIN pg_roles m ON m.oid = a.member LEFT JOIN pg_roles o ON o.oid = a.grantor \
     ORDER BY g.rolname COLLATE \"C\", m.rolname COLLATE \"C\", o.rolname COLLATE \"C\"";
/// Through any chain of memberships, whatever their options: who may give a role to others may take it too.
const CLOSURE_QUERY: &str = "WITH RECURSIVE c(login, role) AS (SELECT oid, oid FROM pg_roles WHERE rolcanlogin \
     UNION SELECT c.login, a.roleid FROM c JOIN pg_auth_members a ON a.member = c.role) \
     SELECT l.rolname, bool_or(r.rolsuper)::text, \
     array_agg(r.rolname::text ORDER BY r.rolname::text COLLATE \"C\")::text, \
     string_agg(r.rolname::text, ', ' ORDER BY r.rolname::text COLLATE \"C\") FILTER (WHERE r.rolsuper) \
     FROM c JOIN pg_roles l ON l.oid = c.login JOIN pg_roles r ON r.oid = c.role GROUP BY 1 ORDER BY l.rolname COLLATE \"C\"";
/// What initdb grants on the system's own relations is left out, and only that: as `pg_init_privs` tells it, and on the
/// views of `information_schema`, of which that tells nothing, that everybody may read them.
const GRANTS_QUERY: &str = "WITH held(kind, schema, object, owner, acl) AS ( \
     SELECT 'database', '', datname::text, datdba, coalesce(datacl, acldefault('d', datdba)) FROM pg_database \
       WHERE datname = current_database() \
     UNION ALL SELECT 'schema', '', nspname::text, nspowner, coalesce(nspacl, acldefault('n', nspowner)) \
       FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp_|toast_temp_)' \
     UNION ALL SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'relation' END, n.nspname::text, c.relname::text, \
       c.relowner, coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\", c.relowner)) \
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
       LEFT JOIN pg_init_privs i ON i.objoid = c.oid AND i.classoid = 'pg_class'::regclass AND i.objsubid = 0 \
         AND i.privtype = 'i' \
       WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname !~ '^pg_(toast|temp_|toast_temp_)' \
         AND NOT (n.nspname IN ('pg_catalog', 'information_schema') AND (c.relacl IS NOT DISTINCT FROM i.initprivs \
           OR c.relacl = acldefault('r', c.relowner) || makeaclitem(0, c.relowner, 'SELECT', false)))) \
     SELECT coalesce(g.rolname::text, 'PUBLIC'), h.kind, h.schema, h.object, x.privilege_type, f.rolname::text, \
       x.is_grantable::text, (x.grantee = h.owner)::text FROM held h CROSS JOIN LATERAL aclexplode(h.acl) x \
     LEFT JOIN pg_roles g ON g.oid = x.grantee LEFT JOIN pg_roles f ON f.oid = x.grantor \
     ORDER BY coalesce(g.rolname::text, 'PUBLIC') COLLATE \"C\", h.kind, h.schema COLLATE \"C\", h.object COLLATE \"C\", \
     x.privilege_type, f.rolname COLLATE \"C\"";
const DEFAULTS_QUERY: &str = "SELECT o.rolname::text, coalesce(n.nspname::text, ''), d.defaclobjtype::text, \
     coalesce(g.rolname::text, 'PUBLIC'), x.privilege_type, x.is_grantable::text FROM pg_default_acl d \
     CROSS JOIN LATERAL aclexplode(d.defaclacl) x LEFT JOIN pg_roles o ON o.oid = d.defaclrole \
     LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace LEFT JOIN pg_roles g ON g.oid = x.grantee \
     ORDER BY 1, 2, 3, 4, 5";

pub(super) fn capture(scene: &Scene<'_>) -> Result<Capture, Failure> {
    let mut ask = Ask::open(scene)?;
    let tables = vec![
        ask.table(ROLES, ROLES_COLUMNS, 1, ROLES_QUERY)?,
        ask.table(MEMBERSHIPS, &["role", "member", "grantor", "admin", "inherit", "set"], 3, MEMBERSHIPS_QUERY)?,
        ask.table(CLOSURE, &["login", "reaches_superuser", "can_become", "through"], 1, CLOSURE_QUERY)?,
        ask.table(
            GRANTS,
            &["grantee", "kind", "schema", "object", "privilege", "grantor", "grantable", "owner"],
            6,
            GRANTS_QUERY,
        )?,
        ask.table(DEFAULTS, &["owner", "schema", "kind", "grantee", "privilege", "grantable"], 5, DEFAULTS_QUERY)?,
    ];
    let counted = ask.count("SELECT count(*)::text FROM pg_roles")?;
    let mut capture = Capture { tables, ..Capture::default() };
    flags(scene, &mut capture);
    capture.filters = vec![
        "privileges on relations of pg_catalog and information_schema that are as initdb made them".into(),
        "privileges on functions, types, languages, columns and large objects".into(),
    ];
    capture.not_visible = vec!["passwords, and whether there are any".into()];
    let rows = capture.tables.first().map_or(0, |roles| roles.rows.len() as u64);
    let source = "count(*) of pg_roles".into();
    capture.reconciled = Some(Reconciled { source, rows: Decimal(counted), equal: counted == rows });
    capture.asked = Some(ask.asked);
    Ok(capture)
}

fn flags(scene: &Scene<'_>, capture: &mut Capture) {
    let now = |name| capture.tables.iter().find(|table| table.name == name).map_or(&[][..], |table| &table.rows);
    let then = |name| scene.before.as_ref().map_or(&[][..], |before| before.table(name));
    let model = scene.policy.and_then(|policy| policy.roles.as_ref());
    let allowed = |role: &str| model.is_some_and(|model| model.superuser_allowed.iter().any(|name| name == role));
    let superusers = |rows| names(rows, "role", "superuser");
    let reaching = |rows| names(rows, "login", "reaches_superuser");
    let (are, were) = (superusers(now(ROLES)), superusers(then(ROLES)));
    let (reach, reached) = (reaching(now(CLOSURE)), reaching(then(CLOSURE)));
    let through: BTreeMap<&str, &str> =
        now(CLOSURE).iter().map(|row| (text(row, "login"), text(row, "through"))).collect();
    let mut found = Vec::new();
    for role in are.difference(&were).filter(|role| !allowed(role)) {
        found.push((flag::SUPERUSER_ADDED, (*role).to_owned()));
    }
    for role in reach.difference(&reached).filter(|role| !are.contains(*role) && !allowed(role)) {
        let through = through.get(role).copied().unwrap_or_default();
        found.push((flag::SUPERUSER_REACHABLE, format!("{role}, through {through}")));
    }
    if let Some(model) = model {
        let old = outside(model, then(ROLES), then(MEMBERSHIPS), then(GRANTS));
        let new = outside(model, now(ROLES), now(MEMBERSHIPS), now(GRANTS));
        let added = new.difference(&old).map(|(role, what)| format!("{role}: {what}"));
        found.extend(added.map(|detail| (flag::ROLE_OUTSIDE_MODEL, detail)));
    }
    found.into_iter().for_each(|(code, detail)| capture.flag(code, detail));
}

/// Roles of a capture that are superuser, or logins that can become one; `None` where it does not tell.
pub(super) fn superusers(of: &Before) -> Option<usize> {
    let (roles, closure) = (of.table(ROLES), of.table(CLOSURE));
    let mut all = names(roles, "role", "superuser");
    all.extend(names(closure, "login", "reaches_superuser"));
    (!roles.is_empty()).then_some(all.len())
}

/// Names in one column of rows that say true in another.
fn names<'r>(rows: &'r [Row], name: &str, says: &str) -> BTreeSet<&'r str> {
    rows.iter().filter(|row| is_true(row, says)).map(|row| text(row, name)).collect()
}
