//! Sizes and colours: points, y downwards from the top.

use super::{super::document::Tone, font::Font};

/// Left and right margin.
pub(super) const SIDE: f32 = 62.0;
/// Where text begins.
pub(super) const TOP: f32 = 84.0;

/// The size of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Paper {
    /// 210 by 297 mm.
    #[default]
    A4,
    /// 8.5 by 11 inches.
    Letter,
}

impl Paper {
    /// Width of the page.
    pub(super) const fn width(self) -> f32 {
        match self {
            Self::A4 => 595.28,
            Self::Letter => 612.0,
        }
    }

    /// Height of the page.
    pub(super) const fn height(self) -> f32 {
        match self {
            Self::A4 => 841.89,
            Self::Letter => 792.0,
        }
    }

    /// Where text ends.
    pub(super) const fn bottom(self) -> f32 {
        self.height() - 70.0
    }

    /// Width of the text.
    pub(super) const fn measure(self) -> f32 {
        self.width() - 2.0 * SIDE
    }
}

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour(pub(super) u8, pub(super) u8, pub(super) u8);

pub(super) const INK: Colour = Colour(0x18, 0x1c, 0x22);
pub(super) const MUTED: Colour = Colour(0x5c, 0x65, 0x71);
pub(super) const RULE: Colour = Colour(0xd6, 0xda, 0xe0);
pub(super) const NAVY: Colour = Colour(0x14, 0x34, 0x5c);
pub(super) const PAPER: Colour = Colour(0xf6, 0xf7, 0xf9);
pub(super) const SOFT: Colour = Colour(0xe1, 0xe9, 0xf5);
const GREEN: Colour = Colour(0x1a, 0x73, 0x4a);
const AMBER: Colour = Colour(0x8a, 0x4f, 0x00);
const RED: Colour = Colour(0xaa, 0x24, 0x1e);

/// Foreground and background of a status.
pub(super) const fn tone(tone: Tone) -> (Colour, Colour) {
    match tone {
        Tone::Good => (GREEN, Colour(0xe4, 0xf3, 0xeb)),
        Tone::Warn => (AMBER, Colour(0xfd, 0xf1, 0xdc)),
        Tone::Bad => (RED, Colour(0xfb, 0xe8, 0xe6)),
        Tone::Quiet => (MUTED, Colour(0xee, 0xf0, 0xf3)),
    }
}

/// How words are set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// The font of the program's words and of names.
    pub(super) font: Font,
    /// Size of the font.
    pub(super) size: f32,
    /// From line to line.
    pub(super) leading: f32,
    /// The colour.
    pub(super) colour: Colour,
}

const fn style(font: Font, size: f32, leading: f32, colour: Colour) -> Style {
    Style { font, size, leading, colour }
}

pub(super) const BODY: Style = style(Font::Sans, 10.5, 15.0, INK);
pub(super) const SMALL: Style = style(Font::Sans, 8.6, 11.4, MUTED);
pub(super) const TIGHT: Style = style(Font::Sans, 7.5, 9.5, MUTED);
pub(super) const FINE: Style = style(Font::Sans, 6.8, 8.6, MUTED);
pub(super) const FACT: Style = style(Font::Sans, 9.6, 13.2, INK);
pub(super) const COVER: Style = style(Font::Sans, 8.8, 11.4, INK);
pub(super) const PANEL: Style = style(Font::Sans, 9.8, 13.2, INK);
pub(super) const LABEL: Style = style(Font::Sans, 9.6, 13.2, MUTED);
pub(super) const CELL: Style = style(Font::Sans, 8.8, 12.2, INK);
pub(super) const HEAD: Style = style(Font::Semi, 8.0, 11.0, MUTED);
pub(super) const CHIP: Style = style(Font::Semi, 8.0, 12.2, INK);
pub(super) const CAPTION: Style = style(Font::Sans, 8.6, 12.0, MUTED);
pub(super) const TITLE: Style = style(Font::Serif, 24.5, 29.0, NAVY);
pub(super) const SECTION: Style = style(Font::Serif, 20.0, 26.0, NAVY);
pub(super) const HEADING: Style = style(Font::Semi, 12.0, 16.0, INK);
pub(super) const CARD: Style = style(Font::Semi, 10.2, 14.0, INK);
pub(super) const NAME: Style = style(Font::Semi, 13.5, 17.0, INK);
pub(super) const VERDICT: Style = style(Font::Serif, 18.0, 23.0, INK);
pub(super) const COMMAND: Style = style(Font::Mono, 7.2, 10.8, INK);
pub(super) const RUNNING: Style = style(Font::Semi, 8.5, 11.0, NAVY);

/// Fixed-width words are set smaller by this, so that they look as large as the words around them.
pub(super) const MONO: f32 = 0.86;
