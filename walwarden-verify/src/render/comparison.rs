//! A [`Comparison`] in words and for machines (`spec/14-comparison.md`).

mod json;

use std::io::{self, Write};

use walwarden_core::{fork, merkle::TreeHead};

use super::{
    document::{self, Block, Fact, Text, words},
    text::{self, Lines},
};
use crate::compare::{Comparison, Periods, SideShown};

/// How a comparison is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ComparisonFormat {
    /// For a terminal, 100 columns wide.
    Text {
        /// Whether to add colour, which never carries meaning alone.
        colour: bool,
    },
    /// `comparison.json`, version `v1-draft`.
    Json,
}

/// Writes a comparison. The same comparison gives the same bytes.
///
/// # Errors
/// `out` is at fault; a renderer that cannot do its work reports that as [`io::ErrorKind::Other`].
pub fn comparison(comparison: &Comparison, format: ComparisonFormat, out: &mut dyn Write) -> io::Result<()> {
    let rendered = match format {
        ComparisonFormat::Text { colour } => text::lines(&lines(comparison), colour),
        ComparisonFormat::Json => json::render(comparison).map_err(io::Error::other)?,
    };
    out.write_all(rendered.as_bytes())
}

fn lines(comparison: &Comparison) -> Lines {
    let mut blocks = vec![Block::Paragraph(Text::value(&comparison.why))];
    blocks.extend(comparison.periods.map(|periods| Block::plain(joined(periods))));
    if !comparison.pinned {
        blocks.push(Block::plain(
            "No root key was pinned: the signers are not established, and no fork can be shown (--trust or --root).",
        ));
    }
    if comparison.fork.is_some() {
        blocks.push(Block::plain(fork::SAYS));
    }
    for (which, side) in [("The first", &comparison.old), ("The second", &comparison.new)] {
        blocks.extend(self::side(which, side));
    }
    let mark = words::verdict(comparison.verdict());
    let what = "Compared with each other only: whether either is what your policy promises, and whether a third \
                history exists, is not asked here.";
    blocks.extend([Block::heading("What this comes to"), Block::plain(format!("{}. {what}", mark.words))]);
    Lines { title: "Comparison of two histories".into(), mark: Some(words::relation(comparison.relation)), blocks }
}

/// How two periods lie to each other, in a sentence.
pub(super) fn joined(periods: Periods) -> String {
    match periods {
        Periods::Join => "The periods join without gap.".into(),
        Periods::Same => "Both are bundles of one period.".into(),
        Periods::Gap(gap) => {
            format!("Neither bundle covers {} to {} UTC.", words::time(gap.start), words::time(gap.end))
        }
        Periods::Overlap(both) => {
            format!("Both bundles cover {} to {} UTC.", words::time(both.start), words::time(both.end))
        }
    }
}

fn side(which: &str, side: &SideShown) -> Vec<Block> {
    let kind = match side.kind {
        "bundle" => "bundle",
        "checkpoint" => "checkpoint",
        _ => "line `origin size root`, without a signature",
    };
    let mut facts = vec![Fact::new("File", Text::record(&side.name).and(format!(", {kind}")))];
    facts.extend(side.bundle_digest.as_ref().map(|digest| Fact::new("Bundle digest", Text::digest(digest))));
    facts.push(match &side.head {
        Some(head) => {
            let TreeHead { size, root } = &head.tree;
            let size =
                Text::code(head.origin.to_string()).and(format!(", {size} lines, root ")).join(Text::digest(root));
            Fact::new("Head", size)
        }
        None => Fact::new("Head", Text::plain("not established")),
    });
    facts.extend(side.genesis.as_ref().map(|genesis| Fact::new("Genesis", Text::digest(genesis))));
    facts.extend(side.period.map(|period| {
        let words = format!("{} to {} UTC, end not included", words::time(period.start), words::time(period.end));
        Fact::new("Period", Text::plain(words))
    }));
    if !side.not_run.is_empty() {
        facts.push(Fact::new("Not run", Text::code(side.not_run.join(", ")).and(": required")));
    }
    let mut blocks = vec![Block::heading(which), Block::Facts(facts)];
    blocks.extend(side.failed.iter().map(|(id, finding)| Block::Card(document::finding(id, finding))));
    blocks
}
