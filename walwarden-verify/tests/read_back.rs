//! Every output of every golden bundle, read back: the same counts of items, exceptions and rules not evidenced.

#![allow(clippy::disallowed_types, clippy::disallowed_macros, reason = "asks pdftotext, and says what it read")]

mod golden_support;

use std::{collections::BTreeMap, io::Cursor, process::Command};

use calamine::{Data, Reader as _, Xlsx};
use golden_support::{cases, judge, name};
use serde_json::Value;
use walwarden_fixtures::case::Expect;
use walwarden_verify::{
    Report, RunBlock,
    render::{Format, Paper, render},
    workpapers::workpapers,
};

/// What an output says: exceptions and rules not evidenced in all, where it says so, and of each rule how many items
/// deviate of how many, where it says so.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said {
    exceptions: usize,
    not_evidenced: Option<usize>,
    rules: BTreeMap<String, (usize, usize)>,
}

fn number(text: &str) -> usize {
    text.parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

fn rendered(report: &Report, format: Format) -> String {
    let mut out = Vec::new();
    render(report, &RunBlock::default(), format, &mut out).expect("rendered");
    String::from_utf8(out).expect("UTF-8")
}

fn of_report(report: &Report) -> Said {
    let counts = report.counts();
    let rules = report.rules.iter().map(|r| (r.rule.id.to_owned(), (r.deviating(), r.items.len())));
    Said { exceptions: counts.exceptions, not_evidenced: Some(counts.not_evidenced), rules: rules.collect() }
}

fn of_json(text: &str) -> Said {
    let json: Value = serde_json::from_str(text).expect("JSON");
    let count = |value: &Value| usize::try_from(value.as_u64().expect("a count")).expect("small");
    let rules = json["rules"].as_array().expect("rules").iter().map(|rule| {
        let items = rule["items"].as_array().expect("items");
        let deviating = items.iter().filter(|item| !item["deviation"].is_null()).count();
        assert_eq!((count(&rule["deviating"]), count(&rule["population"])), (deviating, items.len()));
        (rule["id"].as_str().expect("an id").to_owned(), (deviating, items.len()))
    });
    Said {
        exceptions: count(&json["counts"]["exceptions"]),
        not_evidenced: Some(count(&json["counts"]["not_evidenced"])),
        rules: rules.collect(),
    }
}

/// Each rule that stands before `exception k/N` or `supported N/N`, a mark at most between; other statuses have no
/// figures where people read.
fn of_words(text: &str) -> BTreeMap<String, (usize, usize)> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut rules = BTreeMap::new();
    for place in words.windows(4).filter(|place| place[0].starts_with("WW-")) {
        let [id, status, figures] = match place[1] {
            "exception" | "supported" => [place[0], place[1], place[2]],
            _ => [place[0], place[2], place[3]],
        };
        let Some((k, all)) = figures.split_once('/') else { continue };
        let deviating = match status {
            "exception" => number(k),
            "supported" if k == all => 0,
            _ => panic!("{place:?}"),
        };
        let known = rules.insert(id.to_owned(), (deviating, number(all)));
        assert!(known.is_none_or(|known| known == (deviating, number(all))), "{place:?}");
    }
    rules
}

/// The words of a page.
fn of_html(html: &str) -> BTreeMap<String, (usize, usize)> {
    let texts = html.split('<').filter_map(|piece| piece.split_once('>'));
    of_words(&texts.map(|(_, text)| text.replace("&#x2f;", "/")).collect::<Vec<_>>().join(" "))
}

/// The words of a document; `None`, and a line that says so, where no `pdftotext` reads it.
fn of_pdf(report: &Report) -> Option<BTreeMap<String, (usize, usize)>> {
    let mut pdf = tempfile::NamedTempFile::new().expect("a file");
    render(report, &RunBlock::default(), Format::Pdf(Paper::A4), &mut pdf).expect("rendered");
    match Command::new("pdftotext").arg("-raw").arg(pdf.path()).arg("-").output() {
        Ok(output) => Some(of_words(&String::from_utf8(output.stdout).expect("UTF-8"))),
        Err(error) => {
            println!("SKIPPED: pdftotext: {error}");
            None
        }
    }
}

/// The line under the verdict, and each rule with its figures.
fn of_text(text: &str) -> Said {
    let line = text.lines().find(|line| line.contains(" failed · ")).expect("the line of counts");
    let before = |word: &str| {
        let part = line.split(" · ").find(|part| part.contains(word)).unwrap_or_else(|| panic!("{word}: {line}"));
        number(part.trim().split(' ').next().expect("a number"))
    };
    Said { exceptions: before("exception"), not_evidenced: Some(before("not evidenced")), rules: of_words(text) }
}

/// Tables by name: the header and the rows.
type Tables = BTreeMap<String, Vec<BTreeMap<String, String>>>;

fn of_tables(tables: &Tables) -> Said {
    let total = |measure: &str| {
        let row = tables["totals"].iter().find(|row| row["of"] == "report" && row["measure"] == measure);
        number(&row.expect("a total")["value"])
    };
    assert_eq!(tables["exceptions"].len(), total("exceptions"));
    let rules = tables.iter().filter(|(name, _)| name.starts_with("WW-")).map(|(rule, items)| {
        let deviating = items.iter().filter(|item| item["status"] == "deviates").count();
        (rule.clone(), (deviating, items.len()))
    });
    Said { exceptions: total("exceptions"), not_evidenced: Some(total("not_evidenced")), rules: rules.collect() }
}

/// Figures of the cases, each with the exceptions of one rule in one database; supported cases have none.
fn of_junit(xml: &str) -> Said {
    let mut said = Said::default();
    for case in xml.split("<testcase ").skip(1) {
        let id = case.split(" name=\"").nth(1).expect("a name").split(':').next().expect("an id");
        let Some(figures) = case.split("message=\"exception ").nth(1) else { continue };
        let (k, all) = figures.split('"').next().expect("a message").split_once('/').expect("k/N");
        let listed = case.split("</failure>").next().expect("text").split('>').next_back().expect("text");
        assert_eq!(listed.lines().count(), number(k), "each deviating item has a line");
        let (deviating, items) = said.rules.entry(id.to_owned()).or_default();
        (*deviating, *items) = (*deviating + number(k), *items + number(all));
        said.exceptions += number(k);
    }
    said
}

fn of_oscal(text: &str) -> Said {
    let json: Value = serde_json::from_str(text).expect("JSON");
    let set = &json["assessment-results"]["results"][0];
    let prop = |of: &Value, name: &str| -> String {
        let found = of["props"].as_array().expect("props").iter().find(|prop| prop["name"] == name);
        found.expect("a property")["value"].as_str().expect("text").to_owned()
    };
    let mut rules: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for observation in set["observations"].as_array().expect("observations") {
        let (deviating, items) = rules.entry(prop(observation, "rule")).or_default();
        *deviating += number(&prop(observation, "deviating"));
        *items += number(&prop(observation, "population"));
    }
    let not_evidenced = Some(number(&prop(set, "not-evidenced")));
    Said { exceptions: number(&prop(set, "exceptions")), not_evidenced, rules }
}

fn csv_tables(papers: &[walwarden_verify::workpapers::Paper]) -> Tables {
    let tables = papers.iter().filter_map(|paper| {
        let name = paper.name.strip_suffix(".csv")?.rsplit('/').next()?;
        let rows = csv::Reader::from_reader(paper.bytes.as_slice()).deserialize().collect::<Result<_, _>>();
        Some((name.to_owned(), rows.expect("RFC 4180")))
    });
    tables.collect()
}

fn xlsx_tables(bytes: &[u8]) -> Tables {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).expect("a workbook");
    let text = |cell: &Data| match cell {
        Data::Empty => String::new(),
        other => other.to_string(),
    };
    let sheets = book.sheet_names().into_iter().filter(|name| name != "cover").map(|name| {
        let range = book.worksheet_range(&name).expect("a sheet");
        let mut lines = range.rows();
        let head: Vec<String> = lines.next().expect("a head").iter().map(text).collect();
        let full = lines.filter(|line| line.iter().any(|cell| *cell != Data::Empty));
        let rows = full.map(|line| head.iter().cloned().zip(line.iter().map(text)).collect());
        let rows: Vec<BTreeMap<String, String>> = rows.collect();
        (name, rows)
    });
    sheets.collect()
}

#[test]
fn every_output_has_the_same_counts() {
    let (mut exceptions, mut not_evidenced, mut items) = (0, 0, 0);
    for toml in cases("golden") {
        let (name, report) = (name(&toml), judge(&toml, &Expect::read(&toml)));
        let said = of_report(&report);
        let papers = workpapers(&report, &RunBlock::default()).expect("papers");
        let file = |wanted: &str| {
            let found = papers.iter().find(|paper| paper.name == wanted).expect("a file");
            String::from_utf8_lossy(&found.bytes).into_owned()
        };
        assert_eq!(of_json(&rendered(&report, Format::Json)), said, "{name}: JSON");
        assert_eq!(of_json(&file("report.json")), said, "{name}: report.json");
        assert_eq!(of_oscal(&rendered(&report, Format::Oscal)), said, "{name}: OSCAL");
        assert_eq!(of_oscal(&file("oscal-assessment-results.json")), said, "{name}: OSCAL file");
        assert_eq!(of_tables(&csv_tables(&papers)), said, "{name}: CSV");
        let workbook = papers.iter().find(|paper| paper.name == "workpapers.xlsx").expect("a workbook");
        assert_eq!(of_tables(&xlsx_tables(&workbook.bytes)), said, "{name}: XLSX");

        // What people read has figures only where a rule has a complete population, JUnit only where a part of it deviates.
        let text = of_text(&rendered(&report, Format::Text { colour: false }));
        assert_eq!((text.exceptions, text.not_evidenced), (said.exceptions, said.not_evidenced), "{name}: text");
        let figures = report.rules.iter().filter(|result| matches!(result.status.word(), "exception" | "supported"));
        let figures = figures.map(|result| (result.rule.id.to_owned(), said.rules[result.rule.id])).collect();
        assert_eq!(text.rules, figures, "{name}: text");
        assert_eq!(of_html(&rendered(&report, Format::Html)), figures, "{name}: HTML");
        if let Some(pdf) = of_pdf(&report) {
            assert_eq!(pdf, figures, "{name}: PDF");
        }
        for junit in [of_junit(&rendered(&report, Format::Junit)), of_junit(&file("junit.xml"))] {
            assert_eq!(junit.exceptions, said.exceptions, "{name}: JUnit");
            for (rule, (deviating, _)) in &said.rules {
                let found = junit.rules.get(rule).map_or(0, |(deviating, _)| *deviating);
                let spoken = report.rules.iter().any(|r| r.rule.id == rule && r.status.word() == "exception");
                assert_eq!(found, if spoken { *deviating } else { 0 }, "{name}: JUnit, {rule}");
            }
        }
        let xml = rendered(&report, Format::Junit);
        let errors = report.rules.iter().filter(|result| result.lacks_evidence()).filter(|result| {
            !xml.contains(&format!("{}: ", result.rule.id)) || !xml.contains("<error type=\"not-evidenced\"")
        });
        assert_eq!(errors.count(), 0, "{name}: JUnit, not evidenced");
        assert_eq!(xml.contains("<failure") || xml.contains("<error"), report.verdict().exit_code() != 0, "{name}");

        exceptions += said.exceptions;
        not_evidenced += said.not_evidenced.unwrap_or_default();
        items += said.rules.values().map(|(_, items)| items).sum::<usize>();
    }
    assert!(exceptions > 0 && items > 100, "{exceptions} exceptions, {items} items");
    println!("{items} items, {exceptions} exceptions, {not_evidenced} rules not evidenced");
}
