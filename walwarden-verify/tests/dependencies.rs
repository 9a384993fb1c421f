//! What the verifier is built from: no crate that can open a socket, and no lax signatures.
#![allow(clippy::disallowed_types, reason = "the test asks cargo what the program is built from")]

use std::process::Command;

/// Crates that speak to a network, and runtimes whose only use here would be that.
const BANNED: &[&str] = &[
    "async-std",
    "curl",
    "h2",
    "hyper",
    "isahc",
    "mio",
    "native-tls",
    "openssl",
    "quinn",
    "reqwest",
    "rustls",
    "smol",
    "socket2",
    "tokio",
    "tokio-postgres",
    "tungstenite",
    "ureq",
    "zip",
];

fn tree(package: &str, more: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--edges", "normal,build", "--prefix", "none", "--package", package])
        .args(more)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo is there: it runs this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo prints UTF-8")
}

fn banned(tree: &str) -> Vec<&str> {
    tree.lines().filter_map(|line| line.split(' ').next()).filter(|name| BANNED.contains(name)).collect()
}

#[test]
fn the_verifier_has_no_crate_that_can_open_a_socket() {
    let tree = tree("walwarden-verify", &[]);
    assert!(tree.contains("walwarden-core"), "the tree was not read: {tree}");
    // The library of the workbook writes zips; nothing of the verifier's own can name it.
    assert_eq!(banned(&tree), ["zip"]);
    let writer = self::tree("rust_xlsxwriter", &[]);
    assert_eq!(banned(&writer), ["zip"]);
    let direct = self::tree("walwarden-verify", &["--depth", "1"]);
    assert!(direct.contains("rust_xlsxwriter") && banned(&direct).is_empty(), "{direct}");
    let others = self::tree("walwarden-verify", &["--prune", "rust_xlsxwriter"]);
    assert_eq!(banned(&others), Vec::<&str>::new());
    // The test can fail: the producer writes zips with the library that the verifier must not read them with.
    assert_eq!(banned(&self::tree("walwarden-fixtures", &[])).first(), Some(&"zip"));
}

#[test]
fn signatures_are_strict() {
    let features = tree("walwarden-core", &["--format", "{p} {f}"]);
    let dalek = features.lines().find(|line| line.starts_with("ed25519-dalek ")).expect("core uses ed25519-dalek");
    assert!(!dalek.contains("legacy_compatibility"), "{dalek}");
    assert!(dalek.contains("alloc"), "features were not printed: {dalek}");
}
