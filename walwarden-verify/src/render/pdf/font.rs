//! Fonts, and words turned into positioned glyphs.

use std::{cell::RefCell, collections::BTreeMap, io, rc::Rc};

use rustybuzz::{
    Direction, Face, Feature, UnicodeBuffer,
    ttf_parser::{GlyphId, Tag},
};

/// A font that is compiled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Font {
    /// Text.
    Sans,
    /// Emphasis.
    Semi,
    /// Titles.
    Serif,
    /// Digests, ids and commands.
    Mono,
    /// What the others lack.
    Arabic,
}

impl Font {
    /// All fonts.
    pub(super) const ALL: [Self; 5] = [Self::Sans, Self::Semi, Self::Serif, Self::Mono, Self::Arabic];

    /// Its name in the file, with the tag of a subset.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sans => "AAAAAA+SourceSans3-Regular",
            Self::Semi => "AAAAAB+SourceSans3-SemiBold",
            Self::Serif => "AAAAAC+SourceSerif4-SemiBold",
            Self::Mono => "AAAAAD+SourceCodePro-Regular",
            Self::Arabic => "AAAAAE+NotoSansArabic-Regular",
        }
    }

    /// Its id among the resources of the file.
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Sans => "F0",
            Self::Semi => "F1",
            Self::Serif => "F2",
            Self::Mono => "F3",
            Self::Arabic => "F4",
        }
    }

    /// The whole font.
    pub(super) const fn bytes(self) -> &'static [u8] {
        match self {
            Self::Sans => include_bytes!("../../../fonts/SourceSans3_400Regular.ttf"),
            Self::Semi => include_bytes!("../../../fonts/SourceSans3_600SemiBold.ttf"),
            Self::Serif => include_bytes!("../../../fonts/SourceSerif4_600SemiBold.ttf"),
            Self::Mono => include_bytes!("../../../fonts/SourceCodePro_400Regular.ttf"),
            Self::Arabic => include_bytes!("../../../fonts/NotoSansArabic_400Regular.ttf"),
        }
    }
}

/// A glyph with its place; lengths are in ems.
#[derive(Debug, Clone)]
pub(super) struct Glyph {
    /// Number in the whole font.
    pub(super) id: u16,
    /// How far the pen moves.
    pub(super) advance: f32,
    /// How far the font says that the pen moves.
    pub(super) natural: f32,
    /// Offset to the right.
    pub(super) dx: f32,
    /// The characters it stands for, empty after the first glyph of a cluster.
    pub(super) text: String,
}

/// Glyphs of one font and direction.
#[derive(Debug, Clone)]
pub(super) struct Run {
    /// The font.
    pub(super) font: Font,
    /// The glyphs, from left to right.
    pub(super) glyphs: Vec<Glyph>,
    /// Their width in ems.
    pub(super) width: f32,
    /// What they stand for, where that is not what the glyphs say one by one.
    pub(super) actual: Option<String>,
}

/// Words of one line: runs from left to right.
#[derive(Debug)]
pub(super) struct Shaped {
    /// The runs.
    pub(super) runs: Vec<Run>,
    /// Their width in ems.
    pub(super) width: f32,
}

/// The fonts, with what was shaped before.
pub(super) struct Fonts {
    faces: Vec<(Font, Face<'static>)>,
    shaped: RefCell<BTreeMap<(Font, String), Rc<Shaped>>>,
}

impl Fonts {
    /// Reads the fonts.
    pub(super) fn open() -> io::Result<Self> {
        let open = |font: Font| Some((font, Face::from_slice(font.bytes(), 0)?));
        let faces: Option<Vec<_>> = Font::ALL.into_iter().map(open).collect();
        let faces = faces.ok_or_else(|| io::Error::other("a font that is compiled in cannot be read"))?;
        Ok(Self { faces, shaped: RefCell::default() })
    }

    /// Width of words in points.
    pub(super) fn width(&self, words: &str, font: Font, size: f32) -> f32 {
        self.shape(words, font).width * size
    }

    /// Turns words into glyphs, from left to right. The direction of the words is their own.
    pub(super) fn shape(&self, words: &str, font: Font) -> Rc<Shaped> {
        let key = (font, words.to_owned());
        if let Some(shaped) = self.shaped.borrow().get(&key) {
            return Rc::clone(shaped);
        }
        let runs = self.runs(words, font);
        let width = runs.iter().map(|run| run.width).sum();
        let shaped = Rc::new(Shaped { runs, width });
        self.shaped.borrow_mut().insert(key, Rc::clone(&shaped));
        shaped
    }

    fn runs(&self, words: &str, font: Font) -> Vec<Run> {
        let bidi = unicode_bidi::BidiInfo::new(words, None);
        let mut runs = Vec::new();
        for paragraph in &bidi.paragraphs {
            let (levels, ranges) = bidi.visual_runs(paragraph, paragraph.range.clone());
            for range in ranges {
                let leftwards = levels.get(range.start).is_some_and(unicode_bidi::Level::is_rtl);
                let mut pieces = self.pieces(words.get(range).unwrap_or(""), font);
                if leftwards {
                    pieces.reverse();
                }
                runs.extend(pieces.into_iter().filter_map(|piece| self.run(piece, leftwards)));
            }
        }
        runs
    }

    /// Splits words by the font that has their glyphs. What no font has becomes `[U+XXXX]`.
    fn pieces(&self, words: &str, font: Font) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        for c in words.chars() {
            let found = match pieces.last() {
                // Spaces stay with the words before them.
                Some(last) if c == ' ' && last.actual.is_none() => Some(last.font),
                _ => [font, Font::Sans, Font::Arabic].into_iter().find(|font| self.has(*font, c)),
            };
            match (found, pieces.last_mut()) {
                (Some(found), Some(last)) if last.font == found && last.actual.is_none() => last.words.push(c),
                (Some(found), _) => pieces.push(Piece { font: found, words: c.into(), actual: None }),
                (None, _) => {
                    pieces.push(Piece { font, words: format!("[U+{:04X}]", u32::from(c)), actual: Some(c.into()) })
                }
            }
        }
        pieces
    }

    fn face(&self, font: Font) -> Option<&Face<'static>> {
        self.faces.iter().find(|(name, _)| *name == font).map(|(_, face)| face)
    }

    fn has(&self, font: Font, c: char) -> bool {
        self.face(font).is_some_and(|face| face.glyph_index(c).is_some())
    }

    fn run(&self, piece: Piece, leftwards: bool) -> Option<Run> {
        let Piece { font, words, actual } = piece;
        // What stands for a character is ours, and runs to the right wherever that character stood.
        let leftwards = leftwards && actual.is_none();
        let face = self.face(font)?;
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(&words);
        buffer.guess_segment_properties();
        buffer.set_direction(if leftwards { Direction::RightToLeft } else { Direction::LeftToRight });
        let figures = Feature::new(Tag::from_bytes(b"tnum"), 1, ..);
        let features = if matches!(font, Font::Sans | Font::Semi) { std::slice::from_ref(&figures) } else { &[] };
        let shaped = rustybuzz::shape(face, features, buffer);
        let em = f32::from(i16::try_from(face.units_per_em()).ok()?);
        let mut clusters: Vec<usize> =
            shaped.glyph_infos().iter().filter_map(|info| usize::try_from(info.cluster).ok()).collect();
        clusters.sort_unstable();
        clusters.dedup();
        let mut seen = std::collections::BTreeSet::new();
        let glyphs: Vec<Glyph> = shaped
            .glyph_infos()
            .iter()
            .zip(shaped.glyph_positions())
            .filter_map(|(info, position)| {
                let id = u16::try_from(info.glyph_id).ok()?;
                let start = usize::try_from(info.cluster).ok()?;
                let end = clusters.iter().copied().find(|cluster| *cluster > start).unwrap_or(words.len());
                let text =
                    if seen.insert(start) { words.get(start..end).unwrap_or("").to_owned() } else { String::new() };
                let natural = f32::from(face.glyph_hor_advance(GlyphId(id)).unwrap_or(0)) / em;
                Some(Glyph { id, advance: ems(position.x_advance, em), natural, dx: ems(position.x_offset, em), text })
            })
            .collect();
        let width = glyphs.iter().map(|glyph| glyph.advance).sum();
        let actual = actual.or_else(|| leftwards.then_some(words));
        Some(Run { font, glyphs, width, actual })
    }
}

struct Piece {
    font: Font,
    words: String,
    actual: Option<String>,
}

#[expect(clippy::cast_precision_loss, reason = "font units are small")]
fn ems(units: i32, em: f32) -> f32 {
    units as f32 / em
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_font_has_is_spelt_out() {
        let fonts = Fonts::open().unwrap();
        let shaped = fonts.shape("a東b", Font::Sans);
        let text: Vec<String> =
            shaped.runs.iter().map(|run| run.glyphs.iter().map(|glyph| glyph.text.as_str()).collect()).collect();
        assert_eq!(text, ["a", "[U+6771]", "b"]);
        assert_eq!(shaped.runs[1].actual.as_deref(), Some("東"));
        assert!(shaped.runs.iter().flat_map(|run| &run.glyphs).all(|glyph| glyph.id != 0));
    }

    #[test]
    fn arabic_runs_from_right_to_left() {
        let fonts = Fonts::open().unwrap();
        let shaped = fonts.shape("abc مركز البيانات", Font::Sans);
        assert_eq!(shaped.runs.first().unwrap().font, Font::Sans);
        assert_eq!(shaped.runs.last().unwrap().font, Font::Arabic);
        assert!(shaped.runs.last().unwrap().actual.is_some());
    }

    #[test]
    fn what_stands_for_a_character_runs_to_the_right() {
        let fonts = Fonts::open().unwrap();
        let shaped = fonts.shape("مرحبا 東 مرحبا", Font::Sans);
        let spelt = shaped.runs.iter().find(|run| run.actual.as_deref() == Some("東")).unwrap();
        let text: String = spelt.glyphs.iter().map(|glyph| glyph.text.as_str()).collect();
        assert_eq!(text, "[U+6771]");
    }

    #[test]
    fn words_of_the_program_have_glyphs_in_every_font() {
        let fonts = Fonts::open().unwrap();
        let used: String = (' '..='~').chain("·…–—’“”•".chars()).collect();
        for font in [Font::Sans, Font::Semi, Font::Serif, Font::Mono] {
            for c in used.chars() {
                assert!(fonts.has(font, c), "{font:?} {c}");
            }
        }
    }
}
