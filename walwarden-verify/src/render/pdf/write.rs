//! The display list as operators of a file.

use std::io;

use lopdf::{
    Dictionary, Document as File, Object, Stream, StringFormat,
    content::{Content, Operation},
    dictionary,
};

use super::{
    draw::{Item, Page},
    embed::Embedded,
    finish::{name, string},
    font::{Run, Shaped},
    style::{Colour, Paper},
    tags::Tree,
};

/// Writes the pages into a file that is not yet finished.
pub(super) fn file(pages: &[Page], tags: &Tree, paper: Paper) -> io::Result<File> {
    let mut file = File::new();
    let embedded = Embedded::of(pages);
    let fonts = embedded.write(&mut file)?;
    let resources = file.add_object(dictionary! { "Font" => fonts });
    let parent = file.new_object_id();
    let mut kids = Vec::new();
    for page in pages {
        let mut operators = Operators { out: Vec::new(), embedded: &embedded, height: paper.height() };
        operators.page(page, tags);
        let content = Content { operations: operators.out }.encode().map_err(io::Error::other)?;
        let content = file.add_object(Stream::new(Dictionary::new(), content));
        let size = [0.0, 0.0, paper.width(), paper.height()].map(Object::Real).to_vec();
        let page = dictionary! {
            "Type" => name("Page"), "Parent" => parent, "MediaBox" => size, "Resources" => resources, "Contents" => content,
        };
        kids.push(Object::Reference(file.add_object(page)));
    }
    let count = i64::try_from(kids.len()).unwrap_or(i64::MAX);
    let all = dictionary! { "Type" => name("Pages"), "Count" => count, "Kids" => kids };
    file.objects.insert(parent, Object::Dictionary(all));
    let catalog = file.add_object(dictionary! { "Type" => name("Catalog"), "Pages" => parent });
    file.trailer.set("Root", Object::Reference(catalog));
    Ok(file)
}

/// ISO 32000-1, annex A: the operators of a page, in the making.
struct Operators<'a> {
    out: Vec<Operation>,
    embedded: &'a Embedded,
    height: f32,
}

impl Operators<'_> {
    /// Every piece is marked with the part that it belongs to, or as belonging to none.
    fn page(&mut self, page: &Page, tags: &Tree) {
        for group in page.items.chunk_by(|a, b| a.part == b.part) {
            match group.first().and_then(|placed| placed.part) {
                Some((node, mark)) => {
                    let mark = i64::try_from(mark).unwrap_or(i64::MAX);
                    self.put("BDC", vec![name(tags.name(node)), Object::Dictionary(dictionary! { "MCID" => mark })]);
                }
                None => self.put("BMC", vec![name("Artifact")]),
            }
            for placed in group {
                self.item(&placed.item);
            }
            self.put("EMC", Vec::new());
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Words { x, y, size, colour, shaped } => self.words((*x, *y), *size, *colour, shaped),
            Item::Rect { x, y, w, h, radius, colour } => {
                self.colour("rg", *colour);
                self.rectangle(*x, *y, *w, *h, *radius);
                self.put("f", Vec::new());
            }
            Item::Path { points, fill: true, colour, .. } => {
                self.colour("rg", *colour);
                self.path(points);
                self.put("f", Vec::new());
            }
            Item::Path { points, width, colour, .. } => {
                self.colour("RG", *colour);
                self.numbers("w", &[*width]);
                self.path(points);
                self.put("S", Vec::new());
            }
            // Links are no marks on the page: the finishing pass adds them.
            Item::Link { .. } => {}
        }
    }

    fn words(&mut self, (mut x, y): (f32, f32), size: f32, colour: Colour, shaped: &Shaped) {
        self.put("BT", Vec::new());
        self.colour("rg", colour);
        for run in &shaped.runs {
            if let Some(actual) = &run.actual {
                self.put("BDC", vec![name("Span"), Object::Dictionary(dictionary! { "ActualText" => string(actual) })]);
            }
            self.put("Tf", vec![name(run.font.id()), number(size)]);
            self.numbers("Tm", &[1.0, 0.0, 0.0, 1.0, x, self.height - y]);
            let glyphs = glyphs(run, self.embedded);
            self.put("TJ", vec![Object::Array(glyphs)]);
            if run.actual.is_some() {
                self.put("EMC", Vec::new());
            }
            x += run.width * size;
        }
        self.put("ET", Vec::new());
    }

    fn path(&mut self, points: &[(f32, f32)]) {
        for (place, (x, y)) in points.iter().enumerate() {
            self.numbers(if place == 0 { "m" } else { "l" }, &[*x, self.height - y]);
        }
    }

    /// A rectangle, or one with round corners.
    fn rectangle(&mut self, x: f32, y: f32, w: f32, h: f32, r: f32) {
        let (right, top, bottom) = (x + w, self.height - y, self.height - y - h);
        if r == 0.0 {
            return self.numbers("re", &[x, bottom, w, h]);
        }
        // How far the handles of a quarter circle lie from its corner.
        let k = r * 0.448;
        self.numbers("m", &[x + r, top]);
        self.numbers("l", &[right - r, top]);
        self.numbers("c", &[right - k, top, right, top - k, right, top - r]);
        self.numbers("l", &[right, bottom + r]);
        self.numbers("c", &[right, bottom + k, right - k, bottom, right - r, bottom]);
        self.numbers("l", &[x + r, bottom]);
        self.numbers("c", &[x + k, bottom, x, bottom + k, x, bottom + r]);
        self.numbers("l", &[x, top - r]);
        self.numbers("c", &[x, top - k, x + k, top, x + r, top]);
    }

    fn colour(&mut self, operator: &str, Colour(r, g, b): Colour) {
        self.numbers(operator, &[r, g, b].map(|part| f32::from(part) / 255.0));
    }

    fn numbers(&mut self, operator: &str, numbers: &[f32]) {
        self.put(operator, numbers.iter().copied().map(number).collect());
    }

    fn put(&mut self, operator: &str, operands: Vec<Object>) {
        self.out.push(Operation::new(operator, operands));
    }
}

/// A thousandth of a point is finer than any printer.
fn number(number: f32) -> Object {
    Object::Real((number * 1000.0).round() / 1000.0)
}

/// Glyphs, and between them how far the pen must move beyond what the font says, in thousandths of an em to the left.
fn glyphs(run: &Run, embedded: &Embedded) -> Vec<Object> {
    let mut items = Vec::new();
    let mut codes = Vec::new();
    let mut pending = 0.0_f32;
    let end = |codes: &mut Vec<u8>, items: &mut Vec<Object>| {
        if !codes.is_empty() {
            items.push(Object::String(std::mem::take(codes), StringFormat::Hexadecimal));
        }
    };
    for glyph in &run.glyphs {
        let before = pending - glyph.dx * 1000.0;
        if before.abs() > 0.4 {
            end(&mut codes, &mut items);
            items.push(Object::Real(before.round()));
        }
        codes.extend(embedded.number(run.font, glyph).to_be_bytes());
        pending = (glyph.natural - glyph.advance + glyph.dx) * 1000.0;
    }
    end(&mut codes, &mut items);
    items
}
