//! Writes the seeds of every target into `seeds/`, which is not committed.

use std::{fs, path::Path};

fn main() -> std::io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    for (target, bytes) in walwarden_fuzz::seeds::all() {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(walwarden_core::Digest::of(&bytes).to_string()), bytes)?;
    }
    Ok(())
}
