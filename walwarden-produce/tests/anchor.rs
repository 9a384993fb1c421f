//! Time stamps by a real authority, `openssl ts` behind HTTP.

mod support;

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    path::Path,
    process::Command,
    thread,
};

use support::{Server, Vault, assert_success, assert_two_lines, stdout};
use walwarden_core::event::{AnchorKind, Event};

const CONFIG: &str = "[tsa]\ndefault_tsa = t\n[t]\nserial = serial\ncrypto_device = builtin\ndigests = sha256\n\
    default_policy = 1.2.3.4\naccuracy = secs:1\nordering = no\ntsa_name = no\ness_cert_id_chain = no\n\
    ess_cert_id_alg = sha256\nsigner_digest = sha256\n";

/// Answers requests as `openssl ts` does; `None` as if it were out of order.
fn authority(folder: &Path, works: bool) -> String {
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("fixtures/peers/tsa");
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
            let mut openssl = Command::new("openssl");
            openssl.current_dir(&folder).args([
                "ts",
                "-reply",
                "-config",
                "config",
                "-queryfile",
                "query",
                "-out",
                "answer",
            ]);
            openssl.arg("-signer").arg(peers.join("ec-signer.pem")).arg("-inkey").arg(peers.join("ec-signer.key"));
            assert!(openssl.output().unwrap().status.success());
            let answer = if works { fs::read(folder.join("answer")).unwrap() } else { b"out of order".to_vec() };
            let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", answer.len());
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(&answer).unwrap();
        }
    });
    url
}

#[test]
fn a_head_is_stamped_and_the_bundle_carries_the_token() {
    let server = Server::start(5);
    let vault = Vault::init(&server.conninfo());
    assert_two_lines(&vault.run(&["anchor"]), 2, "no time-stamping authority");
    let path = vault.path().join("walwarden.toml");
    let text = fs::read_to_string(&path).unwrap();
    let broken = authority(&vault.dir.path().join("broken"), false);
    fs::write(&path, format!("{text}\n[[anchor]]\nname = \"broken\"\nurl = \"{broken}\"\n")).unwrap();
    assert_two_lines(&vault.run(&["anchor"]), 1, "no time stamp");
    let url = authority(&vault.dir.path().join("tsa"), true);
    fs::write(&path, format!("{text}\n[[anchor]]\nname = \"test\"\nurl = \"{url}\"\n")).unwrap();
    assert_success(&vault.run(&["backup"]));
    let output = vault.run(&["anchor"]);
    assert_success(&output);
    assert!(stdout(&output).contains("TEST ONLY"), "{}", stdout(&output));
    let Some(Event::AnchorAttached(anchor)) = vault.events().pop() else { panic!("{:?}", vault.kinds()) };
    assert_eq!((anchor.kind, anchor.size), (AnchorKind::Rfc3161, vault.kinds().len() as u64 - 1));

    // By hand: a query for openssl, and its answer attached; another's token is refused.
    let folder = vault.dir.path().join("tsa");
    assert_success(&vault.run(&["anchor", "--query", folder.join("hand.tsq").to_str().unwrap()]));
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("fixtures/peers/tsa");
    let mut openssl = Command::new("openssl");
    openssl.current_dir(&folder).args([
        "ts",
        "-reply",
        "-config",
        "config",
        "-queryfile",
        "hand.tsq",
        "-out",
        "hand.tsr",
    ]);
    openssl.arg("-signer").arg(peers.join("ec-signer.pem")).arg("-inkey").arg(peers.join("ec-signer.key"));
    assert!(openssl.output().unwrap().status.success());
    assert_success(&vault.run(&["anchor", "--attach", folder.join("hand.tsr").to_str().unwrap()]));
    assert_two_lines(&vault.run(&["anchor", "--attach", peers.join("rsa.tsr").to_str().unwrap()]), 2, "no time stamp");

    let verifier = Path::new(env!("CARGO_BIN_EXE_walwarden")).with_file_name("walwarden-verify");
    if !verifier.exists() {
        println!("SKIPPED: the bundle with tokens, walwarden-verify is not built beside walwarden");
        return;
    }
    let now = walwarden_produce::clock::Clock::now(&walwarden_produce::clock::SystemClock);
    let period = format!("2026-01-01T00:00:00Z/{now}");
    let bundle = vault.dir.path().join("b.zip");
    assert_success(&vault.run(&["bundle", "--period", &period, "--no-report", "--out", bundle.to_str().unwrap()]));
    let output = Command::new(verifier)
        .arg(&bundle)
        .arg("--trust")
        .arg(vault.path().join("handover.json"))
        .arg("--tsa-root")
        .arg(peers.join("ec-root.pem"))
        .arg("--tsa-root")
        .arg(peers.join("ec-authority.pem"))
        .output()
        .unwrap();
    let text = stdout(&output);
    assert!(text.contains("time.timestamps"), "{text}");
    let line = text.lines().find(|line| line.contains("time.timestamps")).unwrap();
    assert!(line.contains("pass") || line.contains('✓'), "{line}\n{text}");
}
