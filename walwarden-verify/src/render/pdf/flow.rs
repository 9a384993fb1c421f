//! Blocks set one below the other, page after page.

use std::collections::BTreeMap;

use super::{
    super::document::{Block, Card, Fact, Heading, Mark, Section, Text},
    draw::{self, Item, Page},
    font::Fonts,
    style::{
        self, BODY, BOTTOM, CARD, CHIP, COMMAND, FACT, HEADING, LABEL, MEASURE, MUTED, PAPER, RULE, SECTION, SIDE,
        Style, TOP,
    },
    wrap::{self, Line},
};

/// Room for labels of facts.
pub(super) const LABELS: f32 = 108.0;
/// The same in cards, so that a whole digest fits on a line.
const CARD_LABELS: f32 = 94.0;

/// A page and a height on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    /// From 0.
    pub(super) page: usize,
    /// From the top.
    pub(super) y: f32,
}

/// A line of the outline.
#[derive(Debug)]
pub(super) struct Bookmark {
    /// The words.
    pub(super) title: String,
    /// 1 or 2.
    pub(super) level: u8,
    /// Where.
    pub(super) spot: Spot,
}

/// What came out.
pub(super) struct Laid {
    /// The pages.
    pub(super) pages: Vec<Page>,
    /// Where links lead.
    pub(super) anchors: BTreeMap<String, Spot>,
    /// The outline.
    pub(super) bookmarks: Vec<Bookmark>,
}

/// Pages in the making.
pub(super) struct Flow<'a> {
    pub(super) fonts: &'a Fonts,
    pub(super) pages: Vec<Page>,
    pub(super) y: f32,
    pub(super) anchors: BTreeMap<String, Spot>,
    bookmarks: Vec<Bookmark>,
}

impl<'a> Flow<'a> {
    /// Begins with one empty page.
    pub(super) fn new(fonts: &'a Fonts) -> Self {
        Self { fonts, pages: vec![Vec::new()], y: TOP, anchors: BTreeMap::new(), bookmarks: Vec::new() }
    }

    /// Ends.
    pub(super) fn done(self) -> Laid {
        Laid { pages: self.pages, anchors: self.anchors, bookmarks: self.bookmarks }
    }

    /// Begins a page.
    pub(super) fn page(&mut self) {
        self.pages.push(Vec::new());
        self.y = TOP;
    }

    /// Begins a page unless `height` is left on this one; says whether it did.
    pub(super) fn need(&mut self, height: f32) -> bool {
        let full = self.y + height > BOTTOM && self.y > TOP;
        if full {
            self.page();
        }
        full
    }

    /// Draws on this page.
    pub(super) fn put(&mut self, item: Item) {
        if let Some(page) = self.pages.last_mut() {
            page.push(item);
        }
    }

    /// Where the next thing will stand.
    pub(super) fn spot(&self) -> Spot {
        Spot { page: self.pages.len().saturating_sub(1), y: self.y }
    }

    /// Lets links lead here. The first of a name wins.
    pub(super) fn anchor(&mut self, name: &str) {
        if !name.is_empty() {
            let spot = self.spot();
            self.anchors.entry(name.to_owned()).or_insert(spot);
        }
    }

    pub(super) fn bookmark(&mut self, title: String, level: u8) {
        let spot = self.spot();
        self.bookmarks.push(Bookmark { title, level, spot });
    }

    /// Draws one line with its base line at `y`.
    pub(super) fn line(&mut self, x: f32, y: f32, line: &Line) {
        let mut x = x;
        for piece in line {
            let words = piece.words.trim_end();
            let width = self.fonts.width(&piece.words, piece.font, piece.size);
            if !words.is_empty() {
                self.put(draw::words(self.fonts, x, y, words, piece.font, piece.size, piece.colour));
            }
            if let Some(to) = &piece.link {
                self.put(Item::Link { x, y: y - piece.size, w: width, h: piece.size * 1.3, to: to.clone() });
            }
            x += width;
        }
    }

    /// Sets lines one below the other, over pages where it must.
    pub(super) fn lines(&mut self, x: f32, lines: &[Line], style: Style) {
        for line in lines {
            self.need(style.leading);
            self.line(x, self.y + style.size, line);
            self.y += style.leading;
        }
    }

    /// Sets a text.
    pub(super) fn text(&mut self, x: f32, text: &Text, style: Style, width: f32) {
        let lines = wrap::wrap(self.fonts, text, style, width);
        self.lines(x, &lines, style);
    }

    /// Sets a chapter.
    pub(super) fn section(&mut self, section: &Section) {
        // The heading stays with what follows the paragraphs below it.
        let height: f32 = section.blocks.iter().map_while(|block| self.height_of_paragraph(block)).sum();
        if !self.need(height + 160.0) && self.y > TOP {
            self.y += 26.0;
        }
        self.anchor(&section.anchor);
        self.bookmark(section.title.to_owned(), 1);
        self.text(SIDE, &Text::plain(section.title), SECTION, MEASURE);
        self.y += 8.0;
        for block in &section.blocks {
            self.block(block);
        }
    }

    fn height_of_paragraph(&self, block: &Block) -> Option<f32> {
        let Block::Paragraph(text) = block else {
            return None;
        };
        Some(rows(wrap::wrap(self.fonts, text, BODY, MEASURE).len()) * BODY.leading)
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading(heading) => self.heading(heading),
            Block::Paragraph(text) => {
                self.text(SIDE, text, BODY, MEASURE);
                self.y += 7.0;
            }
            Block::List(points) => self.points(points, BODY, 5.0),
            Block::Facts(facts) => {
                self.facts(SIDE, MEASURE, LABELS, facts, FACT);
                self.y += 9.0;
            }
            Block::Table(table) => self.table(table),
            Block::Card(card) => self.card(card),
            Block::Commands(lines) => self.commands(lines),
        }
    }

    fn heading(&mut self, heading: &Heading) {
        if !self.need(84.0) {
            self.y += 9.0;
        }
        self.anchor(&heading.anchor);
        let title: String = heading.text.0.iter().map(super::super::document::Span::text).collect();
        self.bookmark(title, 2);
        self.text(SIDE, &heading.text, HEADING, MEASURE);
        self.y += 2.0;
    }

    /// Sets points with a dot before each.
    pub(super) fn points(&mut self, points: &[Text], style: Style, gap: f32) {
        for point in points {
            let lines = wrap::wrap(self.fonts, point, style, MEASURE - 12.0);
            self.need(style.leading * 2.0);
            let dot = style.size * 0.13;
            let y = self.y + style.size * 0.66;
            self.put(Item::Rect {
                x: SIDE + 2.0,
                y: y - dot,
                w: dot * 2.0,
                h: dot * 2.0,
                radius: dot,
                colour: style.colour,
            });
            self.lines(SIDE + 12.0, &lines, style);
            self.y += gap;
        }
        self.y += 3.0;
    }

    /// Sets labels and values, each pair with a line below.
    pub(super) fn facts(&mut self, x: f32, width: f32, labels: f32, facts: &[Fact], style: Style) {
        let gap = style.leading - 7.2;
        for fact in facts {
            let lines: Vec<Line> =
                fact.values.iter().flat_map(|value| wrap::wrap(self.fonts, value, style, width - labels)).collect();
            let height = style.leading * rows(lines.len()) + gap;
            self.need(height.min(200.0));
            let label = draw::words(self.fonts, x, self.y + style.size, fact.label, LABEL.font, style.size, MUTED);
            self.put(label);
            self.lines(x + labels, &lines, style);
            if lines.is_empty() {
                self.y += style.leading;
            }
            self.put(draw::rule(x, self.y + gap * 0.37, width, 0.4, RULE));
            self.y += gap;
        }
    }

    fn facts_height(&self, width: f32, facts: &[Fact]) -> f32 {
        let lines =
            |fact: &Fact| fact.values.iter().map(|value| wrap::wrap(self.fonts, value, FACT, width).len()).sum();
        facts.iter().map(|fact| FACT.leading * rows(lines(fact)) + 6.0).sum()
    }

    fn card(&mut self, card: &Card) {
        let (colour, background) = style::tone(card.mark.tone);
        let chip = self.chip_width(&card.mark);
        let title = wrap::wrap(self.fonts, &card.title, CARD, MEASURE - chip - 36.0);
        let height = CARD.leading * rows(title.len()) + 11.0;
        let below = if card.table.is_some() { 70.0 } else { 0.0 };
        let whole = height + self.facts_height(MEASURE - 12.0 - CARD_LABELS, &card.facts) + below + 40.0;
        // A card that fits on a page is not torn before its facts end.
        if !self.need(if whole < 420.0 { whole } else { height + 90.0 }) {
            self.y += 6.0;
        }
        self.anchor(&card.anchor);
        let words: String = card.title.0.iter().map(super::super::document::Span::text).collect();
        self.bookmark(words, 2);
        let top = self.y;
        self.put(Item::Rect { x: SIDE, y: top, w: MEASURE, h: height, radius: 0.0, colour: background });
        self.put(Item::Rect { x: SIDE, y: top, w: 3.0, h: height, radius: 0.0, colour });
        self.y += 5.0;
        self.chip(SIDE + MEASURE - chip - 8.0, self.y + CARD.size, &card.mark);
        self.lines(SIDE + 12.0, &title, CARD);
        self.y = top + height + 7.0;
        if !card.lead.is_empty() {
            self.text(SIDE + 12.0, &card.lead, BODY, MEASURE - 12.0);
            self.y += 5.0;
        }
        self.facts(SIDE + 12.0, MEASURE - 12.0, CARD_LABELS, &card.facts, FACT);
        self.y += 5.0;
        if let Some(table) = &card.table {
            self.table(table);
        } else {
            self.y += 6.0;
        }
    }

    fn commands(&mut self, lines: &[String]) {
        let lines: Vec<Line> =
            lines.iter().flat_map(|line| wrap::wrap(self.fonts, &Text::plain(line), COMMAND, MEASURE - 20.0)).collect();
        let height = COMMAND.leading * rows(lines.len()) + 11.0;
        self.need(height);
        self.put(Item::Rect { x: SIDE, y: self.y, w: MEASURE, h: height, radius: 3.0, colour: PAPER });
        self.y += 5.0;
        self.lines(SIDE + 10.0, &lines, COMMAND);
        self.y += 13.0;
    }

    /// Width of a status on its own ground.
    pub(super) fn chip_width(&self, mark: &Mark) -> f32 {
        self.fonts.width(&mark.words, CHIP.font, CHIP.size) + 21.0
    }

    /// Draws a status on its own ground, with its base line at `y`.
    pub(super) fn chip(&mut self, x: f32, y: f32, mark: &Mark) {
        let (colour, background) = style::tone(mark.tone);
        let w = self.chip_width(mark);
        self.put(Item::Rect { x, y: y - 8.9, w, h: 12.4, radius: 6.2, colour: background });
        for item in draw::sign(mark.sign, x + 8.6, y - 2.7, 2.7, colour) {
            self.put(item);
        }
        self.put(draw::words(self.fonts, x + 14.4, y, &mark.words, CHIP.font, CHIP.size, colour));
    }
}

/// A number of lines as a factor.
#[expect(clippy::cast_precision_loss, reason = "lines of a page are few")]
pub(super) fn rows(lines: usize) -> f32 {
    lines.max(1) as f32
}
