//! Statements by a key of AWS KMS, against moto, where it is built in: `cargo nextest run -p walwarden-produce --features
//! kms --test kms`. And what is said of it where it is not.

#[cfg(feature = "kms")]
#[path = "support/s3.rs"]
mod s3_support;
mod support;

use std::fs;

use support::{Vault, assert_two_lines};

const NOWHERE: &str = "host=/nonexistent dbname=shop";
const CAPTURE: [&str; 8] =
    ["collect", "manual", "--file", "passphrase", "--at", "2026-01-01T00:00:00Z", "--note", "as seen"];

/// What stands in the configuration of a vault before `[kms]`.
fn configured(vault: &Vault, text: &str, endpoint: &str, key: &str) {
    let kms = format!("\n[kms]\nkey = \"{key}\"\nregion = \"eu-central-1\"\nendpoint = \"{endpoint}\"\n");
    fs::write(vault.path().join("walwarden.toml"), format!("{text}{kms}env_prefix = \"SIGN_\"\n")).unwrap();
}

#[cfg(not(feature = "kms"))]
#[test]
fn a_program_without_it_says_so() {
    let vault = Vault::init(NOWHERE);
    let text = fs::read_to_string(vault.path().join("walwarden.toml")).unwrap();
    configured(&vault, &text, "http://127.0.0.1:1", "alias/backups");
    assert_two_lines(&vault.run(&CAPTURE), 2, "was built without it");
    assert_eq!(vault.kinds().len(), 3, "nothing was recorded");
}

#[cfg(feature = "kms")]
mod against_moto {
    use std::{
        io::{Read as _, Write as _},
        net::TcpStream,
        process::Output,
    };

    use serde_json::{Value, json};
    use walwarden_core::{Base64, dsse::Envelope};

    use super::{
        s3_support::{Fault, Proxy, S3},
        support::{assert_success, judged, stderr, stdout},
        *,
    };

    /// One operation of the service.
    fn kms(server: &S3, operation: &str, request: &Value) -> Value {
        let address = server.endpoint().replace("http://", "");
        let body = request.to_string();
        let mut stream = TcpStream::connect(&address).unwrap();
        let head = format!(
            "POST / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nX-Amz-Target: TrentService.{operation}\r\n\
             Content-Type: application/x-amz-json-1.1\r\nAuthorization: AWS4-HMAC-SHA256 \
             Credential=test/20260101/eu-central-1/kms/aws4_request\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap_or_else(|_| panic!("{answer}"))
    }

    /// A new key: its id, and its public half in base64.
    fn key(server: &S3) -> (String, String) {
        let made = kms(server, "CreateKey", &json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}));
        let id = made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
        let public = kms(server, "GetPublicKey", &json!({"KeyId": id}))["PublicKey"].as_str().unwrap().to_owned();
        (id, public)
    }

    /// A vault whose statements a key of the service signs, its configuration without `[kms]`, and the key's id.
    fn vault(server: &S3) -> (Vault, String, String) {
        let (id, spki) = key(server);
        let vault = Vault::init(NOWHERE);
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n{}\n-----END PUBLIC KEY-----\n", &spki[..64], &spki[64..]);
        fs::write(vault.dir.path().join("kms.pub.pem"), pem).unwrap();
        let mut new = vault.command();
        new.args(["key", "new", "backup", "evidence", "restore-test", "--custodian", "ops-lead", "--storage", "kms"]);
        new.args(["--public-key", "kms.pub.pem", "--root-key"]).arg(vault.dir.path().join("root.pem"));
        assert_success(&new.output().unwrap());
        let listed = stdout(&vault.run(&["key", "list"]));
        assert!(listed.contains("  active  kms  ops-lead  backup+evidence+restore-test"), "{listed}");
        let text = fs::read_to_string(vault.path().join("walwarden.toml")).unwrap();
        (vault, text, id)
    }

    fn run(vault: &Vault, args: &[&str]) -> Output {
        let mut command = vault.command();
        command.env("SIGN_AWS_ACCESS_KEY_ID", "planted-id").env("SIGN_AWS_SECRET_ACCESS_KEY", "planted-secret");
        let output = command.args(args).output().unwrap();
        assert!(!format!("{}{}", stdout(&output), stderr(&output)).contains("planted"));
        output
    }

    fn captured(vault: &Vault) -> usize {
        assert!(!String::from_utf8_lossy(&vault.entries()).contains("planted"));
        vault.kinds().iter().filter(|kind| *kind == "evidence.collected").count()
    }

    #[test]
    fn statements_are_signed_by_a_key_that_cannot_be_taken() {
        let Some(server) = S3::start() else { return };
        let (vault, text, id) = vault(&server);
        configured(&vault, &text, &server.endpoint(), &id);
        // Half of all signatures come with the larger s.
        for _ in 0..6 {
            assert_success(&run(&vault, &CAPTURE));
        }
        let stored = fs::read_to_string(vault.path().join("statements/evidence.ndjson")).unwrap();
        for line in stored.lines() {
            let Base64(signature) = &Envelope::parse(line.as_bytes()).unwrap().signatures[0].sig;
            assert_eq!(signature[0], 0x30, "DER, as ES256 has it");
        }
        // Credentials from a file do as well.
        let file = vault.dir.path().join("credentials");
        fs::write(&file, "AWS_ACCESS_KEY_ID=planted-id\nAWS_SECRET_ACCESS_KEY=planted-secret\n").unwrap();
        vault.configure("env_prefix = \"SIGN_\"", &format!("credentials = \"{}\"", file.display()));
        assert_success(&vault.run(&CAPTURE));
        assert_eq!(captured(&vault), 7);
        // The service makes no key; what it has made is entered, and the old one retired.
        let root = vault.dir.path().join("root.pem");
        let rotated = vault.run(&["key", "rotate", "statement", "--root-key", root.to_str().unwrap()]);
        assert_two_lines(&rotated, 2, "lies with a service");
        // The bundle's own statement by the key of this host, which is there still; judged by the verifier.
        judged(&vault, "b.zip", &[]);
    }

    #[test]
    fn a_service_that_is_away_or_refuses_loses_nothing() {
        let Some(server) = S3::start() else { return };
        let (vault, text, id) = vault(&server);
        let proxy = Proxy::before(&server);
        configured(&vault, &text, &proxy.endpoint(), &id);
        proxy.inject(|_| Some(Fault::Busy));
        assert_two_lines(&run(&vault, &CAPTURE), 1, "the signer is away");
        configured(&vault, &text, "http://127.0.0.1:1", &id);
        assert_two_lines(&run(&vault, &CAPTURE), 1, "the signer is away");
        assert_eq!(captured(&vault), 0, "both wait");
        // A key that is not there, one that is not the registry's, and one of another kind.
        configured(&vault, &text, &server.endpoint(), "00000000-0000-0000-0000-000000000000");
        assert_two_lines(&run(&vault, &CAPTURE), 2, "the signer refuses: KMS: 400 NotFoundException");
        configured(&vault, &text, &server.endpoint(), &key(&server).0);
        assert_two_lines(&run(&vault, &CAPTURE), 2, "does not hold key");
        let rsa = kms(&server, "CreateKey", &json!({"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}));
        configured(&vault, &text, &server.endpoint(), rsa["KeyMetadata"]["KeyId"].as_str().unwrap());
        assert_two_lines(&run(&vault, &CAPTURE), 2, "ECC_NIST_P256");
        configured(&vault, &text, &server.endpoint(), &id);
        assert_success(&run(&vault, &CAPTURE));
        assert_eq!(captured(&vault), 3, "with those that have waited");
    }

    /// Of more than 4096 bytes the service is given the digest. moto digests that again, so its signature is over something
    /// else: it is caught before anything is recorded.
    #[test]
    fn what_is_signed_is_verified_before_it_is_recorded() {
        let Some(server) = S3::start() else { return };
        let (vault, text, id) = vault(&server);
        configured(&vault, &text, &server.endpoint(), &id);
        let before = vault.entries();
        let note = "seen ".repeat(1000);
        let mut long = CAPTURE;
        long[7] = &note;
        assert_two_lines(&run(&vault, &long), 2, "no signature by key");
        assert_eq!(vault.entries(), before);
        assert!(!vault.path().join("spool").exists(), "nor does it wait");
        assert_success(&run(&vault, &CAPTURE));
    }
}
