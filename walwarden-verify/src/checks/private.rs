//! `keys.no-private-material`: what *parses* as a private key, anywhere in any file. Text that merely looks like one,
//! say in a commit message, does not (`spec:keys-13`).

use super::{Judged, count, fail, pass};
use crate::{facts::Facts, report::ReadsAs};

/// No file holds a private key: raw, in PEM, as JWK, of age or OpenSSH, also inside base64.
pub(super) fn none(facts: &mut Facts<'_>) -> Judged {
    if let Some((name, kind)) = facts.private() {
        let what = format!("a private key is in the bundle ({kind}): whoever has the bundle can sign or decrypt");
        return Err(fail(what, ReadsAs::Insertion, name));
    }
    let files = facts.source.files().filter(|(_, bytes)| bytes.is_some()).count();
    pass(format!(
        "{} searched for PKCS#8, PKCS#1, SEC 1, encrypted PEM, OpenSSH, age and JWK",
        count(files, "file", "files")
    ))
}
