//! Checkpoints and heads.

use walwarden_core::checkpoint::Note;
use walwarden_verify::trust::parse_head;

/// Reads the bytes as a note, and as a head that a reader holds.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    _ = parse_head(text);
    if let Ok(note) = Note::parse(text) {
        assert_eq!(note.to_text(), text, "a note has one spelling");
        assert!(!note.signatures.is_empty(), "a note is signed");
        assert!(note.verify(&[]).is_err(), "nobody's keys sign nothing");
    }
}
