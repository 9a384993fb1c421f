//! Passphrases: from a prompt, a file or a descriptor; never from an argument or a variable.

use std::{
    fs::File,
    io::{IsTerminal as _, Read, stdin},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use crate::error::{ProduceError, SignerError, StorageError};

/// A passphrase; wiped when dropped.
pub type Passphrase = Zeroizing<String>;

/// Longest passphrase that is read from a file.
const LIMIT: u64 = 4096;

/// Where a passphrase comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Asked for on the terminal.
    Prompt,
    /// The first line of a file.
    File(PathBuf),
    /// The first line of an open descriptor.
    Descriptor(u32),
}

impl Source {
    /// Reads it. `what` is named in the prompt; `new` asks twice.
    ///
    /// # Errors
    /// No terminal, no such file, an empty passphrase, two that differ.
    pub fn read(&self, what: &str, new: bool) -> Result<Passphrase, ProduceError> {
        let passphrase = match self {
            Self::Prompt => prompt(what, new)?,
            Self::File(path) => first_line(path)?,
            // Opened by path: no descriptor is taken over, so none is closed behind its owner's back.
            Self::Descriptor(number) => first_line(&PathBuf::from(format!("/dev/fd/{number}")))?,
        };
        if passphrase.is_empty() { Err(SignerError::EmptyPassphrase.into()) } else { Ok(passphrase) }
    }
}

fn prompt(what: &str, new: bool) -> Result<Passphrase, ProduceError> {
    let ask = |question: String| {
        let answer = rpassword::prompt_password(question).map_err(|_| SignerError::NoPassphrase)?;
        Ok::<_, SignerError>(Zeroizing::new(answer))
    };
    if !stdin().is_terminal() && File::open("/dev/tty").is_err() {
        return Err(SignerError::NoPassphrase.into());
    }
    let first = ask(format!("Passphrase for {what}: "))?;
    if new && *ask(String::from("The same again: "))? != *first {
        return Err(SignerError::PassphrasesDiffer.into());
    }
    Ok(first)
}

fn first_line(path: &Path) -> Result<Passphrase, ProduceError> {
    let mut text = Zeroizing::new(String::new());
    let file = File::open(path).map_err(StorageError::at("open passphrase file", path))?;
    file.take(LIMIT).read_to_string(&mut text).map_err(StorageError::at("read passphrase file", path))?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p");
        std::fs::write(&path, "correct horse\nsecond\n").unwrap();
        assert_eq!(*Source::File(path.clone()).read("x", true).unwrap(), "correct horse");
        std::fs::write(&path, "\n").unwrap();
        let empty = Source::File(path).read("x", false).unwrap_err();
        assert!(matches!(empty, ProduceError::Signer(SignerError::EmptyPassphrase)));
    }
}
