//! What roles may do by the model of the policy, and what goes beyond it.
//!
//! Judged are rights that a role holds itself: what it has through another role of the model is that role's.

use std::collections::BTreeSet;

use walwarden_core::policy::Roles;

use super::capture::{Row, is_true, text};

/// Attributes that no place of the model but a superuser's gives.
const ATTRIBUTES: [&str; 4] = ["createdb", "createrole", "replication", "bypassrls"];
const READ: [&str; 3] = ["SELECT", "USAGE", "CONNECT"];
const WRITE: [&str; 3] = ["INSERT", "UPDATE", "DELETE"];
/// Predefined roles that let read; and those that let write.
const READERS: [&str; 5] =
    ["pg_monitor", "pg_read_all_data", "pg_read_all_settings", "pg_read_all_stats", "pg_stat_scan_tables"];
const WRITERS: [&str; 1] = ["pg_write_all_data"];

/// A role's place in the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// It is not named.
    None,
    Read,
    Write,
    Admin,
    Superuser,
}

/// Roles with what each has beyond its place. A predefined role has what PostgreSQL gave it, and is no item.
pub(super) fn outside(model: &Roles, roles: &[Row], memberships: &[Row], grants: &[Row]) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    let mut add = |role: &str, what: String| _ = found.insert((role.to_owned(), what));
    let is_predefined = |role: &str| {
        role.starts_with("pg_") && roles.iter().any(|row| text(row, "role") == role && is_true(row, "predefined"))
    };
    for row in roles.iter().filter(|row| !is_true(row, "predefined")) {
        let role = text(row, "role");
        for attribute in ATTRIBUTES.iter().filter(|attribute| is_true(row, attribute)) {
            if place(model, role) < Place::Superuser {
                add(role, format!("has the attribute {attribute}"));
            }
        }
    }
    for row in memberships {
        let (role, member) = (text(row, "role"), text(row, "member"));
        if is_predefined(role) && !is_predefined(member) && place(model, member) < needed_membership(role) {
            add(member, format!("is a member of {role}"));
        }
    }
    for row in grants {
        let (role, privilege, kind) = (text(row, "grantee"), text(row, "privilege"), text(row, "kind"));
        if is_predefined(role) || is_default(row) || is_systems(row) {
            continue;
        }
        let needed = if is_true(row, "owner") { Place::Admin } else { needed_privilege(privilege) };
        if place(model, role) < needed {
            let object = match text(row, "schema") {
                "" => text(row, "object").to_owned(),
                schema => format!("{schema}.{}", text(row, "object")),
            };
            let what = if is_true(row, "owner") {
                format!("owns {kind} {object}")
            } else {
                format!("has {privilege} on {kind} {object}")
            };
            add(role, what);
        }
    }
    found
}

fn place(model: &Roles, role: &str) -> Place {
    let has = |names: &[String]| names.iter().any(|name| name == role);
    match () {
        () if has(&model.superuser_allowed) => Place::Superuser,
        () if has(&model.admin) => Place::Admin,
        () if has(&model.readwrite) => Place::Write,
        () if has(&model.readonly) => Place::Read,
        () => Place::None,
    }
}

fn needed_privilege(privilege: &str) -> Place {
    match privilege {
        _ if READ.contains(&privilege) => Place::Read,
        _ if WRITE.contains(&privilege) => Place::Write,
        _ => Place::Admin,
    }
}

fn needed_membership(role: &str) -> Place {
    match role {
        _ if READERS.contains(&role) => Place::Read,
        _ if WRITERS.contains(&role) => Place::Write,
        // They lead to the server's files and programs, or to other sessions.
        _ => Place::Superuser,
    }
}

/// What everybody has on every new server.
fn is_default(row: &Row) -> bool {
    let privilege = text(row, "privilege");
    text(row, "grantee") == "PUBLIC"
        && match text(row, "kind") {
            "database" => matches!(privilege, "CONNECT" | "TEMPORARY"),
            "schema" => privilege == "USAGE",
            _ => false,
        }
}

/// The system's own schemas.
fn is_systems(row: &Row) -> bool {
    let schema = if text(row, "kind") == "schema" { text(row, "object") } else { text(row, "schema") };
    matches!(schema, "pg_catalog" | "information_schema") && is_true(row, "owner")
}

#[cfg(test)]
mod tests {
    use super::{super::capture::row, *};

    fn model() -> Roles {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Roles {
            readonly: names(&["reader"]),
            readwrite: names(&["writer"]),
            admin: names(&["admin"]),
            superuser_allowed: names(&["postgres"]),
        }
    }

    fn grant(grantee: &str, privilege: &str, owner: bool) -> Row {
        let some = |text: &str| Some(text.to_owned());
        row([
            ("grantee", some(grantee)),
            ("kind", some("relation")),
            ("schema", some("public")),
            ("object", some("t")),
            ("privilege", some(privilege)),
            ("owner", some(&owner.to_string())),
        ])
    }

    fn found(grants: &[Row]) -> Vec<String> {
        outside(&model(), &[], &[], grants).into_iter().map(|(role, what)| format!("{role} {what}")).collect()
    }

    #[test]
    fn each_place_has_its_rights_and_no_more() {
        let fits = [
            grant("reader", "SELECT", false),
            grant("writer", "DELETE", false),
            grant("admin", "TRUNCATE", false),
            grant("admin", "SELECT", true),
            grant("postgres", "SELECT", true),
        ];
        assert_eq!(found(&fits), [""; 0]);
        assert_eq!(found(&[grant("reader", "INSERT", false)]), ["reader has INSERT on relation public.t"]);
        assert_eq!(found(&[grant("writer", "TRUNCATE", false)]), ["writer has TRUNCATE on relation public.t"]);
        assert_eq!(found(&[grant("stranger", "SELECT", false)]), ["stranger has SELECT on relation public.t"]);
        assert_eq!(found(&[grant("writer", "SELECT", true)]), ["writer owns relation public.t"]);
        assert_eq!(found(&[grant("PUBLIC", "SELECT", false)]), ["PUBLIC has SELECT on relation public.t"]);
    }
}
