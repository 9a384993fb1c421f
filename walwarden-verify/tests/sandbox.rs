//! The sandbox refuses what it says, and allows what judging takes. Each attempt is made twice, in a program of its own:
//! free, where it must succeed, and shut in.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "attempts what the verifier never does, in programs that a test starts and tells what to try"
)]
#![cfg(target_os = "linux")]

use std::{
    fs,
    io::{self, Write as _},
    net::{TcpListener, TcpStream, UdpSocket},
    os::unix::{net::UnixDatagram, process::ExitStatusExt as _},
    path::Path,
    process::{Command, Output},
};

use walwarden_verify::sandbox::{Reach, enter};

/// How an attempt must end in the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// As it does outside.
    Done,
    /// With an error that the program sees.
    Refused,
    /// With the end of the program.
    Killed,
}
use Ends::{Done, Killed, Refused};

/// An attempt: its name, what it does in the folder of the test, and how it must end.
type Attempt = (&'static str, fn(&Path) -> io::Result<()>, Ends);

/// Everything that is tried. `given` and `out` may be touched, `other` may not.
const ATTEMPTS: &[Attempt] = &[
    ("read what was given", |at| read(&at.join("given/file")), Done),
    ("list a folder that was given", |at| fs::read_dir(at.join("given")).map(|_| ()), Done),
    ("read in a thread", |at| in_a_thread(&at.join("given/file")), Done),
    ("write a report", |at| report(&at.join("out/report")), Done),
    ("write a report over an older one", |at| report(&at.join("out/old")), Done),
    ("print", |_| io::stdout().write_all(b"words\n"), Done),
    ("read another file", |at| read(&at.join("other/file")), Refused),
    ("read another file in a thread", |at| in_a_thread(&at.join("other/file")), Refused),
    ("read another file by a link in what was given", |at| read(&at.join("given/link")), Refused),
    ("read /etc/passwd", |_| read(Path::new("/etc/passwd")), Refused),
    ("list another folder", |at| fs::read_dir(at.join("other")).map(|_| ()), Refused),
    ("read a report", |at| read(&at.join("out/old")), Refused),
    ("write over what was given", |at| fs::write(at.join("given/file"), b"x"), Refused),
    ("add a file to what was given", |at| fs::write(at.join("given/new"), b"x"), Refused),
    ("remove what was given", |at| fs::remove_file(at.join("given/file")), Refused),
    ("write another file", |at| fs::write(at.join("other/new"), b"x"), Refused),
    (
        "empty another file",
        |at| fs::OpenOptions::new().write(true).truncate(true).open(at.join("other/file")).map(|_| ()),
        Refused,
    ),
    ("move a report elsewhere", |at| fs::rename(at.join("out/old"), at.join("other/old")), Refused),
    ("make a folder", |at| fs::create_dir(at.join("out/folder")), Refused),
    ("make a link", |at| std::os::unix::fs::symlink("/etc", at.join("out/link")), Refused),
    ("start a program", |_| Command::new("/bin/true").status().map(|_| ()), Killed),
    (
        "become another program",
        |_| Err(std::os::unix::process::CommandExt::exec(&mut Command::new("/bin/true"))),
        Killed,
    ),
    ("open a UDP socket", |_| UdpSocket::bind("127.0.0.1:0").map(|_| ()), Killed),
    ("listen", |_| TcpListener::bind("127.0.0.1:0").map(|_| ()), Killed),
    ("connect", |_| TcpStream::connect("127.0.0.1:9").map(|_| ()).or_else(refused_by_the_other_side), Killed),
    ("resolve a name", |_| std::net::ToSocketAddrs::to_socket_addrs("localhost:80").map(|_| ()), Killed),
    ("open a local socket", |_| UnixDatagram::pair().map(|_| ()), Killed),
];

/// Free, it ends as the other program does.
const BECOMES: &str = "become another program";

fn read(path: &Path) -> io::Result<()> {
    fs::read(path).map(|bytes| assert!(!bytes.is_empty()))
}

fn in_a_thread(path: &Path) -> io::Result<()> {
    std::thread::scope(|scope| scope.spawn(|| read(path)).join()).expect("no panic")
}

/// As the program writes: beside the file, for writing only, then renamed over it.
fn report(path: &Path) -> io::Result<()> {
    let beside = path.with_extension("part");
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&beside)?;
    file.write_all(b"report")?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

/// Outside the sandbox nobody listens on that port either, but the socket was opened.
fn refused_by_the_other_side(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::ConnectionRefused { Ok(()) } else { Err(error) }
}

fn prepared() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [("given/file", "given"), ("other/file", "other"), ("out/old", "old")] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    std::os::unix::fs::symlink("../other/file", folder.path().join("given/link")).unwrap();
    folder
}

const SUCCEEDED: i32 = 40;
const FAILED: i32 = 41;

/// Runs this test program again, for one attempt.
fn attempt(number: usize, shut: bool) -> Output {
    let folder = prepared();
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "an_attempt", "--ignored", "--nocapture"])
        .env("ATTEMPT", number.to_string())
        .env("FOLDER", folder.path())
        .env("SHUT", if shut { "yes" } else { "no" })
        .output()
        .unwrap()
}

/// One attempt, for the test below alone: the sandbox cannot be left again.
#[test]
#[ignore = "run by the test below"]
fn an_attempt() {
    let told = |name: &str| std::env::var(name).expect("told by the test below");
    let (number, at) = (told("ATTEMPT").parse::<usize>().unwrap(), told("FOLDER"));
    let at = Path::new(&at);
    let (_, act, _) = ATTEMPTS[number];
    if told("SHUT") == "yes" {
        let reach = Reach { read: vec![at.join("given"), at.join("absent")], write: vec![at.join("out")] };
        println!("SANDBOX {}", enter(&reach));
    }
    let result = act(at);
    println!("RESULT {result:?}");
    std::process::exit(if result.is_ok() { SUCCEEDED } else { FAILED });
}

#[test]
fn what_is_not_needed_is_refused() {
    let first = attempt(0, true);
    let said = String::from_utf8_lossy(&first.stdout).into_owned();
    if !(said.contains("SANDBOX landlock ABI") && said.contains("; seccomp: ")) || said.contains("none:") {
        assert!(std::env::var_os("CI").is_none(), "no sandbox here: {said}");
        println!("SKIPPED: this machine has not both means of the sandbox: {said}");
        return;
    }
    for (number, (name, _, ends)) in ATTEMPTS.iter().enumerate() {
        let free = attempt(number, false);
        let becomes_another = free.status.code() == Some(0) && *name == BECOMES;
        assert!(free.status.code() == Some(SUCCEEDED) || becomes_another, "free, {name}: {free:?}");
        let shut = attempt(number, true);
        let found = match (shut.status.code(), shut.status.signal()) {
            (Some(SUCCEEDED), _) => Done,
            (Some(FAILED), _) => Refused,
            (_, Some(31)) => Killed, // SIGSYS
            other => panic!("{name}: {other:?}, {shut:?}"),
        };
        assert_eq!(found, *ends, "{name}: {}", String::from_utf8_lossy(&shut.stdout));
    }
    assert_eq!(ATTEMPTS.len(), 27, "change this number on purpose");
}
