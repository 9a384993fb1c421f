//! What it means: everything is opened and every conflict named before anything is judged or written.

use std::{
    fs,
    io::{self, IsTerminal as _, Read as _, Write as _},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use walwarden_core::{Digest, Time, digest::Hasher, limits, registry::RootPins};
use walwarden_verify::{
    OpenError, RunBlock, Source, Trust, Verdict, VerifyInput, open,
    render::{Format, render},
    trust::{KnownHead, Previous, TrustError, parse_head},
    verify,
};

use crate::{args::Args, exit::Failure};

/// A run that nothing stands in the way of.
pub(crate) struct Job {
    source: Source,
    trust: Trust,
    as_of: Time,
    outputs: Vec<Output>,
}

/// A rendering and where it goes.
struct Output {
    format: Format,
    /// `None`: standard output.
    path: Option<PathBuf>,
}

impl TryFrom<Args> for Job {
    type Error = Failure;

    fn try_from(args: Args) -> Result<Self, Failure> {
        let as_of = match &args.as_of {
            Some(text) => instant(text)?,
            None => now()?,
        };
        let outputs = outputs(&args)?;
        let trust = trust(&args, as_of)?;
        Ok(Self { source: open(&args.bundle).map_err(unreadable)?, trust, as_of, outputs })
    }
}

impl Job {
    /// Judges, then writes every rendering.
    pub(crate) fn run(self) -> Result<Verdict, Failure> {
        let report = verify(&VerifyInput { source: &self.source, trust: &self.trust, as_of: self.as_of });
        let run = run_block();
        for output in &self.outputs {
            let mut rendered = Vec::new();
            render(&report, &run, output.format, &mut rendered).map_err(|error| {
                Failure::new(format!("the report cannot be rendered: {error}"), "please report this fault")
            })?;
            match &output.path {
                Some(path) => write_whole(path, &rendered)?,
                None => print(&rendered)?,
            }
        }
        Ok(report.verdict())
    }
}

fn unreadable(error: OpenError) -> Failure {
    let hint = match &error {
        OpenError::Io { .. } => "check the path and that you may read it",
        OpenError::NotABundle(_) => "give the folder into which the zip was unpacked, or the zip itself",
        OpenError::TooLarge { .. } => "a bundle holds evidence, not dumps; check that this is the right file",
        _ => "a bundle is a zip, written by `walwarden bundle`; check that the download is complete",
    };
    Failure::new(error, hint)
}

/// Pins, heads and choices; conflicts among them are the reader's to settle.
fn trust(args: &Args, as_of: Time) -> Result<Trust, Failure> {
    let mut trust = Trust { first_contact: args.first_contact, ..Trust::default() };
    if let Some(path) = &args.trust {
        if !args.root.is_empty() {
            return Err(Failure::new(
                "--trust and --root both name root keys",
                "give one of them; --trust also brings a head",
            ));
        }
        let bytes = small(path, limits::HANDOVER_BYTES)?;
        trust.add_handover(&bytes).map_err(|error| {
            Failure::new(format!("{}: {error}", path.display()), "--trust takes the handover.json of `walwarden init`")
        })?;
    }
    pins(args, &mut trust)?;
    if args.first_contact && (args.previous.is_some() || args.known_head.is_some()) {
        let what = "--first-contact says that no head is held, and --previous or --known-head gives one";
        return Err(Failure::new(what, "leave --first-contact away"));
    }
    if let Some(path) = &args.known_head {
        let text = String::from_utf8(small(path, limits::DOCUMENT_BYTES)?).unwrap_or_default();
        let head = parse_head(&text).map_err(|error| {
            Failure::new(
                format!("{}: {error}", path.display()),
                "--known-head takes what `walwarden head` prints, or a checkpoint",
            )
        })?;
        trust.known.push(KnownHead { origin: Some(head.origin), head: head.tree, source: "--known-head" });
    }
    if let Some(path) = &args.previous {
        let source = open(path).map_err(unreadable)?;
        let hint = "judge that bundle by itself first: walwarden-verify BUNDLE with the same pins";
        let previous = Previous::of(&source, trust.pins.as_ref(), as_of).map_err(|error| Failure::new(error, hint))?;
        trust.add_previous(previous);
    }
    trust.agrees().map_err(|error| {
        let hint = match error {
            TrustError::Contradiction(..) => {
                "two histories were shown to you: keep both files, and ask the organisation"
            }
            _ => "give heads of one chain",
        };
        Failure::new(error, hint)
    })?;
    Ok(trust)
}

fn pins(args: &Args, trust: &mut Trust) -> Result<(), Failure> {
    if !args.root.is_empty() {
        let pins: std::collections::BTreeSet<Digest> = args.root.iter().copied().collect();
        trust.pins = Some(RootPins { threshold: pins.len(), pins });
    }
    let Some(threshold) = args.root_threshold else { return Ok(()) };
    match &mut trust.pins {
        None => Err(Failure::new("--root-threshold without root keys", "give --root or --trust too")),
        Some(pins) if !(1..=pins.pins.len()).contains(&threshold) => {
            let what = format!("--root-threshold {threshold} is not between 1 and the {} roots given", pins.pins.len());
            Err(Failure::new(what, "leave it away to require all of them"))
        }
        Some(pins) => {
            pins.threshold = threshold;
            Ok(())
        }
    }
}

/// Reads a file that the reader brings.
fn small(path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    let failed = |error: io::Error| Failure::new(format!("cannot read {}: {error}", path.display()), "check the path");
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(failed)?;
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > limit {
        return Err(Failure::new(
            format!("{} is longer than {limit} bytes", path.display()),
            "check that this is the right file",
        ));
    }
    Ok(bytes)
}

/// Where the report goes: never over what is read, never twice to one place.
fn outputs(args: &Args) -> Result<Vec<Output>, Failure> {
    let asked = [(Format::Html, &args.html), (Format::Pdf, &args.pdf), (Format::Json, &args.json)];
    let mut outputs = Vec::new();
    let mut taken: Vec<PathBuf> = Vec::new();
    let read = [Some(&args.bundle), args.trust.as_ref(), args.previous.as_ref(), args.known_head.as_ref()];
    let read: Vec<PathBuf> = read.into_iter().flatten().filter_map(|path| fs::canonicalize(path).ok()).collect();
    for (format, path) in asked {
        let Some(path) = path else { continue };
        let to_stdout = path.as_os_str() == "-";
        let place = if to_stdout { path.clone() } else { place_of(path)? };
        if taken.contains(&place) {
            return Err(Failure::new(format!("two reports go to {}", path.display()), "give each its own file"));
        }
        if read.iter().any(|read| *read == place || (read.is_dir() && place.starts_with(read))) {
            return Err(Failure::new(
                format!("{} is read, it will not be written over", path.display()),
                "give another file",
            ));
        }
        taken.push(place);
        outputs.push(Output { format, path: (!to_stdout).then(|| path.clone()) });
    }
    let stdout_free = outputs.iter().all(|output| output.path.is_some());
    if stdout_free && !args.quiet {
        outputs.push(Output { format: Format::Text { colour: colour() }, path: None });
    }
    Ok(outputs)
}

/// The file's one name, whether it exists yet or not.
fn place_of(path: &Path) -> Result<PathBuf, Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = fs::canonicalize(folder).map_err(|error| {
        Failure::new(format!("cannot write {}: {error}", path.display()), "create the folder first")
    })?;
    let name = path.file_name().filter(|_| !path.is_dir());
    let name =
        name.ok_or_else(|| Failure::new(format!("{} is a folder", path.display()), "give the name of a file"))?;
    Ok(folder.join(name))
}

/// Writes beside the file and renames: nobody sees half a report.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = fs::File::create_new(&beside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| {
        _ = fs::remove_file(&beside);
        Failure::new(format!("cannot write {}: {error}", path.display()), "check the folder and the space left")
    })
}

/// A reader that has gone away does not change the verdict.
fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("cannot write to standard output: {error}"), "write to a file instead"))
        }
        _ => Ok(()),
    }
}

/// `2026-10-05T08:00:00Z`, with or without six fractional digits.
fn instant(text: &str) -> Result<Time, Failure> {
    let whole = text.strip_suffix('Z').filter(|rest| rest.len() == 19).map(|rest| format!("{rest}.000000Z"));
    whole
        .as_deref()
        .unwrap_or(text)
        .parse()
        .map_err(|_| Failure::new(format!("--as-of {text}: no such instant"), "write it like 2026-10-05T08:00:00Z"))
}

/// The one look at the clock.
fn now() -> Result<Time, Failure> {
    #[expect(clippy::disallowed_methods, reason = "the default of --as-of, and nothing else")]
    let now = std::time::SystemTime::now();
    let micros = now.duration_since(UNIX_EPOCH).ok().and_then(|since| i64::try_from(since.as_micros()).ok());
    let time = micros.and_then(Time::from_micros);
    time.ok_or_else(|| Failure::new("the clock of this machine is out of range", "set it, or give --as-of"))
}

/// Colour only for a terminal, and not against the reader's wish; it never carries meaning alone.
fn colour() -> bool {
    #[expect(clippy::disallowed_methods, reason = "NO_COLOR and TERM are the reader's settings for a terminal")]
    let set = |name: &str| std::env::var_os(name).unwrap_or_default();
    io::stdout().is_terminal() && set("NO_COLOR").is_empty() && set("TERM") != "dumb"
}

/// What this program knows of itself.
fn run_block() -> RunBlock {
    let digest = || {
        let mut file = fs::File::open(std::env::current_exe().ok()?).ok()?;
        let mut hasher = Hasher::new();
        let mut piece = vec![0; 1 << 16];
        loop {
            match file.read(&mut piece).ok()? {
                0 => return Some(hasher.finish()),
                read => hasher.update(piece.get(..read)?),
            }
        }
    };
    RunBlock {
        version: env!("CARGO_PKG_VERSION").into(),
        program: digest(),
        platform: format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH),
        sandbox: "none in this version".into(),
    }
}
