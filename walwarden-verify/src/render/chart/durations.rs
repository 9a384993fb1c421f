//! How long restores took, against what was promised.

use super::{Figure, Paint, Panel, Place, WIDTH, axis::ticks, many, share};
use crate::render::document::{Mark, Sign, Text, Tone, words};

const LEFT: f32 = 168.0;
/// Room for the figures at the right.
const RIGHT: f32 = 92.0;
const ROW: f32 = 15.0;
/// More tests than this are left to the table.
const ROWS: usize = 40;

/// A restore test.
#[derive(Debug, Clone)]
pub(in crate::render) struct Bar {
    /// The database.
    pub(in crate::render) database: String,
    /// When it began, in words.
    pub(in crate::render) when: String,
    /// Seconds; `None` of a test that did not pass, which has no duration.
    pub(in crate::render) seconds: Option<i64>,
    /// Promised seconds.
    pub(in crate::render) rto_s: Option<i64>,
    /// How it ended.
    pub(in crate::render) mark: Mark,
}

/// A row for each test, in order; the bar is its duration, the line across it what was promised.
pub(in crate::render) fn durations(bars: &[Bar]) -> Figure {
    let drawn = bars.get(..ROWS.min(bars.len())).unwrap_or(bars);
    let longest = drawn.iter().flat_map(|bar| [bar.seconds, bar.rto_s]).flatten().max().unwrap_or(0);
    let longest = longest.saturating_add(longest / 20).max(60);
    let height = ROW * many(drawn.len().max(1));
    let mut panel = Panel::new(height + 22.0);
    let width = WIDTH - LEFT - RIGHT;
    panel.frame((LEFT, 2.0), (width, height), drawn.is_empty().then_some("no restore test is recorded"));
    let mut top = 2.0;
    for bar in drawn {
        row(&mut panel, bar, top, width, longest);
        top += ROW;
    }
    for at in ticks(longest).into_iter().filter(|_| !drawn.is_empty()) {
        let place = if at == 0 { Place::Start } else { Place::Middle };
        panel.words((LEFT + width * share(at, longest), top + 10.0), place, words::about(at), Paint::Muted);
    }
    let over = bars.iter().filter(|bar| matches!((bar.seconds, bar.rto_s), (Some(took), Some(rto)) if took > rto));
    let unpassed = bars.iter().filter(|bar| bar.seconds.is_none()).count();
    let mut description = format!(
        "{}, {} longer than promised, {unpassed} without a duration because they did not pass.",
        words::count(bars.len(), "restore test", "restore tests"),
        over.count(),
    );
    if bars.len() > ROWS {
        description.push_str(&format!(" The first {ROWS} are drawn."));
    }
    Figure {
        anchor: "figure-durations".into(),
        title: Text::plain("Duration of restore tests against the recovery time promised (RTO)"),
        description,
        legend: vec![
            Mark::new(Sign::Disc, Tone::Good, "within the RTO"),
            Mark::new(Sign::Triangle, Tone::Bad, "longer than the RTO"),
            Mark::new(Sign::Cross, Tone::Bad, "failed: no duration"),
        ],
        panels: vec![panel],
    }
}

fn row(panel: &mut Panel, bar: &Bar, top: f32, width: f32, longest: i64) {
    let middle = top + ROW / 2.0;
    panel.name((0.0, middle + 2.6), &bar.database);
    panel.words((LEFT - 6.0, middle + 2.6), Place::End, bar.when.clone(), Paint::Muted);
    let promised = bar.rto_s.map(|rto| LEFT + width * share(rto, longest));
    match bar.seconds {
        Some(seconds) => {
            let late = bar.rto_s.is_some_and(|rto| seconds > rto);
            let (sign, tone) = if late { (Sign::Triangle, Tone::Bad) } else { (Sign::Disc, Tone::Good) };
            panel.rect((LEFT, middle - 3.5), ((width * share(seconds, longest)).max(1.0), 7.0), Paint::from(tone));
            panel.sign(sign, (WIDTH - RIGHT + 9.0, middle), 2.8, tone);
            panel.words((WIDTH - RIGHT + 16.0, middle + 2.6), Place::Start, words::about(seconds), Paint::Ink);
        }
        None => {
            panel.sign(bar.mark.sign, (LEFT + 7.0, middle), 3.2, bar.mark.tone);
            panel.words((LEFT + 15.0, middle + 2.6), Place::Start, bar.mark.words.clone(), Paint::from(bar.mark.tone));
        }
    }
    if let (Some(x), Some(rto)) = (promised, bar.rto_s) {
        panel.line(&[(x, top + 1.5), (x, top + ROW - 1.5)], Paint::Ink, 1.2);
        let words = format!("of {}", words::about(rto));
        panel.words((WIDTH, middle + 2.6), Place::End, words, Paint::Muted);
    }
}
