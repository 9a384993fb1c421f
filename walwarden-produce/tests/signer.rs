//! A signer apart: its own process with its own memory, asked over a socket by whoever backs up.

#[path = "support/apart.rs"]
mod apart;
mod support;

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::Shutdown,
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        net::UnixStream,
        process::CommandExt as _,
    },
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use apart::{Apart, serve, start};
use serde_json::{Value, json};
use support::{Server, assert_success, assert_two_lines, copy, judged, stderr, stdout};
use walwarden_core::Base64;

const NOWHERE: &str = "host=/nonexistent dbname=shop";

#[test]
fn whoever_backs_up_holds_no_key() {
    let server = Server::start(5);
    let apart = Apart::new(&server.conninfo());
    assert!(!apart.vault.keys().exists());
    assert_eq!(fs::metadata(apart.socket()).unwrap().mode() & 0o777, 0o660);
    assert_success(&apart.run(&["backup"]));
    assert_success(&apart.run(&["restore-test"]));
    let shown = apart.run(&["signer", "show"]);
    assert_success(&shown);
    let size = apart.memory()["head"]["size"].as_u64().unwrap();
    assert_eq!(size, apart.vault.kinds().len() as u64);
    assert!(stdout(&shown).contains(&format!("last head  {size} ")), "{}", stdout(&shown));
    assert!(stdout(&shown).contains("backup+evidence+restore-test"), "{}", stdout(&shown));
    judged(&apart.vault, "b.zip", &[]);
    let log = fs::read_to_string(apart.vault.dir.path().join("signer.log")).unwrap();
    assert!(log.contains("signed the head of size") && log.contains("signed the statement"), "{log}");
    assert!(!log.contains(support::PASSPHRASE));
}

#[test]
fn keys_are_made_and_replaced_where_the_others_lie() {
    let mut apart = Apart::new(NOWHERE);
    let rotate = |apart: &Apart, key: &str| {
        let root = apart.vault.dir.path().join("root.pem");
        let mut command = apart.command(&["key", "rotate", key, "--root-passphrase-file", "passphrase", "--root-key"]);
        command.arg(root).output().unwrap()
    };
    assert_success(&rotate(&apart, "log"));
    assert_success(&rotate(&apart, "statement"));
    let listed = stdout(&apart.run(&["key", "list"]));
    assert_eq!(listed.lines().filter(|line| line.contains("  active  agent  ")).count(), 2, "{listed}");
    // A signer that is started again knows them by their files.
    apart.stop();
    apart.signer = start(&apart.vault);
    assert_success(&rotate(&apart, "bundle"));
    assert_success(&apart.run(&["hold", "place", "shop", "--reason", "lawsuit"]));
    assert!(!apart.vault.keys().exists());
    judged(&apart.vault, "b.zip", &[]);
}

/// Two hosts whose vaults were one once: of two histories one is signed.
#[test]
fn of_two_histories_one_is_signed() {
    let apart = Apart::new(NOWHERE);
    let other = apart.vault.dir.path().join("other");
    copy(&apart.vault.path(), &other);
    let hold = |vault: &PathBuf, reason: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_walwarden"));
        command.arg("--vault").arg(vault).args(["note", "correct", "--member", "org_name", "--now", reason]);
        let text = fs::read_to_string(apart.vault.path().join("chain/entries.ndjson")).unwrap();
        let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        command.args(["--reason", reason]).arg(first["id"].as_str().unwrap()).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    // All at once.
    let vaults = [apart.vault.path(), other.clone()];
    let mut running: Vec<(usize, Child)> =
        (0..8).map(|n| (n % 2, hold(&vaults[n % 2], &n.to_string()).spawn().unwrap())).collect();
    let mut done = [0_u64; 2];
    for (which, child) in &mut running {
        done[*which] += u64::from(child.wait().unwrap().success());
    }
    assert!(done[0] == 0 || done[1] == 0, "{done:?}");
    let winner = usize::from(done[1] > 0);
    let (won, lost) = (&vaults[winner], &vaults[1 - winner]);
    assert_eq!(apart.memory()["head"]["size"], 3 + done[winner]);
    // The other one is told so, in words; nothing that it has is signed.
    let refused = hold(lost, "again").stderr(Stdio::piped()).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        stderr(&refused).contains("are not those that its signer signed") || stderr(&refused).contains("older copy")
    );
    let heads = |vault: &PathBuf| fs::read_to_string(vault.join("chain/checkpoints.ndjson")).unwrap().lines().count();
    assert_eq!((heads(won), heads(lost)), (3 + usize::try_from(done[winner]).unwrap(), 3));
}

#[test]
fn what_does_not_extend_the_last_head_is_refused() {
    let apart = Apart::new(NOWHERE);
    let before = apart.memory();
    let log = apart.key("  log");
    let origin = before["origin"].as_str().unwrap();
    let head = |origin: &str, size: u64, root: &str| {
        let head = json!({"origin": origin, "head": {"size": size, "root": root}});
        json!({"op": "sign-head", "head": head, "proof": [], "keys": [log]}).to_string()
    };
    let other = "0".repeat(64);
    for line in [
        head(origin, 4, &other),
        head(origin, 3, &other),
        head(origin, 2, &other),
        head("acme.example/other", 4, &other),
    ] {
        let (kind, text) = apart.refusal(&line);
        assert_eq!(kind, "refused", "{text}");
    }
    // The same head again is no fork: the answer to the first request may have been lost.
    let root = before["head"]["root"].as_str().unwrap();
    assert!(apart.ask(&head(origin, 3, root)).unwrap()["signatures"][0].is_string());
    // A statement key signs no head, and a log key no statement.
    let statement = apart.key("backup+");
    let line = head(origin, 3, root).replace(&log, &statement);
    assert_eq!(apart.refusal(&line).0, "refused");
    assert_eq!(apart.memory(), before);
}

#[test]
fn statements_are_parsed_before_they_are_signed() {
    let apart = Apart::new(NOWHERE);
    let key = apart.key("backup+");
    let sign = |payload: &str| {
        let payload = Base64(payload.as_bytes().to_vec()).to_string();
        apart.refusal(&json!({"op": "sign-statement", "key": key, "payload": payload}).to_string())
    };
    let statement = |kind: &str| {
        let kind = format!("https://walwarden.dev/spec/{kind}/v1");
        format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","predicate":{{}},"predicateType":"{kind}","subject":[{{"digest":{{"sha256":"{}"}},"name":"x"}}]}}"#,
            "0".repeat(64)
        )
    };
    for payload in
        ["", "x", "{}", &statement("key-registry"), &statement("review"), &statement("backup"), &statement("other")]
    {
        let (kind, text) = sign(payload);
        assert_eq!(kind, "refused", "{payload}: {text}");
    }
    assert_eq!(apart.refusal(&json!({"op": "sign-statement", "key": "x", "payload": ""}).to_string()).0, "request");
    for uses in [json!([]), json!(["review"]), json!(["log", "backup"]), json!(["log", "log"])] {
        assert_eq!(apart.refusal(&json!({"op": "new-key", "uses": uses}).to_string()).0, "refused");
    }
}

/// Whoever may reach the socket can waste its time, within bounds, and nothing else.
#[test]
fn hostile_peers() {
    let mut apart = Apart::new(NOWHERE);
    for line in
        ["", "x", "{}", r#"{"op":"sign","bytes":"eA=="}"#, r#"{"op":"keys"}{"op":"keys"}"#, "\u{0}\u{0}", "[[[["]
    {
        assert_eq!(apart.refusal(line).0, "request", "{line:?}");
    }
    let nested = "[".repeat(500_000);
    assert_eq!(apart.refusal(&nested).0, "request");

    // A line of a gigabyte: the signer hangs up after the first megabyte of it.
    let mut stream = UnixStream::connect(apart.socket()).unwrap();
    let chunk = vec![b'x'; 1 << 20];
    let sent = (0..1024).take_while(|_| stream.write_all(&chunk).is_ok()).count();
    assert!(sent < 16, "{sent} MiB were taken");
    let resident = fs::read_to_string(format!("/proc/{}/status", apart.signer.id())).unwrap();
    let peak = resident.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 128 << 10, "{peak} KiB");

    // Peers that say nothing: one more than there may be. Whoever comes then waits, and is served.
    let silent: Vec<UnixStream> = (0..15).map(|_| UnixStream::connect(apart.socket()).unwrap()).collect();
    assert_success(&apart.run(&["hold", "place", "shop", "--reason", "lawsuit"]));
    let more: Vec<UnixStream> = (0..5).map(|_| UnixStream::connect(apart.socket()).unwrap()).collect();
    let began = Instant::now();
    for mut stream in silent.into_iter().chain(more) {
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut rest = Vec::new();
        // Hung up on, without an answer.
        let _ = stream.read_to_end(&mut rest);
        assert!(rest.is_empty());
    }
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    // One that drops by drop never ends a line is hung up on in time, too.
    let mut slow = UnixStream::connect(apart.socket()).unwrap();
    let began = Instant::now();
    while slow.write_all(b" ").is_ok() {
        assert!(began.elapsed() < Duration::from_secs(25), "a slow peer is waited for");
        thread::sleep(Duration::from_millis(50));
    }
    assert_success(&apart.run(&["hold", "release", "shop", "--reason", "over"]));
    assert!(apart.signer.try_wait().unwrap().is_none(), "the signer ended");

    // A second signer over the same keys does not start, nor one on the same socket.
    let second = serve(&apart.vault).stderr(Stdio::piped()).output().unwrap();
    assert_two_lines(&second, 2, "another signer");
}

#[test]
fn another_user_is_told_by_the_kernel() {
    let apart = Apart::new(NOWHERE);
    let ask = "import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); \
               s.sendall(b'{\"op\":\"last-head\"}\\n'); print(s.makefile().readline())";
    let nobody = |socket: PathBuf| {
        let mut command = Command::new("python3");
        command.args(["-c", ask]).arg(socket).current_dir("/").uid(65_534).gid(65_534).output()
    };
    let (dir, socket) = (apart.vault.dir.path(), apart.socket());
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
    match nobody(socket.clone()) {
        Err(error) => println!("SKIPPED: this test needs to be root to ask as somebody else: {error}"),
        Ok(output) => {
            assert!(!output.status.success() && stderr(&output).contains("PermissionError"), "{}", stderr(&output));
            // Where the mode lets everybody in, the user is still another one.
            fs::set_permissions(&socket, fs::Permissions::from_mode(0o666)).unwrap();
            let output = nobody(socket).unwrap();
            assert!(stdout(&output).contains("may not ask"), "{}{}", stdout(&output), stderr(&output));
        }
    }
}

#[test]
fn a_signer_that_is_away_or_answers_rubbish() {
    let mut apart = Apart::new(NOWHERE);
    apart.stop();
    let before = apart.vault.entries();
    // What was asked waits in the spool, and nothing is recorded.
    assert_two_lines(&apart.run(&["hold", "place", "shop", "--reason", "x"]), 1, "the signer is away");
    fs::remove_file(apart.socket()).unwrap();
    let listener = std::os::unix::net::UnixListener::bind(apart.socket()).unwrap();
    let answers = [
        "",
        "x\n",
        "{}\n",
        "{\"keys\":[]}\n",
        "{\"signatures\":[]}\n",
        "{\"error\":{\"kind\":\"unavailable\",\"text\":\"\\u001b[31mdisk\"}}\n",
        "{\"last_head\":{\"head\":{\"root\":\"00\",\"size\":0},\"origin\":\"acme.example/x\"}}\n",
    ];
    for answer in answers {
        thread::scope(|scope| {
            let run = scope.spawn(|| apart.run(&["hold", "place", "shop", "--reason", "x"]));
            while !run.is_finished() {
                listener.set_nonblocking(true).unwrap();
                let Ok((mut stream, _)) = listener.accept() else {
                    thread::sleep(Duration::from_millis(2));
                    continue;
                };
                stream.set_nonblocking(false).unwrap();
                let mut line = String::new();
                BufReader::new(stream.try_clone().unwrap()).read_line(&mut line).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
                stream.shutdown(Shutdown::Both).unwrap();
            }
            let output = run.join().unwrap();
            // Who says nothing is away; who answers is there, and its answer is no signature.
            assert_two_lines(&output, if answer.is_empty() { 1 } else { 2 }, "");
            assert!(!stderr(&output).contains('\u{1b}'), "{}", stderr(&output));
        });
    }
    assert_eq!(apart.vault.entries(), before);
}

/// The example of the page: Python that checks, and `openssl` that signs.
#[test]
fn a_command_signs() {
    let works = Command::new("openssl").arg("version").output().is_ok_and(|output| output.status.success());
    if !works {
        assert!(std::env::var_os("CI").is_none(), "openssl is not installed");
        println!("SKIPPED: openssl is not installed");
        return;
    }
    let mut apart = Apart::new(NOWHERE);
    apart.stop();
    let example = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/signer_command.py");
    let command = format!(
        "command = [\"python3\", \"{}\", \"signer\", \"passphrase\"]\ntimeout_seconds = 120",
        example.display()
    );
    apart.vault.configure("socket = \"../socket\"", &command);
    let shown = apart.run(&["signer", "show"]);
    assert_success(&shown);
    assert!(stdout(&shown).contains("last head  3 "), "{}", stdout(&shown));
    let older = apart.vault.dir.path().join("older");
    copy(&apart.vault.path(), &older);
    assert_success(&apart.run(&["hold", "place", "shop", "--reason", "lawsuit"]));
    assert_success(&apart.run(&["hold", "release", "shop", "--reason", "over"]));
    let root = apart.vault.dir.path().join("root.pem");
    let mut rotate = apart.command(&["key", "rotate", "log", "--root-passphrase-file", "passphrase", "--root-key"]);
    assert_success(&rotate.arg(root).output().unwrap());
    assert_success(&apart.run(&["hold", "place", "shop", "--reason", "again"]));
    // A bundle is a statement that it signs.
    judged(&apart.vault, "b.zip", &[]);

    // What it is asked for in vain, straight.
    let before = apart.memory();
    let ask = |line: &str| {
        let mut child = Command::new("python3");
        child.arg(&example).args(["signer", "passphrase"]).current_dir(apart.vault.dir.path());
        let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(format!("{line}\n").as_bytes());
        let answer: Value = serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
        answer["error"]["kind"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    };
    let (log, size) = (apart.key("  log"), before["head"]["size"].as_u64().unwrap());
    let head = |size: u64| json!({"origin": before["origin"], "head": {"size": size, "root": "0".repeat(64)}});
    for size in [size - 1, size, size + 1] {
        let line = json!({"op": "sign-head", "head": head(size), "proof": ["1".repeat(64)], "keys": [log]});
        assert_eq!(ask(&line.to_string()), "refused");
    }
    for line in ["", "{}", "[]", r#"{"op":"sign","bytes":"eA=="}"#, r#"{"op":"keys","op":"keys"}"#] {
        assert_eq!(ask(line), "request", "{line}");
    }
    assert_eq!(apart.memory(), before);
    // An older copy of the vault is told so.
    let mut command = Command::new(env!("CARGO_BIN_EXE_walwarden"));
    command.arg("--vault").arg(older).args(["hold", "place", "shop", "--reason", "x"]).stdin(Stdio::null());
    assert_two_lines(&command.current_dir(apart.vault.dir.path()).output().unwrap(), 2, "older copy");
    // One that ends without an answer is away.
    apart.vault.configure("\"python3\", ", "\"false\", ");
    assert_two_lines(&apart.run(&["hold", "release", "shop", "--reason", "x"]), 1, "the signer is away");
}
