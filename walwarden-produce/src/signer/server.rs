//! A signer of its own process: whoever may speak to its socket has heads and statements signed, and nothing else.
//!
//! Who asks is told by the kernel, not by what is said. Lines, time and connections are bounded, so that a peer that
//! sends rubbish, or nothing, keeps nobody else waiting for long.

use std::{
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    io::{self, Read, Write},
    os::unix::{
        fs::{FileTypeExt as _, PermissionsExt as _},
        net::{UnixListener, UnixStream},
    },
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use walwarden_core::{
    Base64, Digest,
    checkpoint::Head,
    key::{Ed25519Key, KeyId, PublicKey},
    sign::SignError,
    statement::key_registry::Use,
};

use super::{
    Holder as _, MadeKey,
    folder::Folder,
    wire::{self, Answer, Failure, FailureKind, Held, LineError, Request},
};
use crate::{
    error::{OperatorError, ProduceError, SignerError, StorageError},
    files,
};

/// How long a connection may last in all.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long one of somebody who may not ask.
const IMPATIENCE: Duration = Duration::from_secs(1);
/// Connections at the same time.
const CONNECTIONS: usize = 16;
/// The file in the folder of keys whose lock a signer holds.
const LOCK: &str = "signer.lock";
/// Who may write to the socket, and so connect: its owner and its group.
const MODE: u32 = 0o660;

/// A signer at work.
pub struct Server {
    folder: Folder,
    /// Users that may ask.
    clients: Vec<u32>,
    notice: Box<dyn Fn(&str) + Send + Sync>,
    connections: AtomicUsize,
    _lock: File,
}

impl Server {
    /// Opens all keys of a folder. `clients`: user ids that may ask; the signer's own user always may.
    ///
    /// # Errors
    /// A key does not open, nothing is remembered, or another signer has the folder.
    pub fn open(
        path: &Path,
        folder: Folder,
        mut clients: Vec<u32>,
        notice: Box<dyn Fn(&str) + Send + Sync>,
    ) -> Result<Self, ProduceError> {
        let lock = path.join(LOCK);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&lock);
        let file = file.map_err(StorageError::at("lock", &lock))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OperatorError::SignerAtWork(path.to_owned()).into()),
            Err(TryLockError::Error(error)) => return Err(StorageError::at("lock", &lock)(error).into()),
        }
        folder.open_all()?;
        clients.push(rustix::process::geteuid().as_raw());
        Ok(Self { folder, clients, notice, connections: AtomicUsize::new(0), _lock: file })
    }

    /// The keys that it holds.
    #[must_use]
    pub fn keys(&self) -> Vec<Held> {
        let keys = self.folder.keys().into_iter();
        // To whoever asks they lie in another process, not in a file.
        keys.map(|(jwk, uses)| Held { jwk, uses: uses.into_iter().collect(), storage: STORAGE }).collect()
    }

    /// Answers for ever.
    ///
    /// # Errors
    /// The socket is gone.
    pub fn serve(self: &Arc<Self>, listener: &UnixListener) -> io::Result<()> {
        loop {
            let stream = match listener.accept() {
                Ok((stream, _)) => stream,
                // The peer has left already, or there are too many files: neither ends a signer.
                Err(error) if error.raw_os_error().is_some() => {
                    thread::sleep(Duration::from_millis(10));
                    continue;
                }
                Err(error) => return Err(error),
            };
            if self.connections.fetch_add(1, Ordering::Relaxed) >= CONNECTIONS {
                self.connections.fetch_sub(1, Ordering::Relaxed);
                // Closed unanswered: to the peer the signer is away.
                continue;
            }
            let server = Arc::clone(self);
            let attended = thread::Builder::new().spawn(move || {
                server.attend(&stream);
                server.connections.fetch_sub(1, Ordering::Relaxed);
            });
            if attended.is_err() {
                self.connections.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    /// One connection: lines and answers in turn, until the peer has no more or the time is over.
    fn attend(&self, stream: &UnixStream) {
        let peer = match peer(stream) {
            Ok(peer) => peer,
            Err(error) => return (self.notice)(&format!("a peer without credentials: {error}")),
        };
        let mut until = Until { stream, deadline: Instant::now() + PATIENCE };
        if peer.is_some_and(|uid| !self.clients.contains(&uid)) {
            let answer = refused("this user may not ask this signer".into());
            (self.notice)(&format!("refused {}: it may not ask", named(peer)));
            // It is told so when it has asked; nobody waits for it long.
            until.deadline = Instant::now() + IMPATIENCE;
            let _ = wire::read_line(&mut until);
            return drop(until.write_all(&wire::line(&answer).unwrap_or_default()));
        }
        loop {
            let (answer, goes_on) = match wire::read_line(&mut until) {
                Ok(None) | Err(LineError::Io(_)) => return,
                Ok(Some(line)) => (self.answer(&line, peer), true),
                Err(error) => (request(&error), false),
            };
            let line = wire::line(&answer).or_else(|error| wire::line(&request(&error))).unwrap_or_default();
            if until.write_all(&line).is_err() || !goes_on {
                return;
            }
        }
    }

    fn answer(&self, line: &[u8], peer: Option<u32>) -> Answer {
        let done = wire::parse(line).map_err(|error| request(&error)).and_then(|asked: Request| {
            let (words, answer) = self.perform(asked).map_err(|error| Answer::Error(Failure::of(&error)))?;
            if let Some(words) = words {
                (self.notice)(&format!("{words} for {}", named(peer)));
            }
            Ok(answer)
        });
        done.unwrap_or_else(|answer| {
            if let Answer::Error(failure) = &answer {
                (self.notice)(&format!("refused {}: {}", named(peer), wire::shown(&failure.text)));
            }
            answer
        })
    }

    /// Does what is asked for; what of it should be told.
    fn perform(&self, asked: Request) -> Result<(Option<String>, Answer), SignerError> {
        Ok(match asked {
            Request::Keys {} => (None, Answer::Keys(self.keys())),
            Request::LastHead {} => (None, Answer::LastHead(self.folder.last_head()?)),
            Request::SignHead { head, proof, keys } => {
                let keys = keys.iter().map(|id| self.log_key(id)).collect::<Result<Vec<_>, _>>()?;
                let words = format!("signed the head of size {}", head.head.size);
                let head = Head { origin: head.origin, tree: head.head };
                let signatures = self.folder.sign_head(&head, &proof, &keys)?.into_iter().map(Base64).collect();
                (Some(words), Answer::Signatures(signatures))
            }
            Request::SignStatement { key, payload } => {
                let signature = self.folder.sign_statement(&self.held(&key)?, &payload.0)?;
                let words = format!("signed the statement {}", Digest::of(&payload.0));
                (Some(words), Answer::Signature(Base64(signature)))
            }
            Request::NewKey { uses } => {
                let MadeKey { public, .. } = self.folder.make(may_make(&uses)?)?;
                (Some(format!("made key {}", public.id())), Answer::Key(Held { jwk: public, uses, storage: STORAGE }))
            }
        })
    }

    fn held(&self, id: &KeyId) -> Result<PublicKey, SignerError> {
        let keys = self.folder.keys();
        let found = keys.into_iter().find(|(public, _)| public.id() == *id);
        found.map(|(public, _)| public).ok_or_else(|| SignerError::NotHeld(id.clone()))
    }

    fn log_key(&self, id: &KeyId) -> Result<Ed25519Key, SignerError> {
        self.held(id)?.as_ed25519().copied().ok_or_else(|| SignerError::NotHeld(id.clone()))
    }
}

/// What the registry says of keys that a signer apart holds.
const STORAGE: walwarden_core::statement::key_registry::Storage =
    walwarden_core::statement::key_registry::Storage::Agent;

/// Listens on a path; what a signer that was killed has left there is replaced.
///
/// # Errors
/// Another one listens there, something else is there, or the path cannot be made.
pub fn listen(path: &Path) -> Result<UnixListener, ProduceError> {
    let is_other = fs::symlink_metadata(path).is_ok_and(|there| !there.file_type().is_socket());
    if is_other || UnixStream::connect(path).is_ok() {
        return Err(OperatorError::Exists(path.to_owned()).into());
    }
    // It gets its name when it has its mode: nobody reaches it before.
    let unnamed = files::with_suffix(path, ".new");
    let _ = fs::remove_file(&unnamed);
    let bound = UnixListener::bind(&unnamed).map_err(StorageError::at("listen on", path))?;
    fs::set_permissions(&unnamed, Permissions::from_mode(MODE)).map_err(StorageError::at("listen on", path))?;
    fs::rename(&unnamed, path).map_err(StorageError::at("listen on", path))?;
    Ok(bound)
}

/// The user at the other end, where the system says it. Elsewhere the mode of the socket must do.
#[cfg(target_os = "linux")]
fn peer(stream: &UnixStream) -> io::Result<Option<u32>> {
    Ok(Some(rustix::net::sockopt::socket_peercred(stream)?.uid.as_raw()))
}

#[cfg(not(target_os = "linux"))]
fn peer(_: &UnixStream) -> io::Result<Option<u32>> {
    Ok(None)
}

fn named(peer: Option<u32>) -> String {
    peer.map_or_else(|| "a peer".into(), |uid| format!("uid {uid}"))
}

/// A log key stands alone, and keys of people and roots are made by people.
fn may_make(uses: &[Use]) -> Result<&[Use], SignerError> {
    let ordered = uses.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
    let alone = uses.len() == 1 || !uses.contains(&Use::Log);
    if !uses.is_empty() && ordered && alone && !uses.contains(&Use::Review) {
        return Ok(uses);
    }
    Err(SignError::Declined("no signer makes a key with these uses".into()).into())
}

fn refused(text: String) -> Answer {
    Answer::Error(Failure { kind: FailureKind::Refused, text })
}

fn request(error: &LineError) -> Answer {
    Answer::Error(Failure { kind: FailureKind::Request, text: error.to_string() })
}

/// A stream until some instant, however slowly the peer reads or writes.
struct Until<'a> {
    stream: &'a UnixStream,
    deadline: Instant,
}

impl Until<'_> {
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }
}

impl Read for Until<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        let mut stream = self.stream;
        stream.read(buffer)
    }
}

impl Write for Until<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        let mut stream = self.stream;
        stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
