//! Workpapers of every golden bundle, read back by other libraries: the tables, the workbook, the digests.
#![allow(clippy::disallowed_types, reason = "a test starts the program")]

mod golden_support;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Cursor,
};

use calamine::{Data, Reader as _, Xlsx};
use golden_support::{cases, judge, name};
use serde_json::Value;
use walwarden_core::Digest;
use walwarden_fixtures::case::Expect;
use walwarden_verify::{
    Report, RunBlock,
    workpapers::{Paper, unguarded, workpapers},
};

/// Rows of a table, by name of the column.
type Rows = Vec<BTreeMap<String, String>>;

fn every_golden() -> Vec<(String, Report, Vec<Paper>)> {
    let of = |toml: std::path::PathBuf| {
        let report = judge(&toml, &Expect::read(&toml));
        let papers = workpapers(&report, &RunBlock::default()).expect("papers");
        (name(&toml), report, papers)
    };
    cases("golden").into_iter().map(of).collect()
}

fn rows(bytes: &[u8]) -> Rows {
    let mut reader = csv::Reader::from_reader(bytes);
    reader.deserialize().collect::<Result<_, _>>().expect("RFC 4180")
}

fn paper<'p>(papers: &'p [Paper], name: &str) -> &'p [u8] {
    let found = papers.iter().find(|paper| paper.name == name);
    &found.unwrap_or_else(|| panic!("{name}: not there")).bytes
}

#[test]
fn the_files_are_those_of_the_specification() {
    for (name, report, papers) in every_golden() {
        let names: BTreeSet<&str> = papers.iter().map(|paper| paper.name.as_str()).collect();
        assert_eq!(names.len(), papers.len(), "{name}: each once");
        for file in [
            "00_README.txt",
            "SHA256SUMS",
            "exceptions.csv",
            "index.csv",
            "ipe.csv",
            "junit.xml",
            "keys.csv",
            "matrix.csv",
            "not_evidenced.csv",
            "oscal-assessment-results.json",
            "population_actions.csv",
            "population_alerts.csv",
            "population_backups.csv",
            "population_evidence.csv",
            "population_failures.csv",
            "population_migrations.csv",
            "population_prunes.csv",
            "population_restores.csv",
            "population_role_changes.csv",
            "report.json",
            "tickmarks.csv",
            "totals.csv",
            "workpapers.xlsx",
        ] {
            assert!(names.contains(file), "{name}: {file}");
        }
        let populations = names.iter().filter(|name| name.starts_with("populations/")).count();
        assert_eq!(populations, report.rules.len());
        let sums = std::str::from_utf8(paper(&papers, "SHA256SUMS")).expect("text");
        assert_eq!(sums.lines().count() + 1, papers.len());
        for line in sums.lines() {
            let (digest, file) = line.split_once("  ").expect("two columns");
            assert_eq!(Digest::of(paper(&papers, file)).to_string(), digest, "{name}: {file}");
        }
    }
}

#[test]
fn rows_are_in_order_of_time_and_item() {
    let mut ordered = 0;
    for (name, _, papers) in every_golden() {
        for table in papers.iter().filter(|paper| paper.name.ends_with(".csv")) {
            let keys: Vec<(String, String)> = rows(&table.bytes)
                .into_iter()
                .filter_map(|mut row| Some((row.remove("occurred_at")?, row.remove("item_id")?)))
                .collect();
            assert!(keys.is_sorted(), "{name} {}", table.name);
            ordered += keys.len();
        }
    }
    assert!(ordered > 500, "{ordered}");
}

#[test]
fn totals_are_those_of_the_report() {
    for (name, _, papers) in every_golden() {
        let json: Value = serde_json::from_slice(paper(&papers, "report.json")).expect("JSON");
        let totals = rows(paper(&papers, "totals.csv"));
        let value = |of: &str, named: &str, measure: &str| -> u64 {
            let row = totals.iter().find(|row| row["of"] == of && row["name"] == named && row["measure"] == measure);
            row.unwrap_or_else(|| panic!("{of} {named} {measure}"))["value"].parse().expect("a number")
        };
        let counts = json["counts"].as_object().expect("counts");
        assert_eq!(totals.iter().filter(|row| row["of"] == "report").count(), counts.len());
        for (measure, count) in counts {
            assert_eq!(Some(value("report", "counts", measure)), count.as_u64(), "{name}: {measure}");
        }
        for rule in json["rules"].as_array().expect("rules") {
            let id = rule["id"].as_str().expect("an id");
            assert_eq!(Some(value("rule", id, "population")), rule["population"].as_u64(), "{name}: {id}");
            assert_eq!(Some(value("rule", id, "deviating")), rule["deviating"].as_u64(), "{name}: {id}");
            let population = rows(paper(&papers, &format!("populations/{id}.csv")));
            assert_eq!(Some(population.len() as u64), rule["population"].as_u64(), "{name}: {id}");
            let deviating = population.iter().filter(|row| row["status"] == "deviates").count();
            assert_eq!(Some(deviating as u64), rule["deviating"].as_u64(), "{name}: {id}");
        }
        let exceptions = rows(paper(&papers, "exceptions.csv")).len();
        assert_eq!(Some(exceptions as u64), counts["exceptions"].as_u64(), "{name}");
        for row in totals.iter().filter(|row| row["of"] == "file") {
            let found = rows(paper(&papers, &row["name"])).len();
            assert_eq!(row["value"], found.to_string(), "{name}: {}", row["name"]);
        }
    }
}

/// A cell as its text in the table.
fn text(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::String(text) => text.clone(),
        Data::Float(number) => format!("{number}"),
        other => panic!("no such cell was written: {other:?}"),
    }
}

#[test]
fn the_workbook_has_the_rows_of_the_tables_and_no_formula() {
    let mut cells = 0;
    for (name, _, papers) in every_golden() {
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(paper(&papers, "workpapers.xlsx"))).expect("a workbook");
        let sheets = book.sheet_names();
        let tables: Vec<&Paper> = papers.iter().filter(|paper| paper.name.ends_with(".csv")).collect();
        assert_eq!(sheets.len(), tables.len() + 1, "{name}: a sheet for each table, and a cover");
        assert_eq!(sheets.first().map(String::as_str), Some("cover"));
        for table in tables {
            let sheet = table.name.rsplit('/').next().and_then(|file| file.strip_suffix(".csv")).expect("a table");
            assert!(book.worksheet_formula(sheet).expect("a sheet").is_empty(), "{name} {sheet}");
            let range = book.worksheet_range(sheet).expect("a sheet");
            let mut lines = range.rows();
            let head: Vec<String> = lines.next().expect("a head").iter().map(text).collect();
            let mut reader = csv::Reader::from_reader(table.bytes.as_slice());
            let columns: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
            let records: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("RFC 4180");
            let mut found = 0;
            for (record, line) in records.iter().zip(lines.by_ref()) {
                for (column, field) in columns.iter().zip(record) {
                    let exact = format!("{column}_iso");
                    let place = head.iter().position(|h| *h == exact).or(head.iter().position(|h| h == column));
                    let cell = text(&line[place.unwrap_or_else(|| panic!("{sheet}: {column}"))]);
                    let wanted = if field.parse::<i128>().is_ok() { field } else { unguarded(field) };
                    assert_eq!(cell, wanted, "{name} {sheet} {column}");
                    cells += 1;
                }
                found += 1;
            }
            assert_eq!(found, records.len(), "{name} {sheet}");
            assert!(lines.all(|line| line.iter().all(|cell| *cell == Data::Empty)), "{name} {sheet}: more rows");
        }
    }
    assert!(cells > 10_000, "{cells}");
}

#[test]
fn a_backup_that_was_missed_is_an_item_and_every_run_stands_in_the_population() {
    let mut missed = 0;
    for (name, report, papers) in every_golden() {
        let backups = rows(paper(&papers, "population_backups.csv"));
        let ids: BTreeSet<&str> = backups.iter().map(|row| row["entry_id"].as_str()).collect();
        for backup in &report.facts.backups {
            assert!(ids.contains(backup.id.as_str()), "{name}: {}", backup.id);
        }
        let due = report.rules.iter().find(|result| result.rule.id == "WW-BK-01").expect("the rule");
        for item in &due.items {
            let row = backups.iter().find(|row| row["item_id"] == item.id).expect("the item");
            assert_eq!(row["status"] == "deviates", item.deviation.is_some(), "{}", item.id);
            assert!(!row["window_end"].is_empty(), "{}", item.id);
            missed += usize::from(item.entry.is_empty());
        }
    }
    assert!(missed > 0, "no golden bundle has a missed backup");
}

/// What a capture's statement says of how it was made.
#[test]
fn captures_print_how_they_were_made() {
    let (_, _, papers) = every_golden().into_iter().find(|(name, ..)| name == "events").expect("the bundle");
    let ipe = rows(paper(&papers, "ipe.csv"));
    let captures: Vec<_> = ipe.iter().filter(|row| row["kind"] == "capture").collect();
    let [capture] = captures.as_slice() else { panic!("one capture") };
    for (column, value) in [
        ("collector", "access_control"),
        ("session_role", "walwarden"),
        ("server_version", "17.6"),
        ("system_identifier", "7523904118265307101"),
        ("filters", "none"),
        ("truncated", "no"),
        ("rows", "1"),
        ("columns", "rolname; rolsuper"),
    ] {
        assert_eq!(capture[column], value, "{column}");
    }
    let tables = ipe.iter().filter(|row| row["kind"] == "table");
    for table in tables {
        let bytes = paper(&papers, &table["output"]);
        assert_eq!(table["output_sha256"], Digest::of(bytes).to_string(), "{}", table["output"]);
        assert_eq!(table["rows"], rows(bytes).len().to_string());
    }
}

/// In its sandbox, into a folder that was not there; never among files of another run.
#[test]
fn the_program_fills_a_new_folder_and_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let golden = |file: &str| walwarden_fixtures::corpus::folder().join("golden").join(file);
    let run = |to: &str, bundle: &std::path::Path| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_walwarden-verify"));
        command.env_clear().current_dir(folder.path()).arg(bundle).arg("--trust").arg(golden("minimal.json"));
        let output = command.args(["--quiet", "--workpapers", to]).output().expect("the program starts");
        (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
    };
    let bundle = golden("minimal.zip");
    assert_eq!(run("papers", &bundle), (Some(0), String::new()));
    let sums = std::fs::read_to_string(folder.path().join("papers/SHA256SUMS")).expect("a file");
    for line in sums.lines() {
        let (digest, file) = line.split_once("  ").expect("two columns");
        let bytes = std::fs::read(folder.path().join("papers").join(file)).expect("a file");
        assert_eq!(Digest::of(&bytes).to_string(), digest, "{file}");
    }
    let (code, said) = run("papers", &bundle);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("papers is not empty") && said.contains("hint: give a new folder"), "{said}");
    std::fs::create_dir_all(folder.path().join("empty/populations")).expect("a folder");
    assert_eq!(run("empty", &bundle), (Some(0), String::new()));
    let (code, said) = run("absent/papers", &bundle);
    assert_eq!(code, Some(2), "{said}");
    std::fs::create_dir(folder.path().join("given")).expect("a folder");
    std::fs::copy(&bundle, folder.path().join("given/bundle.dsse.json")).expect("copied");
    let (code, said) = run("given/papers", &folder.path().join("given"));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("lies in a folder that is read"), "{said}");
    assert!(!folder.path().join("given/papers").exists());
}
