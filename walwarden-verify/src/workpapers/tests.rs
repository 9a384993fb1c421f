//! What holds for the papers of every report, hostile ones too.

use super::*;
use crate::render::sample;

/// First characters that a spreadsheet may take for a formula.
const STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

#[test]
fn a_guard_is_put_before_what_looks_like_a_formula_and_taken_away_again() {
    for start in STARTS {
        let text = format!("{start}cmd|' /C calc'!A0");
        assert_eq!(guarded(&text), format!("'{text}"));
        assert_eq!(unguarded(&guarded(&text)), text);
    }
    for text in ["", "a=b", "'quoted'", "2026-07-01", "✕ no", " =1"] {
        assert_eq!((guarded(text).as_str(), unguarded(text)), (text, text));
    }
}

fn reports() -> [(&'static str, Report); 5] {
    [
        ("clean", sample::clean()),
        ("exceptions", sample::exceptions()),
        ("rejected", sample::rejected()),
        ("unreadable", sample::unreadable()),
        ("hostile", sample::hostile(40)),
    ]
}

#[test]
fn no_cell_of_any_table_begins_like_a_formula_or_hides_a_character() {
    let mut cells = 0;
    for (name, report) in reports() {
        for paper in workpapers(&report, &sample::run()).expect("papers") {
            if !paper.name.ends_with(".csv") {
                continue;
            }
            let text = String::from_utf8(paper.bytes).expect("UTF-8");
            assert!(!text.starts_with('\u{feff}') && text.ends_with('\n') && !text.contains('\r'));
            assert!(!text.chars().any(|c| c != '\n' && crate::render::escape::is_hidden(c)), "{name} {}", paper.name);
            let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
            for record in reader.records() {
                for field in &record.expect("as long as the header") {
                    let number = field.parse::<i128>().is_ok();
                    assert!(number || !field.starts_with(STARTS), "{name} {}: {field}", paper.name);
                    cells += 1;
                }
            }
        }
    }
    assert!(cells > 5_000, "{cells}");
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    for (name, report) in reports() {
        let of = || workpapers(&report, &sample::run()).expect("papers");
        assert_eq!(of(), of(), "{name}");
    }
}

#[test]
fn no_paper_says_a_forbidden_word() {
    for (name, report) in reports().into_iter().take(4) {
        for paper in workpapers(&report, &sample::run()).expect("papers") {
            // Names of members are not words, and the workbook has the same cells as the tables.
            if paper.name.ends_with(".csv") || paper.name.ends_with(".txt") {
                let text = String::from_utf8(paper.bytes).expect("UTF-8");
                assert_eq!(crate::render::forbidden(&text), Vec::<&str>::new(), "{name} {}", paper.name);
            }
        }
    }
}

#[test]
fn an_entry_that_is_several_items_deviates_where_one_does() {
    for order in [[None, Some("late")], [Some("late"), None]] {
        let mut report = sample::clean();
        let result = report.rules.iter_mut().find(|result| result.rule.id == "WW-BK-04").expect("the rule");
        result.items =
            (0..2).zip(order).map(|(day, deviation)| sample::item("WW-BK-04", "shop", day, deviation)).collect();
        let entry = result.items[0].entry.clone();
        assert_eq!(entry, result.items[1].entry);
        assert_eq!(Joined::of(&report).attribute("WW-BK-04", &entry), "deviates");
    }
}
