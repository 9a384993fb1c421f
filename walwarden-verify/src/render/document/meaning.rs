//! What the report is, and what it is not; what its signs mean.

use walwarden_core::rules::Basis;

use super::{
    Block, Fact, Mark, Row, Section, Sign, Table, Text, Tone,
    words::{self, MEANING, POINTS},
};

/// What the report is, and what it is not.
pub(super) fn section() -> Section {
    let bases = [Basis::B1, Basis::B2, Basis::B3, Basis::B4, Basis::B5].map(Basis::print);
    Section::new(
        "meaning",
        "What this is, and what it is not",
        vec![
            Block::plain(MEANING),
            Block::List(POINTS.iter().map(Text::plain).collect()),
            Block::heading("Results of checks"),
            legend(
                "What the result of a check means",
                &[
                    (Sign::Disc, Tone::Good, "passed", "It holds; the evidence says what was hashed or compared."),
                    (
                        Sign::Cross,
                        Tone::Bad,
                        "failed",
                        "It does not hold. What it reads as describes the bytes, not a person.",
                    ),
                    (
                        Sign::Dash,
                        Tone::Quiet,
                        "not run",
                        "It could not be asked; the reason stands beside it. This is not a pass.",
                    ),
                    (
                        Sign::Diamond,
                        Tone::Warn,
                        "accepted by the reader",
                        "The reader chose to go on without it. This is not a pass.",
                    ),
                ],
            ),
            Block::heading("Statuses of rules"),
            legend(
                "What the status of a rule means",
                &[
                    (
                        Sign::Square,
                        Tone::Bad,
                        "integrity failure",
                        "A record that the rule needs fails a check; the rule is not evaluated.",
                    ),
                    (
                        Sign::Cross,
                        Tone::Bad,
                        "exception k/N",
                        "The population is complete, and k of its N items deviate.",
                    ),
                    (Sign::Ring, Tone::Warn, "not evidenced", "The rule applies, and needed evidence is missing."),
                    (
                        Sign::Dash,
                        Tone::Quiet,
                        "not tested",
                        "It could not be evaluated here; the reason stands beside it.",
                    ),
                    (
                        Sign::Disc,
                        Tone::Good,
                        "supported N/N",
                        "The population is complete and not empty, and every item conforms.",
                    ),
                    (Sign::Empty, Tone::Quiet, "not occurred", "What would trigger the rule is recorded as zero."),
                    (Sign::Outside, Tone::Quiet, "not applicable", "Excluded by the policy, or outside the tool."),
                ],
            ),
            Block::heading("On what a statement rests"),
            Block::Facts(bases.into_iter().map(|(id, means)| Fact::new(id, Text::plain(means))).collect()),
            Block::plain("Every time in this report is self-asserted by the organisation, unless it says otherwise."),
        ],
    )
}

fn legend(caption: &'static str, marks: &[(Sign, Tone, &str, &str)]) -> Block {
    let rows = marks.iter().map(|(sign, tone, words, means)| {
        Row::new(vec![Mark::new(*sign, *tone, words).into(), Text::plain(means).into()])
    });
    Block::Table(Table {
        caption,
        columns: vec![words::fit("Result"), words::fill("Meaning", 1)],
        rows: rows.collect(),
    })
}
