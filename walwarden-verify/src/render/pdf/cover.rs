//! The first page, the contents, and what stands on every page.

use super::{
    super::document::{Count, Document, Panel, Text},
    draw::{self, Item},
    flow::{Flow, LABELS, Spot, rows},
    style::{
        self, BODY, FINE, HEIGHT, LABEL, MEASURE, MUTED, NAME, NAVY, RULE, RUNNING, SIDE, SMALL, Style, TIGHT, TITLE,
        VERDICT, WIDTH,
    },
    wrap,
};
use crate::render::pdf::font::{Font, Fonts};

/// Begins the document with its first page, on which the limits are to stand too (`spec:report-2`): set smaller where the
/// verdict and the identity take much room.
pub(super) fn begin<'a>(fonts: &'a Fonts, document: &Document) -> Flow<'a> {
    let set = |limits| {
        let mut flow = Flow::new(fonts);
        cover(&mut flow, document, limits);
        flow
    };
    let flow = set(SMALL);
    if flow.pages.len() > 1 { set(TIGHT) } else { flow }
}

/// Sets the first page: verdict, identity, limits.
fn cover(flow: &mut Flow<'_>, document: &Document, limits: Style) {
    let cover = &document.cover;
    flow.put(Item::Rect { x: 0.0, y: 0.0, w: WIDTH, h: 7.0, radius: 0.0, colour: NAVY });
    flow.y = 50.0;
    flow.anchor("cover");
    flow.bookmark("Cover".into(), 1);
    flow.text(SIDE, &Text::plain(document.title), TITLE, MEASURE);
    flow.y += 5.0;
    flow.text(SIDE, &Text::plain(cover.subtitle), LABEL, MEASURE);
    flow.y += 13.0;
    flow.text(SIDE, &cover.organisation, NAME, MEASURE);
    flow.y += 6.0;
    panel(flow, &cover.panel);
    flow.y += 10.0;
    flow.facts(SIDE, MEASURE, LABELS, &cover.facts);
    flow.y += 8.0;
    let title = Style { font: Font::Semi, colour: style::INK, ..limits };
    flow.text(SIDE, &Text::plain(cover.limits_title), title, MEASURE);
    flow.points(&cover.limits, limits, 0.0);
}

fn panel(flow: &mut Flow<'_>, panel: &Panel) {
    let (colour, background) = style::tone(panel.mark.tone);
    let sentence = wrap::wrap(flow.fonts, &Text::plain(&panel.sentence), BODY, MEASURE - 44.0);
    let height = 14.0 + VERDICT.leading + BODY.leading * rows(sentence.len()) + 30.0;
    let top = flow.y;
    flow.put(Item::Rect { x: SIDE, y: top, w: MEASURE, h: height, radius: 4.0, colour: background });
    flow.put(Item::Rect { x: SIDE, y: top, w: 4.0, h: height, radius: 0.0, colour });
    flow.y = top + 10.0;
    let base = flow.y + VERDICT.size;
    for item in draw::sign(panel.mark.sign, SIDE + 28.0, base - 6.2, 6.0, colour) {
        flow.put(item);
    }
    flow.put(draw::words(flow.fonts, SIDE + 42.0, base, &panel.mark.words, VERDICT.font, VERDICT.size, colour));
    flow.y += VERDICT.leading + 3.0;
    flow.lines(SIDE + 22.0, &sentence, BODY);
    let mut x = SIDE + 22.0;
    for count in &panel.counts {
        x = counted(flow, x, top + height - 12.0, count) + 16.0;
    }
    flow.y = top + height;
}

fn counted(flow: &mut Flow<'_>, x: f32, y: f32, count: &Count) -> f32 {
    let colour = style::tone(count.tone).0;
    let number = flow.fonts.width(&count.number, Font::Semi, 12.0);
    flow.put(draw::words(flow.fonts, x, y, &count.number, Font::Semi, 12.0, colour));
    let x = x + number + 3.5;
    flow.put(draw::words(flow.fonts, x, y, count.label, Font::Sans, 9.2, MUTED));
    x + flow.fonts.width(count.label, Font::Sans, 9.2)
}

/// Leaves room for the contents on the second page, below what the first had no room for.
pub(super) fn reserve_contents(flow: &mut Flow<'_>, document: &Document) -> Spot {
    let height = 14.0 + 16.5 * rows(document.sections.len()) + 10.0;
    if flow.pages.len() < 2 {
        flow.page();
    } else if !flow.need(height + 16.0) {
        flow.y += 16.0;
    }
    let spot = flow.spot();
    flow.y += height;
    spot
}

/// Sets the contents into the room left for them, now that the pages are known.
pub(super) fn contents(flow: &mut Flow<'_>, document: &Document, spot: Spot) {
    let mut items = Vec::new();
    for (place, section) in document.sections.iter().enumerate() {
        let y = spot.y + 14.0 + 16.5 * (rows(place.saturating_add(1)) - 1.0);
        let page = flow.anchors.get(&section.anchor).map_or(0, |spot| spot.page.saturating_add(1)).to_string();
        let taken = flow.fonts.width(&page, Font::Sans, 9.6);
        items.push(draw::words(flow.fonts, SIDE, y, section.title, Font::Sans, 9.6, NAVY));
        items.push(draw::words(flow.fonts, SIDE + MEASURE - taken, y, &page, Font::Sans, 9.6, MUTED));
        items.push(draw::rule(SIDE, y + 5.0, MEASURE, 0.4, RULE));
        items.push(Item::Link { x: SIDE, y: y - 10.0, w: MEASURE, h: 14.0, to: section.anchor.clone() });
    }
    if let Some(page) = flow.pages.get_mut(spot.page) {
        page.extend(items);
    }
}

/// Sets what stands on every page: organisation, period, digest, disclaimer, number.
pub(super) fn furniture(flow: &mut Flow<'_>, document: &Document) {
    let fonts = flow.fonts;
    let total = flow.pages.len();
    let disclaimer = wrap::wrap(fonts, &Text::plain(document.disclaimer), FINE, MEASURE - 60.0);
    let running = wrap::wrap(fonts, &Text::record(&document.running), RUNNING, MEASURE - 150.0);
    for place in 0..total {
        let Some(page) = flow.pages.get_mut(place).map(std::mem::take) else {
            continue;
        };
        flow.pages.push(page);
        if place > 0 {
            if let Some(line) = running.first() {
                flow.line(SIDE, 44.0, line);
            }
            let taken = fonts.width(&document.digest, Font::Mono, 7.6);
            flow.put(draw::words(fonts, SIDE + MEASURE - taken, 44.0, &document.digest, Font::Mono, 7.6, MUTED));
            flow.put(draw::rule(SIDE, 52.0, MEASURE, 0.5, RULE));
        }
        let mut y = HEIGHT - 38.0;
        for line in &disclaimer {
            flow.line(SIDE, y, line);
            y += FINE.leading;
        }
        let number = format!("{} of {total}", place.saturating_add(1));
        let taken = fonts.width(&number, Font::Sans, 8.5);
        flow.put(draw::words(fonts, SIDE + MEASURE - taken, HEIGHT - 38.0, &number, Font::Sans, 8.5, MUTED));
        if let (Some(done), Some(slot)) = (flow.pages.pop(), flow.pages.get_mut(place)) {
            *slot = done;
        }
    }
}
