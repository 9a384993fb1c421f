//! A database against a backup's statement: from a vault, and from files alone.

mod support;

use std::fs;

use support::{Server, Vault, assert_success, assert_two_lines, stderr, stdout};

#[test]
fn equal_until_a_row_changes() {
    let server = Server::start(500);
    let vault = Vault::init(&server.conninfo());
    assert_success(&vault.run(&["backup"]));
    let db = server.conninfo();
    let output = vault.run(&["verify-db", "shop", "--db", &db]);
    assert_success(&output);
    assert!(stdout(&output).contains("equal     yes") && stdout(&output).contains("501 of 501"), "{}", stdout(&output));

    // As an auditor: the statement, the registry, the pins and the row key, in files, and no vault.
    let files = vault.dir.path().join("auditor");
    fs::create_dir(&files).unwrap();
    let rowkey = vault.objects().into_iter().find(|path| path.ends_with("rowkey")).unwrap();
    for (from, to) in [
        (vault.path().join("statements/backup.ndjson"), "manifest.json"),
        (vault.path().join("keys/registry.ndjson"), "registry.ndjson"),
        (vault.path().join("handover.json"), "handover.json"),
        (rowkey, "rowkey"),
    ] {
        fs::copy(from, files.join(to)).unwrap();
    }
    let by_files = |manifest: &str| {
        let mut command = vault.command();
        command.current_dir(&files).args(["verify-db", manifest, "--db", &db, "--registry", "registry.ndjson"]);
        command.args(["--trust", "handover.json", "--row-key", "rowkey"]).output().unwrap()
    };
    assert_success(&by_files("manifest.json"));
    let text = fs::read_to_string(files.join("manifest.json")).unwrap();
    let at = text.find("\"payload\":\"").unwrap() + 200;
    let mut altered = text.into_bytes();
    altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
    fs::write(files.join("altered.json"), altered).unwrap();
    assert_two_lines(&by_files("altered.json"), 2, "cannot be relied on");

    server.sql("shop", "UPDATE public.item SET price = price + 0.01 WHERE id = 77");
    for output in [vault.run(&["verify-db", "shop", "--db", &db]), by_files("manifest.json")] {
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        let text = stdout(&output);
        assert!(text.contains("differs   public.item") && text.contains("tables    1 of 2"), "{text}");
        assert!(!text.contains("public.log"), "{text}");
    }
}
