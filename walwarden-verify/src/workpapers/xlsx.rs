//! The workbook: a cover and a sheet for each table (`spec:workpapers-6`). No macro, formula or link.

use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};
use walwarden_core::Time;

use super::{
    Cell, Table,
    cell::{Column, Kind},
};
use crate::{
    render::{DISCLAIMER, SUBTITLE, TITLE, escape::visible_name},
    report::{Report, RunBlock},
};

/// Rows of a sheet, without its head.
const ROWS: usize = 1_048_574;
/// Whole numbers that a spreadsheet keeps exact.
const EXACT: i128 = 1 << 53;

struct Formats {
    head: Format,
    text: Format,
    number: Format,
    time: Format,
    auditor: Format,
    title: Format,
}

/// The file. The same report and run give the same bytes: its dates are those of the report.
pub(super) fn workbook(report: &Report, run: &RunBlock, tables: &[&Table]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let now = ExcelDateTime::from_timestamp(report.as_of.micros().div_euclid(1_000_000))?;
    let author = "prepared by client (software)";
    let properties = DocProperties::new().set_title(TITLE).set_subject(SUBTITLE).set_author(author);
    workbook.set_properties(&properties.set_comment(DISCLAIMER).set_creation_datetime(&now));
    let formats = Formats::new();
    cover(workbook.add_worksheet(), &formats, report, run, tables)?;
    for table in tables {
        sheet(workbook.add_worksheet(), &formats, table)?;
    }
    workbook.save_to_buffer()
}

impl Formats {
    fn new() -> Self {
        let top = || Format::new().set_align(FormatAlign::Top);
        Self {
            head: top().set_bold().set_background_color(0x14_34_5C).set_font_color(0xFF_FF_FF),
            text: top().set_num_format("@"),
            number: top().set_num_format("0"),
            time: top().set_num_format("yyyy\\-mm\\-dd hh:mm:ss"),
            auditor: top().set_background_color(0xFF_F2_A8).set_border(FormatBorder::Hair),
            title: Format::new().set_bold().set_font_size(16),
        }
    }
}

fn cover(
    sheet: &mut Worksheet,
    formats: &Formats,
    report: &Report,
    run: &RunBlock,
    tables: &[&Table],
) -> Result<(), XlsxError> {
    let digest = |digest: Option<walwarden_core::Digest>| digest.map_or("not established".into(), |d| d.to_string());
    let claims = report.claims.as_ref();
    let counts = report.counts();
    let period = claims.map(|claims| format!("{} to {} (half-open)", claims.period.start, claims.period.end));
    let facts: [(&str, String); 14] = [
        ("prepared by", "client (software)".into()),
        ("organisation", claims.map_or("not known".into(), |claims| visible_name(&claims.organisation))),
        ("period (UTC)", period.unwrap_or_else(|| "not known".into())),
        ("origin", claims.map_or("not known".into(), |claims| claims.origin.to_string())),
        ("bundle", visible_name(&report.subject.name)),
        ("bundle digest", digest(report.subject.bundle_digest)),
        ("file sha256", digest(report.subject.file_digest)),
        ("as of", report.as_of.to_string()),
        ("verdict", format!("{} (exit code {})", report.verdict().words(), report.verdict().exit_code())),
        (
            "checks",
            format!(
                "{} failed, {} not run, {} accepted by the reader, {} passed",
                counts.failed, counts.not_run, counts.accepted, counts.passed
            ),
        ),
        ("rules", format!("{} exceptions, {} not evidenced", counts.exceptions, counts.not_evidenced)),
        ("program", format!("walwarden-verify {}, sha256 {}", run.version, digest(run.program))),
        ("times", "UTC; each as a date of the spreadsheet and, beside it, as exact text".into()),
        ("yellow", "empty, for the auditor".into()),
    ];
    sheet.set_name("cover")?;
    sheet.set_column_width(0, 24)?.set_column_width(1, 120)?;
    sheet.write_string_with_format(0, 0, TITLE, &formats.title)?;
    sheet.write_string(1, 0, SUBTITLE)?;
    let sheets = tables.iter().map(|table| (table.name(), table.title.clone()));
    let lines = facts.into_iter().chain([("", String::new())]).chain(sheets).chain([("", DISCLAIMER.to_owned())]);
    for ((label, value), row) in lines.zip(3_u32..) {
        sheet.write_string_with_format(row, 0, label, &formats.text)?;
        sheet.write_string_with_format(row, 1, value, &formats.text)?;
    }
    Ok(())
}

/// A column of the sheet: of instants there are two, as a date and as text.
#[derive(Clone, Copy)]
enum Part {
    Whole,
    Exact,
}

fn parts(columns: &[Column]) -> Vec<(usize, Part)> {
    let both = |(place, column): (usize, &Column)| {
        let exact = (column.kind == Kind::Time).then_some((place, Part::Exact));
        [Some((place, Part::Whole)), exact].into_iter().flatten()
    };
    columns.iter().enumerate().flat_map(both).collect()
}

fn sheet(sheet: &mut Worksheet, formats: &Formats, table: &Table) -> Result<(), XlsxError> {
    sheet.set_name(table.name())?;
    let parts = parts(&table.columns);
    for ((place, part), at) in parts.iter().zip(0_u16..) {
        let Some(column) = table.columns.get(*place) else { continue };
        let name = match part {
            Part::Whole => column.name.to_owned(),
            Part::Exact => format!("{}_iso", column.name),
        };
        sheet.write_string_with_format(0, at, &name, &formats.head)?;
        sheet.set_column_width(at, width(table, *place, *part, name.len()))?;
    }
    for (row, line) in table.rows.iter().take(ROWS).zip(1_u32..) {
        for ((place, part), at) in parts.iter().zip(0_u16..) {
            if let (Some(cell), Some(column)) = (row.get(*place), table.columns.get(*place)) {
                write(sheet, formats, (line, at), cell, *part, column.kind)?;
            }
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    let last = u16::try_from(parts.len().saturating_sub(1)).unwrap_or_default();
    let rows = u32::try_from(table.rows.len().min(ROWS)).unwrap_or_default();
    sheet.autofilter(0, 0, rows, last)?;
    if table.rows.len() > ROWS {
        let rest = format!("{} more rows stand in {}", table.rows.len().saturating_sub(ROWS), table.file);
        sheet.write_string(rows.saturating_add(1), 0, rest)?;
    }
    Ok(())
}

fn write(
    sheet: &mut Worksheet,
    formats: &Formats,
    (row, at): (u32, u16),
    cell: &Cell,
    part: Part,
    kind: Kind,
) -> Result<(), XlsxError> {
    match (cell, part) {
        (Cell::Empty, _) if kind == Kind::Auditor => sheet.write_blank(row, at, &formats.auditor)?,
        (Cell::Empty, _) => sheet,
        (Cell::Text(text), _) => sheet.write_string_with_format(row, at, text, &formats.text)?,
        (Cell::Number(number), _) if number.abs() <= EXACT => {
            sheet.write_number_with_format(row, at, *number as f64, &formats.number)?
        }
        (Cell::Number(number), _) => sheet.write_string_with_format(row, at, number.to_string(), &formats.text)?,
        (Cell::Time(time), Part::Exact) => sheet.write_string_with_format(row, at, time.to_string(), &formats.text)?,
        (Cell::Time(time), Part::Whole) => match serial(*time) {
            Some(serial) => sheet.write_number_with_format(row, at, serial, &formats.time)?,
            None => sheet,
        },
    };
    Ok(())
}

/// Days since 1899-12-30, in UTC; `None` before 1900-03-01, where spreadsheets disagree.
fn serial(time: Time) -> Option<f64> {
    const DAY: f64 = 86_400_000_000.0;
    let days = time.micros() as f64 / DAY + 25_569.0;
    (days >= 61.0).then_some(days)
}

/// As wide as the longest of the first rows, within reason.
fn width(table: &Table, place: usize, part: Part, head: usize) -> f64 {
    let of = |cell: &Cell| match (cell, part) {
        (Cell::Empty, _) => 0,
        (Cell::Text(text), _) => text.chars().count(),
        (Cell::Number(number), _) => number.to_string().len(),
        (Cell::Time(_), Part::Whole) => 19,
        (Cell::Time(_), Part::Exact) => 27,
    };
    let longest = table.rows.iter().take(200).filter_map(|row| row.get(place)).map(of).max().unwrap_or(0);
    longest.max(head).clamp(8, 60) as f64 + 2.5
}
