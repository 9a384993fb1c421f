//! The display list: all that stands between the layout and the library that writes the file.

use std::rc::Rc;

use super::{
    super::{
        chart::{Stroke, strokes},
        document::Sign,
    },
    font::{Font, Fonts, Shaped},
    style::Colour,
    tags::Node,
};

/// A page.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// What stands on it, in the order in which it is drawn.
    pub(super) items: Vec<Placed>,
    /// How many of its pieces are marked.
    marks: usize,
}

/// A thing, and the part of the tree that it belongs to with the number of the marked piece.
#[derive(Debug)]
pub(super) struct Placed {
    /// The thing.
    pub(super) item: Item,
    /// `None`: it says nothing, like a line or what stands on every page.
    pub(super) part: Option<(Node, usize)>,
}

impl Page {
    /// Draws on the page; the number of a piece that begins with it.
    pub(super) fn put(&mut self, item: Item, node: Option<Node>) -> Option<usize> {
        let last = self.items.last().and_then(|placed| placed.part);
        let begun = node.filter(|node| last.is_none_or(|(before, _)| before != *node));
        let mark = begun.map(|_| self.marks);
        if mark.is_some() {
            self.marks = self.marks.saturating_add(1);
        }
        let part = node.map(|node| (node, self.marks.saturating_sub(1)));
        self.items.push(Placed { item, part });
        mark
    }

    /// Where its things to click lead.
    pub(super) fn links(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().map(|placed| &placed.item).filter(|item| matches!(item, Item::Link { .. }))
    }
}

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
    if sign == Sign::Disc {
        return vec![Item::Rect { x: x - r, y: y - r, w: 2.0 * r, h: 2.0 * r, radius: r, colour }];
    }
    let path = |stroke: Stroke| Item::Path {
        points: stroke.points.iter().map(|(dx, dy)| (x + dx * r, y + dy * r)).collect(),
        fill: stroke.filled,
        width: r * 0.42,
        colour,
    };
    strokes(sign).into_iter().map(path).collect()
}
