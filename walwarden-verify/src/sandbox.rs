//! What the program may still do once it has been told what to read: open the files given, write beside the reports,
//! and make the few system calls that this takes.
//!
//! Linux has the means, [landlock](https://landlock.io) for files and seccomp for system calls. Elsewhere there are none,
//! and the report says so: a verdict does not depend on the sandbox, and no sandbox is ever claimed that is not in force.

use std::{fmt, path::PathBuf};

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")))]
mod calls;
#[cfg(all(target_os = "linux", not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))))]
mod calls {
    //! A filter goes by numbers, and there is none for this processor.

    pub(super) fn restrict() -> super::Part {
        super::Part::Refused(format!("there is no filter for {}", std::env::consts::ARCH))
    }
}
#[cfg(target_os = "linux")]
mod files;

/// What the program was asked to touch.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// Files and folders to read; those that do not exist are left out, so that opening them says so.
    pub read: Vec<PathBuf>,
    /// Folders in which files are created, replaced and removed.
    pub write: Vec<PathBuf>,
}

/// What is in force, from now to the end of the program. Printed, it claims exactly that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sandbox {
    files: Part,
    calls: Part,
}

/// One of the two means.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    #[cfg_attr(not(any(target_os = "linux", test)), expect(dead_code, reason = "there are no means to be in force"))]
    InForce(String),
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "there are no means to fail"))]
    Refused(String),
    #[cfg_attr(target_os = "linux", expect(dead_code, reason = "Linux has the means, or refuses them"))]
    NoSuchThing,
}

impl Sandbox {
    /// Whether access to files is restricted.
    #[must_use]
    pub const fn restricts_files(&self) -> bool {
        matches!(self.files, Part::InForce(_))
    }

    /// Whether system calls are restricted.
    #[must_use]
    pub const fn restricts_calls(&self) -> bool {
        matches!(self.calls, Part::InForce(_))
    }
}

impl fmt::Display for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.files, &self.calls) {
            (Part::InForce(files), Part::InForce(calls)) => write!(f, "landlock {files}; seccomp: {calls}"),
            (Part::InForce(files), Part::Refused(why)) => write!(f, "landlock {files}; seccomp: none: {why}"),
            (Part::Refused(why), Part::InForce(calls)) => write!(f, "landlock: none: {why}; seccomp: {calls}"),
            (Part::Refused(files), Part::Refused(calls)) => write!(f, "none: landlock: {files}; seccomp: {calls}"),
            (Part::NoSuchThing, _) | (_, Part::NoSuchThing) => {
                write!(f, "none: {} has neither landlock nor seccomp", std::env::consts::OS)
            }
        }
    }
}

/// Shuts the sandbox for good: for this thread, and for every thread that it starts afterwards. Call it before any other
/// thread runs and before the first byte of anything given is read.
///
/// What the kernel cannot do, or what a container around the program forbids, is left out and said; nothing fails.
#[must_use]
pub fn enter(reach: &Reach) -> Sandbox {
    #[cfg(target_os = "linux")]
    return Sandbox { files: files::restrict(reach), calls: calls::restrict() };
    #[cfg(not(target_os = "linux"))]
    {
        _ = reach;
        Sandbox { files: Part::NoSuchThing, calls: Part::NoSuchThing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_claim_what_is_in_force_and_nothing_else() {
        let on = |words: &str| Part::InForce(words.into());
        let off = |why: &str| Part::Refused(why.into());
        let words = |files, calls| Sandbox { files, calls }.to_string();
        assert_eq!(words(on("ABI 6: f"), on("c")), "landlock ABI 6: f; seccomp: c");
        assert_eq!(words(on("ABI 6: f"), off("w")), "landlock ABI 6: f; seccomp: none: w");
        assert_eq!(words(off("w"), on("c")), "landlock: none: w; seccomp: c");
        assert_eq!(words(off("v"), off("w")), "none: landlock: v; seccomp: w");
    }
}
