//! The first page, the contents, and what stands on every page.

use super::{
    super::document::{Attention, Count, Document, Panel, Tally, Text},
    draw::{self, Item},
    flow::{Flow, LABELS, Spot, rows},
    style::{
        self, CARD, CELL, COVER, FINE, LABEL, MUTED, NAME, NAVY, PANEL, Paper, RULE, RUNNING, SIDE, SMALL, Style,
        TIGHT, TITLE, VERDICT,
    },
    tags::{Node, Role},
    wrap,
};
use crate::render::pdf::font::{Font, Fonts};

/// How much the first page takes: points to look at first, and the style of the limits.
const TRIES: [(usize, Style); 6] = [(12, SMALL), (12, TIGHT), (9, TIGHT), (6, TIGHT), (4, TIGHT), (2, TIGHT)];

/// Begins the document with its first page, on which the limits are to stand too (`spec:report-2`): set smaller, with
/// fewer points to look at first, where the verdict and the identity take much room.
pub(super) fn begin<'a>(fonts: &'a Fonts, document: &Document, paper: Paper) -> (Flow<'a>, Option<More>) {
    let mut last = None;
    for (points, limits) in TRIES {
        let mut flow = Flow::new(fonts, paper);
        let more = cover(&mut flow, document, points, limits);
        let fits = flow.pages.len() == 1;
        last = Some((flow, more));
        if fits {
            break;
        }
    }
    last.unwrap_or_else(|| (Flow::new(fonts, paper), None))
}

/// The line under the points that fit: its number of pages is known when all is set.
pub(super) struct More {
    spot: Spot,
    node: Node,
    left_out: usize,
}

/// Sets the first page: verdict, what to look at first, counts, identity, limits.
fn cover(flow: &mut Flow<'_>, document: &Document, points: usize, limits: Style) -> Option<More> {
    let cover = &document.cover;
    let measure = flow.measure();
    // Less air, where there is much to look at.
    let air = if points > 9 { 0.6 } else { 1.0 };
    flow.put(Item::Rect { x: 0.0, y: 0.0, w: flow.paper.width(), h: 7.0, radius: 0.0, colour: NAVY });
    flow.y = 38.0;
    flow.anchor("cover");
    flow.bookmark("Cover".into(), 1);
    flow.tags.open(Role::Sect);
    flow.text(Role::H1, SIDE, &Text::plain(document.title), TITLE, measure);
    flow.y += 2.0;
    flow.text(Role::Paragraph, SIDE, &Text::plain(cover.subtitle), LABEL, measure);
    flow.y += 8.0 * air;
    flow.text(Role::Paragraph, SIDE, &cover.organisation, NAME, measure);
    flow.y += 5.0 * air;
    panel(flow, &cover.panel);
    flow.y += 9.0 * air;
    let more = attention(flow, &cover.attention, points);
    flow.y += 6.0 * air;
    flow.tags.open(Role::List);
    for tally in &cover.tallies {
        flow.within(Role::Item, |flow| tallied(flow, tally));
    }
    flow.tags.close();
    flow.y += 8.0 * air;
    flow.facts(SIDE, measure, LABELS, &cover.facts, COVER);
    flow.y += 7.0 * air;
    let title = Style { font: Font::Semi, colour: style::INK, ..limits };
    flow.text(Role::H2, SIDE, &Text::plain(cover.limits_title), title, measure);
    flow.points(&cover.limits, limits, 0.0);
    flow.tags.close();
    more
}

fn panel(flow: &mut Flow<'_>, panel: &Panel) {
    let (colour, background) = style::tone(panel.mark.tone);
    let sentence = wrap::wrap(flow.fonts, &Text::plain(&panel.sentence), PANEL, flow.measure() - 44.0);
    let height = 17.0 + VERDICT.leading + PANEL.leading * rows(sentence.len());
    let top = flow.y;
    flow.put(Item::Rect { x: SIDE, y: top, w: flow.measure(), h: height, radius: 4.0, colour: background });
    flow.put(Item::Rect { x: SIDE, y: top, w: 4.0, h: height, radius: 0.0, colour });
    flow.y = top + 7.0;
    let base = flow.y + VERDICT.size;
    for item in draw::sign(panel.mark.sign, SIDE + 28.0, base - 6.2, 6.0, colour) {
        flow.put(item);
    }
    let words = draw::words(flow.fonts, SIDE + 42.0, base, &panel.mark.words, VERDICT.font, VERDICT.size, colour);
    flow.within(Role::H2, |flow| flow.put(words));
    flow.y += VERDICT.leading + 3.0;
    flow.within(Role::Paragraph, |flow| flow.lines(SIDE + 22.0, &sentence, PANEL));
    flow.y = top + height;
}

/// Sets the first points, each with its status before it.
fn attention(flow: &mut Flow<'_>, attention: &Attention, most: usize) -> Option<More> {
    let measure = flow.measure();
    flow.text(Role::H2, SIDE, &Text::plain(attention.title), CARD, measure);
    flow.y += 1.0;
    let shown = attention.points.iter().take(most);
    let chip = shown.clone().map(|point| flow.chip_width(&point.mark)).fold(0.0, f32::max) + 8.0;
    if attention.points.is_empty() {
        flow.text(Role::Paragraph, SIDE, &Text::plain(attention.none), CELL, measure);
    }
    flow.tags.open(Role::List);
    for point in shown {
        let lines = wrap::wrap(flow.fonts, &point.what, CELL, measure - chip);
        flow.need(CELL.leading * rows(lines.len()));
        flow.tags.open(Role::Item);
        let base = flow.y + CELL.size + 0.6;
        flow.within(Role::Label, |flow| flow.chip(SIDE, base, &point.mark));
        flow.within(Role::Body, |flow| flow.lines(SIDE + chip, &lines, Style { leading: 11.4, ..CELL }));
        flow.tags.close();
        flow.y += if most > 6 { 1.4 } else { 2.6 };
    }
    flow.tags.close();
    let left_out = attention.all.saturating_sub(attention.points.len().min(most));
    (left_out > 0).then(|| {
        let node = flow.tags.open(Role::Paragraph);
        flow.tags.close();
        let spot = flow.spot();
        flow.y += CELL.leading;
        More { spot, node, left_out }
    })
}

/// Sets the line under the points, now that the pages are known.
pub(super) fn more(flow: &mut Flow<'_>, document: &Document, more: &More) {
    let to = document.cover.attention.more;
    let page = flow.anchors.get(to).map_or(0, |spot| spot.page.saturating_add(1));
    let words = format!("{} more, page {page}", more.left_out);
    let width = flow.fonts.width(&words, CELL.font, CELL.size);
    let (x, y) = (SIDE, more.spot.y);
    let words = draw::words(flow.fonts, x, y + CELL.size, &words, Font::Semi, CELL.size, NAVY);
    flow.tags.open_again(more.node);
    flow.on(more.spot.page, |flow| {
        flow.within(Role::Link, |flow| {
            flow.put(words);
            flow.click((x, y), (width, CELL.leading), to);
        });
    });
    flow.tags.close();
}

/// Sets a label and its counts, over lines where they need them.
fn tallied(flow: &mut Flow<'_>, tally: &Tally) {
    flow.need(14.0);
    let label = draw::words(flow.fonts, SIDE, flow.y + COVER.size, tally.label, LABEL.font, COVER.size, MUTED);
    flow.within(Role::Label, |flow| flow.put(label));
    flow.tags.open(Role::Body);
    let mut x = SIDE + LABELS;
    for count in &tally.counts {
        if x + counted(flow, count).0 > SIDE + flow.measure() {
            x = SIDE + LABELS;
            flow.y += 12.0;
        }
        let (width, items) = counted(flow, count);
        for item in items(x, flow.y + COVER.size) {
            flow.put(item);
        }
        x += width + 13.0;
    }
    flow.tags.close();
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

/// Room for the contents, and the part of the tree that they will be.
pub(super) struct Reserved {
    spot: Spot,
    node: Node,
}

/// From line to line of the contents.
const ENTRY: f32 = 15.5;

/// Leaves room for the contents on the second page, below what the first had no room for.
pub(super) fn reserve_contents(flow: &mut Flow<'_>, document: &Document) -> Reserved {
    let height = 14.0 + ENTRY * rows(document.sections.len()) + 10.0;
    if flow.pages.len() < 2 {
        flow.page();
    } else if !flow.need(height + 16.0) {
        flow.y += 16.0;
    }
    let spot = flow.spot();
    flow.y += height;
    let node = flow.tags.open(Role::Contents);
    flow.tags.close();
    Reserved { spot, node }
}

/// Sets the contents into the room left for them, now that the pages are known.
pub(super) fn contents(flow: &mut Flow<'_>, document: &Document, reserved: &Reserved) {
    let Reserved { spot, node } = reserved;
    let measure = flow.measure();
    flow.tags.open_again(*node);
    for (place, section) in document.sections.iter().enumerate() {
        let y = spot.y + 14.0 + ENTRY * (rows(place.saturating_add(1)) - 1.0);
        let page = flow.anchors.get(&section.anchor).map_or(0, |spot| spot.page.saturating_add(1)).to_string();
        let taken = flow.fonts.width(&page, Font::Sans, 9.6);
        let words = [
            draw::words(flow.fonts, SIDE, y, &section.number, Font::Sans, 9.6, MUTED),
            draw::words(flow.fonts, SIDE + 24.0, y, section.title, Font::Sans, 9.6, NAVY),
            draw::words(flow.fonts, SIDE + measure - taken, y, &page, Font::Sans, 9.6, MUTED),
        ];
        flow.on(spot.page, |flow| {
            flow.tags.open(Role::ContentsItem);
            flow.within(Role::Link, |flow| {
                words.into_iter().for_each(|words| flow.put(words));
                flow.click((SIDE, y - 10.0), (measure, 14.0), &section.anchor);
            });
            flow.tags.close();
            flow.put(draw::rule(SIDE, y + 4.6, measure, 0.4, RULE));
        });
    }
    flow.tags.close();
}

/// Sets what stands on every page: organisation, period, digest, disclaimer, number.
pub(super) fn furniture(flow: &mut Flow<'_>, document: &Document) {
    let (fonts, measure, foot) = (flow.fonts, flow.measure(), flow.paper.height() - 38.0);
    let total = flow.pages.len();
    let disclaimer = wrap::wrap(fonts, &Text::plain(document.disclaimer), FINE, measure - 60.0);
    let running = wrap::wrap(fonts, &Text::record(&document.running), RUNNING, measure - 150.0);
    for place in 0..total {
        flow.on(place, |flow| {
            flow.aside(|flow| {
                if place > 0 {
                    if let Some(line) = running.first() {
                        flow.line(SIDE, 44.0, line);
                    }
                    let x = SIDE + measure - fonts.width(&document.digest, Font::Mono, 7.6);
                    flow.put(draw::words(fonts, x, 44.0, &document.digest, Font::Mono, 7.6, MUTED));
                    flow.put(draw::rule(SIDE, 52.0, measure, 0.5, RULE));
                }
                let mut y = foot;
                for line in &disclaimer {
                    flow.line(SIDE, y, line);
                    y += FINE.leading;
                }
                let number = format!("{} of {total}", place.saturating_add(1));
                let x = SIDE + measure - fonts.width(&number, Font::Sans, 8.5);
                flow.put(draw::words(fonts, x, foot, &number, Font::Sans, 8.5, MUTED));
            });
        });
    }
}
