//! The first page, the contents, and what stands on every page.

use super::{
    super::document::{Attention, Count, Document, Panel, Tally, Text},
    draw::{self, Item},
    flow::{Flow, LABELS, Spot, rows},
    style::{
        self, CARD, CELL, COVER, FINE, HEIGHT, LABEL, MEASURE, MUTED, NAME, NAVY, PANEL, RULE, RUNNING, SIDE, SMALL,
        Style, TIGHT, TITLE, VERDICT, WIDTH,
    },
    wrap,
};
use crate::render::pdf::font::{Font, Fonts};

/// How much the first page takes: points to look at first, and the style of the limits.
const TRIES: [(usize, Style); 6] = [(12, SMALL), (12, TIGHT), (9, TIGHT), (6, TIGHT), (4, TIGHT), (2, TIGHT)];

/// Begins the document with its first page, on which the limits are to stand too (`spec:report-2`): set smaller, with
/// fewer points to look at first, where the verdict and the identity take much room.
pub(super) fn begin<'a>(fonts: &'a Fonts, document: &Document) -> (Flow<'a>, Option<More>) {
    let mut last = None;
    for (points, limits) in TRIES {
        let mut flow = Flow::new(fonts);
        let more = cover(&mut flow, document, points, limits);
        let fits = flow.pages.len() == 1;
        last = Some((flow, more));
        if fits {
            break;
        }
    }
    last.unwrap_or_else(|| (Flow::new(fonts), None))
}

/// The line under the points that fit: its number of pages is known when all is set.
pub(super) struct More {
    spot: Spot,
    left_out: usize,
}

/// Sets the first page: verdict, what to look at first, counts, identity, limits.
fn cover(flow: &mut Flow<'_>, document: &Document, points: usize, limits: Style) -> Option<More> {
    let cover = &document.cover;
    flow.put(Item::Rect { x: 0.0, y: 0.0, w: WIDTH, h: 7.0, radius: 0.0, colour: NAVY });
    flow.y = 38.0;
    flow.anchor("cover");
    flow.bookmark("Cover".into(), 1);
    flow.text(SIDE, &Text::plain(document.title), TITLE, MEASURE);
    flow.y += 2.0;
    flow.text(SIDE, &Text::plain(cover.subtitle), LABEL, MEASURE);
    flow.y += 8.0;
    flow.text(SIDE, &cover.organisation, NAME, MEASURE);
    flow.y += 5.0;
    panel(flow, &cover.panel);
    flow.y += 9.0;
    let more = attention(flow, &cover.attention, points);
    flow.y += 6.0;
    for tally in &cover.tallies {
        tallied(flow, tally);
    }
    flow.y += 8.0;
    flow.facts(SIDE, MEASURE, LABELS, &cover.facts, COVER);
    flow.y += 7.0;
    let title = Style { font: Font::Semi, colour: style::INK, ..limits };
    flow.text(SIDE, &Text::plain(cover.limits_title), title, MEASURE);
    flow.points(&cover.limits, limits, 0.0);
    more
}

fn panel(flow: &mut Flow<'_>, panel: &Panel) {
    let (colour, background) = style::tone(panel.mark.tone);
    let sentence = wrap::wrap(flow.fonts, &Text::plain(&panel.sentence), PANEL, MEASURE - 44.0);
    let height = 17.0 + VERDICT.leading + PANEL.leading * rows(sentence.len());
    let top = flow.y;
    flow.put(Item::Rect { x: SIDE, y: top, w: MEASURE, h: height, radius: 4.0, colour: background });
    flow.put(Item::Rect { x: SIDE, y: top, w: 4.0, h: height, radius: 0.0, colour });
    flow.y = top + 7.0;
    let base = flow.y + VERDICT.size;
    for item in draw::sign(panel.mark.sign, SIDE + 28.0, base - 6.2, 6.0, colour) {
        flow.put(item);
    }
    flow.put(draw::words(flow.fonts, SIDE + 42.0, base, &panel.mark.words, VERDICT.font, VERDICT.size, colour));
    flow.y += VERDICT.leading + 3.0;
    flow.lines(SIDE + 22.0, &sentence, PANEL);
    flow.y = top + height;
}

/// Sets the first points, each with its status before it.
fn attention(flow: &mut Flow<'_>, attention: &Attention, most: usize) -> Option<More> {
    flow.text(SIDE, &Text::plain(attention.title), CARD, MEASURE);
    flow.y += 1.0;
    let shown = attention.points.iter().take(most);
    let chip = shown.clone().map(|point| flow.chip_width(&point.mark)).fold(0.0, f32::max) + 8.0;
    if attention.points.is_empty() {
        flow.text(SIDE, &Text::plain(attention.none), CELL, MEASURE);
    }
    for point in shown {
        let lines = wrap::wrap(flow.fonts, &point.what, CELL, MEASURE - chip);
        flow.need(CELL.leading * rows(lines.len()));
        flow.chip(SIDE, flow.y + CELL.size + 0.6, &point.mark);
        flow.lines(SIDE + chip, &lines, Style { leading: 11.4, ..CELL });
        flow.y += 2.6;
    }
    let left_out = attention.all.saturating_sub(attention.points.len().min(most));
    let more = (left_out > 0).then(|| More { spot: flow.spot(), left_out });
    if more.is_some() {
        flow.y += CELL.leading;
    }
    more
}

/// Sets the line under the points, now that the pages are known.
pub(super) fn more(flow: &mut Flow<'_>, document: &Document, more: &More) {
    let to = document.cover.attention.more;
    let page = flow.anchors.get(to).map_or(0, |spot| spot.page.saturating_add(1));
    let words = format!("{} more, page {page}", more.left_out);
    let width = flow.fonts.width(&words, CELL.font, CELL.size);
    let (x, y) = (SIDE, more.spot.y);
    let items = [
        draw::words(flow.fonts, x, y + CELL.size, &words, Font::Semi, CELL.size, NAVY),
        Item::Link { x, y, w: width, h: CELL.leading, to: to.to_owned() },
    ];
    if let Some(page) = flow.pages.get_mut(more.spot.page) {
        page.extend(items);
    }
}

/// Sets a label and its counts, over lines where they need them.
fn tallied(flow: &mut Flow<'_>, tally: &Tally) {
    flow.need(14.0);
    flow.put(draw::words(flow.fonts, SIDE, flow.y + COVER.size, tally.label, LABEL.font, COVER.size, MUTED));
    let mut x = SIDE + LABELS;
    for count in &tally.counts {
        if x + counted(flow, count).0 > SIDE + MEASURE {
            x = SIDE + LABELS;
            flow.y += 12.0;
        }
        let (width, items) = counted(flow, count);
        for item in items(x, flow.y + COVER.size) {
            flow.put(item);
        }
        x += width + 13.0;
    }
    flow.y += 14.0;
}

/// A number and what it counts: their width, and how to set them.
fn counted<'a>(flow: &Flow<'a>, count: &'a Count) -> (f32, impl FnOnce(f32, f32) -> [Item; 2] + use<'a>) {
    let fonts = flow.fonts;
    let colour = style::tone(count.tone).0;
    let number = fonts.width(&count.number, Font::Semi, 9.6) + 3.0;
    let width = number + fonts.width(count.label, Font::Sans, COVER.size);
    let items = move |x: f32, y: f32| {
        [
            draw::words(fonts, x, y, &count.number, Font::Semi, 9.6, colour),
            draw::words(fonts, x + number, y, count.label, Font::Sans, COVER.size, MUTED),
        ]
    };
    (width, items)
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
