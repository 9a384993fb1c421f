//! Talk on standard error: notices, progress, two-line errors.

use std::{
    io::{IsTerminal as _, stderr},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use signal_hook::consts::TERM_SIGNALS;
use walwarden_produce::{ProduceError, dump::Progress};

use crate::{exit::Exit, hint};

/// Says one line.
pub(crate) fn notice(text: &str) {
    eprintln!("walwarden: {text}");
}

/// Says what roots on other machines are asked for.
pub(crate) fn roots_wait(asked: &Path) {
    notice(&format!("waiting for the roots; on each machine that has one, with {} at hand:", asked.display()));
    let file = asked.file_name().unwrap_or_default().to_string_lossy().into_owned();
    notice(&format!("  walwarden root sign {file} --root-key root.pem"));
}

/// Says what is wrong, and what to do.
pub(crate) fn error(error: &ProduceError) -> Exit {
    two_lines(&error.to_string(), &hint::of(error));
    Exit::Usage
}

/// The two lines of every error.
pub(crate) fn two_lines(what: &str, hint: &str) {
    eprintln!("error: {}", what.lines().next().unwrap_or_default());
    eprintln!("hint: {hint}");
}

/// A flag that Ctrl-C and SIGTERM set; a second one ends the program at once.
pub(crate) fn cancel_flag() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in TERM_SIGNALS {
        let second = signal_hook::flag::register_conditional_shutdown(*signal, Exit::Failed as i32, Arc::clone(&flag));
        let first = signal_hook::flag::register(*signal, Arc::clone(&flag));
        if first.and(second).is_err() {
            notice("signals cannot be caught here: a run that is stopped will only show as not ended");
        }
    }
    flag
}

/// A line about long work, on a terminal only.
pub(crate) struct Bar {
    bar: ProgressBar,
    bytes: AtomicU64,
    rows: AtomicU64,
    tables: AtomicU64,
    of: AtomicU64,
}

impl Bar {
    pub(crate) fn new(what: &str) -> Self {
        let bar = if stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {elapsed}  {wide_msg}") {
            bar.set_style(style);
        }
        bar.set_prefix(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        let zero = || AtomicU64::new(0);
        Self { bar, bytes: zero(), rows: zero(), tables: zero(), of: zero() }
    }

    pub(crate) fn tell(&self, progress: Progress<'_>) {
        match progress {
            Progress::Stage(stage) => self.bar.set_message(stage.word().to_owned()),
            Progress::Scope { tables, .. } => self.of.store(tables as u64, Ordering::Relaxed),
            Progress::Dumped(bytes) => self.bytes.store(bytes, Ordering::Relaxed),
            Progress::Rows(rows) => self.rows.store(rows, Ordering::Relaxed),
            Progress::Table { .. } => _ = self.tables.fetch_add(1, Ordering::Relaxed),
            _ => {}
        }
        let number = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        if number(&self.bytes) + number(&self.rows) > 0 {
            let (bytes, rows) = (HumanBytes(number(&self.bytes)), HumanCount(number(&self.rows)));
            self.bar.set_message(format!(
                "{bytes} dumped, {rows} rows, {} of {} tables",
                number(&self.tables),
                number(&self.of)
            ));
        }
    }

    pub(crate) fn done(&self) {
        self.bar.finish_and_clear();
    }
}
