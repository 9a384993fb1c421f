//! How much data would have been lost at each instant, under what was promised.

use walwarden_core::{Period, Time};

use super::{
    Figure, Paint, Panel, Place, Shape, WIDTH,
    axis::{TimeAxis, ticks},
    share,
};
use crate::render::document::{Mark, Sign, Text, Tone, words};

const LEFT: f32 = 46.0;
const HEIGHT: f32 = 118.0;
/// Columns in which the curve keeps its least and its greatest value: finer than a page resolves.
const COLUMNS: i64 = 850;
/// Breaches that get a number: more would lie over each other.
const NUMBERED: usize = 30;

/// The exposure of one database.
#[derive(Debug, Clone)]
pub(in crate::render) struct Curve {
    /// The database.
    pub(in crate::render) database: String,
    /// Parts in which exposure is defined: instants with the seconds there, ascending; it grows evenly between two.
    pub(in crate::render) parts: Vec<Vec<(Time, i64)>>,
    /// Spans with what is promised in each, in seconds.
    pub(in crate::render) rpo: Vec<(Period, i64)>,
    /// Spans over the promise, in the order of their numbers.
    pub(in crate::render) breaches: Vec<Period>,
}

/// A panel for each database.
pub(in crate::render) fn exposure(period: Period, curves: &[Curve]) -> Figure {
    let breaches: usize = curves.iter().map(|curve| curve.breaches.len()).sum();
    let mut panels: Vec<Panel> = curves.iter().map(|curve| panel(period, curve)).collect();
    if panels.is_empty() {
        let mut panel = Panel::new(48.0);
        panel.frame((LEFT, 14.0), (WIDTH - LEFT, 28.0), Some("no exposure is defined in the period"));
        panels.push(panel);
    }
    Figure {
        anchor: "figure-exposure".into(),
        title: Text::plain("Exposure: age of the newest available backup, under the recovery point promised (RPO)"),
        description: format!(
            "{}, {} over the promise.",
            words::count(curves.len(), "database", "databases"),
            words::count(breaches, "interval", "intervals")
        ),
        legend: vec![
            Mark::new(Sign::Disc, Tone::Good, "under the RPO"),
            Mark::new(Sign::Square, Tone::Bad, "over the RPO, numbered as in the table"),
            Mark::new(Sign::Dash, Tone::Warn, "the RPO in force"),
        ],
        panels,
    }
}

fn panel(period: Period, curve: &Curve) -> Panel {
    let (top, bottom) = (14.0, 14.0 + HEIGHT);
    let mut panel = Panel::new(bottom + 18.0);
    panel.name((0.0, 8.5), &curve.database);
    let axis = TimeAxis::new(period, LEFT, WIDTH - LEFT);
    let promised = curve.rpo.iter().map(|(_, rpo)| *rpo).max().unwrap_or(0);
    let most = curve.parts.iter().flatten().map(|(_, seconds)| *seconds).max().unwrap_or(0).max(promised);
    let most = most.saturating_add(most / 10).max(60);
    let y = |seconds: i64| bottom - HEIGHT * share(seconds, most);
    axis.draw(&mut panel, top, bottom);
    for seconds in ticks(most) {
        panel.line(&[(LEFT, y(seconds)), (WIDTH, y(seconds))], Paint::Rule, 0.4);
        panel.words((LEFT - 5.0, y(seconds) + 2.6), Place::End, words::about(seconds), Paint::Muted);
    }
    let numbers = curve.breaches.iter().enumerate().map(|(place, span)| (place.saturating_add(1), span));
    for (number, span) in numbers {
        let (from, to) = (axis.x(span.start), axis.x(span.end));
        panel.rect((from, top), ((to - from).max(1.0), HEIGHT), Paint::Tint);
        panel.rect((from, top), ((to - from).max(1.0), 3.0), Paint::Bad);
        if number <= NUMBERED {
            panel.words(((from + to) / 2.0, top - 2.5), Place::Middle, number.to_string(), Paint::Bad);
        }
    }
    for part in &curve.parts {
        let line: Vec<(f32, f32)> =
            thinned(period, part).iter().map(|(at, seconds)| (axis.x(*at), y(*seconds))).collect();
        if let (Some(first), Some(last)) = (line.first(), line.last()) {
            let points = line.iter().copied().chain([(last.0, bottom), (first.0, bottom)]).collect();
            panel.shapes.push(Shape::Area { points, paint: Paint::Soft });
        }
        panel.line(&line, Paint::Navy, 0.8);
    }
    for (span, rpo) in &curve.rpo {
        panel.line(&[(axis.x(span.start), y(*rpo)), (axis.x(span.end), y(*rpo))], Paint::Warn, 1.2);
        let words = format!("RPO {}", words::about(*rpo));
        panel.words((axis.x(span.start) + 3.0, y(*rpo) - 2.5), Place::Start, words, Paint::Warn);
    }
    panel.frame(
        (LEFT, top),
        (WIDTH - LEFT, HEIGHT),
        curve.parts.is_empty().then_some("no backup: exposure is not defined"),
    );
    panel
}

/// The least and the greatest of each column, so that thousands of teeth stay a drawing, and no peak is lost.
fn thinned(period: Period, points: &[(Time, i64)]) -> Vec<(Time, i64)> {
    let few = usize::try_from(COLUMNS).unwrap_or(usize::MAX);
    if points.len() <= few {
        return points.to_vec();
    }
    let width = period.end.micros().saturating_sub(period.start.micros()).checked_div(COLUMNS).unwrap_or(1).max(1);
    let column = |at: Time| at.micros().saturating_sub(period.start.micros()).checked_div(width).unwrap_or_default();
    let mut out = Vec::new();
    for group in points.chunk_by(|(a, _), (b, _)| column(*a) == column(*b)) {
        let least = group.iter().min_by_key(|(_, seconds)| *seconds);
        let greatest = group.iter().max_by_key(|(_, seconds)| *seconds);
        let mut ends: Vec<(Time, i64)> =
            [group.first(), least, greatest, group.last()].into_iter().flatten().copied().collect();
        ends.sort_unstable();
        ends.dedup();
        out.extend(ends);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_micros(seconds * 1_000_000).unwrap()
    }

    #[test]
    fn thinning_keeps_the_peaks() {
        let points: Vec<(Time, i64)> =
            (0..20_000).map(|place| (at(place), if place == 7_777 { 9_999 } else { place % 50 })).collect();
        let thin = thinned(Period { start: at(0), end: at(20_000) }, &points);
        assert!(thin.len() < 4_000, "{}", thin.len());
        assert!(thin.contains(&(at(7_777), 9_999)));
        assert!(thin.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    }
}
