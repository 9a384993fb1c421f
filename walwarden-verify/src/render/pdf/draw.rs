//! The display list: all that stands between the layout and the library that writes the file.

use std::rc::Rc;

use super::{
    super::document::Sign,
    font::{Font, Fonts, Shaped},
    style::Colour,
};

/// A page.
pub(super) type Page = Vec<Item>;

/// A thing on a page. Points, y downwards.
#[derive(Debug)]
pub(super) enum Item {
    /// Words; `y` is the base line.
    Words {
        /// Left edge.
        x: f32,
        /// Base line.
        y: f32,
        /// Size of the font.
        size: f32,
        /// The colour.
        colour: Colour,
        /// The glyphs.
        shaped: Rc<Shaped>,
    },
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
        /// Radius of the corners.
        radius: f32,
        /// The colour.
        colour: Colour,
    },
    /// A path of straight lines.
    Path {
        /// Its points.
        points: Vec<(f32, f32)>,
        /// Whether it is filled; else it is drawn.
        fill: bool,
        /// Width of the line.
        width: f32,
        /// The colour.
        colour: Colour,
    },
    /// A place to click.
    Link {
        /// Left edge.
        x: f32,
        /// Upper edge.
        y: f32,
        /// Width.
        w: f32,
        /// Height.
        h: f32,
        /// The anchor.
        to: String,
    },
}

/// Words on one line.
pub(super) fn words(fonts: &Fonts, x: f32, y: f32, words: &str, font: Font, size: f32, colour: Colour) -> Item {
    Item::Words { x, y, size, colour, shaped: fonts.shape(words, font) }
}

/// A horizontal line.
pub(super) fn rule(x: f32, y: f32, w: f32, width: f32, colour: Colour) -> Item {
    Item::Path { points: vec![(x, y), (x + w, y)], fill: false, width, colour }
}

/// The sign of a status, about its middle; `r` is half its height.
pub(super) fn sign(sign: Sign, x: f32, y: f32, r: f32, colour: Colour) -> Vec<Item> {
    let line = |points: &[(f32, f32)]| Item::Path {
        points: points.iter().map(|(dx, dy)| (x + dx * r, y + dy * r)).collect(),
        fill: false,
        width: r * 0.42,
        colour,
    };
    let filled = |points: &[(f32, f32)]| Item::Path {
        points: points.iter().map(|(dx, dy)| (x + dx * r, y + dy * r)).collect(),
        fill: true,
        width: 0.0,
        colour,
    };
    match sign {
        Sign::Disc => vec![Item::Rect { x: x - r, y: y - r, w: 2.0 * r, h: 2.0 * r, radius: r, colour }],
        Sign::Cross => vec![line(&[(-0.8, -0.8), (0.8, 0.8)]), line(&[(-0.8, 0.8), (0.8, -0.8)])],
        Sign::Ring => vec![line(&circle())],
        Sign::Dash => vec![line(&[(-0.9, 0.0), (0.9, 0.0)])],
        Sign::Square => vec![filled(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)])],
        Sign::Empty => vec![line(&circle()), line(&[(-1.0, 1.0), (1.0, -1.0)])],
        Sign::Triangle => vec![filled(&[(0.0, -1.0), (1.1, 0.85), (-1.1, 0.85)])],
        Sign::Diamond => vec![line(&[(0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0), (1.0, 0.0)])],
        Sign::Outside => vec![line(&[(-0.7, 0.9), (0.7, -0.9)])],
    }
}

/// A circle as a line through 24 points, and on to the second, so that its end is joined.
fn circle() -> Vec<(f32, f32)> {
    // sin and cos of multiples of 15 degrees: constants, because those of the machine may differ in the last digit.
    const QUARTER: [(f32, f32); 6] = [
        (0.9, 0.0),
        (0.869_33, 0.232_94),
        (0.779_42, 0.45),
        (0.636_4, 0.636_4),
        (0.45, 0.779_42),
        (0.232_94, 0.869_33),
    ];
    let turned = |quarter: u8| {
        QUARTER.into_iter().map(move |(x, y)| match quarter {
            0 => (x, y),
            1 => (-y, x),
            2 => (-x, -y),
            _ => (y, -x),
        })
    };
    (0..4).flat_map(turned).chain(QUARTER.into_iter().take(2)).collect()
}
