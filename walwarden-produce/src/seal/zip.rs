//! The zip of a bundle, in its one profile (`spec:bundle-5`).

use std::{
    collections::BTreeMap,
    io::{Cursor, Write as _},
};

use walwarden_core::{bundle, limits};
use zip::{CompressionMethod, DateTime, System, ZipWriter, result::ZipError, write::SimpleFileOptions};

use crate::error::{OperatorError, ProduceError};

/// Bytes of the end record without a comment.
const END_BYTES: usize = 22;
/// Bytes of a central header without name, extra field and comment.
const CENTRAL_BYTES: usize = 46;

/// Packs files by name: the bundle's statement first, then by bytes of the name.
///
/// # Errors
/// More than a zip without Zip64 holds.
pub fn pack(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, ProduceError> {
    let size: u64 = files.iter().map(|(name, bytes)| (bytes.len() + 2 * name.len() + 76) as u64).sum();
    if size + END_BYTES as u64 > limits::ZIP_BYTES || files.len() > limits::FILES {
        let expected = "small enough for one zip (4 GiB, 65535 files): seal a shorter period";
        return Err(OperatorError::Value { what: "bundle", value: format!("{size} bytes"), expected }.into());
    }
    if let Some(name) = files.keys().find(|name| !bundle::is_name(name)) {
        return Err(ProduceError::Bug(format!("{name} is no name for a file of a bundle")));
    }
    let mut bytes = write(files).map_err(|error| ProduceError::Bug(format!("the zip is not written: {error}")))?;
    state_version_20(&mut bytes).ok_or_else(|| ProduceError::Bug("the zip has another form than expected".into()))?;
    Ok(bytes)
}

fn write(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, ZipError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644)
        .system(System::Unix);
    let first = files.get_key_value(bundle::STATEMENT);
    let others = files.iter().filter(|(name, _)| *name != bundle::STATEMENT);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in first.into_iter().chain(others) {
        writer.start_file(name.as_str(), options)?;
        writer.write_all(bytes)?;
    }
    Ok(writer.finish()?.into_inner())
}

/// The library states version 1.0 for stored files; the profile has one value, 2.0, for all. Version bytes stand at the
/// same offsets in every header, so they are set afterwards.
fn state_version_20(bytes: &mut [u8]) -> Option<()> {
    let end = bytes.len().checked_sub(END_BYTES)?;
    let count = number(bytes, end + 10, 2)?;
    let mut at = number(bytes, end + 16, 4)?;
    for _ in 0..count {
        let local = number(bytes, at + 42, 4)?;
        for place in [at + 4, at + 6, local + 4] {
            *bytes.get_mut(place)? = 20;
        }
        at += CENTRAL_BYTES + number(bytes, at + 28, 2)? + number(bytes, at + 30, 2)? + number(bytes, at + 32, 2)?;
    }
    (at == end).then_some(())
}

/// A little-endian number.
fn number(bytes: &[u8], at: usize, width: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    Some(bytes.iter().rev().fold(0, |value, byte| value << 8 | usize::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> BTreeMap<String, Vec<u8>> {
        let file = |name: &str, bytes: &[u8]| (name.to_owned(), bytes.to_vec());
        BTreeMap::from([
            file("chain/entries.ndjson", b"{}\n{}\n"),
            file("bundle.dsse.json", b"{}"),
            file("blobs/00", b""),
        ])
    }

    /// Reads every header raw: each field has the one value that the profile allows (`spec:bundle-5`).
    #[test]
    fn every_header_field_is_the_one_allowed() {
        let bytes = pack(&files()).unwrap();
        let n = |at, width| number(&bytes, at, width).unwrap();
        let end = bytes.len() - END_BYTES;
        assert_eq!(&bytes[end..end + 4], b"PK\x05\x06");
        assert_eq!((n(end + 4, 2), n(end + 6, 2), n(end + 8, 2), n(end + 10, 2), n(end + 20, 2)), (0, 0, 3, 3, 0));
        let (mut central, mut local) = (n(end + 16, 4), 0);
        assert_eq!(central + n(end + 12, 4), end);
        let mut names = Vec::new();
        for _ in 0..3 {
            assert_eq!(&bytes[central..central + 4], b"PK\x01\x02");
            assert_eq!(&bytes[local..local + 4], b"PK\x03\x04");
            assert_eq!((n(central + 4, 2), n(central + 38, 4), n(central + 36, 2)), (0x0314, 0x81A4_0000, 0));
            assert_eq!((n(central + 32, 2), n(central + 34, 2), n(central + 42, 4)), (0, 0, local));
            // Version, flags, method, time, date, crc, sizes, name and extra length: the same in both headers.
            assert_eq!(bytes[central + 6..central + 32], bytes[local + 4..local + 30]);
            assert_eq!((n(local + 4, 2), n(local + 6, 2), n(local + 8, 2)), (20, 0, 0));
            assert_eq!((n(local + 10, 2), n(local + 12, 2), n(local + 28, 2)), (0, 0x21, 0));
            let (name, size) = (n(local + 26, 2), n(local + 22, 4));
            assert_eq!(n(local + 18, 4), size);
            let text = String::from_utf8(bytes[local + 30..local + 30 + name].to_vec()).unwrap();
            assert_eq!(bytes[local + 30 + name..local + 30 + name + size], files()[&text]);
            names.push(text);
            local += 30 + name + size;
            central += CENTRAL_BYTES + name;
        }
        assert_eq!((local, central), (n(end + 16, 4), end));
        assert_eq!(names, ["bundle.dsse.json", "blobs/00", "chain/entries.ndjson"]);
        assert_eq!(pack(&files()).unwrap(), bytes, "the same files give the same bytes");
    }
}
