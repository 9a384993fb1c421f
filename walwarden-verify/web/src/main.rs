//! Writes `verify.html` from files: see `.ci/proof`.

use std::{env, fs, path::Path, process::ExitCode};

use walwarden_page::{Parts, assemble};

const USAGE: &str = "walwarden-page MODULE.wasm REPORT.html DEMO.zip HANDOVER.json WITNESSES ROOTS.pem AS-OF KEPT.zip REMADE.zip HANDOVER.json OUT.html";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match write(&arguments) {
        Ok(bytes) => {
            eprintln!("wrote {}, {bytes} bytes", arguments[10]);
            ExitCode::SUCCESS
        }
        Err(what) => {
            eprintln!("error: {what}\nhint: {USAGE}");
            ExitCode::from(2)
        }
    }
}

fn write(arguments: &[String]) -> Result<usize, String> {
    let [module, report, demo, handover, witnesses, tsa_roots, as_of, kept, remade, told_handover, out] = arguments
    else {
        return Err("eleven arguments are needed".into());
    };
    let bytes = |path: &String| fs::read(Path::new(path)).map_err(|error| format!("cannot read {path}: {error}"));
    let text = |path: &String| fs::read_to_string(path).map_err(|error| format!("cannot read {path}: {error}"));
    let (kept, remade) = (bytes(kept)?, bytes(remade)?);
    let page = assemble(&Parts {
        module: &bytes(module)?,
        report: &text(report)?,
        demo: &bytes(demo)?,
        handover: &text(handover)?,
        witnesses: &text(witnesses)?,
        tsa_roots: &text(tsa_roots)?,
        as_of: as_of.parse().map_err(|_| format!("{as_of} is no time"))?,
        told: [&kept, &remade],
        told_handover: &text(told_handover)?,
    });
    let page = page.map_err(|error| error.to_string())?;
    fs::write(out, &page).map_err(|error| format!("cannot write {out}: {error}"))?;
    Ok(page.len())
}
