//! RFC 4180, UTF-8 without a byte order mark, lines ended by LF, a header (`spec:workpapers-3`).

use super::{Cell, Paper, Table, cell::Kind};

/// What a spreadsheet may take for a formula when a cell begins with it.
const GUARDED: &[char] = &['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A text that no spreadsheet takes for a formula: one `'` stands before a first character that would be one.
#[must_use]
pub fn guarded(text: &str) -> String {
    if text.starts_with(GUARDED) { format!("'{text}") } else { text.to_owned() }
}

/// The text before [`guarded`].
#[must_use]
pub fn unguarded(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| rest.starts_with(GUARDED)).unwrap_or(text)
}

/// The file of a table.
pub(super) fn paper(table: &Table) -> Paper {
    let mut out = String::new();
    line(&mut out, table.columns.iter().map(|column| column.name.to_owned()));
    for row in &table.rows {
        line(&mut out, table.columns.iter().zip(row).map(|(column, cell)| field(column.kind, cell)));
    }
    Paper { name: table.file.clone(), bytes: out.into_bytes() }
}

/// A cell as text: only text is guarded, numbers and instants are what they are.
fn field(kind: Kind, cell: &Cell) -> String {
    match cell {
        Cell::Text(text) if kind == Kind::Text => guarded(text),
        Cell::Text(text) => text.clone(),
        Cell::Empty => String::new(),
        Cell::Number(number) => number.to_string(),
        Cell::Time(time) => time.to_string(),
    }
}

fn line(out: &mut String, fields: impl Iterator<Item = String>) {
    for (place, field) in fields.enumerate() {
        if place > 0 {
            out.push(',');
        }
        if field.contains([',', '"', '\n', '\r']) {
            out.push('"');
            out.push_str(&field.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(&field);
        }
    }
    out.push('\n');
}
