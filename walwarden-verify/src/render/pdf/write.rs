//! The display list as operators of a file, through `printpdf`.

use std::{collections::BTreeMap, io};

use printpdf::{
    Codepoint, Color, CustomPdfConformance, DictItem, FontId, Line, LinePoint, Mm, Op, PaintMode, ParsedFont,
    PdfConformance, PdfDocument, PdfFont, PdfFontHandle, PdfPage, PdfSaveOptions, Point, Polygon, PolygonRing, Pt,
    Rect, Rgb, TextItem, TextMatrix, WindingOrder,
};
use subsetter::GlyphRemapper;

use super::{
    draw::{Item, Page},
    font::{Font, Run, Shaped},
    style::{Colour, Paper},
    tags::Tree,
};

/// Numbers of glyphs in the subsets.
type Subsets = BTreeMap<Font, GlyphRemapper>;

/// Writes the pages into a file that is not yet finished.
pub(super) fn file(pages: &[Page], tags: &Tree, paper: Paper) -> io::Result<lopdf::Document> {
    let subsets = subsets(pages);
    let mut document = PdfDocument::new("");
    for (font, subset) in &subsets {
        document.resources.fonts.map.insert(FontId(font.id().into()), embedded(*font, subset)?);
    }
    for page in pages {
        let (width, height) = (Pt(paper.width()), Pt(paper.height()));
        let mut page = PdfPage::new(Mm::from(width), Mm::from(height), operators(page, tags, &subsets, paper));
        page.media_box = Rect::from_wh(width, height);
        page.trim_box = page.media_box.clone();
        page.crop_box = page.media_box.clone();
        document.pages.push(page);
    }
    document.metadata.info.conformance = no_claim();
    let options = PdfSaveOptions { image_optimization: None, ..Default::default() };
    let mut warnings = Vec::new();
    let file = document.to_lopdf_document(&options, &mut warnings);
    Ok(file)
}

/// The operators of a page: every piece marked with the part that it belongs to, or as belonging to none.
fn operators(page: &Page, tags: &Tree, subsets: &Subsets, paper: Paper) -> Vec<Op> {
    let mut out = Vec::new();
    for group in page.items.chunk_by(|a, b| a.part == b.part) {
        match group.first().and_then(|placed| placed.part) {
            Some((node, mark)) => {
                let mark = DictItem::Int(i64::try_from(mark).unwrap_or(i64::MAX));
                let properties = DictItem::Dict { map: BTreeMap::from([("MCID".to_owned(), mark)]) };
                out.push(Op::BeginMarkedContentWithProperties { tag: tags.name(node).into(), properties });
            }
            None => out.push(Op::BeginMarkedContent { tag: "Artifact".into() }),
        }
        for placed in group {
            write(&mut out, &placed.item, subsets, paper.height());
        }
        out.push(Op::EndMarkedContent);
    }
    out
}

/// Conformance to nothing.
fn no_claim() -> PdfConformance {
    PdfConformance::Custom(CustomPdfConformance {
        identifier: String::new(),
        allows_3d_content: false,
        allows_video_content: false,
        allows_audio_content: false,
        allows_embedded_javascript: false,
        allows_jpeg_content: true,
        requires_xmp_metadata: false,
        allows_default_fonts: false,
        requires_icc_profile: false,
        allows_pdf_layers: false,
    })
}

fn subsets(pages: &[Page]) -> Subsets {
    let mut subsets = Subsets::new();
    for item in pages.iter().flat_map(|page| &page.items).map(|placed| &placed.item) {
        if let Item::Words { shaped, .. } = item {
            for run in &shaped.runs {
                let subset = subsets.entry(run.font).or_default();
                for glyph in &run.glyphs {
                    subset.remap(glyph.id);
                }
            }
        }
    }
    subsets
}

fn embedded(font: Font, subset: &GlyphRemapper) -> io::Result<PdfFont> {
    let bytes = subsetter::subset(font.bytes(), 0, subset).map_err(|error| io::Error::other(error.to_string()))?;
    let mut warnings = Vec::new();
    let mut parsed = ParsedFont::from_bytes(&bytes, 0, &mut warnings)
        .ok_or_else(|| io::Error::other("a subset of a font that is compiled in cannot be read"))?;
    parsed.font_name = Some(font.name().into());
    Ok(PdfFont::new(parsed))
}

fn write(out: &mut Vec<Op>, item: &Item, subsets: &Subsets, height: f32) {
    match item {
        Item::Words { x, y, size, colour, shaped } => words(out, (*x, height - *y), *size, *colour, shaped, subsets),
        Item::Rect { x, y, w, h, radius, colour } => fill(out, rectangle(*x, *y, *w, *h, *radius, height), *colour),
        Item::Path { points, fill: true, colour, .. } => {
            fill(out, points.iter().map(|(x, y)| corner(*x, height - *y)).collect(), *colour);
        }
        Item::Path { points, width, colour, .. } => {
            out.push(Op::SetOutlineColor { col: rgb(*colour) });
            out.push(Op::SetOutlineThickness { pt: Pt(*width) });
            let points = points.iter().map(|(x, y)| corner(*x, height - *y)).collect();
            out.push(Op::DrawLine { line: Line { points, is_closed: false } });
        }
        // Links are no marks on the page: the finishing pass adds them.
        Item::Link { .. } => {}
    }
}

fn words(out: &mut Vec<Op>, (x, y): (f32, f32), size: f32, colour: Colour, shaped: &Shaped, subsets: &Subsets) {
    out.push(Op::StartTextSection);
    out.push(Op::SetFillColor { col: rgb(colour) });
    let mut x = x;
    for run in &shaped.runs {
        if let Some(actual) = &run.actual {
            out.push(Op::BeginMarkedContentWithProperties { tag: "Span".into(), properties: actual_text(actual) });
        }
        out.push(Op::SetFont { font: PdfFontHandle::External(FontId(run.font.id().into())), size: Pt(size) });
        out.push(Op::SetTextMatrix { matrix: TextMatrix::Raw([1.0, 0.0, 0.0, 1.0, x, y]) });
        out.push(Op::ShowText { items: glyphs(run, subsets) });
        if run.actual.is_some() {
            out.push(Op::EndMarkedContent);
        }
        x += run.width * size;
    }
    out.push(Op::EndTextSection);
}

/// Glyphs, and between them how far the pen must move beyond what the font says, in thousandths of an em to the left.
fn glyphs(run: &Run, subsets: &Subsets) -> Vec<TextItem> {
    let mut items = Vec::new();
    let mut pending = 0.0_f32;
    for glyph in &run.glyphs {
        let before = pending - glyph.dx * 1000.0;
        if before.abs() > 0.4 {
            items.push(TextItem::Offset(before.round()));
        }
        let id = subsets.get(&run.font).and_then(|subset| subset.get(glyph.id)).unwrap_or(0);
        items.push(TextItem::GlyphIds(vec![Codepoint::with_cid(id, 0.0, glyph.text.clone())]));
        pending = (glyph.natural - glyph.advance + glyph.dx) * 1000.0;
    }
    items
}

fn actual_text(words: &str) -> DictItem {
    let data = super::finish::utf16(words);
    DictItem::Dict { map: BTreeMap::from([("ActualText".to_owned(), DictItem::String { data, literal: false })]) }
}

fn fill(out: &mut Vec<Op>, points: Vec<LinePoint>, colour: Colour) {
    out.push(Op::SetFillColor { col: rgb(colour) });
    let rings = vec![PolygonRing { points }];
    out.push(Op::DrawPolygon {
        polygon: Polygon { rings, mode: PaintMode::Fill, winding_order: WindingOrder::NonZero },
    });
}

fn rectangle(x: f32, y: f32, w: f32, h: f32, r: f32, height: f32) -> Vec<LinePoint> {
    let (right, top, bottom) = (x + w, height - y, height - y - h);
    if r == 0.0 {
        return vec![corner(x, top), corner(right, top), corner(right, bottom), corner(x, bottom)];
    }
    // How far the handles of a quarter circle lie from its corner.
    let k = r * 0.448;
    vec![
        corner(x + r, top),
        corner(right - r, top),
        handle(right - k, top),
        handle(right, top - k),
        corner(right, top - r),
        corner(right, bottom + r),
        handle(right, bottom + k),
        handle(right - k, bottom),
        corner(right - r, bottom),
        corner(x + r, bottom),
        handle(x + k, bottom),
        handle(x, bottom + k),
        corner(x, bottom + r),
        corner(x, top - r),
        handle(x, top - k),
        handle(x + k, top),
        corner(x + r, top),
    ]
}

const fn corner(x: f32, y: f32) -> LinePoint {
    LinePoint { p: Point { x: Pt(x), y: Pt(y) }, bezier: false }
}

const fn handle(x: f32, y: f32) -> LinePoint {
    LinePoint { p: Point { x: Pt(x), y: Pt(y) }, bezier: true }
}

fn rgb(Colour(r, g, b): Colour) -> Color {
    Color::Rgb(Rgb::new(f32::from(r) / 255.0, f32::from(g) / 255.0, f32::from(b) / 255.0, None))
}
