//! The proof site: whole, self-contained, and its commands do what they say.

mod support;
#[path = "support/world.rs"]
mod world;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;
use support::{assert_success, assert_two_lines, stderr, stdout, walk};
use walwarden_core::{Digest, handover::Handover};
use world::{deviations, verifier};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/golden").join(name)
}

/// The site of a golden bundle, in a folder. What a browser makes of `verify.html` is asked elsewhere.
fn site(folder: &Path, bundle: &Path) -> Output {
    for name in ["verify.html", "verify.mjs"] {
        fs::write(folder.join(name), format!("{name} stands here\n")).unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_walwarden"));
    command.current_dir(folder).arg("proof").arg(bundle).arg("--trust").arg(golden("quarter.json"));
    command.args([
        "--page",
        "verify.html",
        "--second",
        "verify.mjs",
        "--as-of",
        "2026-10-15T12:00:00Z",
        "--out",
        "site",
    ]);
    command.arg("--spec").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec")).output().unwrap()
}

#[test]
fn everything_that_is_linked_is_there_and_nothing_is_loaded_from_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    assert_success(&site(folder.path(), &golden("quarter.zip")));
    let site = folder.path().join("site");
    let index = fs::read_to_string(site.join("index.html")).unwrap();
    let bytes = fs::read(golden("quarter.zip")).unwrap();
    assert!(index.contains(&Digest::of(&bytes).to_string()) && index.contains("Verified, with exceptions"), "{index}");
    assert!(!index.contains("does not exist"), "only the demonstration says that its organisation does not");
    assert_eq!(fs::read(site.join("quarter.zip")).unwrap(), bytes);
    let mut pages = Vec::new();
    walk(&site, &mut pages);
    let pages: Vec<PathBuf> = pages
        .into_iter()
        .filter(|page| page.ends_with("index.html") || page.parent().unwrap().ends_with("spec"))
        .collect();
    assert!(pages.len() > 17, "{pages:?}");
    for page in pages {
        let html = fs::read_to_string(&page).unwrap();
        assert!(html.contains("default-src 'none'"), "{}", page.display());
        assert!(!html.contains("<script") && !html.contains(" src="), "{}", page.display());
        for link in html.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            if file.contains("://") || link.starts_with("data:") {
                continue;
            }
            let target = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let text = fs::read(&target).unwrap_or_else(|error| panic!("{} -> {link}: {error}", page.display()));
            let text = String::from_utf8_lossy(&text);
            assert!(anchor.is_empty() || text.contains(&format!("id=\"{anchor}\"")), "{} -> {link}", page.display());
        }
    }
    assert_two_lines(&self::site(folder.path(), &golden("quarter.zip")), 2, "site");
}

#[test]
fn the_demonstration_has_exactly_what_went_wrong_in_it() {
    let Some(verifier) = verifier() else { return };
    let folder = tempfile::tempdir().unwrap();
    let proof = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/proof");
    let json = folder.path().join("report.json");
    let mut command = Command::new(verifier);
    command.arg(proof.join("acme-2026-Q3.zip")).arg("--trust").arg(proof.join("handover.json"));
    command.args(["--as-of", "2026-10-05T08:00:00Z", "--quiet", "--json"]).arg(&json);
    command.arg("--witness").arg(proof.join("witness.txt"));
    for root in ["ec-root.pem", "ec-authority.pem"] {
        command.arg("--tsa-root").arg(proof.join(root));
    }
    assert_eq!(command.status().unwrap().code(), Some(4));
    let report: Value = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    assert!(report["claims"]["organisation"].as_str().unwrap().contains("demonstration"));
    let found = deviations(&report);
    let expected = ["WW-BK-01/shop/2026-07-14T", "WW-BK-02/shop/2026-07-13T", "WW-RT-02/shop/2026-07-31T"];
    let as_planted =
        found.len() == expected.len() && found.iter().zip(expected).all(|(id, start)| id.starts_with(start));
    assert!(as_planted, "{found:?}");
    let counts = report["checks"].as_array().unwrap().iter().filter(|check| check["outcome"] == "pass").count();
    for id in ["chain.witnessed", "time.timestamps", "keys.last-head"] {
        let check = report["checks"].as_array().unwrap().iter().find(|check| check["id"] == id).unwrap();
        assert_eq!(check["outcome"], "pass", "{check:#}");
    }
    assert_eq!((report["counts"]["failed"].as_u64(), counts > 25), (Some(0), true), "{:#}", report["checks"]);
}

#[test]
fn a_rejected_bundle_gets_no_site() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.zip");
    let mut bytes = fs::read(golden("quarter.zip")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&broken, bytes).unwrap();
    assert_two_lines(&site(folder.path(), &broken), 2, "rejects the bundle");
    assert!(!folder.path().join("site").exists());
}

#[test]
fn what_is_done_by_hand_accepts_the_bundle_and_no_changed_one() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/proof_site/by-hand.sh");
    let root = Handover::parse(&fs::read(golden("minimal.json")).unwrap()).unwrap().roots[0].to_string();
    let run = |bundle: &Path, root: &str| Command::new("sh").arg(&script).arg(bundle).arg(root).output().unwrap();
    if Command::new("unzip").arg("-v").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "unzip is missing: .ci/setup test");
        println!("SKIPPED: the bundle checked by hand, unzip is not here");
        return;
    }
    let good = run(&golden("minimal.zip"), &root);
    assert_success(&good);
    assert_eq!(stdout(&good).matches("Signature Verified Successfully").count(), 3, "{}", stdout(&good));
    let other = run(&golden("minimal.zip"), &"0".repeat(64));
    assert!(!other.status.success() && stderr(&other).contains("another root"), "{}", stderr(&other));
    // A byte of a line of the chain: the zip is made to fit, as a careful thief would.
    let folder = tempfile::tempdir().unwrap();
    let thief = "import sys, zipfile\n\
        old, new = zipfile.ZipFile(sys.argv[1]), zipfile.ZipFile(sys.argv[2], 'w')\n\
        for name in old.namelist():\n    data = old.read(name)\n\
        \x20   new.writestr(name, data.replace(b'\"seq\":2', b'\"seq\":3') if name == 'chain/entries.ndjson' else data)\n\
        new.close()\n";
    let changed = folder.path().join("changed.zip");
    let mut python = Command::new("python3");
    assert_success(&python.args(["-c", thief]).arg(golden("minimal.zip")).arg(&changed).output().unwrap());
    let caught = run(&changed, &root);
    assert!(!caught.status.success() && stderr(&caught).contains("chain/entries.ndjson"), "{}", stderr(&caught));
}
