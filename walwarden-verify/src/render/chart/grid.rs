//! Signs by name and month.

use super::{Figure, Paint, Panel, Place, WIDTH, axis::month_name, many};
use crate::render::document::{Mark, Sign, Text, Tone};

const LEFT: f32 = 150.0;
const ROW: f32 = 14.0;
const ROWS: usize = 40;
const MONTHS: usize = 12;

/// A row: a name, and what stands in each month.
#[derive(Debug, Clone)]
pub(in crate::render) struct GridRow {
    /// The name.
    pub(in crate::render) name: String,
    /// One for each month; `None`: not due.
    pub(in crate::render) cells: Vec<Option<Mark>>,
}

/// What was done in which month. A month in which nothing was due has a dot.
pub(in crate::render) fn grid(
    anchor: &str,
    title: &str,
    description: String,
    months: &[String],
    rows: &[GridRow],
    empty: &str,
) -> Figure {
    let mut panels = Vec::new();
    let first = months.len().saturating_sub(MONTHS);
    let drawn = months.get(first..).unwrap_or(months);
    let pages: Vec<&[GridRow]> = if rows.is_empty() { vec![&[]] } else { rows.chunks(ROWS).collect() };
    for rows in pages {
        let height = ROW * many(rows.len().max(1));
        let mut panel = Panel::new(height + 20.0);
        let cell = (WIDTH - LEFT) / many(drawn.len().max(1));
        let x = |place: usize| LEFT + cell * (many(place) + 0.5);
        for (place, month) in drawn.iter().enumerate() {
            let name = if drawn.len() > 6 { month.clone() } else { month_name(month) };
            panel.words((x(place), 9.0), Place::Middle, name, Paint::Muted);
        }
        panel.frame((LEFT, 14.0), (WIDTH - LEFT, height), rows.is_empty().then_some(empty));
        let mut top = 14.0;
        for (place, row) in rows.iter().enumerate() {
            if place > 0 {
                panel.line(&[(0.0, top), (WIDTH, top)], Paint::Rule, 0.4);
            }
            panel.name((0.0, top + 9.6), &row.name);
            for (place, mark) in row.cells.iter().skip(first).enumerate() {
                match mark {
                    Some(mark) => panel.sign(mark.sign, (x(place), top + ROW / 2.0), 3.4, mark.tone),
                    None => panel.rect((x(place) - 0.8, top + ROW / 2.0 - 0.8), (1.6, 1.6), Paint::Muted),
                }
            }
            top += ROW;
        }
        panels.push(panel);
    }
    let legend = vec![
        Mark::new(Sign::Disc, Tone::Good, "done"),
        Mark::new(Sign::Cross, Tone::Bad, "deviates"),
        Mark::new(Sign::Ring, Tone::Warn, "due and absent"),
    ];
    Figure { anchor: anchor.into(), title: Text::plain(title), description, legend, panels }
}
