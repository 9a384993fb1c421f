//! Long histories and empty ones: the body stays readable, and says where the rest is.

use super::{bytes, sample, string, words_of};
use crate::render::{Format, Paper};

fn pages(pdf: &[u8]) -> usize {
    lopdf::Document::load_mem(pdf).expect("a PDF").get_pages().len()
}

#[test]
fn thousands_of_backups_stay_a_report() {
    let report = sample::large(3_700);
    assert!(report.counts().exceptions > 200);
    let page = words_of(&string(&report, Format::Html));
    for said in ["population_backups.csv", "populations/WW-BK-01.csv"] {
        assert!(page.contains(said), "{said}");
    }
    assert!(page.contains("206 of "), "many items of one rule stand as one on the first page");
    let all = pages(&bytes(&report, Format::Pdf(Paper::A4)));
    // Exceptions take a line each, in the summary and with their responses; conforming items take none.
    let most = 50 + walwarden_core::rules::RULES.len();
    assert!((20..most).contains(&all), "{all} pages of {most}");
}

#[test]
fn no_table_is_longer_than_a_person_reads() {
    let report = sample::large(60_000);
    assert!(report.counts().exceptions > 3_000);
    let page = string(&report, Format::Html);
    assert!(words_of(&page).contains("more rows are not printed here"));
    let longest = page.split("<tbody").map(|table| table.matches("<tr").count()).max();
    assert!(longest.is_some_and(|rows| (2_000..2_010).contains(&rows)), "{longest:?}");
}

#[test]
fn an_empty_quarter_draws_its_frames_and_says_so() {
    let page = words_of(&string(&sample::empty(), Format::Html));
    for said in ["no backup was due", "no restore test is recorded", "No event recorded", "no evidence was captured"] {
        assert!(page.contains(said), "{said}");
    }
    // A rule without items takes half a page at most, for what it asks and what it can come to.
    let (pages, rules) = (pages(&bytes(&sample::empty(), Format::Pdf(Paper::A4))), walwarden_core::rules::RULES.len());
    assert!(pages < 20 + rules / 2, "{pages} pages for {rules} rules");
}

#[test]
fn exposure_is_drawn_under_what_was_promised_and_every_breach_is_listed() {
    let page = words_of(&string(&sample::clean(), Format::Html));
    for said in ["1 database, 1 interval over the promise", "RPO 27 h", "no exposure is defined"] {
        assert_eq!(page.contains(said), said != "no exposure is defined", "{said}");
    }
    let row = ["1", "orders-prod", "2026-07-10 02:00", "2026-07-11 02:00", "24 h", "2 d", "27 h"].concat();
    assert!(super::squeezed(&page).contains(&super::squeezed(&row)), "{row}");
    assert!(words_of(&string(&sample::empty(), Format::Html)).contains("no exposure is defined in the period"));
}

#[test]
fn letter_has_its_own_pages() {
    let pdf = bytes(&sample::exceptions(), Format::Pdf(Paper::Letter));
    let file = lopdf::Document::load_mem(&pdf).expect("a PDF");
    let mut sizes: Vec<String> = Vec::new();
    for page in file.get_pages().values() {
        let page = file.get_dictionary(*page).expect("a page");
        sizes.push(format!("{:?}", page.get(b"MediaBox").expect("a box").as_array().expect("four")));
    }
    sizes.dedup();
    assert_eq!(sizes.len(), 1);
    assert!(sizes[0].contains("612") && sizes[0].contains("792"), "{}", sizes[0]);
}

/// Every word of the page stands in the tree, each piece once, and a table has heads.
#[test]
fn the_tree_of_the_pdf_is_whole() {
    let file = lopdf::Document::load_mem(&bytes(&sample::hostile(40), Format::Pdf(Paper::A4))).expect("a PDF");
    let name = |object: &lopdf::Object| object.as_name().map(|name| String::from_utf8_lossy(name).into_owned());
    let catalog = file.catalog().expect("a catalog");
    assert!(catalog.get(b"MarkInfo").is_ok() && catalog.get(b"StructTreeRoot").is_ok() && catalog.get(b"Lang").is_ok());
    let mut kinds = std::collections::BTreeMap::<String, usize>::new();
    for object in file.objects.values() {
        let Ok(part) = object.as_dict() else { continue };
        if part.get(b"Type").and_then(&name).is_ok_and(|kind| kind == "StructElem") {
            let kind = name(part.get(b"S").expect("a role")).expect("a name");
            if kind == "Figure" {
                assert!(part.get(b"Alt").is_ok(), "a figure has words");
            }
            *kinds.entry(kind).or_default() += 1;
        }
    }
    for kind in
        ["Document", "Sect", "H1", "H2", "H3", "P", "L", "LI", "Table", "TR", "TH", "TD", "Caption", "Figure", "Link"]
    {
        assert!(kinds.get(kind).is_some_and(|count| *count > 0), "{kind}: {kinds:?}");
    }
    assert_eq!(kinds["Document"], 1);
    for page in file.get_pages().values() {
        let content = file.get_and_decode_page_content(*page).expect("operators");
        let mut depth = 0_i32;
        for operation in &content.operations {
            match operation.operator.as_str() {
                "BMC" | "BDC" => depth += 1,
                "EMC" => depth -= 1,
                "Tj" | "TJ" => assert!(depth > 0, "words outside of every part"),
                _ => {}
            }
        }
        assert_eq!(depth, 0, "marks are closed");
    }
}
