//! How a database is dumped: format, compression, speed. None of it changes what is attested.

use std::{fmt, str::FromStr};

use serde::Deserialize;

use super::{DumpError, Stage};

/// The first version of pg_dump that compresses by more than gzip.
const NAMED_SINCE: u32 = 16;

/// What a database's configuration says of its dumps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DumpSettings {
    /// What pg_dump writes.
    pub format: Format,
    /// Tables that pg_dump writes at the same time, in the format `directory`; two otherwise.
    pub jobs: Option<u8>,
    /// How it compresses; as pg_dump does where nothing is said.
    pub compression: Option<Compression>,
    /// Bytes a second that are read as rows, and that are written as a dump, at most.
    pub max_rate: Option<u64>,
}

/// What pg_dump writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One file, by one process.
    #[default]
    Custom,
    /// A folder, by several processes; stored as a tar archive of its files.
    Directory,
}

/// How a dump is compressed: `none`, or `gzip`, `lz4` or `zstd`, with a level after a colon where one is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Compression {
    algorithm: String,
    level: Option<u8>,
}

impl FromStr for Compression {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no compression: none, or gzip:0..9, lz4:1..12, zstd:1..22");
        let (name, level) = match text.split_once(':') {
            Some((name, level)) => (name, Some(level.parse::<u8>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        // Name, least and highest level; `none` has no level at all.
        let levels = [("none", 1, 0), ("gzip", 0, 9), ("lz4", 1, 12), ("zstd", 1, 22)];
        let (algorithm, least, most) = levels.into_iter().find(|(known, ..)| *known == name).ok_or_else(wrong)?;
        let allowed = level.is_none_or(|level| least <= level && level <= most);
        allowed.then(|| Self { algorithm: algorithm.into(), level }).ok_or_else(wrong)
    }
}

impl TryFrom<String> for Compression {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.algorithm)?;
        self.level.map_or(Ok(()), |level| write!(f, ":{level}"))
    }
}

impl DumpSettings {
    /// The arguments of a pg_dump of that version.
    ///
    /// # Errors
    /// It cannot compress so.
    pub(super) fn arguments(&self, client: u32) -> Result<Vec<String>, DumpError> {
        let mut arguments = match self.format {
            Format::Custom => vec!["--format=custom".into()],
            Format::Directory => {
                vec!["--format=directory".into(), format!("--jobs={}", self.jobs.unwrap_or(2).max(1))]
            }
        };
        arguments.extend(self.compression.as_ref().map(|wanted| wanted.argument(client)).transpose()?.flatten());
        Ok(arguments)
    }
}

impl Compression {
    fn argument(&self, client: u32) -> Result<Option<String>, DumpError> {
        match (self.algorithm.as_str(), self.level) {
            _ if client >= NAMED_SINCE => Ok(Some(format!("--compress={self}"))),
            ("none", _) => Ok(Some("--compress=0".into())),
            ("gzip", level) => Ok(level.map(|level| format!("--compress={level}"))),
            (algorithm, _) => {
                let message =
                    format!("pg_dump {client} has no {algorithm}: {NAMED_SINCE} is the first that may have it");
                Err(DumpError::new(Stage::Preflight, "compression-unsupported", message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compression_is_told_in_the_words_of_each_version() {
        let argument = |text: &str, client| text.parse::<Compression>().unwrap().argument(client);
        assert_eq!(argument("zstd:3", 17), Ok(Some("--compress=zstd:3".into())));
        assert_eq!(argument("gzip:9", 15), Ok(Some("--compress=9".into())));
        assert_eq!((argument("gzip", 15), argument("none", 13)), (Ok(None), Ok(Some("--compress=0".into()))));
        assert_eq!(argument("zstd", 15).unwrap_err().reason_code, "compression-unsupported");
        for bad in ["", "zstd:", "zstd:0", "zstd:23", "gzip:10", "none:0", "brotli", "zstd:3,long", "gzip:-1"] {
            assert!(bad.parse::<Compression>().is_err(), "{bad}");
        }
    }
}
