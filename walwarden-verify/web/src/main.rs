//! Writes `verify.html` from files: see `.ci/proof`.

use std::{env, fs, process::ExitCode};

use walwarden_page::{Parts, assemble, without_profile};

const USAGE: &str = "walwarden-page lean LINKED.wasm MODULE.wasm
      walwarden-page MODULE.wasm REPORT.html DEMO.zip HANDOVER.json WITNESSES ROOTS.pem AS-OF KEPT.zip REMADE.zip HANDOVER.json OUT.html";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let written = match arguments.as_slice() {
        [what, linked, out] if what == "lean" => lean(linked, out),
        arguments => write(arguments),
    };
    match written {
        Ok((out, bytes)) => {
            eprintln!("wrote {out}, {bytes} bytes");
            ExitCode::SUCCESS
        }
        Err(what) => {
            eprintln!("error: {what}\nhint: {USAGE}");
            ExitCode::from(2)
        }
    }
}

fn lean<'a>(linked: &str, out: &'a str) -> Result<(&'a str, usize), String> {
    let module = without_profile(read(linked)?).ok_or_else(|| {
        format!("{linked} carries not exactly one colour profile: see walwarden-verify/web/src/lean.rs")
    })?;
    save(out, &module)
}

fn read(path: &str) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("cannot read {path}: {error}"))
}

fn save<'a>(out: &'a str, bytes: &[u8]) -> Result<(&'a str, usize), String> {
    fs::write(out, bytes).map_err(|error| format!("cannot write {out}: {error}"))?;
    Ok((out, bytes.len()))
}

fn write(arguments: &[String]) -> Result<(&str, usize), String> {
    let [module, report, demo, handover, witnesses, tsa_roots, as_of, kept, remade, told_handover, out] = arguments
    else {
        return Err("eleven arguments are needed".into());
    };
    let text = |path: &String| fs::read_to_string(path).map_err(|error| format!("cannot read {path}: {error}"));
    let (kept, remade) = (read(kept)?, read(remade)?);
    let page = assemble(&Parts {
        module: &read(module)?,
        report: &text(report)?,
        demo: &read(demo)?,
        handover: &text(handover)?,
        witnesses: &text(witnesses)?,
        tsa_roots: &text(tsa_roots)?,
        as_of: as_of.parse().map_err(|_| format!("{as_of} is no time"))?,
        told: [&kept, &remade],
        told_handover: &text(told_handover)?,
    });
    let page = page.map_err(|error| error.to_string())?;
    save(out, page.as_bytes())
}
