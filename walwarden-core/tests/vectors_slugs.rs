//! Every slug that code cites exists in `spec/`, once, on the page that its name says.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Pages with rules, and how many rules each has. Change a number on purpose: a slug is never removed.
const PAGES: &[(&str, usize)] = &[
    ("01-model", 6),
    ("02-bytes", 6),
    ("03-statements", 12),
    ("04-rows", 13),
    ("05-merkle", 6),
    ("06-chain", 10),
    ("07-keys", 14),
    ("08-time", 12),
    ("09-bundle", 10),
    ("10-events", 8),
    ("11-policy", 9),
    ("12-rules", 51),
    ("13-verification", 7),
    ("14-comparison", 7),
    ("15-report", 13),
    ("16-occurrences", 7),
    ("17-workpapers", 12),
    ("18-signer", 6),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The slugs that the pages define.
fn defined() -> BTreeSet<String> {
    let mut slugs = BTreeSet::new();
    for (page, count) in PAGES {
        let text = fs::read_to_string(root().join("spec").join(page).with_extension("md")).unwrap();
        let name = page.split_once('-').unwrap().1;
        let anchors: Vec<&str> = text.split("<a id=\"").skip(1).map(|rest| rest.split_once('"').unwrap().0).collect();
        // The number of a rule that was planned and not written stays free: numbers ascend, and may leave gaps.
        let number = |slug: &&str| slug.strip_prefix(name)?.strip_prefix('-')?.parse::<usize>().ok();
        let numbers: Vec<usize> = anchors.iter().map(|slug| number(slug).expect("a slug of this page")).collect();
        assert!(numbers.first() == Some(&1) && numbers.is_sorted_by(|a, b| a < b), "{page}.md: {numbers:?}");
        assert_eq!(numbers.len(), *count, "{page}.md");
        slugs.extend(anchors.iter().map(ToString::to_string));
    }
    slugs
}

/// Every file below `folder` whose name ends with one of `ends`.
fn files(folder: &Path, ends: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            files(&path, ends, found);
        } else if ends.iter().any(|end| name.ends_with(end)) {
            found.push(path);
        }
    }
}

/// What follows `before` and looks like a slug of one of the pages.
fn cited<'a>(text: &'a str, before: &'a str) -> impl Iterator<Item = &'a str> {
    text.match_indices(before).filter_map(move |(at, _)| {
        let rest = &text[at + before.len()..];
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit() && c != '-').unwrap_or(rest.len());
        let slug = rest[..end].trim_end_matches('-');
        let (page, number) = slug.rsplit_once('-')?;
        let known = PAGES.iter().any(|(name, _)| name.split_once('-').unwrap().1 == page);
        (known && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then_some(slug)
    })
}

#[test]
fn every_cited_slug_exists() {
    let defined = defined();
    let mut sources = Vec::new();
    for member in ["walwarden-core", "walwarden-verify", "walwarden-produce", "fixtures"] {
        files(&root().join(member), &[".rs"], &mut sources);
    }
    assert!(sources.len() > 30, "too few files to be all of them: {}", sources.len());
    let mut citations = 0;
    for source in sources {
        let text = fs::read_to_string(&source).unwrap();
        for slug in cited(&text, "spec:") {
            citations += 1;
            assert!(defined.contains(slug), "{} cites spec:{slug}, which does not exist", source.display());
        }
    }
    assert!(citations > 50, "too few citations to be all of them: {citations}");
}

#[test]
fn every_slug_on_a_page_or_in_a_vector_exists() {
    let defined = defined();
    let mut texts = Vec::new();
    files(&root().join("spec"), &[".md", ".json", ".py"], &mut texts);
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for path in texts {
        let text = fs::read_to_string(&path).unwrap();
        for before in ["\"rule\": \"", "(", ".md#", "see ", ": ", "\"\"\"", ", "] {
            for slug in cited(&text, before) {
                assert!(defined.contains(slug), "{} names {slug}, which does not exist", path.display());
                *uses.entry(slug.into()).or_default() += 1;
            }
        }
    }
    assert!(uses.len() > 40, "too few slugs are used to be all: {}", uses.len());
}
