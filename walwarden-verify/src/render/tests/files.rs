//! Outputs as files: the page, the PDF and the JSON.

#![allow(
    clippy::disallowed_types,
    clippy::disallowed_macros,
    reason = "tests ask other programs about the PDF, and say what they skip"
)]

use std::{
    collections::BTreeSet,
    io::Write as _,
    process::{Command, Stdio},
};

use base64ct::{Base64, Encoding};
use serde_json::Value;
use walwarden_core::Digest;

use super::{assert_occur, bytes, must_occur, sample, samples, squeezed, string};
use crate::{
    render::{Format, Paper, document::words::LIMITS},
    report::{Evidence, Outcome},
};

/// Tags that the page may have.
const TAGS: &[&str] = &[
    "!DOCTYPE",
    "a",
    "article",
    "b",
    "bdi",
    "body",
    "br",
    "caption",
    "code",
    "dd",
    "desc",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "head",
    "header",
    "html",
    "li",
    "main",
    "meta",
    "nav",
    "ol",
    "p",
    "path",
    "pre",
    "rect",
    "section",
    "span",
    "style",
    "svg",
    "table",
    "tbody",
    "td",
    "text",
    "th",
    "thead",
    "title",
    "tr",
    "ul",
];
/// Attributes that they may have.
const ATTRIBUTES: &[&str] = &[
    "aria-hidden",
    "aria-label",
    "charset",
    "class",
    "content",
    "d",
    "font-size",
    "height",
    "href",
    "html",
    "http-equiv",
    "id",
    "lang",
    "name",
    "role",
    "scope",
    "stroke-width",
    "tabindex",
    "viewBox",
    "width",
    "x",
    "y",
];

/// Tags of a page with their attributes; values are quoted and hold no quote.
fn tags(page: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut tags = Vec::new();
    for part in page.split('<').skip(1) {
        let inside = part.split_once('>').expect("a tag ends").0;
        let (name, mut rest) = inside.split_once(' ').unwrap_or((inside, ""));
        let mut attributes = Vec::new();
        while let Some((attribute, value)) = rest.trim_start().split_once("=\"") {
            let (value, more) = value.split_once('"').expect("a value ends");
            attributes.push((attribute.to_owned(), value.to_owned()));
            rest = more;
        }
        assert!(matches!(rest.trim(), "" | "html" | "/"), "{part}");
        tags.push((name.trim_start_matches('/').to_owned(), attributes));
    }
    tags
}

#[test]
fn the_page_has_only_its_own_tags() {
    for (name, report) in samples() {
        let page = string(&report, Format::Html);
        let tags = tags(&page);
        assert!(tags.len() > 300, "{name}");
        for (tag, attributes) in &tags {
            assert!(TAGS.contains(&tag.as_str()), "{name}: <{tag}>");
            for (attribute, value) in attributes {
                assert!(ATTRIBUTES.contains(&attribute.as_str()), "{name}: <{tag} {attribute}>");
                assert!(attribute != "href" || value.starts_with('#'), "{name}: {value}");
            }
        }
    }
}

#[test]
fn every_link_of_the_page_leads_somewhere() {
    for (name, report) in samples() {
        let page = string(&report, Format::Html);
        let tags = tags(&page);
        let all = |wanted: &str| {
            tags.iter()
                .flat_map(|(_, attributes)| attributes)
                .filter(|(name, _)| name == wanted)
                .map(|(_, value)| value.clone())
                .collect::<Vec<_>>()
        };
        let ids = all("id");
        let distinct: BTreeSet<&String> = ids.iter().collect();
        assert_eq!(ids.len(), distinct.len(), "{name}: an id stands twice");
        for href in all("href") {
            assert!(ids.iter().any(|id| *id == href[1..]), "{name}: {href}");
        }
        for check in crate::checks::CHECKS {
            assert!(ids.iter().any(|id| *id == format!("check-{}", check.id)), "{name}: {}", check.id);
        }
        for rule in walwarden_core::rules::RULES {
            assert!(ids.iter().any(|id| *id == format!("rule-{}", rule.id)), "{name}: {}", rule.id);
        }
    }
}

#[test]
fn the_page_forbids_itself_everything_but_its_style() {
    let page = string(&sample::exceptions(), Format::Html);
    let head = page.split_once("<head>\n").expect("a head").1;
    assert!(
        head.starts_with("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src"),
        "first child of head"
    );
    let style = page.split_once("<style>").expect("a style").1.split_once("</style>").expect("it ends").0;
    let hash = Base64::encode_string(Digest::of(style.as_bytes()).as_bytes());
    let policy = head.split_once('\n').expect("a line").0.replace("&#x2f;", "/").replace("&#x27;", "'");
    assert!(policy.contains(&format!("style-src 'sha256-{hash}'")), "{policy}");
    assert_eq!(page.matches("<style>").count(), 1);
}

fn schema() -> jsonschema::Validator {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../spec/schema/report.v1.json");
    let schema: Value = serde_json::from_slice(&std::fs::read(path).expect("the schema")).expect("JSON");
    jsonschema::validator_for(&schema).expect("a schema")
}

#[test]
fn json_is_valid_by_its_schema() {
    let schema = schema();
    for (name, report) in samples() {
        let value: Value = serde_json::from_str(&string(&report, Format::Json)).expect("JSON");
        let errors: Vec<String> =
            schema.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(errors, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn spoilt_json_is_not_valid() {
    let schema = schema();
    let good: Value = serde_json::from_str(&string(&sample::exceptions(), Format::Json)).expect("JSON");
    let spoilt = |pointer: &str, value: Value| {
        let mut copy = good.clone();
        *copy.pointer_mut(pointer).expect("a member") = value;
        copy
    };
    let cases = [
        spoilt("/verdict/exit_code", 0.into()),
        spoilt("/checks/0/outcome", "passed".into()),
        spoilt("/rules/0/status", "compliant".into()),
        spoilt("/subject/bundle_digest", "AB".into()),
        spoilt("/as_of", "2026-10-04".into()),
        spoilt("/counts/failed", (-1).into()),
        spoilt("/facts/backups/0/outcome", "open".into()),
    ];
    for (place, case) in cases.iter().enumerate() {
        assert!(!schema.is_valid(case), "case {place}");
    }
    let mut more = good;
    more.as_object_mut().expect("an object").insert("extra".into(), Value::Null);
    assert!(!schema.is_valid(&more));
}

/// Runs a program over a PDF; `None`, said aloud, where it is not installed.
fn ask(program: &str, arguments: &[&str], pdf: &[u8]) -> Option<String> {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(pdf).expect("written");
    let path = file.path().to_str().expect("UTF-8").to_owned();
    let arguments: Vec<&str> =
        arguments.iter().map(|argument| if *argument == "PDF" { path.as_str() } else { argument }).collect();
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    match output {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success(), "{program}: {said} {}", String::from_utf8_lossy(&output.stderr));
            Some(said)
        }
        Err(error) => {
            println!("SKIPPED: {program}: {error}");
            None
        }
    }
}

#[test]
fn everything_occurs_in_the_pdf() {
    for (name, report) in samples() {
        let Some(text) = ask("pdftotext", &["-raw", "PDF", "-"], &bytes(&report, Format::Pdf(Paper::A4))) else {
            return;
        };
        let pages: Vec<&str> = text.split('\u{c}').collect();
        assert!(pages.len() > 3);
        // Words that go on on the next page have a foot and a head between their parts.
        let text: String = pages.iter().flat_map(|page| body(page)).collect::<Vec<_>>().join("\n");
        // Right-to-left words come back in an order of the reader's own.
        let ours = |word: &String| !word.chars().any(|c| ('\u{590}'..'\u{8ff}').contains(&c));
        let words: Vec<String> = must_occur(&report).into_iter().filter(ours).collect();
        assert_occur(name, &text, &report, &words);
        assert!(pages.iter().any(|page| page.contains(&format!("2 of {}", pages.len() - 1))), "{name}: page numbers");
    }
}

/// `spec:report-2`: also where the verdict and the witnesses take several lines.
#[test]
fn the_first_page_of_the_pdf_holds_every_limit() {
    let mut witnessed = sample::clean();
    let seen = |name| {
        format!("the head of 253 lines existed not after 2026-10-01 00:11:00 UTC, by witness {name} that you pinned")
    };
    let words = format!("2 of 2 pinned witnesses, 2 required: {}; {}", seen("w1.example"), seen("w2.example"));
    sample::set(&mut witnessed, "chain.witnessed", Outcome::Pass(Evidence(words)));
    // Names of a hostile bundle may take the room; nothing of it is lost then, but stands on the next page.
    let ordinary = samples().into_iter().filter(|(name, _)| *name != "hostile");
    for (name, report) in ordinary.chain([("witnessed", witnessed)]) {
        let first = ["-raw", "-f", "1", "-l", "1", "PDF", "-"];
        let Some(text) = ask("pdftotext", &first, &bytes(&report, Format::Pdf(Paper::A4))) else { return };
        for limit in LIMITS {
            assert!(squeezed(&text).contains(&squeezed(limit)), "{name}: {limit}");
        }
    }
}

/// The lines of a page between what stands on every page.
fn body(page: &str) -> impl Iterator<Item = &str> {
    const OF_EVERY_PAGE: [&str; 4] = ["Prepared by software", "opinion or a certification", "bundle ", "continued"];
    page.lines().filter(|line| !OF_EVERY_PAGE.iter().any(|start| line.starts_with(start)))
}

#[test]
fn the_pdf_is_sound() {
    for (name, report) in samples() {
        let pdf = bytes(&report, Format::Pdf(Paper::A4));
        assert!(pdf.starts_with(b"%PDF-1.7"), "{name}");
        // Each rule has its page of items.
        let most = 400_000 + 20_000 * walwarden_core::rules::RULES.len();
        assert!(pdf.len() < most, "{name}: {} bytes of {most}", pdf.len());
        let (Some(check), Some(fonts), Some(info)) =
            (ask("qpdf", &["--check", "PDF"], &pdf), ask("pdffonts", &["PDF"], &pdf), ask("pdfinfo", &["PDF"], &pdf))
        else {
            return;
        };
        let Some(tree) = ask("pdfinfo", &["-struct", "PDF"], &pdf) else { return };
        for part in ["Document", "H1", "Table", "TH", "Caption", "Figure", "Link"] {
            assert!(tree.lines().any(|line| line.trim().starts_with(part)), "{name}: {part}");
        }
        assert!(squeezed(&info).contains("Tagged:yes"), "{name}: {info}");
        assert!(check.contains("No syntax or stream encoding errors"), "{name}: {check}");
        let fonts: Vec<&str> = fonts.lines().skip(2).collect();
        assert!(fonts.len() >= 4, "{name}: {fonts:?}");
        assert!(fonts.iter().all(|line| line.contains("yes yes yes")), "{name}: embedded, subset, readable: {fonts:?}");
        assert!(info.contains("A4") && squeezed(&info).contains("JavaScript:no"), "{name}: {info}");
    }
}

#[test]
fn the_pdf_has_the_id_of_the_bundle_and_its_dates() {
    let report = sample::exceptions();
    let file = lopdf::Document::load_mem(&bytes(&report, Format::Pdf(Paper::A4))).expect("a PDF");
    let id =
        file.trailer.get(b"ID").and_then(|id| id.as_array()).expect("an id")[0].as_str().expect("a string").to_owned();
    assert_eq!(id, report.subject.bundle_digest.expect("a digest").as_bytes()[..16]);
    let info = file.trailer.get(b"Info").and_then(|info| info.as_reference()).expect("information");
    let date = file
        .get_dictionary(info)
        .and_then(|info| info.get(b"CreationDate"))
        .and_then(|date| date.as_str())
        .expect("a date");
    assert_eq!(date, b"D:20261001020005Z");
    let links: usize = file
        .get_pages()
        .values()
        .filter_map(|page| file.get_page_annotations(*page).ok())
        .map(|links| links.len())
        .sum();
    assert!(links > 10, "{links}");
}
