//! A real S3 server over HTTP (moto), and a proxy before it that fails on demand.
#![allow(dead_code, reason = "no test uses all of it")]

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

/// A server that ends with the test.
pub(crate) struct S3 {
    child: Child,
    port: u16,
}

impl S3 {
    /// Starts it; `None`, said aloud, where `.ci/setup test` was not run.
    pub(crate) fn start() -> Option<Self> {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.join("target/python/bin/moto_server");
        if !program.exists() {
            assert!(std::env::var_os("CI").is_none(), "{} is missing: run .ci/setup test", program.display());
            println!("SKIPPED: tests against S3, {} is missing (.ci/setup test makes it)", program.display());
            return None;
        }
        let port = free_port();
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap();
        let server = Self { child, port };
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(since.elapsed() < Duration::from_secs(60), "moto does not start");
            thread::sleep(Duration::from_millis(50));
        }
        Some(server)
    }

    /// Makes a bucket with versions; `locked`: whose objects can be locked.
    pub(crate) fn bucket(&self, name: &str, locked: bool) {
        let lock = if locked { "x-amz-bucket-object-lock-enabled: true\r\n" } else { "" };
        self.ask("PUT", &format!("/{name}"), lock, b"");
        let on = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
        self.ask("PUT", &format!("/{name}?versioning"), "", on);
    }

    /// An object's bytes, or a list.
    pub(crate) fn get(&self, path: &str) -> Vec<u8> {
        self.ask("GET", path, "", b"")
    }

    /// Keys in a bucket.
    pub(crate) fn keys(&self, bucket: &str) -> Vec<String> {
        let list = String::from_utf8(self.get(&format!("/{bucket}?list-type=2"))).unwrap();
        list.split("<Key>").skip(1).map(|rest| rest.split("</Key>").next().unwrap().to_owned()).collect()
    }

    pub(crate) fn put(&self, path: &str, bytes: &[u8]) {
        self.ask("PUT", path, "", bytes);
    }

    pub(crate) fn delete(&self, path: &str) {
        self.ask("DELETE", path, "", b"");
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn ask(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: AWS4-HMAC-SHA256 \
             Credential=test/20260101/us-east-1/s3/aws4_request\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n",
            self.port,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let at = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let status = String::from_utf8_lossy(&answer[..at]).lines().next().unwrap().to_owned();
        assert!(status.contains(" 20"), "{method} {path}: {status}");
        answer.split_off(at + 4)
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a proxy does to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The line drops before the server hears of it.
    Drop,
    /// An answer 503.
    Busy,
    /// An answer 403, as for credentials that have expired.
    Forbidden,
    /// The server does what was asked; the answer is lost.
    LoseAnswer,
    /// The server gets half of the body.
    CutBody,
    /// Only half of the answer's body comes back.
    CutAnswer,
}

type Chooser = Box<dyn FnMut(&str) -> Option<Fault> + Send>;

/// A proxy before a server.
pub(crate) struct Proxy {
    port: u16,
    choose: Arc<Mutex<Chooser>>,
}

impl Proxy {
    pub(crate) fn before(server: &S3) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let choose: Arc<Mutex<Chooser>> = Arc::new(Mutex::new(Box::new(|_| None)));
        let (shared, upstream) = (choose.clone(), server.port);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                thread::spawn(move || drop(pass(stream, upstream, &shared)));
            }
        });
        Self { port, choose }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From now on, requests are treated as `choose` says; it is told the request's first line.
    pub(crate) fn inject(&self, choose: impl FnMut(&str) -> Option<Fault> + Send + 'static) {
        *self.choose.lock().unwrap() = Box::new(choose);
    }

    pub(crate) fn heal(&self) {
        self.inject(|_| None);
    }
}

/// One request, one connection.
fn pass(mut client: TcpStream, upstream: u16, choose: &Mutex<Chooser>) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut chunk = [0; 65536];
    let head_end = loop {
        if let Some(at) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        match client.read(&mut chunk)? {
            0 => return Ok(()),
            n => request.extend_from_slice(&chunk[..n]),
        }
    };
    let head = String::from_utf8_lossy(&request[..head_end]).into_owned();
    let length = header(&head, "content-length").and_then(|text| text.parse().ok()).unwrap_or(0_usize);
    while request.len() < head_end + length {
        match client.read(&mut chunk)? {
            0 => return Ok(()),
            n => request.extend_from_slice(&chunk[..n]),
        }
    }
    let fault = (choose.lock().unwrap())(head.lines().next().unwrap_or_default());
    match fault {
        Some(Fault::Drop) => return Ok(()),
        Some(Fault::Busy) => return client.write_all(&answer("503 Slow Down", "SlowDown")),
        Some(Fault::Forbidden) => return client.write_all(&answer("403 Forbidden", "ExpiredToken")),
        _ => {}
    }
    let mut server = TcpStream::connect(("127.0.0.1", upstream))?;
    let head = head.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    server.write_all(head.as_bytes())?;
    let body = &request[head_end..];
    server.write_all(&body[..if fault == Some(Fault::CutBody) { body.len() / 2 } else { body.len() }])?;
    if fault == Some(Fault::CutBody) {
        return Ok(());
    }
    let mut response = Vec::new();
    server.read_to_end(&mut response)?;
    match fault {
        Some(Fault::LoseAnswer) => Ok(()),
        Some(Fault::CutAnswer) => client.write_all(&response[..response.len() / 2 + head_of(&response) / 2]),
        _ => client.write_all(&response),
    }
}

fn head_of(response: &[u8]) -> usize {
    response.windows(4).position(|four| four == b"\r\n\r\n").map_or(0, |at| at + 4)
}

fn header(head: &str, name: &str) -> Option<String> {
    let of = |line: &str| {
        line.split_once(':').filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim().into())
    };
    head.lines().find_map(of)
}

fn answer(status: &str, code: &str) -> Vec<u8> {
    let body = format!("<Error><Code>{code}</Code><Message>injected</Message></Error>");
    format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The `[store]` of a bucket behind an endpoint.
pub(crate) fn store(endpoint: &str, bucket: &str) -> String {
    format!(
        "kind = \"s3\"\nbucket = \"{bucket}\"\nprefix = \"prod\"\nendpoint = \"{endpoint}\"\nregion = \"eu-central-1\"\n\
         provider = \"acme-s3\"\naccount_ref = \"acme-dr\"\nretry_seconds = 5\n"
    )
}

/// A file with the credentials of a bucket.
pub(crate) fn credentials(folder: &Path) -> PathBuf {
    let path = folder.join("credentials");
    std::fs::write(&path, format!("AWS_ACCESS_KEY_ID=test\nAWS_SECRET_ACCESS_KEY={SECRET}\n")).unwrap();
    path
}

/// Lets a run at the bucket.
pub(crate) fn with_credentials(command: &mut Command) -> &mut Command {
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", SECRET)
}

/// The secret of every test; no output may have it.
pub(crate) const SECRET: &str = "planted-secret-8Zq2";
