//! The strict scanner of `spec:bundle-5`: stored entries only, one allowed value for each header field, no byte that
//! belongs to nothing. It never inflates, and never stops at the first violation.

use std::collections::BTreeSet;

use memchr::memmem;
use walwarden_core::{bundle, limits};

use super::{Found, Located, Violations, in_order};

const LOCAL: [u8; 4] = *b"PK\x03\x04";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";
const LOCAL_BYTES: usize = 30;
const CENTRAL_BYTES: usize = 46;
const END_BYTES: usize = 22;

/// Whether a zip record of any kind begins somewhere in `bytes`.
pub(super) fn has_record(bytes: &[u8]) -> bool {
    memmem::find_iter(bytes, b"PK").any(|at| {
        let record = bytes.get(at..at.saturating_add(4)).unwrap_or_default();
        record == LOCAL || record == CENTRAL || record == END
    })
}

/// Finds the files of a zip and everything that the profile forbids; `None` when there is no zip record at all.
pub(super) fn scan(bytes: &[u8]) -> Option<Found> {
    let mut scan = Scan { bytes, files: Vec::new(), violations: Violations::default() };
    match scan.end_record() {
        Some(end) => scan.read_central(end),
        None if has_record(bytes) => scan.read_locals(),
        None => return None,
    }
    scan.names();
    Some(Found { files: scan.files, violations: scan.violations })
}

struct Scan<'a> {
    bytes: &'a [u8],
    files: Vec<Located>,
    violations: Violations,
}

/// What the central directory says of a file.
struct Listed {
    name: Vec<u8>,
    crc: u64,
    size: u64,
    method: u64,
    flags: u64,
    offset: usize,
}

impl<'a> Scan<'a> {
    /// Little-endian number of `width` bytes; zero beyond the end, where the caller has checked the length.
    fn number(&self, at: usize, width: usize) -> u64 {
        let bytes = self.bytes.get(at..at.saturating_add(width)).unwrap_or_default();
        bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
    }

    fn has(&self, at: usize, signature: [u8; 4], length: usize) -> bool {
        self.bytes.get(at..at.saturating_add(length)).is_some_and(|record| record.starts_with(&signature))
    }

    fn slice(&self, at: usize, length: usize) -> Option<&'a [u8]> {
        self.bytes.get(at..at.checked_add(length)?)
    }

    /// Requires the one allowed value of a field.
    fn field(&mut self, record: &str, at: usize, field: &str, width: usize, expected: u64) {
        let found = self.number(at, width);
        if found != expected {
            let what = format!("the {field} of {record} is not the one value that a bundle has");
            self.violations.add(&what, format!("byte {at}"), format!("{expected:#x}"), format!("{found:#x}"));
        }
    }

    /// The last end record, which should be the last 22 bytes.
    fn end_record(&mut self) -> Option<usize> {
        let last = self.bytes.len().saturating_sub(END_BYTES);
        let found = memmem::rfind_iter(self.bytes, &END).find(|at| self.has(*at, END, END_BYTES));
        let Some(found) = found else {
            let what = "the file has no end record: its end is missing, as after a download that broke off";
            self.violations.add(what, format!("byte {last}"), "an end record", "");
            return None;
        };
        if found != last {
            let what = "bytes follow the end record, or it has a comment";
            self.violations.add(what, format!("byte {found}"), format!("at byte {last}"), "");
        }
        for (offset, field) in [(4, "disk number"), (6, "directory's disk number"), (20, "comment length")] {
            self.field("the end record", found.saturating_add(offset), field, 2, 0);
        }
        Some(found)
    }

    fn read_central(&mut self, end: usize) {
        let size = usize::try_from(self.number(end.saturating_add(12), 4)).unwrap_or(usize::MAX);
        let claimed = usize::try_from(self.number(end.saturating_add(16), 4)).unwrap_or(usize::MAX);
        let start = end.saturating_sub(size);
        if claimed != start {
            let what = "the central directory does not end where the end record begins";
            self.violations.add(what, format!("byte {end}"), start, claimed);
        }
        // Something stands before the zip when the directory lies further on than it says.
        let (start, shift) = if self.has(start, CENTRAL, CENTRAL_BYTES) || !self.has(claimed, CENTRAL, CENTRAL_BYTES) {
            (start, start.saturating_sub(claimed))
        } else {
            (claimed, 0)
        };
        let (listed, stop) = self.directory(start, shift);
        if stop != end {
            self.violations.add(
                "bytes between the central directory and the end record",
                format!("byte {stop}"),
                end,
                stop,
            );
        }
        let count = listed.len() as u64;
        self.field("the end record", end.saturating_add(8), "number of entries on this disk", 2, count);
        self.field("the end record", end.saturating_add(10), "number of entries", 2, count);
        let mut next = 0;
        for listed in listed {
            next = self.entry(listed, next, start);
        }
        if next != start {
            self.violations.add(
                "bytes before the central directory belong to no file",
                format!("byte {next}"),
                start,
                next,
            );
        }
    }

    /// Reads the records of the central directory, and where they stop.
    fn directory(&mut self, start: usize, shift: usize) -> (Vec<Listed>, usize) {
        let mut listed = Vec::new();
        let mut at = start;
        while self.has(at, CENTRAL, CENTRAL_BYTES) {
            if listed.len() == limits::FILES {
                self.violations.add("more than 65,535 files", format!("byte {at}"), limits::FILES, "more");
                break;
            }
            let record = format!("central record {}", listed.len().saturating_add(1));
            let fields = [
                (4, 2, "maker", 0x0314),
                (6, 2, "version", 20),
                (8, 2, "flags", 0),
                (10, 2, "method", 0),
                (12, 2, "time", 0),
                (14, 2, "date", 0x21),
                (30, 2, "extra length", 0),
                (32, 2, "comment length", 0),
                (34, 2, "disk", 0),
                (36, 2, "internal attributes", 0),
                (38, 4, "external attributes", 0x81A4_0000),
            ];
            for (offset, width, name, expected) in fields {
                self.field(&record, at.saturating_add(offset), name, width, expected);
            }
            let part = |offset: usize, width| self.number(at.saturating_add(offset), width);
            let length = |offset: usize| usize::try_from(part(offset, 2)).unwrap_or(0);
            let (name, extra, comment) = (length(28), length(30), length(32));
            let Some(bytes) = self.slice(at.saturating_add(CENTRAL_BYTES), name) else { break };
            let (crc, packed, size) = (part(16, 4), part(20, 4), part(24, 4));
            let offset = usize::try_from(part(42, 4)).unwrap_or(usize::MAX).saturating_add(shift);
            listed.push(Listed {
                name: bytes.to_vec(),
                crc,
                size: packed,
                method: part(10, 2),
                flags: part(8, 2),
                offset,
            });
            if packed != size {
                self.violations.add("the sizes of a stored file differ", format!("byte {at}"), size, packed);
            }
            at = [CENTRAL_BYTES, name, extra, comment].iter().fold(at, |at, length| at.saturating_add(*length));
        }
        (listed, at)
    }

    /// Compares a file's two headers and finds its bytes; returns where the next file should begin.
    fn entry(&mut self, listed: Listed, next: usize, directory: usize) -> usize {
        let name = String::from_utf8_lossy(&listed.name).into_owned();
        let at = listed.offset;
        let shown = format!("the local header of {name:.128}");
        if at != next {
            let what = "a file does not begin where the one before it ends";
            self.violations.add(what, format!("{name:.128}"), next, at);
        }
        if !self.has(at, LOCAL, LOCAL_BYTES) {
            self.violations.add("a listed file has no local header", format!("{name:.128}"), "", format!("byte {at}"));
            self.files.push(Located { name, range: None });
            return next;
        }
        let fields = [
            (4, 2, "version", 20),
            (6, 2, "flags", 0),
            (8, 2, "method", 0),
            (10, 2, "time", 0),
            (12, 2, "date", 0x21),
            (14, 4, "CRC", listed.crc),
            (18, 4, "packed size", listed.size),
            (22, 4, "size", listed.size),
            (26, 2, "name length", listed.name.len() as u64),
            (28, 2, "extra length", 0),
        ];
        for (offset, width, field, expected) in fields {
            self.field(&shown, at.saturating_add(offset), field, width, expected);
        }
        let length = |offset: usize| usize::try_from(self.number(at.saturating_add(offset), 2)).unwrap_or(0);
        let (name_length, extra) = (length(26), length(28));
        let own_name = self.slice(at.saturating_add(LOCAL_BYTES), name_length).unwrap_or_default();
        if own_name != listed.name {
            let own_name = String::from_utf8_lossy(own_name).into_owned();
            self.violations.add("the two headers of a file name it differently", format!("byte {at}"), &name, own_name);
        }
        let data = at.saturating_add(LOCAL_BYTES).saturating_add(name_length).saturating_add(extra);
        let end = data.saturating_add(usize::try_from(listed.size).unwrap_or(usize::MAX));
        let stored = listed.method == 0 && listed.flags == 0;
        // Ranges never overlap, so that no byte is hashed twice however many names claim it.
        let readable = stored && at >= next && end <= directory && self.slice(data, end.saturating_sub(data)).is_some();
        if end > directory || at < next {
            self.violations.add(
                "a file overlaps what lies beside it",
                format!("{name:.128}"),
                "",
                format!("byte {end}"),
            );
        }
        if readable {
            self.checksum(&name, data, end, listed.crc);
        }
        self.files.push(Located { name, range: readable.then_some(data..end) });
        if end <= directory { end.max(next) } else { next }
    }

    fn checksum(&mut self, name: &str, from: usize, to: usize, expected: u64) {
        let found = u64::from(crc32fast::hash(self.bytes.get(from..to).unwrap_or_default()));
        if found != expected {
            let what = "a file does not have the checksum that its header states";
            self.violations.add(what, format!("{name:.128}"), format!("{expected:#010x}"), format!("{found:#010x}"));
        }
    }

    /// Without an end record: whatever local headers still show.
    fn read_locals(&mut self) {
        let mut at = memmem::find(self.bytes, &LOCAL).unwrap_or(self.bytes.len());
        if at > 0 {
            self.violations.add("bytes stand before the first file", "byte 0".into(), 0, at);
        }
        while self.has(at, LOCAL, LOCAL_BYTES) && self.files.len() < limits::FILES {
            let part = |offset: usize, width| self.number(at.saturating_add(offset), width);
            let length = |offset: usize, width| usize::try_from(part(offset, width)).unwrap_or(usize::MAX);
            let name = at.saturating_add(LOCAL_BYTES);
            let data = name.saturating_add(length(26, 2)).saturating_add(length(28, 2));
            let end = data.saturating_add(length(18, 4));
            let (plain, crc) = (part(6, 2) == 0 && part(8, 2) == 0, part(14, 4));
            let Some(bytes) = self.slice(name, length(26, 2)) else { break };
            let name = String::from_utf8_lossy(bytes).into_owned();
            let readable = plain && end <= self.bytes.len();
            if readable {
                self.checksum(&name, data, end, crc);
            }
            self.files.push(Located { name, range: readable.then_some(data..end) });
            at = end;
        }
    }

    /// Which names there may be, in which order, each once.
    fn names(&mut self) {
        let mut seen = BTreeSet::new();
        let mut before = None;
        for file in &self.files {
            let name = file.name.as_str();
            let at = format!("{name:.128}");
            if !bundle::is_name(name) {
                self.violations.add(
                    "a name that no bundle has",
                    at,
                    "relative, of a-z 0-9 . _ / -, at most 128 bytes",
                    "",
                );
            } else if !seen.insert(name) {
                self.violations.add("two files have one name", at, "one", "more");
            } else if !in_order(before, name) {
                let what = "the files are not in order: bundle.dsse.json, then by name";
                self.violations.add(what, at, "", before.unwrap_or("the first file"));
            }
            before = Some(name);
        }
    }
}
