//! A dump in pg_dump's directory format as one file: a tar archive of its files, which lie side by side.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufReader, BufWriter, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Component, Path},
};

/// Whether pg_dump was told by these arguments to write a folder.
#[must_use]
pub fn is_directory(arguments: &[String]) -> bool {
    arguments.iter().any(|argument| argument == "--format=directory")
}

/// Moves the files of a folder into an archive, in the order of their names, and removes the folder. On disk there is
/// never more than the dump and its largest file.
pub(super) fn pack(folder: &Path, archive: &Path) -> io::Result<()> {
    let mut names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
    names.sort_unstable();
    let file = OpenOptions::new().write(true).truncate(true).open(archive)?;
    let mut tar = tar::Builder::new(BufWriter::new(file));
    for name in names {
        let path = folder.join(&name);
        let mut file = File::open(&path)?;
        // Neither times nor owners: nobody restores those.
        let mut header = tar::Header::new_ustar();
        header.set_size(file.metadata()?.len());
        header.set_mode(0o600);
        tar.append_data(&mut header, &name, &mut file)?;
        fs::remove_file(&path)?;
    }
    tar.into_inner()?.flush()?;
    fs::remove_dir(folder)
}

/// Makes the folder again, for this user alone.
///
/// # Errors
/// It is there already, or the archive holds anything but files side by side.
pub fn unpack(archive: &Path, folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().mode(0o700).create(folder)?;
    let mut tar = tar::Archive::new(BufReader::new(File::open(archive)?));
    for entry in tar.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let mut parts = path.components();
        let (Some(Component::Normal(name)), None, true) =
            (parts.next(), parts.next(), entry.header().entry_type().is_file())
        else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the archive holds more than files"));
        };
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.join(name))?;
        io::copy(&mut entry, &mut file)?;
    }
    Ok(())
}

/// Bytes of a file, or of a folder's files.
pub(super) fn written(path: &Path) -> u64 {
    let size = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    match fs::read_dir(path) {
        Ok(entries) => entries.flatten().map(|entry| size(&entry.path())).sum(),
        Err(_) => size(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_and_nothing_else_does() {
        let place = tempfile::tempdir().unwrap();
        let (folder, archive) = (place.path().join("a"), place.path().join("tar"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("toc.dat"), "toc").unwrap();
        fs::write(folder.join("3.dat.gz"), vec![7; 100_000]).unwrap();
        fs::write(&archive, "").unwrap();
        pack(&folder, &archive).unwrap();
        assert!(!folder.exists());
        unpack(&archive, &folder).unwrap();
        assert_eq!(fs::read(folder.join("3.dat.gz")).unwrap(), vec![7; 100_000]);
        assert_eq!((fs::read(folder.join("toc.dat")).unwrap(), written(&folder)), (b"toc".to_vec(), 100_003));
        for name in ["../out", "a/b"] {
            let mut tar = tar::Builder::new(File::create(&archive).unwrap());
            let mut header = tar::Header::new_gnu();
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            header.set_size(1);
            header.set_cksum();
            tar.append(&header, &b"x"[..]).unwrap();
            tar.into_inner().unwrap();
            let other = place.path().join(name.replace('/', "-"));
            assert_eq!(unpack(&archive, &other).unwrap_err().kind(), io::ErrorKind::InvalidData, "{name}");
        }
    }
}
