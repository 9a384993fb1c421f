//! The text format of `COPY`, undone in place.

use memchr::memchr3;

/// Undoes `COPY` text for many rows at once, without an allocation per row.
#[derive(Debug, Default)]
pub struct Decoder {
    /// Start and end of each value of the chunk, `None` for null.
    values: Vec<Option<(usize, usize)>>,
    /// For each row, the number of values up to its end.
    rows: Vec<usize>,
}

/// Bytes that are no `COPY` text in UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// The server sent bytes that are not UTF-8 although the client encoding is.
    #[error("text is not UTF-8")]
    Encoding,
}

impl Decoder {
    /// An empty decoder; it keeps its memory from chunk to chunk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Passes on each row of whole lines, its values unescaped, `\N` as `None`. A table without columns sends empty
    /// lines: these come as one empty text, and the caller knows better.
    ///
    /// # Errors
    /// [`CopyError::Encoding`].
    pub fn decode(&mut self, lines: &mut [u8], mut row: impl FnMut(&[Option<&str>])) -> Result<(), CopyError> {
        self.unescape(lines);
        let text = str::from_utf8(lines).map_err(|_| CopyError::Encoding)?;
        let mut values = Vec::with_capacity(self.values.len());
        for place in &self.values {
            values.push(match place {
                None => None,
                Some((start, end)) => Some(text.get(*start..*end).ok_or(CopyError::Encoding)?),
            });
        }
        let mut start = 0;
        for end in &self.rows {
            row(values.get(start..*end).unwrap_or_default());
            start = *end;
        }
        Ok(())
    }

    /// Finds the values, moving the bytes of those with escapes to the left within their own field.
    fn unescape(&mut self, bytes: &mut [u8]) {
        self.values.clear();
        self.rows.clear();
        let (mut read, mut start, mut write) = (0, 0, 0);
        let mut null = false;
        while read < bytes.len() {
            let step = special(&bytes[read..]);
            if write != read {
                bytes.copy_within(read..read + step, write);
            }
            read += step;
            write += step;
            let Some(byte) = bytes.get(read).copied() else {
                break;
            };
            if byte == b'\\' {
                let escaped = bytes.get(read + 1).copied().unwrap_or(b'\\');
                null = escaped == b'N';
                bytes[write] = unescaped(escaped);
                (read, write) = (read + 2, write + 1);
                continue;
            }
            self.values.push((!null).then_some((start, write)));
            if byte == b'\n' {
                self.rows.push(self.values.len());
            }
            // What unescaping left over lies between values; it must stay UTF-8, as the whole chunk is checked at once.
            bytes[write..=read].fill(b' ');
            (read, null) = (read + 1, false);
            (start, write) = (read, read);
        }
    }
}

/// Bytes before the next tab, line feed or backslash.
fn special(bytes: &[u8]) -> usize {
    memchr3(b'\t', b'\n', b'\\', bytes).unwrap_or(bytes.len())
}

const fn unescaped(escaped: u8) -> u8 {
    match escaped {
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Vec<Vec<Option<String>>> {
        let mut rows = Vec::new();
        let mut bytes = text.as_bytes().to_vec();
        Decoder::new().decode(&mut bytes, |row| rows.push(row.iter().map(|v| v.map(str::to_owned)).collect())).unwrap();
        rows
    }

    #[test]
    fn escapes_nulls_and_empty_texts() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            decoded("a\t\\N\t\nb\\\\N\t\\\\\tc\\td\\n\n"),
            [vec![some("a"), None, some("")], vec![some("b\\N"), some("\\"), some("c\td\n")],]
        );
        assert_eq!(decoded("\\b\\f\\n\\r\\t\\v\\\\\n"), [vec![some("\u{8}\u{c}\n\r\t\u{b}\\")]]);
        assert_eq!(decoded("é\\\\é\tü\n\n"), [vec![some("é\\é"), some("ü")], vec![some("")]]);
        assert_eq!(decoded("\\\\N\n"), [vec![some("\\N")]]);
        assert!(decoded("").is_empty());
    }

    #[test]
    fn bytes_that_are_not_text_are_an_error() {
        assert_eq!(Decoder::new().decode(&mut [b'a', 0xFF, b'\n'], |_| ()), Err(CopyError::Encoding));
    }
}
