use alloc::{format, string::String, vec::Vec};

use base64ct::Encoding as _;

use super::{base64, find};

/// RFC 8410 section 10.3: a published example, of no use to anyone.
const ED25519: &str = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";

fn pem(body: &str, newline: &str) -> String {
    format!("x-----BEGIN PRIVATE KEY-----{newline}{body}{newline}-----END PRIVATE KEY-----{newline}")
}

/// Initialisation vector and content of the old form: 48 bytes that mean nothing.
const IV: &str = "00112233445566778899AABBCCDDEEFF";
const SEALED: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v";

/// A key encrypted in the old way of PEM, or what looks like one.
fn old(vector: &str, content: &str) -> String {
    format!(
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,{vector}\n\n{content}\n\
         -----END RSA PRIVATE KEY-----\n"
    )
}

#[test]
fn a_key_is_found_in_every_wrapping() {
    let raw = base64::decode(ED25519.as_bytes()).unwrap();
    let nested = standard_base64(pem(ED25519, "\n").as_bytes());
    let jwk = r#"{"crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let age = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
    for (kind, bytes) in [
        ("PKCS#8", raw.clone()),
        ("PKCS#8", [b"before", raw.as_slice(), b"after"].concat()),
        ("PKCS#8", pem(ED25519, "\n").into_bytes()),
        ("PKCS#8", pem(ED25519, "\\n").into_bytes()),
        ("PKCS#8", pem(ED25519, "\\\\n").into_bytes()),
        ("PKCS#8", format!("{{\"a\":\"{ED25519}\"}}").into_bytes()),
        ("PKCS#8", format!("{{\"payload\":\"{nested}\"}}").into_bytes()),
        ("JWK", jwk.as_bytes().to_vec()),
        ("encrypted PEM", old(IV, SEALED).into_bytes()),
        ("encrypted PEM", old(IV, SEALED).replace('\n', "\r\n").into_bytes()),
        ("encrypted PEM", old(IV, SEALED).replace('\n', "\\n").into_bytes()),
        ("encrypted PEM", old(IV, SEALED).replace('\n', "\\\\n").into_bytes()),
        ("PKCS#8", pem(&format!("Comment: mine\n\n{ED25519}"), "\n").into_bytes()),
        ("JWK", format!("{{\"a\":{jwk}}}").into_bytes()),
        ("JWK", format!("{{\"a\":\"{}\"}}", jwk.replace('"', "\\\"")).into_bytes()),
        ("age", format!("key {age} here").into_bytes()),
    ] {
        assert_eq!(find(&bytes), Some(kind), "{}", String::from_utf8_lossy(&bytes));
    }
}

/// Wherever a key lies against the pieces and blocks that the search goes by.
#[test]
fn a_key_is_found_at_every_place() {
    let jwk = r#"{"crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","kty":"OKP"}"#;
    for key in [ED25519, jwk, &pem(ED25519, "\n")] {
        for before in (0..40).chain((128 << 10) - 20..(128 << 10) + 20) {
            let text = format!("{}{key} ", " ".repeat(before));
            assert!(find(text.as_bytes()).is_some(), "{before} before {key}");
        }
    }
}

#[test]
fn digits_are_those_of_both_alphabets() {
    for byte in 0..=u8::MAX {
        assert_eq!(base64::is_digit(byte), base64::decode(&[byte]).is_some() && byte != b'=', "{byte}");
    }
}

#[test]
fn what_only_looks_like_a_key_passes() {
    let cut = &ED25519[..ED25519.len() - 4];
    let public = r#"{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let spki = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";
    for text in [
        "-----BEGIN PRIVATE KEY-----\nremove this before merging\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----",
        &pem(cut, "\n"),
        &old(IV, "the passphrase is in the safe"),
        &old("none", SEALED),
        &old(IV, "QUJD"),
        &old(IV, SEALED).replace("PRIVATE KEY", "CERTIFICATE"),
        &old(IV, SEALED).replace("Proc-Type", "Type"),
        &old(IV, SEALED).replace("4,ENCRYPTED", "4,MIC-CLEAR"),
        &old(IV, SEALED).replace("DEK-Info", "Info"),
        public,
        spki,
        "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEY",
        "AGE-SECRET-KEY-1",
        &"M".repeat(4000),
        "a commit that mentions kty and \"d\"",
    ] {
        assert_eq!(find(text.as_bytes()), None, "{text}");
    }
}

/// Keys that openssl and ssh-keygen write, where these programs are installed.
#[test]
fn keys_made_by_others_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let made = |program: &str, arguments: &[&str]| {
        let ran = std::process::Command::new(program).args(arguments).current_dir(folder.path()).output();
        match ran {
            Ok(output) if output.status.success() => true,
            _ => {
                std::println!("SKIPPED: {program} {} did not run", arguments.join(" "));
                false
            }
        }
    };
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let openssl: [(&str, &[&str]); 6] = [
        ("PKCS#8", &["genpkey", "-algorithm", "ED25519", "-out", "key"]),
        ("PKCS#8", &["genpkey", "-algorithm", "RSA", "-out", "key"]),
        ("SEC 1", &["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "key"]),
        ("PKCS#1", &["genrsa", "-traditional", "-out", "key", "2048"]),
        ("encrypted PEM", &["genrsa", "-traditional", "-aes256", "-passout", "pass:x", "-out", "key", "2048"]),
        ("encrypted PKCS#8", &["genpkey", "-algorithm", "ED25519", "-aes-256-cbc", "-pass", "pass:x", "-out", "key"]),
    ];
    for (kind, arguments) in openssl {
        if made("openssl", arguments) {
            assert_eq!(find(&read("key")), Some(kind), "{arguments:?}");
        }
    }
    for scheme in [["-v1", "PBE-SHA1-3DES"], ["-v1", "PBE-SHA1-2DES"], ["-v2", "des3"], ["-v2", "aes-256-cbc"]] {
        let form = ["pkcs8", "-topk8", "-in", "key", "-passin", "pass:x", "-passout", "pass:x", "-outform", "DER"];
        if made("openssl", &[form.as_slice(), &["-out", "der"], &scheme].concat()) {
            assert_eq!(find(&read("der")), Some("encrypted PKCS#8"), "{scheme:?}");
        }
    }
    if made("openssl", &["pkey", "-in", "key", "-passin", "pass:x", "-pubout", "-out", "public"]) {
        assert_eq!(find(&read("public")), None);
    }
    if made("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", "ssh"]) {
        assert_eq!(find(&read("ssh")), Some("OpenSSH"));
        assert_eq!(find(&read("ssh.pub")), None);
    }
}

/// Keys that openssl encrypted under the Ed25519 key's own passphrase: by PKCS#12 as it did before 2010, and by PKCS#5.
#[test]
fn an_encrypted_key_in_der_is_found() {
    const PKCS12: &str = "MFgwHAYKKoZIhvcNAQwBAzAOBAhuYZ9zofPw4QICCAAEOEMVtmJKcMmx5Ml4cguSjli6pj5ceXBUZpLqj+cxbiBb1V/tJ3fYh7DZiV2XEUjqVNt9f+4r7eH7";
    const PKCS5: &str = "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhTwRYqDm3WTwICCAAwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEOdwPnRXBQBfpjhdyK15h6YEQAqD5wMsy4YNBloBKqPlfxoZb9GgNOP/8RXeo7TaYAOLfmb22Bc78VIa7h/G2hhbmAaYpPbrdEV/2Y4rA0DMdGI=";
    for text in [PKCS12, PKCS5] {
        let der = base64::decode(text.as_bytes()).unwrap();
        assert_eq!(find(text.as_bytes()), Some("encrypted PKCS#8"));
        assert_eq!(find(&der), Some("encrypted PKCS#8"));
        assert_eq!(find(&[b"before", der.as_slice(), b"after"].concat()), Some("encrypted PKCS#8"));
        assert_eq!(find(&der[..der.len() - 1]), None, "its end is missing");
        // Of another arc of PKCS it is no key.
        let place = der.windows(7).position(|w| w == [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1]).unwrap();
        let mut other = der.clone();
        other[place + 7] = 9;
        assert_eq!(find(&other), None);
    }
}

/// A million places of bytes that mean nothing, and their base64.
#[test]
fn nothing_is_found_in_noise() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut noise = Vec::new();
    while noise.len() < 1 << 20 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        noise.extend(state.to_le_bytes());
    }
    assert_eq!(find(&noise), None);
    assert_eq!(find(standard_base64(&noise).as_bytes()), None);
}

/// `spec:keys-14`: how long a JWK may be, and how far from its beginning `kty`; however many others stand before it.
#[test]
fn a_jwk_is_found_within_its_bounds() {
    let jwk = |before: usize, behind: usize| {
        let (before, behind) = (" ".repeat(before), " ".repeat(behind));
        format!("{{{before}\"kty\":\"OKP\",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"{behind}}}")
    };
    let (near, whole) = (super::JWK_BEFORE - 2, super::JWK_BYTES - jwk(0, 0).len());
    for (before, behind, found) in
        [(0, 0, true), (near, 0, true), (near + 1, 0, false), (0, whole, true), (0, whole + 1, false)]
    {
        assert_eq!(find(jwk(before, behind).as_bytes()), found.then_some("JWK"), "{before} {behind}");
    }
    let public = r#"{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},"#;
    for count in [0, 1, 100, 800, 3000] {
        let set = format!("{{\"keys\":[{}{}]}}", public.repeat(count), jwk(0, 0));
        assert_eq!(find(set.as_bytes()), Some("JWK"), "{count} public keys before it");
        let escaped = format!("{{\"a\":\"{}\"}}", set.replace('"', "\\\""));
        assert_eq!(find(escaped.as_bytes()), Some("JWK"), "{count} public keys before it, escaped");
        assert_eq!(find(public.repeat(count).as_bytes()), None);
    }
}

fn standard_base64(bytes: &[u8]) -> String {
    base64ct::Base64::encode_string(bytes)
}
