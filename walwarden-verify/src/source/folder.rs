//! A folder with the files of a bundle unpacked. It claims no zip profile, but the same bounds hold.

use std::{
    fs::{self, File},
    io::Read as _,
    path::Path,
};

use walwarden_core::{bundle, limits};

use super::{Found, Located, OpenError, Source, Violations, last_part};
use crate::report::Container;

/// Folders in folders; a bundle has one level.
const LEVELS: usize = 8;

/// Reads every file below `path`; symbolic links are not followed.
pub(super) fn read(path: &Path) -> Result<Source, OpenError> {
    if !path.join(bundle::STATEMENT).is_file() {
        return Err(OpenError::NotABundle(path.to_owned()));
    }
    let mut walk = Walk { buffer: Vec::new(), files: Vec::new(), violations: Violations::default() };
    walk.folder(path, "", 0)?;
    let found = Found { files: walk.files, violations: walk.violations };
    Ok(Source::new(&last_part(path), Container::Folder, walk.buffer, found))
}

struct Walk {
    buffer: Vec<u8>,
    files: Vec<Located>,
    violations: Violations,
}

impl Walk {
    fn folder(&mut self, path: &Path, prefix: &str, level: usize) -> Result<(), OpenError> {
        if level > LEVELS {
            return Err(OpenError::TooLarge { path: path.to_owned(), what: "8 folders in each other" });
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(path).map_err(|error| OpenError::io(path, error))? {
            names.push(entry.map_err(|error| OpenError::io(path, error))?.file_name());
            if names.len() > limits::FILES {
                return Err(OpenError::TooLarge { path: path.to_owned(), what: "65,535 files" });
            }
        }
        names.sort();
        for name in names {
            let path = path.join(&name);
            let name = format!("{prefix}{}", name.to_string_lossy());
            let meta = fs::symlink_metadata(&path).map_err(|error| OpenError::io(&path, error))?;
            if meta.is_dir() {
                self.folder(&path, &format!("{name}/"), level.saturating_add(1))?;
            } else if meta.is_file() {
                self.file(&path, name)?;
            } else {
                self.violations.add("neither a file nor a folder", name.clone(), "a plain file", "a link or a device");
                self.files.push(Located { name, range: None });
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, name: String) -> Result<(), OpenError> {
        let too_large = |what| OpenError::TooLarge { path: path.to_owned(), what };
        if self.files.len() == limits::FILES {
            return Err(too_large("65,535 files"));
        }
        let start = self.buffer.len();
        let left = limits::ZIP_BYTES.saturating_sub(start as u64);
        let file = File::open(path).map_err(|error| OpenError::io(path, error))?;
        file.take(left.saturating_add(1)).read_to_end(&mut self.buffer).map_err(|error| OpenError::io(path, error))?;
        if self.buffer.len() as u64 > limits::ZIP_BYTES {
            return Err(too_large("4 GiB - 1 byte"));
        }
        self.files.push(Located { name, range: Some(start..self.buffer.len()) });
        Ok(())
    }
}
