//! Figures: one geometry that the page draws as SVG and the PDF as paths.
//!
//! Lengths are points on a panel [`WIDTH`] wide, y downwards. Every mark of a figure is sign, colour and words; what
//! it shows stands in a table below it as well.

mod axis;
mod calendar;
mod durations;
mod exposure;
mod grid;
mod spans;

use serde::{Serialize, Serializer};

use super::{
    document::{Mark, Sign, Text, Tone},
    escape::visible,
};
pub(super) use axis::{Day, day_of, months};
pub(super) use calendar::{DayState, calendar};
pub(super) use durations::{Bar, durations};
pub(super) use exposure::{Curve, exposure};
pub(super) use grid::{GridRow, grid};
pub(super) use spans::{Validity, spans};

/// Width of every panel: that of the text on an A4 page.
pub(crate) const WIDTH: f32 = 471.0;
/// Size of the words in a figure.
const WORDS: f32 = 7.6;
/// Names longer than this many characters are cut in a figure; they stand whole in its table.
const NAME: usize = 22;

/// A drawing with its words.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    /// For links.
    pub(crate) anchor: String,
    /// What it shows.
    pub(crate) title: Text,
    /// The same for those who cannot see it: what stands out in it.
    pub(crate) description: String,
    /// What its signs mean.
    pub(crate) legend: Vec<Mark>,
    /// Its parts, one below the other; none is torn.
    pub(crate) panels: Vec<Panel>,
}

/// A part of a figure.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Panel {
    /// How high it is.
    pub(crate) height: f32,
    /// What is drawn, the last on top.
    pub(crate) shapes: Vec<Shape>,
}

/// A thing in a figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum Shape {
    /// A filled rectangle.
    Rect {
        /// Left edge.
        x: f32,
        /// Upper edge.
        y: f32,
        /// Width.
        w: f32,
        /// Height.
        h: f32,
        /// Colour.
        paint: Paint,
    },
    /// A line through points.
    Line {
        /// The points.
        #[serde(serialize_with = "path")]
        points: Vec<(f32, f32)>,
        /// Colour.
        paint: Paint,
        /// Width of the line.
        width: f32,
    },
    /// A filled polygon.
    Area {
        /// Its corners.
        #[serde(serialize_with = "path")]
        points: Vec<(f32, f32)>,
        /// Colour.
        paint: Paint,
    },
    /// Words on one line.
    Words {
        /// Where they begin, are centred, or end.
        x: f32,
        /// Base line.
        y: f32,
        /// Which of these.
        place: Place,
        /// The words, safe to look at.
        words: String,
        /// Size of the font.
        size: f32,
        /// Colour.
        paint: Paint,
    },
}

/// A colour by its role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Paint {
    /// Words.
    Ink,
    /// Words of less weight.
    Muted,
    /// Frames and grids.
    Rule,
    /// Curves and bars.
    Navy,
    /// What lies under a curve.
    Soft,
    /// What lies behind a breach.
    Tint,
    /// A status.
    Good,
    /// A status.
    Warn,
    /// A status.
    Bad,
}

/// Which point of words stands at `x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    /// Their beginning.
    Start,
    /// Their middle.
    Middle,
    /// Their end.
    End,
}

impl From<Tone> for Paint {
    fn from(tone: Tone) -> Self {
        match tone {
            Tone::Good => Self::Good,
            Tone::Warn => Self::Warn,
            Tone::Bad => Self::Bad,
            Tone::Quiet => Self::Muted,
        }
    }
}

impl Panel {
    fn new(height: f32) -> Self {
        Self { height, shapes: Vec::new() }
    }

    fn rect(&mut self, (x, y): (f32, f32), (w, h): (f32, f32), paint: Paint) {
        self.shapes.push(Shape::Rect { x, y, w, h, paint });
    }

    fn line(&mut self, points: &[(f32, f32)], paint: Paint, width: f32) {
        self.shapes.push(Shape::Line { points: points.to_vec(), paint, width });
    }

    /// Words, made safe to look at.
    fn words(&mut self, (x, y): (f32, f32), place: Place, words: impl AsRef<str>, paint: Paint) {
        let words = visible(words.as_ref(), super::escape::NAME);
        self.shapes.push(Shape::Words { x, y, place, words, size: WORDS, paint });
    }

    /// A name of the record, cut.
    fn name(&mut self, at: (f32, f32), name: &str) {
        self.words(at, Place::Start, cut(name), Paint::Ink);
    }

    /// A sign about its middle; `r` is half its height.
    fn sign(&mut self, sign: Sign, (x, y): (f32, f32), r: f32, tone: Tone) {
        let paint = Paint::from(tone);
        for stroke in strokes(sign) {
            let points = stroke.points.iter().map(|(dx, dy)| (x + dx * r, y + dy * r)).collect();
            self.shapes.push(if stroke.filled {
                Shape::Area { points, paint }
            } else {
                Shape::Line { points, paint, width: r * 0.42 }
            });
        }
    }

    /// The frame that stands also where there is nothing to show, which is then said.
    fn frame(&mut self, (x, y): (f32, f32), (w, h): (f32, f32), empty: Option<&str>) {
        let corners = [(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)];
        self.line(&corners, Paint::Rule, 0.6);
        if let Some(empty) = empty {
            self.words((x + w / 2.0, y + h / 2.0 + 2.5), Place::Middle, empty, Paint::Muted);
        }
    }
}

/// A part of a sign, in units of half its height about its middle.
pub(crate) struct Stroke {
    /// Its points.
    pub(crate) points: Vec<(f32, f32)>,
    /// Filled, or drawn.
    pub(crate) filled: bool,
}

/// The sign of a status: one form everywhere.
pub(crate) fn strokes(sign: Sign) -> Vec<Stroke> {
    let line = |points: &[(f32, f32)]| Stroke { points: points.to_vec(), filled: false };
    let filled = |points: &[(f32, f32)]| Stroke { points: points.to_vec(), filled: true };
    match sign {
        Sign::Disc => vec![filled(&circle(1.0))],
        Sign::Half => {
            let half: Vec<_> = circle(0.9).into_iter().skip(6).take(13).collect();
            vec![line(&circle(0.9)), filled(&half)]
        }
        Sign::Cross => vec![line(&[(-0.8, -0.8), (0.8, 0.8)]), line(&[(-0.8, 0.8), (0.8, -0.8)])],
        Sign::Ring => vec![line(&circle(0.9))],
        Sign::Dash => vec![line(&[(-0.9, 0.0), (0.9, 0.0)])],
        Sign::Square => vec![filled(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)])],
        Sign::Empty => vec![line(&circle(0.9)), line(&[(-1.0, 1.0), (1.0, -1.0)])],
        Sign::Triangle => vec![filled(&[(0.0, -1.0), (1.1, 0.85), (-1.1, 0.85)])],
        Sign::Diamond => vec![line(&[(0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0), (1.0, 0.0)])],
        Sign::Outside => vec![line(&[(-0.7, 0.9), (0.7, -0.9)])],
    }
}

/// A circle as a line through 24 points, and on to the second, so that its end is joined. It begins at the right and
/// goes down.
fn circle(r: f32) -> Vec<(f32, f32)> {
    // sin and cos of multiples of 15 degrees: constants, because those of the machine may differ in the last digit.
    use std::f32::consts::FRAC_1_SQRT_2;
    const QUARTER: [(f32, f32); 6] = [
        (1.0, 0.0),
        (0.965_93, 0.258_82),
        (0.866_03, 0.5),
        (FRAC_1_SQRT_2, FRAC_1_SQRT_2),
        (0.5, 0.866_03),
        (0.258_82, 0.965_93),
    ];
    let turned = |quarter: u8| {
        QUARTER.into_iter().map(move |(x, y)| match quarter {
            0 => (x * r, y * r),
            1 => (-y * r, x * r),
            2 => (-x * r, -y * r),
            _ => (y * r, -x * r),
        })
    };
    (0..4).flat_map(turned).chain(turned(0).take(2)).collect()
}

/// A name, safe to look at and short enough.
fn cut(name: &str) -> String {
    let shown = visible(name, super::escape::NAME);
    let short: String = shown.chars().take(NAME).collect();
    if short.len() < shown.len() { format!("{short}…") } else { short }
}

/// A count as a length.
#[expect(clippy::cast_precision_loss, reason = "counts on a page are small")]
fn many(count: usize) -> f32 {
    count as f32
}

/// Part of a whole, from 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "a page resolves far less")]
fn share(part: i64, whole: i64) -> f32 {
    if whole <= 0 { 0.0 } else { (part as f64 / whole as f64).clamp(0.0, 1.0) as f32 }
}

/// `M1.0 2.0L3.5 4.0`
fn path<S: Serializer>(points: &[(f32, f32)], serializer: S) -> Result<S::Ok, S::Error> {
    use std::fmt::Write as _;
    let mut out = String::new();
    for (place, (x, y)) in points.iter().enumerate() {
        // Writing to a string cannot fail.
        _ = write!(out, "{}{x:.1} {y:.1}", if place == 0 { 'M' } else { 'L' });
    }
    serializer.serialize_str(&out)
}
