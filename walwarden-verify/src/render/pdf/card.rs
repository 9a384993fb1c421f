//! One thing in full: its title on a ground of its status, then facts and parts.

use super::{
    super::document::{Card, Text},
    draw::Item,
    flow::{Flow, rows},
    style::{self, BODY, CARD, FACT, SIDE},
    tags::Role,
    wrap,
};

/// Room for labels of facts, so that a whole digest fits on a line.
const LABELS: f32 = 94.0;

impl Flow<'_> {
    /// Sets a card; one that fits on a page is not torn before its facts end.
    pub(super) fn card(&mut self, card: &Card) {
        let measure = self.measure();
        let (colour, background) = style::tone(card.mark.tone);
        let chip = self.chip_width(&card.mark);
        let title = wrap::wrap(self.fonts, &card.title, CARD, measure - chip - 36.0);
        let height = CARD.leading * rows(title.len()) + 11.0;
        let lead = if card.lead.is_empty() { Vec::new() } else { self.lead(&card.lead) };
        let below = if card.table.is_some() { 70.0 } else { 0.0 };
        let facts = self.facts_height(measure - 12.0 - LABELS, &card.facts);
        let whole = height + BODY.leading * rows(lead.len()) + facts + below + 20.0;
        if !self.need(if whole < 420.0 { whole } else { height + 90.0 }) {
            self.y += 6.0;
        }
        self.anchor(&card.anchor);
        self.bookmark(card.title.flat(), 2);
        let top = self.y;
        self.put(Item::Rect { x: SIDE, y: top, w: measure, h: height, radius: 0.0, colour: background });
        self.put(Item::Rect { x: SIDE, y: top, w: 3.0, h: height, radius: 0.0, colour });
        self.y += 5.0;
        let base = self.y + CARD.size;
        self.within(Role::H3, |flow| {
            flow.lines(SIDE + 12.0, &title, CARD);
            flow.chip(SIDE + measure - chip - 8.0, base, &card.mark);
        });
        self.y = top + height + 7.0;
        if !lead.is_empty() {
            self.within(Role::Paragraph, |flow| flow.lines(SIDE + 12.0, &lead, BODY));
            self.y += 5.0;
        }
        if !card.facts.is_empty() {
            self.facts(SIDE + 12.0, measure - 12.0, LABELS, &card.facts, FACT);
            self.y += 5.0;
        }
        if let Some(table) = &card.table {
            self.table(table);
        } else {
            self.y += 6.0;
        }
    }

    fn lead(&self, lead: &Text) -> Vec<wrap::Line> {
        wrap::wrap(self.fonts, lead, BODY, self.measure() - 12.0)
    }
}
