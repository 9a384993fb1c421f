//! The units of `deploy/` are such as systemd takes.

use std::{fs, path::Path, process::Command};

#[test]
fn systemd_takes_the_units() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        // A container without systemd cannot have it.
        println!("SKIPPED: the units of deploy/, systemd-analyze is not here");
        return;
    }
    let units = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/systemd");
    let folder = tempfile::tempdir().unwrap();
    let verified = |service: &str| {
        // The program is not installed here: the one that was built stands in for it.
        fs::write(folder.path().join("walwarden.service"), service).unwrap();
        fs::copy(units.join("walwarden.timer"), folder.path().join("walwarden.timer")).unwrap();
        let mut analyze = Command::new("systemd-analyze");
        analyze.args(["verify", "--man=no"]).arg(folder.path().join("walwarden.service"));
        let output = analyze.arg(folder.path().join("walwarden.timer")).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success() && !said.contains("walwarden."), said)
    };
    let service = fs::read_to_string(units.join("walwarden.service")).unwrap();
    let service = service.replace("/usr/bin/walwarden", env!("CARGO_BIN_EXE_walwarden"));
    let (good, said) = verified(&service);
    assert!(good, "{said}");
    let signer = fs::read_to_string(units.join("walwarden-signer.service")).unwrap();
    // It stands in for the other one here, before which it would be.
    let signer = signer.replace("Before=walwarden.service\n", "");
    let (good, said) = verified(&signer.replace("/usr/bin/walwarden", env!("CARGO_BIN_EXE_walwarden")));
    assert!(good, "{said}");
    let (good, _) = verified(&service.replace("Type=oneshot", "Type=sometimes"));
    assert!(!good, "what systemd does not take is found");
}
