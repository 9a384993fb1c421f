//! Quoting of names and texts for SQL: every name from a catalog passes through here.

/// Quotes an identifier, always: `"a""b"`.
#[must_use]
pub fn quote_ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quotes `schema.name`.
#[must_use]
pub fn quote_qualified(schema: &str, name: &str) -> String {
    format!("{}.{}", quote_ident(schema), quote_ident(name))
}

/// Quotes a text so that it reads the same whatever `standard_conforming_strings` says.
#[must_use]
pub fn quote_literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", doubled.replace('\\', "\\\\")) } else { format!("'{doubled}'") }
}

/// Writes a name for people: bare where PostgreSQL would take it bare, else quoted.
#[must_use]
pub fn shown(name: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let bare = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_') && name.chars().all(plain);
    if bare { name.into() } else { quote_ident(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_cannot_leave_their_quotes() {
        assert_eq!(quote_qualified("a\"b", "c;--"), "\"a\"\"b\".\"c;--\"");
        assert_eq!(quote_literal("it's"), "'it''s'");
        assert_eq!(quote_literal("\\'"), "E'\\\\'''");
        assert_eq!(
            (shown("plain_1"), shown("Mixed"), shown("")),
            ("plain_1".into(), "\"Mixed\"".into(), "\"\"".into())
        );
    }
}
