//! Figures: the geometry of `chart` on the page.

use super::{
    super::{
        chart::{Figure, Paint, Panel, Place, Shape},
        document::Text,
    },
    draw::{self, Item},
    flow::Flow,
    font::Font,
    style::{self, CAPTION, CHIP, Colour, INK, MUTED, NAVY, RULE, SIDE, SOFT, Style},
    tags::Role,
};
use crate::render::document::Tone;

impl Flow<'_> {
    /// Sets a figure: its title, what its signs mean, and its panels, none of them torn.
    pub(super) fn figure(&mut self, figure: &Figure) {
        let first = figure.panels.first().map_or(0.0, |panel| panel.height);
        self.need(first + 44.0);
        self.anchor(&figure.anchor);
        let title = Style { font: Font::Semi, colour: INK, ..CAPTION };
        self.text(Role::Paragraph, SIDE, &figure.title, title, self.measure());
        self.text(Role::Paragraph, SIDE, &Text::plain(&figure.description), CAPTION, self.measure());
        self.legend(figure);
        for panel in &figure.panels {
            self.need(panel.height);
            let node = self.tags.open(Role::Figure);
            self.tags.alt(node, &format!("{}. {}", figure.title.flat(), figure.description));
            let (left, top) = (SIDE, self.y);
            for shape in &panel.shapes {
                self.shape(shape, (left, top));
            }
            self.tags.close();
            self.y = top + height(panel);
        }
        self.y += 8.0;
    }

    fn legend(&mut self, figure: &Figure) {
        let mut x = SIDE;
        self.tags.open(Role::Paragraph);
        for mark in &figure.legend {
            let width = self.chip_width(mark) + 4.0;
            if x + width > SIDE + self.measure() {
                x = SIDE;
                self.y += 13.0;
            }
            let colour = style::tone(mark.tone).0;
            let base = self.y + 9.5;
            for item in draw::sign(mark.sign, x + 4.0, base - 2.7, 2.7, colour) {
                self.put(item);
            }
            self.put(draw::words(self.fonts, x + 10.0, base, &mark.words, Font::Sans, CHIP.size, MUTED));
            x += width;
        }
        self.tags.close();
        self.y += 18.0;
    }

    fn shape(&mut self, shape: &Shape, (left, top): (f32, f32)) {
        let moved = |points: &[(f32, f32)]| points.iter().map(|(x, y)| (left + x, top + y)).collect();
        let item = match shape {
            Shape::Rect { x, y, w, h, paint } => {
                Item::Rect { x: left + x, y: top + y, w: *w, h: *h, radius: 0.0, colour: colour(*paint) }
            }
            Shape::Line { points, paint, width } => {
                Item::Path { points: moved(points), fill: false, width: *width, colour: colour(*paint) }
            }
            Shape::Area { points, paint } => {
                Item::Path { points: moved(points), fill: true, width: 0.0, colour: colour(*paint) }
            }
            Shape::Words { x, y, place, words, size, paint } => {
                let width = self.fonts.width(words, Font::Sans, *size);
                let x = match place {
                    Place::Start => *x,
                    Place::Middle => x - width / 2.0,
                    Place::End => x - width,
                };
                draw::words(self.fonts, left + x, top + y, words, Font::Sans, *size, colour(*paint))
            }
        };
        self.put(item);
    }
}

fn height(panel: &Panel) -> f32 {
    panel.height + 4.0
}

const fn colour(paint: Paint) -> Colour {
    match paint {
        Paint::Ink => INK,
        Paint::Muted => MUTED,
        Paint::Rule => RULE,
        Paint::Navy => NAVY,
        Paint::Soft => SOFT,
        Paint::Tint => style::tone(Tone::Bad).1,
        Paint::Good => style::tone(Tone::Good).0,
        Paint::Warn => style::tone(Tone::Warn).0,
        Paint::Bad => style::tone(Tone::Bad).0,
    }
}
