//! The report on pages of paper.
//!
//! Own layout into a small display list ([`draw`]); `printpdf` writes its operators; a finishing pass sets what that
//! library lacks. Nothing in the bytes depends on the machine, the clock or chance.
//!
//! The file has a tree of tags, and claims conformance to no profile: no validator has said so.

mod card;
mod cover;
mod draw;
mod figure;
mod finish;
mod flow;
mod font;
mod style;
mod table;
mod tags;
mod wrap;
mod write;

use std::io;

use walwarden_core::{Digest, Time};

use super::document::Document;
use crate::report::{Report, RunBlock};
pub use style::Paper;

/// What goes into the file beside the pages.
pub(super) struct Identity {
    /// The file's id: the bundle digest, else that of the zip.
    id: Digest,
    /// The file's dates: the sealing time, else the instant given as now.
    date: Time,
    /// Name and version of the program.
    producer: String,
}

impl Identity {
    /// Takes it from the report.
    pub(super) fn of(report: &Report, run: &RunBlock) -> Self {
        let subject = &report.subject;
        let fallback = || Digest::of(subject.name.as_bytes());
        let id = subject.bundle_digest.or(subject.file_digest).unwrap_or_else(fallback);
        Self::new(id, report.claims.as_ref().map_or(report.as_of, |claims| claims.sealed_at), run)
    }

    /// Of what has an id and a date of its own.
    pub(super) fn new(id: Digest, date: Time, run: &RunBlock) -> Self {
        Self { id, date, producer: format!("walwarden-verify {}", run.version) }
    }
}

/// Lays the document out and writes the file.
///
/// # Errors
/// A font that is compiled in cannot be read, or the library refuses: both are faults of the program.
pub(super) fn render(document: &Document, paper: Paper, identity: &Identity) -> io::Result<Vec<u8>> {
    let fonts = font::Fonts::open()?;
    let (mut flow, more) = cover::begin(&fonts, document, paper);
    let contents = cover::reserve_contents(&mut flow, document);
    for section in &document.sections {
        flow.section(section);
    }
    cover::contents(&mut flow, document, &contents);
    if let Some(more) = &more {
        cover::more(&mut flow, document, more);
    }
    cover::furniture(&mut flow, document);
    let laid = flow.done();
    let mut file = write::file(&laid.pages, &laid.tags, paper)?;
    finish::finish(&mut file, &laid, document, identity)?;
    let mut bytes = Vec::new();
    file.compress();
    // The tree of tags is thousands of small objects: they are packed into streams.
    file.save_modern(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}
