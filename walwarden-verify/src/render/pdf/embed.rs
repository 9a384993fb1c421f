//! The fonts of a file: of each the glyphs that are in use, how wide they are, and what they say.

use std::{collections::BTreeMap, io};

use lopdf::{Dictionary, Document as File, Object, ObjectId, Stream, dictionary};
use rustybuzz::ttf_parser::Face;
use subsetter::GlyphRemapper;

use super::{
    draw::{Item, Page},
    finish::name,
    font::{Font, Glyph},
};

/// The glyphs of each font that the pages use, under the numbers that they get in the file.
#[derive(Default)]
pub(super) struct Embedded(BTreeMap<Font, Subset>);

/// The glyphs of one font.
#[derive(Default)]
struct Subset {
    numbers: GlyphRemapper,
    /// By number in the file: width in ems, and the characters it stands for where it was first used.
    glyphs: BTreeMap<u16, (f32, String)>,
}

impl Embedded {
    /// Collects what the pages use.
    pub(super) fn of(pages: &[Page]) -> Self {
        let mut embedded = Self::default();
        for item in pages.iter().flat_map(|page| &page.items).map(|placed| &placed.item) {
            if let Item::Words { shaped, .. } = item {
                for run in &shaped.runs {
                    let subset = embedded.0.entry(run.font).or_default();
                    run.glyphs.iter().for_each(|glyph| subset.uses(glyph));
                }
            }
        }
        embedded
    }

    /// The number of a glyph in the file.
    pub(super) fn number(&self, font: Font, glyph: &Glyph) -> u16 {
        self.0.get(&font).and_then(|subset| subset.numbers.get(glyph.id)).unwrap_or(0)
    }

    /// Writes the fonts; the dictionary by which pages name them.
    ///
    /// # Errors
    /// A font that is compiled in cannot be read.
    pub(super) fn write(&self, file: &mut File) -> io::Result<Dictionary> {
        let mut fonts = Dictionary::new();
        for (font, subset) in &self.0 {
            let id = subset.write(*font, file)?;
            fonts.set(font.id(), Object::Reference(id));
        }
        Ok(fonts)
    }
}

impl Subset {
    fn uses(&mut self, glyph: &Glyph) {
        let number = self.numbers.remap(glyph.id);
        let (_, text) = self.glyphs.entry(number).or_insert_with(|| (glyph.natural, glyph.text.clone()));
        if text.is_empty() {
            text.clone_from(&glyph.text);
        }
    }

    /// ISO 32000-1, 9.7: a composite font whose codes are the numbers of its glyphs, two bytes each.
    fn write(&self, font: Font, file: &mut File) -> io::Result<ObjectId> {
        let program = subsetter::subset(font.bytes(), 0, &self.numbers).map_err(unreadable)?;
        let program = file.add_object(Stream::new(dictionary! { "Length1" => length(&program) }, program));
        let descriptor = file.add_object(descriptor(font, program)?);
        let descendant = file.add_object(dictionary! {
            "Type" => name("Font"), "Subtype" => name("CIDFontType2"), "BaseFont" => name(font.name()),
            "CIDSystemInfo" => dictionary! {
                "Registry" => Object::string_literal("Adobe"), "Ordering" => Object::string_literal("Identity"), "Supplement" => 0,
            },
            "FontDescriptor" => descriptor, "CIDToGIDMap" => name("Identity"), "W" => self.widths(),
        });
        let unicode = file.add_object(Stream::new(Dictionary::new(), self.unicode().into_bytes()));
        Ok(file.add_object(dictionary! {
            "Type" => name("Font"), "Subtype" => name("Type0"), "BaseFont" => name(font.name()),
            "Encoding" => name("Identity-H"), "DescendantFonts" => vec![Object::Reference(descendant)], "ToUnicode" => unicode,
        }))
    }

    /// Each number with its width in thousandths of an em.
    fn widths(&self) -> Vec<Object> {
        let of = |(number, (natural, _)): (&u16, &(f32, String))| {
            [Object::from(*number), Object::Array(vec![Object::Real((natural * 1000.0).round())])]
        };
        self.glyphs.iter().flat_map(of).collect()
    }

    /// ISO 32000-1, 9.10.3: what the glyphs say, for whoever copies or searches.
    fn unicode(&self) -> String {
        let hex = |text: &str| text.encode_utf16().map(|unit| format!("{unit:04X}")).collect::<String>();
        let said: Vec<String> = self
            .glyphs
            .iter()
            .filter(|(_, (_, text))| !text.is_empty())
            .map(|(number, (_, text))| format!("<{number:04X}> <{}>\n", hex(text)))
            .collect();
        // At most a hundred in a block.
        let blocks: String = said
            .chunks(100)
            .map(|block| format!("{} beginbfchar\n{}endbfchar\n", block.len(), block.concat()))
            .collect();
        format!(
            "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n\
             /CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n\
             /CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n\
             1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n{blocks}\
             endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
        )
    }
}

/// ISO 32000-1, 9.8: what a reader needs who would replace the font. No font says how thick its stems are: that is from
/// its weight, as others do it.
fn descriptor(font: Font, program: ObjectId) -> io::Result<Dictionary> {
    let face = Face::parse(font.bytes(), 0).map_err(unreadable)?;
    let em = f32::from(face.units_per_em());
    let units = |units: i16| Object::Real((f32::from(units) * 1000.0 / em).round());
    let bounds = face.global_bounding_box();
    let bounds = [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max].map(units).to_vec();
    let fixed = if font == Font::Mono { 1 } else { 0 };
    let serif = if font == Font::Serif { 2 } else { 0 };
    let symbolic = 4; // its codes are no characters
    Ok(dictionary! {
        "Type" => name("FontDescriptor"), "FontName" => name(font.name()), "Flags" => fixed | serif | symbolic,
        "FontBBox" => bounds, "ItalicAngle" => 0,
        "Ascent" => units(face.ascender()), "Descent" => units(face.descender()),
        "CapHeight" => units(face.capital_height().unwrap_or_else(|| face.ascender())),
        "StemV" => Object::Real((10.0 + 0.244 * (f32::from(face.weight().to_number()) - 50.0)).round()),
        "FontFile2" => program,
    })
}

fn length(bytes: &[u8]) -> i64 {
    i64::try_from(bytes.len()).unwrap_or(i64::MAX)
}

fn unreadable(error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("a font that is compiled in cannot be read: {error}"))
}
