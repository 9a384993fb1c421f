//! `openssl ts -verify` and Python's `rfc3161-client` judge the tokens of `fixtures/peers/tsa/` as we do; where one of them
//! is laxer or stricter is named here. A local `openssl ts` authority, made anew, stamps by the real clock, and we verify
//! its token.
//!
//! Skips aloud where a program is missing; with `CI=true` that is a failure.

use std::{
    collections::BTreeSet,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use walwarden_core::tsa::{Stamp, Token, TsaRoots};

/// Tokens that `openssl ts -verify` accepts and we refuse. It reads BER, does not look at `contentType`, at the order of
/// attributes, at limits, or at algorithms that have become weak, and lets any signer's copy stand.
const OPENSSL_LAXER: [&str; 11] = [
    "attributes_unordered",
    "content_type_other",
    "curve_other",
    "imprint_sha512",
    "indefinite_length",
    "length_not_minimal",
    "nested_deep",
    "nine_certificates",
    "rsa_1024",
    "sha1",
    "signer_twice",
];
/// It reads the first element of a file and passes over the rest. Of the last two it is told a time that is not theirs: it
/// judges at the time it is given, never at genTime.
const OPENSSL_LAXER_STILL: [&str; 3] = ["trailing_bytes", "expired", "not_yet_valid"];
/// Tokens that it refuses and we accept: its time stamps know signers by issuer and serial number alone.
const OPENSSL_STRICTER: [&str; 1] = ["key_id"];

/// As above, for `rfc3161-client`. It does not read the signing-certificate attribute.
const PYTHON_LAXER: [&str; 8] = [
    "content_type_other",
    "imprint_sha512",
    "nested_deep",
    "rsa_1024",
    "sha1",
    "signer_twice",
    "signing_certificate_absent",
    "signing_certificate_other",
];
/// It takes a SET of certificates only in ascending order, which authorities do not write, and no key ids.
const PYTHON_STRICTER: [&str; 6] =
    ["authority_of_same_name", "certificate_unused", "ec", "key_id", "p384_sha512", "rsa_plain"];

const PYTHON: &str = r#"
import pathlib, sys
from cryptography import x509
from rfc3161_client import VerifierBuilder, decode_timestamp_response
folder = pathlib.Path(sys.argv[1])
def certs(*names):
    return [x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes()) for name in names]
roots, between = certs("ec-root", "rsa-root"), certs("ec-authority", "rsa-authority")
for path, note in map(str.split, sys.stdin):
    # The client reads responses: status granted, then the token.
    body = b"\x30\x03\x02\x01\x00" + (folder / path).read_bytes()
    response = b"\x30\x82" + len(body).to_bytes(2, "big") + body
    try:
        verifier = VerifierBuilder(roots=roots, intermediates=between).build()
        verifier.verify_message(decode_timestamp_response(response), (folder / note).read_bytes())
        print("accepts")
    except Exception as error:
        print("refuses", type(error).__name__)
"#;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/peers/tsa")
}

/// Names of the tokens, with the file of each and of the note it is about.
fn tokens() -> Vec<(String, String, &'static str)> {
    let mut names: Vec<String> = fs::read_dir(folder().join("odd"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap().replace(".tsr", ""))
        .collect();
    names.sort();
    let odd = names.into_iter().map(|name| (name.clone(), format!("odd/{name}.tsr"), "first.note"));
    let plain = [("ec", "first.note"), ("rsa", "second.note")];
    odd.chain(plain.map(|(name, note)| (name.to_owned(), format!("{name}.tsr"), note))).collect()
}

fn ours(token: &[u8], note: &[u8], roots: &TsaRoots) -> Option<Stamp> {
    let stamp = Token::parse(token).ok()?.open(note).ok()?;
    stamp.anchor(roots).ok().map(|_| stamp)
}

fn roots(names: &[&str]) -> TsaRoots {
    let mut roots = TsaRoots::default();
    names.iter().for_each(|name| assert_eq!(roots.add(&fs::read(folder().join(name)).unwrap()), Ok(1)));
    roots
}

/// Whether a program is there; says aloud when it is not.
fn there(program: &Path, args: &[&str]) -> bool {
    if Command::new(program).args(args).output().is_ok_and(|run| run.status.success()) {
        return true;
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing: .ci/setup test", program.display());
    println!("SKIPPED: {} is not here, or not as `.ci/setup test` makes it", program.display());
    false
}

/// Compares a peer's answers with ours, but for what is named.
fn compare(accepted: &BTreeSet<String>, laxer: &[&str], stricter: &[&str]) {
    let roots = roots(&["ec-root.pem", "ec-authority.pem", "rsa-root.pem", "rsa-authority.pem"]);
    for (name, file, note) in tokens() {
        let read = |file: &str| fs::read(folder().join(file)).unwrap();
        let we = ours(&read(&file), &read(note), &roots).is_some();
        let expected = if laxer.contains(&name.as_str()) {
            assert!(!we, "{name}: we refuse it");
            true
        } else if stricter.contains(&name.as_str()) {
            assert!(we, "{name}: we accept it");
            false
        } else {
            we
        };
        assert_eq!(accepted.contains(&name), expected, "{name}");
    }
}

#[test]
fn openssl_judges_alike() {
    if !there(Path::new("openssl"), &["version"]) {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let bundle = |names: [&str; 2], to: &str| {
        let pem: Vec<u8> = names.iter().flat_map(|name| fs::read(folder().join(name)).unwrap()).collect();
        fs::write(scratch.path().join(to), pem).unwrap();
        scratch.path().join(to)
    };
    let roots = bundle(["ec-root.pem", "rsa-root.pem"], "roots.pem");
    let between = bundle(["ec-authority.pem", "rsa-authority.pem"], "between.pem");
    let mut accepted = BTreeSet::new();
    for (name, file, note) in tokens() {
        let token = fs::read(folder().join(&file)).unwrap();
        // It judges certificates at the time of the verification; it can be told to do so at another.
        let stamp =
            Token::parse(&token).ok().and_then(|token| token.open(&fs::read(folder().join(note)).unwrap()).ok());
        let at = stamp.map_or(1_794_398_400, |stamp| stamp.gen_time().micros() / 1_000_000);
        let run = Command::new("openssl")
            .args(["ts", "-verify", "-token_in", "-in", &file, "-data", note, "-attime", &at.to_string(), "-CAfile"])
            .arg(&roots)
            .arg("-untrusted")
            .arg(&between)
            .current_dir(folder())
            .output()
            .unwrap();
        if run.status.success() {
            accepted.insert(name);
        }
    }
    let lax = [OPENSSL_LAXER.as_slice(), &OPENSSL_LAXER_STILL].concat();
    compare(&accepted, &lax, &OPENSSL_STRICTER);
}

#[test]
fn rfc3161_client_judges_alike() {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/python/bin/python3");
    if !there(&python, &["-c", "import rfc3161_client"]) {
        return;
    }
    let mut child = Command::new(python)
        .args(["-c", PYTHON])
        .arg(folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let tokens = tokens();
    let mut stdin = child.stdin.take().unwrap();
    tokens.iter().for_each(|(_, file, note)| writeln!(stdin, "{file} {note}").unwrap());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    assert_eq!(answers.lines().count(), tokens.len(), "one answer each");
    let accepted = answers.lines().zip(&tokens).filter(|(answer, _)| *answer == "accepts");
    compare(&accepted.map(|(_, (name, ..))| name.clone()).collect(), &PYTHON_LAXER, &PYTHON_STRICTER);
}

const CONFIG: &str = "
[ req ]
distinguished_name = name
[ name ]
[ root ]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[ signer ]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[ tsa ]
default_tsa = this
[ this ]
serial = ./serial
crypto_device = builtin
signer_digest = sha384
default_policy = 1.3.6.1.4.1.55555.1
digests = sha256
ess_cert_id_alg = sha256
";

#[test]
fn a_fresh_openssl_authority_is_believed_under_its_root_alone() {
    if !there(Path::new("openssl"), &["version"]) {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let note = fs::read(folder().join("first.note")).unwrap();
    fs::write(scratch.path().join("cnf"), CONFIG).unwrap();
    fs::write(scratch.path().join("serial"), "01\n").unwrap();
    fs::write(scratch.path().join("note"), &note).unwrap();
    for line in [
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -sha384 -days 2 -subj /CN=Root -config cnf -extensions root -keyout root.key -out root.pem",
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=Stamps -config cnf -keyout signer.key -out signer.csr",
        "x509 -req -in signer.csr -CA root.pem -CAkey root.key -CAcreateserial -days 1 -sha384 -extfile cnf -extensions signer -out signer.pem",
        "ts -query -data note -sha256 -cert -out query",
        "ts -reply -config cnf -queryfile query -signer signer.pem -inkey signer.key -token_out -out token",
    ] {
        let run = Command::new("openssl").args(line.split(' ')).current_dir(scratch.path()).output().unwrap();
        assert!(run.status.success(), "{line}: {}", String::from_utf8_lossy(&run.stderr));
    }
    let token = fs::read(scratch.path().join("token")).unwrap();
    let mut its = TsaRoots::default();
    assert_eq!(its.add(&fs::read(scratch.path().join("root.pem")).unwrap()), Ok(1));
    let stamp = ours(&token, &note, &its).expect("it holds");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let age = i64::try_from(now).unwrap() - stamp.gen_time().micros() / 1_000_000;
    assert!((0..120).contains(&age), "stamped {age} seconds ago");
    assert!(ours(&token, &note, &roots(&["ec-root.pem"])).is_none(), "another root");
    assert!(ours(&token, b"another note", &its).is_none());
}
