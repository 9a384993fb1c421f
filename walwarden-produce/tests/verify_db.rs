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
        (rowkey.with_file_name("ranges.ndjson"), "ranges.ndjson"),
        (rowkey, "rowkey"),
    ] {
        fs::copy(from, files.join(to)).unwrap();
    }
    let by_files = |manifest: &str| {
        let mut command = vault.command();
        command.current_dir(&files).args(["verify-db", manifest, "--db", &db, "--registry", "registry.ndjson"]);
        command.args(["--trust", "handover.json", "--row-key", "rowkey", "--ranges", "ranges.ndjson"]);
        command.output().unwrap()
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
        assert!(text.contains("  range   (id) from ('65') before ('129'): at most 64 rows of the backup"), "{text}");
        assert!(!text.contains("public.log"), "{text}");
    }
}

/// The lines that tell where the rows differ.
fn told(vault: &Vault, db: &str) -> Vec<String> {
    let output = vault.run(&["verify-db", "shop", "--db", db]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    stdout(&output).lines().filter_map(|line| Some(line.strip_prefix("  range   ")?.to_owned())).collect()
}

#[test]
fn one_row_in_a_hundred_thousand_is_narrowed_to_a_few() {
    let server = Server::start(100_000);
    let db = server.conninfo();
    let text_key = "CREATE TABLE public.named (a text, b date, v int, PRIMARY KEY (b, a)); \
        INSERT INTO public.named SELECT chr(64 + n % 26), '2026-01-01'::date + n / 26, n FROM generate_series(0, 999) n";
    server.sql("shop", text_key);
    let vault = Vault::init(&db);
    assert_success(&vault.run(&["backup"]));
    assert_success(&vault.run(&["verify-db", "shop", "--db", &db]));
    let changed = |statements: &str, undo: &str, expected: &[&str]| {
        server.sql("shop", statements);
        assert_eq!(told(&vault, &db), expected, "{statements}");
        server.sql("shop", undo);
        assert_success(&vault.run(&["verify-db", "shop", "--db", &db]));
    };
    changed(
        "UPDATE public.item SET name = name || 'x' WHERE id = 77777",
        "UPDATE public.item SET name = left(name, -1) WHERE id = 77777",
        &["(id) from ('77761') before ('77825'): at most 64 rows of the backup"],
    );
    // Inserted before all and after all, and removed with the row that began a range.
    changed(
        "INSERT INTO public.item VALUES (0, '', 0), (100001, '', 0)",
        "DELETE FROM public.item WHERE id IN (0, 100001)",
        &["(id) before ('1'): at most 0 rows of the backup", "(id) from ('99969'): at most 64 rows of the backup"],
    );
    changed(
        "CREATE TABLE public.aside AS SELECT * FROM public.item WHERE id IN (129, 130); \
         DELETE FROM public.item WHERE id IN (129, 130)",
        "INSERT INTO public.item SELECT * FROM public.aside; DROP TABLE public.aside",
        &["(id) from ('65') before ('193'): at most 128 rows of the backup"],
    );
    changed(
        "UPDATE public.named SET v = -v WHERE a = 'B' AND b = '2026-01-20'",
        "UPDATE public.named SET v = -v WHERE a = 'B' AND b = '2026-01-20'",
        &["(b, a) from ('2026-01-18', 'F') before ('2026-01-20', 'R'): at most 64 rows of the backup"],
    );
}

#[test]
fn ranges_that_do_not_make_the_attested_root_narrow_nothing() {
    let server = Server::start(200);
    let vault = Vault::init(&server.conninfo());
    assert_success(&vault.run(&["backup"]));
    server.sql("shop", "UPDATE public.item SET price = 0 WHERE id = 77");
    assert_eq!(told(&vault, &server.conninfo()).len(), 1);
    let file = vault.objects().into_iter().find(|path| path.ends_with("ranges.ndjson")).unwrap();
    let text = fs::read_to_string(&file).unwrap();
    let at = text.find("\"roots\":[\"").unwrap() + 10;
    let other = if text.as_bytes()[at] == b'0' { "1" } else { "0" };
    fs::write(&file, [&text[..at], other, &text[at + 1..]].concat()).unwrap();
    assert!(told(&vault, &server.conninfo()).is_empty());
    fs::write(&file, "no ranges\n").unwrap();
    assert!(told(&vault, &server.conninfo()).is_empty());
}
