//! A static site around one bundle: what it is, the report, the page that verifies it, and how to do so by hand.
//!
//! All that it says of the bundle comes from a run of `walwarden-verify` over it. It loads nothing from elsewhere, and
//! works from a disk as from any server.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use minijinja::{AutoEscape, Environment, Value, context, value::Serde};
use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, html};
use serde::Serialize;
use walwarden_core::Digest;

use crate::{
    error::{OperatorError, ProduceError, StorageError, VerifierError},
    files,
};

const INDEX: &str = include_str!("proof_site/index.html");
const PAGE: &str = include_str!("proof_site/page.html");
const STYLE: &str = include_str!("proof_site/style.css");
const BY_HAND: &str = include_str!("proof_site/by-hand.sh");

/// What a site is made of.
pub struct ProofRequest<'a> {
    /// The bundle.
    pub bundle: &'a Path,
    /// The handover that an auditor would hold.
    pub handover: &'a Path,
    /// Roots of time-stamping authorities.
    pub tsa_roots: &'a [PathBuf],
    /// Verifier keys of witnesses.
    pub witnesses: Option<&'a Path>,
    /// The instant that counts as now, RFC 3339; the clock's otherwise.
    pub as_of: Option<&'a str>,
    /// `verify.html`, which verifies in a browser.
    pub page: &'a Path,
    /// `verify.mjs`, the second opinion.
    pub second: &'a Path,
    /// The folder of the specification, in Markdown.
    pub spec: Option<&'a Path>,
    /// Where the site goes: nothing is there yet.
    pub out: &'a Path,
    /// `walwarden-verify`.
    pub verifier: &'a Path,
}

/// One line of what is known of the bundle.
#[derive(Serialize)]
struct Fact {
    name: &'static str,
    value: String,
    link: Option<String>,
}

/// A page of the specification.
#[derive(Serialize)]
struct SpecPage {
    file: String,
    title: String,
}

/// Writes the site. A bundle that is rejected gets none.
///
/// # Errors
/// Something is there, cannot be read or written, or the bundle is not verified; what was written is removed.
pub fn write(request: &ProofRequest<'_>) -> Result<(), ProduceError> {
    if request.out.symlink_metadata().is_ok() {
        return Err(OperatorError::Exists(request.out.to_owned()).into());
    }
    files::folder(request.out)?;
    written(request).inspect_err(|_| _ = fs::remove_dir_all(request.out))
}

fn written(request: &ProofRequest<'_>) -> Result<(), ProduceError> {
    let report = judged(request)?;
    let given = request.tsa_roots.iter().map(PathBuf::as_path).chain(request.witnesses);
    for from in [request.bundle, request.handover].into_iter().chain(given) {
        put(request, &name(from), &files::read(from)?)?;
    }
    put(request, "verify.html", &files::read(request.page)?)?;
    put(request, "verify.mjs", &files::read(request.second)?)?;
    put(request, "by-hand.sh", BY_HAND.as_bytes())?;
    put(request, "style.css", STYLE.as_bytes())?;
    let pages = request.spec.map(|spec| specification(request, spec)).transpose()?.unwrap_or_default();
    put(request, "index.html", index(request, &report, pages)?.as_bytes())
}

/// Has the bundle judged, with the report in all its forms beside it; the report as JSON.
fn judged(request: &ProofRequest<'_>) -> Result<serde_json::Value, ProduceError> {
    let mut command = Command::new(request.verifier);
    command.arg(request.bundle).arg("--trust").arg(request.handover).arg("--quiet").env("NO_COLOR", "1");
    if let Some(as_of) = request.as_of {
        command.args(["--as-of", as_of]);
    }
    for root in request.tsa_roots {
        command.arg("--tsa-root").arg(root);
    }
    if let Some(witnesses) = request.witnesses {
        command.arg("--witness").arg(witnesses);
    }
    for form in ["html", "pdf", "json"] {
        command.arg(format!("--{form}")).arg(request.out.join(format!("report.{form}")));
    }
    let output = command.output().map_err(StorageError::at("run", request.verifier))?;
    match output.status.code() {
        Some(0 | 4) => {}
        Some(1) => return Err(VerifierError::Rejected.into()),
        code => return Err(VerifierError::Unusable(code.unwrap_or(-1)).into()),
    }
    let json = files::read(&request.out.join("report.json"))?;
    serde_json::from_slice(&json).map_err(|error| ProduceError::Bug(error.to_string()))
}

fn index(request: &ProofRequest<'_>, report: &serde_json::Value, pages: Vec<SpecPage>) -> Result<String, ProduceError> {
    let text = |pointer: &str| match report.pointer(pointer) {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let minute = |pointer: &str| text(pointer).get(..16).unwrap_or_default().replace('T', " ");
    let fact = |name, value, link| Fact { name, value, link };
    let (bundle, handover) = (name(request.bundle), name(request.handover));
    let page = Digest::of(&files::read(request.page)?).to_string();
    let facts = [
        fact("Bundle", format!("{bundle}, {} bytes", text("/subject/bytes")), Some(bundle.clone())),
        fact("SHA-256 of the file", text("/subject/file_sha256"), None),
        fact("Bundle digest", text("/subject/bundle_digest"), None),
        fact("Root fingerprint", text("/trust/pins/0"), None),
        fact("Handover", handover.clone(), Some(handover.clone())),
        fact("Origin", text("/claims/origin"), None),
        fact("Entries in the chain", text("/claims/head/size"), None),
        fact("Report as PDF", "report.pdf".into(), Some("report.pdf".into())),
        fact("Report as JSON", "report.json".into(), Some("report.json".into())),
        fact("SHA-256 of verify.html", page, None),
    ];
    let organisation = text("/claims/organisation");
    render(
        INDEX,
        context! {
            demonstration => organisation.contains("demonstration"),
            organisation,
            period => format!("{} to {} UTC", minute("/claims/period/start"), minute("/claims/period/end")),
            verdict => text("/verdict/words"),
            checks => text("/counts/passed"),
            failed => text("/counts/failed"),
            not_run => text("/counts/not_run"),
            exceptions => text("/counts/exceptions"),
            root => text("/trust/pins/0"),
            witnesses => request.witnesses.map(name),
            tsa_roots => request.tsa_roots.iter().map(|root| name(root)).collect::<Vec<_>>(),
            facts => Value::from(Serde(&facts)),
            pages => Value::from(Serde(&pages)),
            bundle, handover,
        },
    )
}

/// The pages of the specification as HTML, in order.
fn specification(request: &ProofRequest<'_>, spec: &Path) -> Result<Vec<SpecPage>, ProduceError> {
    files::folder(&request.out.join("spec"))?;
    let mut sources: Vec<PathBuf> = fs::read_dir(spec)
        .map_err(StorageError::at("read", spec))?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    sources.sort();
    let mut pages = Vec::new();
    for source in sources {
        let markdown = String::from_utf8_lossy(&files::read(&source)?).into_owned();
        let title = markdown.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or("walwarden").to_owned();
        let file = Path::new(&name(&source)).with_extension("html").display().to_string();
        let body = Value::from_safe_string(to_html(&markdown));
        put(request, &format!("spec/{file}"), render(PAGE, context! { title => title.as_str(), body })?.as_bytes())?;
        // Numbered pages are the specification; the others are about it.
        if file.starts_with(|first: char| first.is_ascii_digit()) {
            pages.push(SpecPage { file, title });
        }
    }
    Ok(pages)
}

/// Links between pages lead to their HTML; what is not on the site is named without a link.
fn to_html(markdown: &str) -> String {
    let mut here = Vec::new();
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES).filter_map(|event| match event {
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let (file, anchor) = dest_url.split_once('#').unwrap_or((&dest_url, ""));
            let is_page = file.is_empty() || (file.ends_with(".md") && !file.contains('/'));
            let is_elsewhere = matches!(link_type, LinkType::Autolink | LinkType::Email) || file.contains("://");
            here.push(is_page || is_elsewhere);
            let anchor = if anchor.is_empty() { String::new() } else { format!("#{anchor}") };
            let dest_url = if is_page { format!("{}{anchor}", file.replace(".md", ".html")).into() } else { dest_url };
            here.last().is_some_and(|is| *is).then_some(Event::Start(Tag::Link { link_type, dest_url, title, id }))
        }
        Event::End(pulldown_cmark::TagEnd::Link) => here.pop().is_some_and(|is| is).then_some(event),
        other => Some(other),
    });
    let mut body = String::new();
    html::push_html(&mut body, events);
    // What may be wider than the window can be scrolled by keyboard too.
    body.replace("<pre>", "<pre tabindex=\"0\">")
}

fn render(template: &str, values: Value) -> Result<String, ProduceError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.render_str(template, values).map_err(|error| ProduceError::Bug(error.to_string()))
}

fn put(request: &ProofRequest<'_>, name: &str, bytes: &[u8]) -> Result<(), ProduceError> {
    Ok(files::create(&request.out.join(name), bytes, 0o644)?)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
