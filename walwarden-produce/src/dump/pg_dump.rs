//! `pg_dump -Fc` as a child process, watched while it runs.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread::{self, JoinHandle},
    time::Duration,
};

use walwarden_core::{
    Digest,
    statement::{Bytes, backup::PgDump},
};

use super::{DumpError, DumpRequest, Progress, Stage, file, file_error};
use crate::postgres::{Connection, Program, snapshot::SHARED_LOCK_MILLISECONDS};

/// How often a running pg_dump is looked at.
const GLANCE: Duration = Duration::from_millis(50);
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
}

impl Running {
    /// Starts it on an exported snapshot, into a file that is there already.
    pub(super) fn start(
        connection: &Connection,
        snapshot: &str,
        path: &Path,
        (server, version): (u32, String),
    ) -> Result<Self, DumpError> {
        let snapshot = format!("--snapshot={snapshot}");
        let wait = format!("--lock-wait-timeout={SHARED_LOCK_MILLISECONDS}");
        let args = ["--format=custom", "--no-password", &wait, &snapshot].map(str::to_owned);
        let mut command = command(connection, Program::PgDump, server)?;
        command.args(&args).arg("--file").arg(path);
        let (child, stderr) = spawn(command, Program::PgDump)?;
        Ok(Self { child, stderr: Some(stderr), path: path.into(), args: args.into(), version })
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
            let written = fs::metadata(&self.path).map_or(0, |metadata| metadata.len());
            (request.progress)(Progress::Dumped(written));
        };
        let stderr = self.stderr.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        let text = connection.redact(&String::from_utf8_lossy(&stderr));
        if !status.success() {
            let stopped = request.cancel.load(Ordering::Relaxed);
            return Err(if stopped { DumpError::stopped() } else { child_error(Program::PgDump, status, &text) });
        }
        let plain = file::settle(&self.path).map_err(|error| file_error("the dump cannot be put on disk", &error))?;
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

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
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
    const KNOWN: [(&str, &str); 9] = [
        ("No space left on device", "disk-full"),
        ("Disk quota exceeded", "disk-full"),
        ("File too large", "file-too-large"),
        ("server version mismatch", "server-newer-than-pg-dump"),
        ("invalid snapshot identifier", "snapshot-lost"),
        ("row-level security", "row-security"),
        ("permission denied", "insufficient-privilege"),
        ("canceling statement due to lock timeout", "lock-timeout"),
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
