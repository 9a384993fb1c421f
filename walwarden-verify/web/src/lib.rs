//! Puts `verify.html` together: the page, its style and scripts, the verifier as WebAssembly, and the bundles of its
//! buttons, in one file under a policy that forbids every connection.
//!
//! The parts are plain files beside this crate's manifest; nothing is transformed but for packing bytes as text.

mod lean;

pub use lean::without_profile;

use std::{collections::BTreeMap, io::Write as _};

use base64ct::{Base64, Encoding as _};
use lzma_rust2::{LzmaOptions, LzmaWriter};
use serde_json::json;
use walwarden_core::{Digest, Time, handover::Handover};

/// The second opinion: one file, for the page and for Node.
pub const SECOND: &str = include_str!("../verify.mjs");
const PAGE: &str = include_str!("../page.html");
const STYLE: &str = include_str!("../page.css");
const SCRIPT: &str = include_str!("../page.js");
const UNPACK: &str = include_str!("../unpack.js");
const JUDGE: &str = include_str!("../judge.js");
const BREAKING: &str = include_str!("../breaking.js");

/// What the page carries beside its own files.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// The verifier: WebAssembly without imports.
    pub module: &'a [u8],
    /// A report as this version of the verifier writes it in HTML: its style is allowed in the frame that shows reports.
    pub report: &'a str,
    /// The demonstration bundle.
    pub demo: &'a [u8],
    /// Its `handover.json`.
    pub handover: &'a str,
    /// Verifier keys of its witnesses.
    pub witnesses: &'a str,
    /// Roots of its time-stamping authorities, PEM.
    pub tsa_roots: &'a str,
    /// The instant that counts as now for it and for the pair.
    pub as_of: Time,
    /// One record told in two ways by who owns its keys: as it was first shown, and as it was made again.
    pub told: [&'a [u8]; 2],
    /// A handover with the root keys of that record.
    pub told_handover: &'a str,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// Not a report of this verifier.
    #[error("the report has no style with a digest in its policy")]
    Report,
    /// Not a handover.
    #[error("{0}")]
    Handover(#[from] walwarden_core::handover::HandoverError),
    /// A file of the page would end the element that it stands in.
    #[error("{0} holds `</script` or `<!--`")]
    Script(&'static str),
    /// The template asks for a part that nobody gives.
    #[error("the page has no part {0}")]
    Part(String),
}

/// The page. The same parts give the same bytes.
///
/// # Errors
/// [`PageError`].
pub fn assemble(parts: &Parts<'_>) -> Result<String, PageError> {
    let demo = json!({
        "as_of": parts.as_of.to_string(),
        "handover": parts.handover,
        "witnesses": parts.witnesses,
        "tsaRoots": parts.tsa_roots,
        "roots": Handover::parse(parts.told_handover.as_bytes())?.roots,
        "bundles": { "demo": packed(parts.demo), "kept": packed(parts.told[0]), "remade": packed(parts.told[1]) },
    });
    let policy = format!(
        "default-src 'none'; script-src '{}' 'wasm-unsafe-eval'; worker-src blob:; style-src '{}' '{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE),
        style_of(parts.report).ok_or(PageError::Report)?,
    );
    let given = BTreeMap::from([
        ("policy", policy),
        ("style", STYLE.to_owned()),
        ("unpack", script("unpack.js", UNPACK)?),
        ("judge", script("judge.js", JUDGE)?),
        ("second", script("verify.mjs", SECOND)?),
        ("breaking", script("breaking.js", BREAKING)?),
        ("script", script("page.js", SCRIPT)?),
        ("demo", demo.to_string().replace('<', "\\u003c")),
        ("module", packed(parts.module)),
    ]);
    fill(PAGE, &given)
}

/// The template with each `@part@` in its place; what a part holds is not looked at again.
fn fill(template: &str, given: &BTreeMap<&str, String>) -> Result<String, PageError> {
    let mut page = String::new();
    for (at, piece) in template.split('@').enumerate() {
        match (at % 2, given.get(piece)) {
            (0, _) => page.push_str(piece),
            (_, Some(part)) => page.push_str(part),
            (_, None) => return Err(PageError::Part(piece.to_owned())),
        }
    }
    Ok(page)
}

fn script(name: &'static str, text: &str) -> Result<String, PageError> {
    let ends = ["</script", "<!--"].iter().any(|end| text.contains(end));
    if ends { Err(PageError::Script(name)) } else { Ok(text.to_owned()) }
}

/// As a content security policy names what stands between two tags.
fn hash(text: &str) -> String {
    format!("sha256-{}", Base64::encode_string(Digest::of(text.as_bytes()).as_bytes()))
}

/// What the policy of a report, escaped as an attribute, says of its style.
fn style_of(report: &str) -> Option<String> {
    let (_, rest) = report.split_once("style-src ")?;
    let policy = rest.get(..200).unwrap_or(rest).replace("&#x27;", "'").replace("&#x2f;", "/");
    policy.split('\'').nth(1).filter(|hash| hash.starts_with("sha256-")).map(str::to_owned)
}

/// LZMA as text; the same bytes give the same text.
fn packed(bytes: &[u8]) -> String {
    let options = LzmaOptions { dict_size: 1 << 24, ..LzmaOptions::with_preset(9) };
    let size = u64::try_from(bytes.len()).ok();
    let lzma = LzmaWriter::new_use_header(Vec::new(), &options, size).and_then(|mut lzma| {
        lzma.write_all(bytes)?;
        lzma.finish()
    });
    // Writing to memory does not fail.
    text(&lzma.unwrap_or_default())
}

/// Bytes as text that may stand in a script: each four bytes are five of the 85 characters from `#` to `x` but for `<`.
/// A quarter more than the bytes, where base64 is a third more.
fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(4) * 5);
    for four in bytes.chunks(4) {
        // What is missing at the end is zero: LZMA says itself how long it is.
        let number = (0..4).fold(0_u32, |sum, at| sum << 8 | u32::from(four.get(at).copied().unwrap_or(0)));
        for place in (0..5).rev() {
            let digit = b'#' + (number / 85_u32.pow(place) % 85) as u8;
            text.push(char::from(digit + u8::from(digit >= b'<')));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const HANDOVER: &str = r#"{"_type":"https://walwarden.dev/spec/handover/v1","head":{"root":"f0cde3d3e4e07da74fb06e23816dbdc0d895210e8cdd04f61ce7243bbad638e4","size":1},"origin":"acme.example/a","roots":["de29308c6bf735a121787073a8ccd08906f7224788c5c885846bf4a428e48e1b"],"threshold":1}"#;

    fn parts(report: &str) -> Parts<'_> {
        let as_of = "2026-10-15T12:00:00.000000Z".parse().expect("a time");
        let (demo, told) = (b"</script>".as_slice(), [b"a".as_slice(), b"b".as_slice()]);
        Parts {
            module: b"module",
            report,
            demo,
            handover: "</script>",
            witnesses: "",
            tsa_roots: "",
            as_of,
            told,
            told_handover: HANDOVER,
        }
    }

    #[test]
    fn the_page_holds_every_part_and_ends_no_script_early() {
        let page = assemble(&parts("default-src &#x27;none&#x27;; style-src &#x27;sha256-a&#x2f;c=&#x27;; img"))
            .expect("a page");
        let scripts = page.matches("<script").count();
        assert_eq!(page.matches("</script>").count(), scripts);
        assert_eq!(page, assemble(&parts("style-src 'sha256-a/c='")).expect("a page"), "the same bytes");
        for part in [STYLE, SCRIPT, UNPACK, JUDGE, SECOND, BREAKING, &hash(STYLE), &hash(SCRIPT), "'sha256-a/c='"] {
            assert!(page.contains(part));
        }
    }

    #[test]
    fn bytes_become_text_without_a_tag() {
        assert_eq!(text(&[]), "");
        assert_eq!(text(&[0, 0, 0, 0, 255, 255, 255, 255]), "#####v:Z/#");
        let all = text(&(0..=255).flat_map(|high| [high, high ^ 0x5a, 7, 0]).collect::<Vec<u8>>());
        assert!(all.bytes().all(|byte| (b'#'..=b'x').contains(&byte) && byte != b'<'));
        assert_eq!(all.len(), 256 * 5);
    }

    #[test]
    fn nothing_outside_is_named() {
        // No address that could be fetched: what stands in the sources are identifiers of the formats and of SVG's kind.
        for text in [PAGE, STYLE, SCRIPT, UNPACK, JUDGE, BREAKING, SECOND] {
            for (at, _) in text.match_indices("http") {
                assert!(
                    text[at..].starts_with("https://walwarden.dev/spec/")
                        || text[at..].starts_with("https://in-toto.io/Statement/v1")
                        || text[at..].starts_with("http-equiv"),
                    "{}",
                    &text[at..at + 40]
                );
            }
        }
    }

    #[test]
    fn a_report_without_a_digest_of_its_style_is_none() {
        assert!(matches!(assemble(&parts("style-src 'unsafe-inline'")), Err(PageError::Report)));
    }

    #[test]
    fn the_second_opinion_is_short_enough_to_be_read() {
        assert!(SECOND.lines().count() < 800, "{}", SECOND.lines().count());
    }
}
