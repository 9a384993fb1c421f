//! The program shuts itself in, and says what it knows of itself.

use std::{
    fs::File,
    io::{Read as _, Seek as _},
};

use walwarden_core::{Digest, digest::Hasher};
use walwarden_verify::{
    RunBlock,
    sandbox::{Reach, Sandbox, enter},
};

/// This run, from before the first byte of anything given is read.
pub(crate) struct Run {
    sandbox: Sandbox,
    /// The running program, opened while that is still allowed.
    program: Option<File>,
}

impl Run {
    /// Shuts the sandbox. No thread may run yet.
    pub(crate) fn begin(reach: &Reach) -> Self {
        let program = std::env::current_exe().and_then(File::open).ok();
        Self { sandbox: enter(reach), program }
    }

    /// For the reports.
    pub(crate) fn block(&self) -> RunBlock {
        RunBlock {
            version: env!("CARGO_PKG_VERSION").into(),
            program: self.program.as_ref().and_then(digest),
            platform: format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH),
            sandbox: self.sandbox.to_string(),
        }
    }
}

fn digest(mut file: &File) -> Option<Digest> {
    file.rewind().ok()?;
    let mut hasher = Hasher::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        match file.read(&mut piece).ok()? {
            0 => return Some(hasher.finish()),
            read => hasher.update(piece.get(..read)?),
        }
    }
}
