//! From the bytes that were given to a verdict, and from a verdict to its renderings.

use std::io;

use serde_json::json;
use walwarden_verify::{
    Hashed, Reading, Report, RunBlock, Source,
    render::{Format, Paper, brief, render},
    workpapers::workpapers,
};

use crate::request::{Brought, Refusal, Request, source};

/// Exit code when nothing could be judged (`spec:verification-2`).
const USAGE: u32 = 2;

/// The request, the bundle, `handover.json`, the bundle before, roots of authorities, witnesses, digests; empty: not given.
pub(crate) type Given = [Vec<u8>; 7];

/// A judgement, kept for renderings.
pub(crate) struct Judged {
    report: Report,
    run: RunBlock,
}

/// The bundle, ahead of its judgement, which says why where there is none.
pub(crate) type Opened = Result<Bundle, Refusal>;

/// A bundle, and what was read of it already. It stays until the instance ends: what is read points into it.
pub(crate) struct Bundle {
    source: &'static Source,
    reading: Option<Reading<'static>>,
}

/// Opens the bundle that was given.
pub(crate) fn open(given: &mut Given) -> Opened {
    let [request, bundle, ..] = given;
    let source = source(&Request::parse(request)?.bundle, std::mem::take(bundle))?;
    Ok(Bundle { source: Box::leak(Box::new(source)), reading: None })
}

impl Bundle {
    /// Reads it, once.
    pub(crate) fn read(&mut self) {
        self.reading.get_or_insert_with(|| Reading::of(self.source));
    }
}

/// The parts of `source` that are hashed as a whole, as JSON.
pub(crate) fn long_parts(opened: &Opened, least: usize) -> Vec<u8> {
    let parts = opened.iter().flat_map(|bundle| bundle.source.long_parts(least));
    let parts: Vec<_> = parts.map(|part| json!({ "start": part.start, "end": part.end })).collect();
    json!(parts).to_string().into_bytes()
}

/// Judges what was given: the verdict's exit code, and the report in brief, or `error` and `hint`.
pub(crate) fn judge(mut given: Given, opened: Option<Opened>) -> (Option<Judged>, Vec<u8>, u32) {
    let opened = opened.unwrap_or_else(|| open(&mut given));
    match judged(given, opened) {
        Ok(judged) => match brief(&judged.report) {
            Ok(brief) => {
                let code = judged.report.verdict().exit_code().into();
                (Some(judged), brief.into_bytes(), code)
            }
            Err(error) => refused((format!("the report cannot be rendered: {error}"), "please report this fault")),
        },
        Err(refusal) => refused(refusal),
    }
}

fn refused((error, hint): Refusal) -> (Option<Judged>, Vec<u8>, u32) {
    (None, json!({ "error": error, "hint": hint }).to_string().into_bytes(), USAGE)
}

fn judged(given: Given, opened: Opened) -> Result<Judged, Refusal> {
    let [request, _, handover, previous, tsa_roots, witnesses, hashed] = given;
    let request = Request::parse(&request)?;
    let brought = Brought { handover: &handover, previous, tsa_roots: &tsa_roots, witnesses: &witnesses };
    let trust = request.trust(brought)?;
    let Bundle { source, reading } = opened?;
    let reading = reading.unwrap_or_else(|| Reading::of(source));
    let report = reading.judge(&parse_hashed(&hashed)?, &trust, request.as_of);
    Ok(Judged { report, run: request.run_block() })
}

fn parse_hashed(bytes: &[u8]) -> Result<Vec<Hashed>, Refusal> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_slice(bytes).map_err(|error| (format!("the digests: {error}"), "this is a fault of the page"))
}

impl Judged {
    /// A rendering by its number: 0 HTML, 1 JSON, 2 PDF on A4, 3 PDF on Letter, 4 JUnit, 5 OSCAL, 6 text, 7 workpapers.
    /// `None`: there is no such number.
    pub(crate) fn rendered(&self, number: u32) -> Option<io::Result<Vec<u8>>> {
        let format = match number {
            0 => Format::Html,
            1 => Format::Json,
            2 => Format::Pdf(Paper::A4),
            3 => Format::Pdf(Paper::Letter),
            4 => Format::Junit,
            5 => Format::Oscal,
            6 => Format::Text { colour: false },
            7 => return Some(self.papers()),
            _ => return None,
        };
        Some(self.render(format))
    }

    fn render(&self, format: Format) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        render(&self.report, &self.run, format, &mut bytes).map(|()| bytes)
    }

    /// Every paper, one after the other: length of its name, its name, length of its bytes, its bytes. Lengths are four
    /// bytes, the low one first. The caller puts them into a zip.
    fn papers(&self) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        for paper in workpapers(&self.report, &self.run)? {
            for part in [paper.name.as_bytes(), &paper.bytes] {
                all.extend(u32::try_from(part.len()).map_err(io::Error::other)?.to_le_bytes());
                all.extend(part);
            }
        }
        Ok(all)
    }
}
