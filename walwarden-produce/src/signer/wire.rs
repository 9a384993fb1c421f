//! What is said to a signer apart, and by it: one JSON object a line, one answer for each request (`spec:signer-1`).

use std::io::{self, Read};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use walwarden_core::{
    Base64, jcs,
    key::{KeyId, PublicKey},
    limits,
    merkle::Proof,
    sign::{LastHead, SignError},
    statement::key_registry::{Storage, Use},
};

use crate::error::SignerError;

/// Longest line, LF included (`spec:signer-1`).
pub const LINE: usize = limits::DOCUMENT_BYTES;
/// Letters of a reason that are shown to people.
const TEXT: usize = 500;

/// What is asked of a signer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// The keys that it holds.
    Keys {},
    /// The head that it signed last.
    LastHead {},
    /// To sign a head with log keys, in this order.
    SignHead {
        /// The new head.
        head: LastHead,
        /// That it extends the last one.
        proof: Proof,
        /// Key ids.
        keys: Vec<KeyId>,
    },
    /// To sign a statement.
    SignStatement {
        /// Key id.
        key: KeyId,
        /// The bytes of the statement.
        payload: Base64,
    },
    /// To make a key.
    NewKey {
        /// What it is for.
        uses: Vec<Use>,
    },
}

/// What a signer answers: exactly one member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// To `keys`.
    Keys(Vec<Held>),
    /// To `last-head`; of size 0 where none was signed yet.
    LastHead(LastHead),
    /// To `sign-head`: a signature by each key, in the order of the request.
    Signatures(Vec<Base64>),
    /// To `sign-statement`.
    Signature(Base64),
    /// To `new-key`.
    Key(Held),
    /// To anything: why not.
    Error(Failure),
}

/// A key that a signer holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    /// The public key.
    pub jwk: PublicKey,
    /// What it is for.
    pub uses: Vec<Use>,
    /// In what its private half lies, as the registry will say.
    pub storage: Storage,
}

/// Why a signer did not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// Whose fault it is.
    pub kind: FailureKind,
    /// In words, without a secret.
    pub text: String,
}

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// It must not be signed, and will not be.
    Refused,
    /// The signer cannot now: its disk, its hardware.
    Unavailable,
    /// The line is no request.
    Request,
}

/// A line is none.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// Longer than [`LINE`], or it ends without LF.
    #[error("a line is longer than {LINE} bytes, or has no end")]
    Length,
    /// Not an object of this protocol.
    #[error("a line is none of this protocol: {0}")]
    Json(#[from] serde_json::Error),
    /// It has no canonical form.
    #[error("a line is {0}")]
    Jcs(#[from] jcs::JcsError),
    /// The line broke.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Reads a line, without its LF; `None` at the end. No more than [`LINE`] bytes are ever kept.
///
/// # Errors
/// [`LineError`].
pub fn read_line(source: &mut impl Read) -> Result<Option<Vec<u8>>, LineError> {
    let mut line = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let n = match source.read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            n => n?,
        };
        let Some(new) = chunk.get(..n).filter(|new| !new.is_empty()) else {
            return if line.is_empty() { Ok(None) } else { Err(LineError::Length) };
        };
        match new.iter().position(|byte| *byte == b'\n') {
            // Nothing may follow a line before its answer.
            Some(end) if end + 1 == n && line.len() + n <= LINE => {
                line.extend_from_slice(&new[..end]);
                return Ok(Some(line));
            }
            None if line.len() + n < LINE => line.extend_from_slice(new),
            _ => return Err(LineError::Length),
        }
    }
}

/// Reads what a line holds. It need not be canonical; a member must not occur twice.
///
/// # Errors
/// [`LineError::Json`].
pub fn parse<T: DeserializeOwned>(line: &[u8]) -> Result<T, LineError> {
    Ok(serde_json::from_slice(line)?)
}

/// A line with its LF.
///
/// # Errors
/// [`LineError::Length`]: too long to be sent.
pub fn line<T: Serialize>(value: &T) -> Result<Vec<u8>, LineError> {
    let mut line = jcs::to_vec(value)?;
    line.push(b'\n');
    if line.len() > LINE { Err(LineError::Length) } else { Ok(line) }
}

impl Failure {
    /// What a signer says of an error of its own.
    #[must_use]
    pub fn of(error: &SignerError) -> Self {
        let refused = matches!(
            error,
            SignerError::Sign(SignError::Refused(_) | SignError::Declined(_)) | SignerError::NotHeld(_)
        );
        let kind = if refused { FailureKind::Refused } else { FailureKind::Unavailable };
        let text = match error {
            // Its paths are nobody's business.
            SignerError::Storage(error) => format!("cannot {}: {}", error.doing, error.error),
            SignerError::Sign(SignError::Declined(why)) => why.clone(),
            other => other.to_string(),
        };
        Self { kind, text }
    }

    /// As an error of whoever asked.
    #[must_use]
    pub fn into_error(self) -> SignError {
        let text = shown(&self.text);
        match self.kind {
            FailureKind::Refused => SignError::Declined(text),
            FailureKind::Unavailable => SignError::Unavailable(text),
            FailureKind::Request => SignError::Unavailable(format!("it does not understand: {text}")),
        }
    }
}

/// What a peer says, fit to be shown: one line, no control characters, bounded.
#[must_use]
pub fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(TEXT).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn requests_as_the_page_shows_them() {
        for (text, request) in [
            (r#"{"op":"keys"}"#, Request::Keys {}),
            (r#"{"op":"last-head"}"#, Request::LastHead {}),
            (r#"{"op":"new-key","uses":["log"]}"#, Request::NewKey { uses: vec![Use::Log] }),
        ] {
            assert_eq!(parse::<Request>(text.as_bytes()).unwrap(), request);
            assert_eq!(line(&request).unwrap(), [text.as_bytes(), b"\n"].concat());
        }
        for bad in [r#"{"op":"sign","bytes":""}"#, r#"{"op":"keys","op":"keys"}"#, r#"{"op":"keys","x":1}"#, "[]", "{}"]
        {
            assert!(parse::<Request>(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_line_of_the_vectors_is_one_or_is_none() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/vectors/signer.json");
        let document: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let cases = document["cases"].as_array().unwrap();
        assert_eq!(cases.len(), 30, "change this number on purpose");
        for case in cases {
            let text = case["line"].as_str().unwrap().as_bytes();
            let again = match case["to"].as_str().unwrap() {
                "request" => parse::<Request>(text).map(|request| line(&request).unwrap()),
                _ => parse::<Answer>(text).map(|answer| line(&answer).unwrap()),
            };
            assert_eq!(again.is_ok(), case["valid"] == true, "{case}");
            // What is canonical is written again as it was.
            if let Ok(again) = again.as_deref().map(<[u8]>::trim_ascii_end)
                && jcs::check(text).is_ok()
            {
                assert_eq!(again, text, "{case}");
            }
        }
    }

    #[test]
    fn lines_are_bounded() {
        let mut long = vec![b'x'; LINE - 1];
        long.push(b'\n');
        assert_eq!(read_line(&mut long.as_slice()).unwrap().unwrap().len(), LINE - 1);
        long.insert(0, b'x');
        assert!(matches!(read_line(&mut long.as_slice()), Err(LineError::Length)));
        assert!(matches!(read_line(&mut &b"{}"[..]), Err(LineError::Length)));
        assert!(matches!(read_line(&mut &b"{}\n{}\n"[..]), Err(LineError::Length)));
        assert!(read_line(&mut &b""[..]).unwrap().is_none());
        // Without an end: what is kept is bounded all the same.
        assert!(matches!(read_line(&mut io::repeat(b'x')), Err(LineError::Length)));
    }

    #[test]
    fn what_a_peer_says_is_one_line() {
        let failure = Failure { kind: FailureKind::Refused, text: String::from("a\n\u{1b}[31mb") + &"c".repeat(9999) };
        let SignError::Declined(text) = failure.into_error() else { panic!("not refused") };
        assert!(text.starts_with("a  [31mb") && text.chars().count() == TEXT, "{text}");
    }
}
