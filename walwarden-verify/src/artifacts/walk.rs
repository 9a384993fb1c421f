//! Every file below a folder, within bounds; no link is followed.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use super::{Content, FILES, GivenFile, LEVELS};

/// Every file and where it lies, by path; then what was left out. What is no file, or a folder that cannot be listed,
/// is in the list with the reason.
type Found = (Vec<(GivenFile, PathBuf)>, Option<&'static str>);

/// Lists every file.
pub(super) fn walk(folder: &Path) -> io::Result<Found> {
    let mut walk = Walk { files: Vec::new(), more: None };
    walk.folder(folder, "", names(folder)?, 1);
    Ok((walk.files, walk.more))
}

struct Walk {
    files: Vec<(GivenFile, PathBuf)>,
    more: Option<&'static str>,
}

impl Walk {
    fn folder(&mut self, folder: &Path, prefix: &str, names: Vec<OsString>, level: usize) {
        for name in names {
            if self.files.len() == FILES {
                self.more = Some("there are more than 200,000 files, and the rest was not looked at");
                return;
            }
            let (path, shown) = (folder.join(&name), format!("{prefix}{}", name.to_string_lossy()));
            match entry(&path, level) {
                Entry::Folder(names) => self.folder(&path, &format!("{shown}/"), names, level.saturating_add(1)),
                Entry::File(bytes, content) => self.files.push((GivenFile { path: shown, bytes, content }, path)),
            }
        }
    }
}

enum Entry {
    Folder(Vec<OsString>),
    File(u64, Content),
}

fn entry(path: &Path, level: usize) -> Entry {
    let unread = |why: &dyn ToString| Entry::File(0, Content::Unread(why.to_string()));
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_file() => Entry::File(meta.len(), Content::OfNoInterest),
        Ok(meta) if meta.is_dir() && level == LEVELS => unread(&"a folder in 32 others: it was not looked into"),
        Ok(meta) if meta.is_dir() => match names(path) {
            Ok(names) => Entry::Folder(names),
            Err(error) => unread(&error),
        },
        Ok(meta) if meta.is_symlink() => unread(&"a link: it was not followed"),
        Ok(_) => unread(&"a device, a pipe or a socket"),
        Err(error) => unread(&error),
    }
}

/// Names in a folder, in order; no more of them than the list can hold.
fn names(folder: &Path) -> io::Result<Vec<OsString>> {
    let mut names: Vec<OsString> = fs::read_dir(folder)?
        .take(FILES.saturating_add(1))
        .map(|entry| Ok(entry?.file_name()))
        .collect::<io::Result<_>>()?;
    names.sort();
    Ok(names)
}
