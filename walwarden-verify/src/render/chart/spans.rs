//! From when to when keys were in force.

use walwarden_core::{Period, Time};

use super::{Figure, Paint, Panel, Place, WIDTH, axis::TimeAxis, many};
use crate::render::document::{Mark, Sign, Text, Tone, words};

const LEFT: f32 = 168.0;
const ROW: f32 = 15.0;
const ROWS: usize = 40;

/// A key while it was in force.
#[derive(Debug, Clone)]
pub(in crate::render) struct Validity {
    /// What it is: its uses and the beginning of its id.
    pub(in crate::render) name: String,
    /// From the entry that brought it; `None`: before anything recorded.
    pub(in crate::render) from: Option<Time>,
    /// To the entry that ended it.
    pub(in crate::render) to: Option<Time>,
    /// Its state.
    pub(in crate::render) mark: Mark,
}

/// A row for each key, over the time that the record spans.
pub(in crate::render) fn spans(span: Option<Period>, keys: &[Validity]) -> Figure {
    let never = Period { start: Time::LAST, end: Time::LAST };
    let span = span.unwrap_or(never);
    let drawn = keys.get(..ROWS.min(keys.len())).unwrap_or(keys);
    let height = ROW * many(drawn.len().max(1));
    let mut panel = Panel::new(height + 22.0);
    let axis = TimeAxis::new(span, LEFT, WIDTH - LEFT - 62.0);
    axis.draw(&mut panel, 2.0, 2.0 + height);
    panel.frame((LEFT, 2.0), (WIDTH - LEFT - 62.0, height), drawn.is_empty().then_some("no key is established"));
    let mut top = 2.0;
    for key in drawn {
        let middle = top + ROW / 2.0;
        panel.words((0.0, middle + 2.6), Place::Start, key.name.clone(), Paint::Ink);
        let from = axis.x(key.from.unwrap_or(span.start));
        let to = axis.x(key.to.unwrap_or(span.end));
        panel.rect((from, middle - 3.0), ((to - from).max(1.5), 6.0), Paint::from(key.mark.tone));
        panel.sign(key.mark.sign, (WIDTH - 54.0, middle), 2.8, key.mark.tone);
        panel.words((WIDTH - 47.0, middle + 2.6), Place::Start, key.mark.words.clone(), Paint::Ink);
        top += ROW;
    }
    let ended = keys.iter().filter(|key| key.to.is_some()).count();
    Figure {
        anchor: "figure-keys".into(),
        title: Text::plain("Keys, from the entry that brought each to the one that ended it"),
        description: format!("{}, {ended} of them ended.", words::count(keys.len(), "key", "keys")),
        legend: vec![
            Mark::new(Sign::Disc, Tone::Good, "active, or a pinned root"),
            Mark::new(Sign::Dash, Tone::Quiet, "retired"),
            Mark::new(Sign::Cross, Tone::Bad, "revoked"),
        ],
        panels: vec![panel],
    }
}
