//! Hostile zips: every byte belongs to something, or it is a violation; nothing is refused early, nothing is inflated.

use std::io::Write as _;

use walwarden_verify::{OpenError, Source, open};

/// One file of a zip, header fields as a bundle has them unless a test changes them.
#[derive(Clone)]
struct Entry {
    name: Vec<u8>,
    data: Vec<u8>,
    local: Vec<(usize, Vec<u8>)>,
    central: Vec<(usize, Vec<u8>)>,
    extra: Vec<u8>,
}

fn entry(name: &str, data: &[u8]) -> Entry {
    Entry { name: name.into(), data: data.to_vec(), local: vec![], central: vec![], extra: vec![] }
}

impl Entry {
    /// Overwrites bytes of the local header.
    fn local(mut self, at: usize, bytes: &[u8]) -> Self {
        self.local.push((at, bytes.to_vec()));
        self
    }

    /// Overwrites bytes of the central header.
    fn central(mut self, at: usize, bytes: &[u8]) -> Self {
        self.central.push((at, bytes.to_vec()));
        self
    }

    fn both(self, local: usize, central: usize, bytes: &[u8]) -> Self {
        self.local(local, bytes).central(central, bytes)
    }

    fn local_bytes(&self) -> Vec<u8> {
        let mut out = b"PK\x03\x04\x14\0\0\0\0\0\0\0\x21\0".to_vec();
        out.extend(crc32fast::hash(&self.data).to_le_bytes());
        out.extend([length4(&self.data), length4(&self.data)].concat());
        out.extend([length2(&self.name), vec![0, 0]].concat());
        out.extend(&self.name);
        overwrite(&mut out, &self.local);
        out.extend(&self.data);
        out
    }

    fn central_bytes(&self, offset: usize) -> Vec<u8> {
        let mut out = b"PK\x01\x02\x14\x03\x14\0\0\0\0\0\0\0\x21\0".to_vec();
        out.extend(crc32fast::hash(&self.data).to_le_bytes());
        out.extend([length4(&self.data), length4(&self.data), length2(&self.name), length2(&self.extra)].concat());
        out.extend([0; 6]);
        out.extend(0x81A4_0000_u32.to_le_bytes());
        out.extend(u32::try_from(offset).unwrap().to_le_bytes());
        out.extend(&self.name);
        out.extend(&self.extra);
        overwrite(&mut out, &self.central);
        out
    }
}

fn length2(bytes: &[u8]) -> Vec<u8> {
    u16::try_from(bytes.len()).unwrap().to_le_bytes().to_vec()
}

fn length4(bytes: &[u8]) -> Vec<u8> {
    u32::try_from(bytes.len()).unwrap().to_le_bytes().to_vec()
}

fn overwrite(out: &mut [u8], changes: &[(usize, Vec<u8>)]) {
    for (at, bytes) in changes {
        out[*at..at + bytes.len()].copy_from_slice(bytes);
    }
}

fn zip_with_gap(entries: &[Entry], gap: &[u8]) -> Vec<u8> {
    let (mut locals, mut central) = (Vec::new(), Vec::new());
    for entry in entries {
        central.extend(entry.central_bytes(locals.len()));
        locals.extend(entry.local_bytes());
    }
    locals.extend(gap);
    let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
    let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
    end.extend([count, count].concat());
    end.extend([length4(&central), length4(&locals), vec![0, 0]].concat());
    [locals, central, end].concat()
}

fn zip(entries: &[Entry]) -> Vec<u8> {
    zip_with_gap(entries, b"")
}

/// A file whose sizes are in a Zip64 field of the directory, which states `sizes` instead.
fn zip64(entry: &Entry, sizes: [u8; 4]) -> Entry {
    let length = (entry.data.len() as u64).to_le_bytes();
    let extra = [[1, 0, 16, 0].as_slice(), &length, &length].concat();
    Entry { extra, ..entry.clone() }.central(20, &[sizes, sizes].concat())
}

/// An extra field with a Unicode name, as Info-ZIP writes it: version, checksum of the plain name, other name.
fn other_name(entry: &Entry) -> Vec<u8> {
    let content = [[1].as_slice(), &crc32fast::hash(&entry.name).to_le_bytes(), b"other.txt"].concat();
    [b"\x75\x70".to_vec(), length2(&content), content].concat()
}

/// The directory has a name of no bytes, the local header keeps the file's own.
fn nameless_in_directory(mut entry: Entry) -> Entry {
    let name = std::mem::take(&mut entry.name);
    entry.local.push((26, length2(&name)));
    entry.data.splice(..0, name);
    entry
}

/// Zip64 end record and its locator, over a directory that ends at `at`.
fn zip64_end(at: usize) -> Vec<u8> {
    let record = [b"PK\x06\x06".as_slice(), &44_u64.to_le_bytes(), &[0; 44]].concat();
    [record.as_slice(), b"PK\x06\x07", &[0; 4], &(at as u64).to_le_bytes(), &[1, 0, 0, 0]].concat()
}

/// The end record of a zip without files, whose directory would stand at `at`.
fn empty_end(at: usize) -> Vec<u8> {
    [b"PK\x05\x06".as_slice(), &[0; 12], &u32::try_from(at).unwrap().to_le_bytes(), &[0; 2]].concat()
}

fn source(bytes: Vec<u8>) -> Source {
    Source::from_zip("x.zip", bytes).expect("a zip")
}

fn what(source: &Source) -> Vec<String> {
    source.violations().iter().map(|violation| violation.what.clone()).collect()
}

/// The two files of an ordinary zip.
fn pair() -> [Entry; 2] {
    [entry("bundle.dsse.json", b"{}"), entry("readme.txt", b"hello")]
}

#[test]
fn a_plain_zip_is_read_whole() {
    let source = source(zip(&pair()));
    assert_eq!(what(&source), Vec::<String>::new());
    assert_eq!(source.file("readme.txt"), Some(b"hello".as_slice()));
    assert_eq!(source.files().map(|(name, _)| name).collect::<Vec<_>>(), ["bundle.dsse.json", "readme.txt"]);
    let empty = zip(&[entry("bundle.dsse.json", b"")]);
    assert_eq!(Source::from_zip("x", empty).unwrap().file("bundle.dsse.json"), Some(b"".as_slice()));
}

#[test]
fn every_header_field_has_one_value() {
    // offset in the local header, in the central header, width, name in the violation
    let fields: [(Option<usize>, Option<usize>, usize, &str); 16] = [
        (Some(4), Some(6), 2, "version"),
        (Some(6), Some(8), 2, "flags"),
        (Some(8), Some(10), 2, "method"),
        (Some(10), Some(12), 2, "time"),
        (Some(12), Some(14), 2, "date"),
        (Some(14), None, 4, "CRC"),
        (Some(18), None, 4, "size"),
        (Some(22), None, 4, "size"),
        (Some(28), None, 2, "extra length"),
        (None, Some(4), 2, "maker"),
        (None, Some(16), 4, "CRC"),
        (None, Some(20), 4, "size"),
        (None, Some(24), 4, "size"),
        (None, Some(34), 2, "disk"),
        (None, Some(36), 2, "internal attributes"),
        (None, Some(38), 4, "external attributes"),
    ];
    let mut tried = 0;
    for (local, central, width, name) in fields {
        for value in [[1, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF], [8, 8, 0, 0]] {
            let [first, second] = pair();
            let changed = match (local, central) {
                (Some(l), Some(c)) => vec![
                    second.clone().local(l, &value[..width]),
                    second.clone().central(c, &value[..width]),
                    second.both(l, c, &value[..width]),
                ],
                (Some(l), None) => vec![second.local(l, &value[..width])],
                (None, c) => vec![second.central(c.unwrap(), &value[..width])],
            };
            for second in changed {
                let source = source(zip(&[first.clone(), second]));
                let found = what(&source);
                assert!(found.iter().any(|what| what.contains(name)), "{name} {value:?}: {found:?}");
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 78, "change this number on purpose");
}

#[test]
fn what_other_readers_hide_is_seen() {
    let [first, second] = pair();
    let two = [first.clone(), second.clone()];
    let ok = zip(&two);
    let lie_about_count = |count: u16| {
        let mut bytes = ok.clone();
        let end = bytes.len() - 22;
        bytes[end + 8..end + 10].copy_from_slice(&count.to_le_bytes());
        bytes[end + 10..end + 12].copy_from_slice(&count.to_le_bytes());
        bytes
    };
    let hidden = zip(&[entry("hidden", b"HIDDEN")]);
    let hidden_local = hidden[..hidden.len() - 22 - 46 - 6].to_vec();
    let name = |name: &str| zip(&[first.clone(), entry(name, b"x")]);
    let mut renamed = ok.clone();
    renamed[30] = b'Z';
    let mut overlapping = second.clone().central(42, &[0, 0, 0, 0]);
    overlapping.name = b"z".to_vec();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("two files of one name", zip(&[first.clone(), second.clone(), entry("readme.txt", b"other")]), "one name"),
        ("statement twice", zip(&[first.clone(), first.clone()]), "one name"),
        ("not in order", zip(&[first.clone(), entry("b", b""), entry("a", b"")]), "not in order"),
        ("statement not first", zip(&[second.clone(), first.clone()]), "not in order"),
        ("no statement", zip(std::slice::from_ref(&second)), "not in order"),
        ("upper case", name("Readme.txt"), "a name that no bundle has"),
        ("parent", name("../readme.txt"), "a name that no bundle has"),
        ("this folder", name("./readme.txt"), "a name that no bundle has"),
        ("absolute", name("/etc/passwd"), "a name that no bundle has"),
        ("backslash", name("..\\x"), "a name that no bundle has"),
        ("zero byte", name("a\0b"), "a name that no bundle has"),
        ("folder", name("chain/"), "a name that no bundle has"),
        ("empty name", name(""), "a name that no bundle has"),
        ("long name", name(&"a".repeat(129)), "a name that no bundle has"),
        ("not UTF-8", zip(&[first.clone(), Entry { name: vec![0xFF], ..second.clone() }]), "a name that no bundle has"),
        ("local name differs", renamed, "name it differently"),
        ("before the zip", [b"#!/bin/sh\n".as_slice(), &ok].concat(), "central directory does not end"),
        ("after the zip", [ok.as_slice(), b"JUNK"].concat(), "bytes follow the end record"),
        ("two zips", [hidden.as_slice(), &ok].concat(), "central directory does not end"),
        ("gap before the directory", zip_with_gap(&two, b"HIDDEN"), "belong to no file"),
        ("file that is not listed", [hidden_local.as_slice(), &ok].concat(), "central directory does not end"),
        ("file between that is not listed", zip_with_gap(&two, &hidden_local), "belong to no file"),
        ("one file claimed twice", zip(&[first.clone(), overlapping]), "does not begin where"),
        ("fewer counted", lie_about_count(1), "number of entries"),
        ("more counted", lie_about_count(65_534), "number of entries"),
        ("extra field", zip(&[first.clone(), Entry { extra: vec![1, 0, 1, 0, 7], ..second.clone() }]), "extra length"),
        ("sizes in a Zip64 field", zip(&[first.clone(), zip64(&second, [0xFF; 4])]), "extra length"),
        ("other sizes in a Zip64 field", zip(&[first.clone(), zip64(&second, 5_u32.to_le_bytes())]), "extra length"),
        (
            "sizes in a Zip64 field that is absent",
            zip(&[first.clone(), second.clone().central(20, &[0xFF; 8])]),
            "size",
        ),
        (
            "Zip64 end record",
            [&ok[..ok.len() - 22], &zip64_end(ok.len() - 22), &ok[ok.len() - 22..]].concat(),
            "central directory does not end",
        ),
        (
            "another name in an extra field",
            zip(&[first.clone(), Entry { extra: other_name(&second), ..second.clone() }]),
            "extra length",
        ),
        (
            "no name in the directory",
            zip(&[first.clone(), nameless_in_directory(second.clone())]),
            "name it differently",
        ),
        (
            "end record in the comment",
            [&ok[..ok.len() - 2], &[22, 0], &empty_end(ok.len())].concat(),
            "belong to no file",
        ),
        ("end missing", ok[..ok.len() - 22].to_vec(), "no end record"),
        ("end cut", ok[..ok.len() - 1].to_vec(), "no end record"),
        ("comment", [&ok[..ok.len() - 2], &[1, 0], b"x"].concat(), "comment"),
        (
            "link",
            zip(&[first.clone(), second.clone().central(38, &0xA1FF_0000_u32.to_le_bytes())]),
            "external attributes",
        ),
        ("data descriptor", zip(&[first.clone(), second.clone().both(6, 8, &[8, 0])]), "flags"),
        ("size beyond the end", zip(&[first.clone(), second.clone().both(18, 20, &[0xFF; 4])]), "overlaps"),
        (
            "content changed",
            {
                let mut bytes = ok.clone();
                let at = bytes.windows(5).position(|w| w == b"hello").unwrap();
                bytes[at] = b'j';
                bytes
            },
            "checksum",
        ),
    ];
    assert_eq!(cases.len(), 40, "change this number on purpose");
    for (case, bytes, expected) in cases {
        let source = source(bytes);
        let found = what(&source);
        assert!(found.iter().any(|what| what.contains(expected)), "{case}: {found:?}");
    }
}

#[test]
fn the_first_of_a_name_wins() {
    let [first, second] = pair();
    let source = source(zip(&[first, second, entry("readme.txt", b"other")]));
    assert_eq!(source.file("readme.txt"), Some(b"hello".as_slice()));
}

#[test]
fn a_compressed_file_is_there_but_not_read() {
    let [first, second] = pair();
    let source = source(zip(&[first, second.both(8, 10, &[8, 0])]));
    assert!(source.has("readme.txt"));
    assert_eq!(source.file("readme.txt"), None, "there is no inflater, so there is no bomb");
}

#[test]
fn no_byte_belongs_to_two_files() {
    let [first, second] = pair();
    let many: Vec<Entry> = std::iter::once(first)
        .chain((0..1000).map(|i| {
            let mut claimed = second.clone().central(42, &32_u32.to_le_bytes());
            claimed.name = format!("n{i:04}").into_bytes();
            claimed
        }))
        .collect();
    let source = source(zip(&many));
    let read: usize = source.files().filter_map(|(_, bytes)| bytes).map(<[u8]>::len).sum();
    assert!(read <= source.bytes().len(), "{read} of {}", source.bytes().len());
    assert_eq!(source.violations().len(), 100, "the list is bounded");
    assert!(source.violation_count() > 1000, "and still counts");
}

#[test]
fn every_cut_and_every_byte_ends_in_an_answer() {
    let ok = zip(&pair());
    for length in 0..ok.len() {
        if let Some(source) = Source::from_zip("x", ok[..length].to_vec()) {
            assert_ne!(source.violation_count(), 0, "cut at {length}");
        }
    }
    for at in 0..ok.len() {
        for mask in [1, 0x80, 0xFF] {
            let mut bytes = ok.clone();
            bytes[at] ^= mask;
            if let Some(source) = Source::from_zip("x", bytes) {
                assert_ne!(source.violation_count(), 0, "byte {at} ^ {mask:#x}");
            }
        }
    }
}

#[test]
fn only_what_is_no_zip_is_unreadable() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    assert!(matches!(open(&write("empty", b"")), Err(OpenError::Empty(_))));
    assert!(matches!(open(&write("text", b"hello")), Err(OpenError::NotAZip(_))));
    assert!(matches!(open(&write("short", b"PK")), Err(OpenError::NotAZip(_))));
    assert!(matches!(open(folder.path()), Err(OpenError::NotABundle(_))));
    assert!(matches!(open(&folder.path().join("absent")), Err(OpenError::Io { .. })));
    let junk_first = [vec![b'x'; 3 << 20], zip(&pair())].concat();
    assert!(open(&write("late", &junk_first)).unwrap().violation_count() > 0);
    // Across the seam of two pieces.
    let seam = [vec![0; (1 << 20) - 2], zip(&pair())].concat();
    assert!(open(&write("seam", &seam)).unwrap().violation_count() > 0);
}

#[test]
fn gigabytes_of_something_else_are_refused_without_holding_them() {
    let folder = tempfile::tempdir().unwrap();
    let sparse = |name: &str, length: u64| {
        let path = folder.path().join(name);
        std::fs::File::create(&path).unwrap().set_len(length).unwrap();
        path
    };
    assert!(matches!(open(&sparse("five", 5 << 30)), Err(OpenError::TooLarge { .. })));
    assert!(matches!(open(&sparse("some", 200 << 20)), Err(OpenError::NotAZip(_))));
    let late = sparse("late", 100 << 20);
    std::fs::OpenOptions::new().append(true).open(&late).unwrap().write_all(&zip(&pair())).unwrap();
    assert!(open(&late).unwrap().violation_count() > 0);
}

#[test]
#[cfg(unix)]
fn a_folder_is_bounded_and_follows_no_link() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("bundle");
    std::fs::create_dir_all(bundle.join("chain")).unwrap();
    std::fs::write(bundle.join("bundle.dsse.json"), b"{}").unwrap();
    std::fs::write(bundle.join("chain/entries.ndjson"), b"{}\n").unwrap();
    let source = open(&bundle).unwrap();
    assert_eq!(source.file("chain/entries.ndjson"), Some(b"{}\n".as_slice()));
    assert_eq!(source.violation_count(), 0);

    std::fs::write(folder.path().join("secret"), b"secret").unwrap();
    std::os::unix::fs::symlink(folder.path().join("secret"), bundle.join("readme.txt")).unwrap();
    std::os::unix::fs::symlink(&bundle, bundle.join("loop")).unwrap();
    let source = open(&bundle).unwrap();
    assert_eq!(source.file("readme.txt"), None);
    assert_eq!(source.violation_count(), 2);

    let deep = (0..10).fold(bundle.clone(), |path, _| path.join("deeper"));
    std::fs::create_dir_all(deep).unwrap();
    assert!(matches!(open(&bundle), Err(OpenError::TooLarge { .. })));
}
