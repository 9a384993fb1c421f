//! `pg_dump` as a child process, watched while it runs.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread::{self, JoinHandle},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use walwarden_core::{
    Digest,
    statement::{Bytes, backup::PgDump},
};

use super::{
    DumpError, DumpRequest, Progress, Stage, archive, file, file_error, folder_beside, settings::Format,
    throttle::Throttle,
};
use crate::postgres::{Connection, Program, ServerFacts, snapshot::SHARED_LOCK_MILLISECONDS, tools::major_of};

/// How often a running pg_dump is looked at.
const GLANCE: Duration = Duration::from_millis(20);
/// Bytes kept of a child's standard error; its digest covers these.
const STDERR_BYTES: usize = 1 << 20;

/// What pg_dump left.
pub(super) struct Finished {
    /// The file.
    pub(super) plain: Bytes,
    /// For the statement.
    pub(super) process: PgDump,
    /// Lines on standard error, redacted.
    pub(super) warnings: Vec<String>,
}

/// A running pg_dump; ended when dropped.
pub(super) struct Running {
    child: Child,
    stderr: Option<JoinHandle<Vec<u8>>>,
    path: PathBuf,
    args: Vec<String>,
    version: String,
    throttle: Throttle,
    paused: bool,
}

impl Running {
    /// Starts it on an exported snapshot, into a file that is there already, or into a folder beside it.
    pub(super) fn start(
        connection: &Connection,
        request: &DumpRequest<'_>,
        snapshot: &str,
        (facts, version): (&ServerFacts, String),
    ) -> Result<Self, DumpError> {
        let mut args = request.settings.arguments(major_of(&version).unwrap_or_default())?;
        args.push("--no-password".into());
        args.push(format!("--lock-wait-timeout={SHARED_LOCK_MILLISECONDS}"));
        args.push(format!("--snapshot={snapshot}"));
        let path = match request.settings.format {
            Format::Custom => request.dump_path.to_owned(),
            Format::Directory => folder_beside(request.dump_path),
        };
        if request.settings.format == Format::Directory {
            // Of an attempt before this one.
            let _ = fs::remove_dir_all(&path);
        }
        let mut command = command(connection, Program::PgDump, facts.major())?;
        command.args(&args).arg("--file").arg(&path);
        let (child, stderr) = spawn(command, Program::PgDump)?;
        let throttle = Throttle::new(request.settings.max_rate);
        Ok(Self { child, stderr: Some(stderr), path, args, version, throttle, paused: false })
    }

    /// Waits for its end, reporting progress; ends it when `stop` or the caller says so.
    pub(super) fn finish(
        &mut self,
        connection: &Connection,
        request: &DumpRequest<'_>,
        stop: &AtomicBool,
    ) -> Result<Finished, DumpError> {
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if request.cancel.load(Ordering::Relaxed) => {
                    return Err(DumpError::stopped());
                }
                Ok(None) if stop.load(Ordering::Relaxed) => return Err(DumpError::stopped()),
                Ok(None) => thread::sleep(GLANCE),
                Err(error) => return Err(file_error("pg_dump cannot be waited for", &error)),
            }
            let written = archive::written(&self.path);
            (request.progress)(Progress::Dumped(written));
            self.pause(!self.throttle.ahead(written).is_zero());
        };
        let stderr = self.stderr.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        let text = connection.redact(&String::from_utf8_lossy(&stderr));
        if !status.success() {
            let stopped = request.cancel.load(Ordering::Relaxed);
            return Err(if stopped { DumpError::stopped() } else { child_error(Program::PgDump, status, &text) });
        }
        let on_disk = |error| file_error("the dump cannot be put on disk", &error);
        if request.settings.format == Format::Directory {
            archive::pack(&self.path, request.dump_path).map_err(on_disk)?;
        }
        let plain = file::settle(request.dump_path).map_err(on_disk)?;
        (request.progress)(Progress::Dumped(plain.bytes.0));
        let process = PgDump {
            version: self.version.clone(),
            args: self.args.clone(),
            exit_code: 0,
            stderr_sha256: Digest::of(text.as_bytes()),
        };
        Ok(Finished { plain, process, warnings: text.lines().map(str::to_owned).collect() })
    }
}

impl Running {
    /// Stops the process and those that it started for a while, or lets them go on: a server waits for who does not read.
    fn pause(&mut self, pause: bool) {
        if pause != self.paused {
            self.signal(if pause { Signal::STOP } else { Signal::CONT });
            self.paused = pause;
        }
    }

    fn signal(&self, signal: Signal) {
        // It leads a group of its own.
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Not a group whose number may be another's by now.
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(Signal::KILL);
        }
        let _ = self.child.wait();
    }
}

/// A connected child that does not outlive the thread that starts it, even when this process is killed.
///
/// psql sessions end by their closed pipes; pg_dump writes to a file and would go on. `setpriv` asks the kernel for a
/// signal at the parent's death; where it is missing, a killed backup's pg_dump runs to its end and nobody takes its file.
pub(super) fn command(connection: &Connection, program: Program, server: u32) -> Result<Command, DumpError> {
    let path = connection.tools().find_for_major(program, server)?;
    let setpriv = Path::new("/usr/bin/setpriv");
    let command = if setpriv.is_file() {
        let mut command = Command::new(setpriv);
        command.args(["--pdeathsig", "TERM", "--"]).arg(path);
        command
    } else {
        Command::new(path)
    };
    Ok(connection.prepared(command))
}

/// Starts a child whose standard error is read by a thread.
pub(super) fn spawn(mut command: Command, program: Program) -> Result<(Child, JoinHandle<Vec<u8>>), DumpError> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| {
        DumpError::new(Stage::Dump, "tool-not-started", format!("{program} does not start: {error}"))
    })?;
    let stderr = child.stderr.take();
    let thread = thread::spawn(move || {
        let mut kept = Vec::new();
        let mut chunk = [0; 4096];
        let Some(mut stderr) = stderr else {
            return kept;
        };
        // Reading goes on beyond the limit: a full pipe would stop the child.
        while let Ok(read @ 1..) = stderr.read(&mut chunk) {
            let room = STDERR_BYTES.saturating_sub(kept.len()).min(read);
            kept.extend_from_slice(&chunk[..room]);
        }
        kept
    });
    Ok((child, thread))
}

/// A failure as the child tells it.
pub(super) fn child_error(program: Program, status: ExitStatus, stderr: &str) -> DumpError {
    const KNOWN: [(&str, &str); 11] = [
        ("No space left on device", "disk-full"),
        ("Disk quota exceeded", "disk-full"),
        ("File too large", "file-too-large"),
        ("server version mismatch", "server-newer-than-pg-dump"),
        ("invalid snapshot identifier", "snapshot-lost"),
        ("row-level security", "row-security"),
        ("permission denied", "insufficient-privilege"),
        ("canceling statement due to lock timeout", "lock-timeout"),
        ("could not obtain lock on relation", "lock-timeout"),
        ("this build does not support compression", "compression-unsupported"),
        ("connection to server", "connection-lost"),
    ];
    let reason_code = KNOWN.iter().find(|(text, _)| stderr.contains(text)).map_or("dump-failed", |(_, code)| *code);
    let said = stderr.lines().map(str::trim).find(|line| line.contains("error") || line.contains("ERROR"));
    let said = said.or_else(|| stderr.lines().next()).unwrap_or("it gave no reason");
    DumpError {
        stage: Stage::Dump,
        reason_code,
        exit_code: status.code(),
        message: format!("{program} failed: {}", said.trim_start_matches(&format!("{program}: "))),
    }
}
