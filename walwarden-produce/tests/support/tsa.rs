//! A time-stamping authority over HTTP: `openssl ts` with the keys of the peers.
#![allow(dead_code, reason = "no test uses all of it")]

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use walwarden_core::Time;

const CONFIG: &str = "[tsa]\ndefault_tsa = t\n[t]\nserial = serial\ncrypto_device = builtin\ndigests = sha256\n\
    default_policy = 1.2.3.4\naccuracy = secs:1\nordering = no\ntsa_name = no\ness_cert_id_chain = no\n\
    ess_cert_id_alg = sha256\nsigner_digest = sha256\n";

/// Keys and roots of the authority.
pub(crate) fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("fixtures/peers/tsa")
}

/// Answers the request in one file of a folder in another one.
pub(crate) fn reply(folder: &Path, query: &str, answer: &str) {
    reply_at(folder, query, answer, None);
}

/// As [`reply`], at another time than now, which `faketime` lends.
fn reply_at(folder: &Path, query: &str, answer: &str, at: Option<Time>) {
    let mut openssl = Command::new(if at.is_some() { "faketime" } else { "openssl" });
    if let Some(at) = at {
        openssl.env("TZ", "UTC").args(["-f", &at.to_words(), "openssl"]);
    }
    openssl.current_dir(folder).args(["ts", "-reply", "-config", "config", "-queryfile", query, "-out", answer]);
    openssl.arg("-signer").arg(peers().join("ec-signer.pem")).arg("-inkey").arg(peers().join("ec-signer.key"));
    assert!(openssl.output().unwrap().status.success());
}

/// Answers requests at the address returned; where it does not work, with other bytes.
pub(crate) fn authority(folder: &Path, works: bool) -> String {
    authority_at(folder, works, || None)
}

/// As [`authority`], by another clock.
pub(crate) fn authority_at(folder: &Path, works: bool, clock: impl Fn() -> Option<Time> + Send + 'static) -> String {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("config"), CONFIG).unwrap();
    fs::write(folder.join("serial"), "01").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/tsa", listener.local_addr().unwrap());
    let folder = folder.to_owned();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = Vec::new();
            let mut chunk = [0; 4096];
            let body = loop {
                let n = stream.read(&mut chunk).unwrap();
                request.extend_from_slice(&chunk[..n]);
                let Some(at) = request.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
                let head = String::from_utf8_lossy(&request[..at]).to_lowercase();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
                if request.len() >= at + 4 + length.unwrap_or(0_usize) {
                    break request[at + 4..].to_vec();
                }
            };
            fs::write(folder.join("query"), body).unwrap();
            reply_at(&folder, "query", "answer", clock());
            let answer = if works { fs::read(folder.join("answer")).unwrap() } else { b"out of order".to_vec() };
            let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", answer.len());
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(&answer).unwrap();
        }
    });
    url
}
