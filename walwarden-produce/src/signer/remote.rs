//! A signer apart: another process, spoken to in lines ([`super::wire`]) over a socket or through a command.
//!
//! Each request has a connection, or a run of the command, of its own: nothing is held open while a dump takes hours.

use std::{
    io::{self, Write as _},
    net::Shutdown,
    os::unix::net::UnixStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use walwarden_core::{
    Base64,
    checkpoint::Head,
    key::{Ed25519Key, PublicKey},
    merkle::Proof,
    sign::{LastHead, SignError},
    statement::key_registry::{RegistryKey, Use},
};

use super::{
    Holder, MadeKey,
    wire::{self, Answer, Failure, Held, LineError, Request},
};
use crate::error::SignerError;

/// How long an answer may take, unless the configuration says otherwise: a signer may have to ask its hardware.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How a signer apart is reached.
#[derive(Debug, Clone)]
pub enum Way {
    /// A socket that it listens on.
    Socket(PathBuf),
    /// A program and its arguments, started for each request: the request on its standard input, the answer on its output.
    Command(Vec<String>),
}

/// A signer apart.
#[derive(Debug, Clone)]
pub struct Remote {
    way: Way,
    patience: Duration,
}

impl Remote {
    /// A signer that is reached this way; nothing is asked yet.
    #[must_use]
    pub const fn new(way: Way, patience: Duration) -> Self {
        Self { way, patience }
    }

    fn ask(&self, request: &Request) -> Result<Answer, SignError> {
        let line = wire::line(request).map_err(|error| SignError::Unavailable(error.to_string()))?;
        let answer = match &self.way {
            Way::Socket(path) => self.over_socket(path, &line),
            Way::Command(argv) => self.by_command(argv, line),
        };
        let answer = answer.map_err(|error| SignError::Away(wire::shown(&error.to_string())))?;
        match wire::parse(&answer) {
            Ok(Answer::Error(failure)) => Err(failure.into_error()),
            Ok(answer) => Ok(answer),
            Err(error) => Err(SignError::Unavailable(format!("its answer is none: {error}"))),
        }
    }

    fn over_socket(&self, path: &PathBuf, line: &[u8]) -> io::Result<Vec<u8>> {
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        let mut stream = UnixStream::connect(path).map_err(named)?;
        stream.set_read_timeout(Some(self.patience))?;
        stream.set_write_timeout(Some(self.patience))?;
        let sent = stream.write_all(line).and_then(|()| stream.shutdown(Shutdown::Write));
        // One that refuses may have said so before it heard all.
        let answer = answered(&mut stream);
        if answer.is_err() { sent.and(answer) } else { answer }
    }

    fn by_command(&self, argv: &[String], line: Vec<u8>) -> io::Result<Vec<u8>> {
        let (program, args) = argv.split_first().ok_or_else(|| io::Error::other("no command"))?;
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{program}: {error}"));
        let mut child = Reaped(command.spawn().map_err(named)?);
        let (input, output) = (child.0.stdin.take(), child.0.stdout.take());
        let (mut input, mut output) = input.zip(output).ok_or_else(|| io::Error::other("no pipes"))?;
        let (told, answer) = mpsc::channel();
        thread::spawn(move || {
            // A command that has answered without reading everything has answered.
            let _ = input.write_all(&line);
            drop(input);
            let _ = told.send(answered(&mut output));
        });
        let late = || io::Error::new(io::ErrorKind::TimedOut, format!("{program}: no answer in time"));
        answer.recv_timeout(self.patience).map_err(|_| late())?.map_err(named)
    }

    /// The keys that it holds.
    ///
    /// # Errors
    /// It cannot say.
    pub fn keys(&self) -> Result<Vec<Held>, SignError> {
        match self.ask(&Request::Keys {})? {
            Answer::Keys(keys) => Ok(keys),
            _ => Err(other()),
        }
    }
}

impl Holder for Remote {
    fn first(&self, listed: &[&RegistryKey]) -> Result<usize, SignerError> {
        let keys = self.keys()?;
        let first = listed.iter().position(|listed| keys.iter().any(|held| held.jwk == listed.jwk));
        first.ok_or_else(|| match listed.first() {
            Some(listed) => SignerError::NotHeld(listed.jwk.id()),
            None => SignerError::NoKey("that"),
        })
    }

    fn last_head(&self) -> Result<LastHead, SignerError> {
        match self.ask(&Request::LastHead {})? {
            Answer::LastHead(last) => Ok(last),
            _ => Err(other().into()),
        }
    }

    fn sign_head(&self, head: &Head, proof: &Proof, keys: &[Ed25519Key]) -> Result<Vec<Vec<u8>>, SignerError> {
        let head = LastHead { origin: head.origin.clone(), head: head.tree };
        let keys = keys.iter().map(|key| PublicKey::from(*key).id()).collect();
        match self.ask(&Request::SignHead { head, proof: proof.clone(), keys })? {
            Answer::Signatures(signatures) => Ok(signatures.into_iter().map(|signature| signature.0).collect()),
            _ => Err(other().into()),
        }
    }

    fn sign_statement(&self, key: &PublicKey, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        match self.ask(&Request::SignStatement { key: key.id(), payload: Base64(payload.to_vec()) })? {
            Answer::Signature(signature) => Ok(signature.0),
            _ => Err(other().into()),
        }
    }

    fn make(&self, uses: &[Use]) -> Result<MadeKey, SignerError> {
        match self.ask(&Request::NewKey { uses: uses.to_vec() })? {
            Answer::Key(held) => Ok(MadeKey { public: held.jwk, storage: held.storage, path: None }),
            _ => Err(other().into()),
        }
    }
}

/// Ended and waited for, however the request ended.
struct Reaped(Child);

impl Drop for Reaped {
    fn drop(&mut self) {
        // It has answered, or it is too late: either way its work is over.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn answered(source: &mut impl io::Read) -> io::Result<Vec<u8>> {
    match wire::read_line(source) {
        Ok(Some(line)) => Ok(line),
        Ok(None) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "no answer")),
        Err(LineError::Io(error)) => Err(error),
        Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error.to_string())),
    }
}

fn other() -> SignError {
    Failure { kind: wire::FailureKind::Unavailable, text: "its answer is to something else".into() }.into_error()
}
