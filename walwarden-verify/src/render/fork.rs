//! A fork-evidence file in words (`spec:comparison-3`).

use walwarden_core::{
    Digest,
    checkpoint::Note,
    fork::{Fork, ForkError, SAYS, Shows, SignedHead},
};

use super::{
    document::{Block, Fact, Mark, Sign, Text, Tone},
    text::{self, Lines},
};

/// Writes what came of a file with these bytes, for a terminal.
#[must_use]
pub fn fork(judged: &Result<Fork, ForkError>, bytes: &[u8], colour: bool) -> String {
    let (mark, mut blocks) = match judged {
        Ok(fork) => (Mark::new(Sign::Disc, Tone::Good, "The fork is shown"), shown(fork)),
        Err(error) => {
            let why = Block::Paragraph(Text::value(&format!("{error}.")));
            let says = "Whether the chain was forked is another question: a file that does not stand shows nothing.";
            (Mark::new(Sign::Cross, Tone::Bad, "No fork is shown"), vec![why, Block::plain(says)])
        }
    };
    blocks.push(Block::Facts(vec![Fact::new("Evidence file", Text::digest(&Digest::of(bytes)))]));
    text::lines(&Lines { title: "Evidence of a fork".into(), mark: Some(mark), blocks }, colour)
}

fn shown(fork: &Fork) -> Vec<Block> {
    let evidence = fork.evidence();
    let mut facts = vec![Fact::new("Origin", Text::code(evidence.origin.as_str()))];
    match &evidence.shows {
        Shows::Heads(heads) => {
            let head = |signed: &SignedHead| match Note::parse(&signed.note) {
                Ok(note) => Text::plain(format!("{} lines, root ", note.head.tree.size))
                    .join(Text::digest(&note.head.tree.root)),
                Err(error) => Text::value(&error.to_string()),
            };
            facts.extend([
                Fact::new("Genesis", Text::digest(&heads.genesis)),
                Fact::new("Smaller head", head(&heads.smaller)),
                Fact::new("Larger head", head(&heads.larger)),
                Fact::new("Its first lines", Text::plain("root ").join(Text::digest(&heads.root))),
            ]);
        }
        Shows::Registries(registries) => {
            let version = format!("both root-signed, first different in version {}", registries.version);
            facts.push(Fact::new("Registries", Text::plain(version)));
        }
    }
    vec![Block::plain(SAYS), Block::Facts(facts)]
}
