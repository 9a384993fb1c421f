//! Blocks set one below the other, page after page.

use std::collections::BTreeMap;

use super::{
    super::document::{Block, Fact, Heading, Mark, Section, Text},
    draw::{self, Item, Page},
    font::Fonts,
    style::{self, BODY, CHIP, COMMAND, FACT, HEADING, LABEL, MUTED, PAPER, Paper, RULE, SECTION, SIDE, Style, TOP},
    tags::{Role, Tree},
    wrap::{self, Line},
};

/// Room for labels of facts.
pub(super) const LABELS: f32 = 108.0;

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
    /// The size of the pages.
    pub(super) paper: Paper,
    /// The pages.
    pub(super) pages: Vec<Page>,
    /// Where links lead.
    pub(super) anchors: BTreeMap<String, Spot>,
    /// The outline.
    pub(super) bookmarks: Vec<Bookmark>,
    /// What the pages say.
    pub(super) tags: Tree,
}

/// Pages in the making.
pub(super) struct Flow<'a> {
    pub(super) fonts: &'a Fonts,
    pub(super) paper: Paper,
    pub(super) pages: Vec<Page>,
    pub(super) y: f32,
    pub(super) anchors: BTreeMap<String, Spot>,
    pub(super) tags: Tree,
    bookmarks: Vec<Bookmark>,
    /// Draws on this page instead of the last one.
    on: Option<usize>,
    /// What is drawn now says nothing that is not said elsewhere.
    aside: bool,
}

impl<'a> Flow<'a> {
    /// Begins with one empty page.
    pub(super) fn new(fonts: &'a Fonts, paper: Paper) -> Self {
        Self {
            fonts,
            paper,
            pages: vec![Page::default()],
            y: TOP,
            anchors: BTreeMap::new(),
            tags: Tree::new(),
            bookmarks: Vec::new(),
            on: None,
            aside: false,
        }
    }

    /// Ends.
    pub(super) fn done(self) -> Laid {
        let Self { paper, pages, anchors, bookmarks, tags, .. } = self;
        Laid { paper, pages, anchors, bookmarks, tags }
    }

    /// Width of the text.
    pub(super) const fn measure(&self) -> f32 {
        self.paper.measure()
    }

    /// Begins a page.
    pub(super) fn page(&mut self) {
        self.pages.push(Page::default());
        self.y = TOP;
    }

    /// Begins a page unless `height` is left on this one; says whether it did.
    pub(super) fn need(&mut self, height: f32) -> bool {
        let full = self.y + height > self.paper.bottom() && self.y > TOP;
        if full {
            self.page();
        }
        full
    }

    /// Draws on this page. Words belong to the part that is open; lines and grounds to none, but in a figure.
    pub(super) fn put(&mut self, item: Item) {
        let place = self.on.unwrap_or_else(|| self.pages.len().saturating_sub(1));
        let says = matches!(item, Item::Words { .. }) || self.tags.in_figure();
        let node = self.tags.current().filter(|_| says && !self.aside);
        if let Some(page) = self.pages.get_mut(place)
            && let Some(mark) = page.put(item, node)
            && let Some(node) = node
        {
            self.tags.content(node, place, mark);
        }
    }

    /// Makes an area a thing to click that belongs to the part that is open.
    pub(super) fn click(&mut self, (x, y): (f32, f32), (w, h): (f32, f32), to: &str) {
        let page = self.on.unwrap_or_else(|| self.pages.len().saturating_sub(1));
        let place = self.pages.get(page).map_or(0, |page| page.links().count());
        self.put(Item::Link { x, y, w, h, to: to.to_owned() });
        if let Some(node) = self.tags.current() {
            self.tags.link(node, page, place);
        }
    }

    /// Sets what belongs to one part.
    pub(super) fn within<T>(&mut self, role: Role, set: impl FnOnce(&mut Self) -> T) -> T {
        self.tags.open(role);
        let done = set(self);
        self.tags.close();
        done
    }

    /// Sets what says nothing new: heads that are repeated, what stands on every page.
    pub(super) fn aside(&mut self, set: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.aside, true);
        set(self);
        self.aside = before;
    }

    /// Whether what is drawn now says nothing new.
    pub(super) const fn is_aside(&self) -> bool {
        self.aside
    }

    /// Draws on an earlier page.
    pub(super) fn on(&mut self, page: usize, set: impl FnOnce(&mut Self)) {
        let before = self.on.replace(page);
        set(self);
        self.on = before;
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
            let drawn =
                (!words.is_empty()).then(|| draw::words(self.fonts, x, y, words, piece.font, piece.size, piece.colour));
            match (&piece.link, drawn) {
                (Some(to), Some(drawn)) => self.within(Role::Link, |flow| {
                    flow.put(drawn);
                    flow.click((x, y - piece.size), (width, piece.size * 1.3), to);
                }),
                (_, Some(drawn)) => self.put(drawn),
                (_, None) => {}
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

    /// Sets a text as a part of its own.
    pub(super) fn text(&mut self, role: Role, x: f32, text: &Text, style: Style, width: f32) {
        let lines = wrap::wrap(self.fonts, text, style, width);
        self.within(role, |flow| flow.lines(x, &lines, style));
    }

    /// Sets a chapter.
    pub(super) fn section(&mut self, section: &Section) {
        // The heading stays with what follows the paragraphs below it.
        let height: f32 = section.blocks.iter().map_while(|block| self.height_of_paragraph(block)).sum();
        if !self.need(height + 150.0) && self.y > TOP {
            self.y += 26.0;
        }
        self.within(Role::Sect, |flow| {
            flow.anchor(&section.anchor);
            let title = section.heading();
            flow.bookmark(title.clone(), 1);
            flow.text(Role::H1, SIDE, &Text::plain(title), SECTION, flow.measure());
            flow.y += 8.0;
            for (place, block) in section.blocks.iter().enumerate() {
                flow.block(block, section.blocks.get(place.saturating_add(1)..).unwrap_or_default());
            }
        });
    }

    fn height_of_paragraph(&self, block: &Block) -> Option<f32> {
        let Block::Paragraph(text) = block else {
            return None;
        };
        Some(rows(wrap::wrap(self.fonts, text, BODY, self.measure()).len()) * BODY.leading)
    }

    fn block(&mut self, block: &Block, rest: &[Block]) {
        match block {
            Block::Heading(heading) => self.heading(heading, rest),
            Block::Paragraph(text) => {
                self.text(Role::Paragraph, SIDE, text, BODY, self.measure());
                self.y += 7.0;
            }
            Block::List(points) => self.points(points, BODY, 5.0),
            Block::Facts(facts) => {
                self.facts(SIDE, self.measure(), LABELS, facts, FACT);
                self.y += 9.0;
            }
            Block::Table(table) => self.table(table),
            Block::Card(card) => self.card(card),
            Block::Figure(figure) => self.figure(figure),
            Block::Commands(lines) => self.commands(lines),
        }
    }

    /// Sets a heading; it stays with the paragraphs that follow, and with what follows those.
    fn heading(&mut self, heading: &Heading, rest: &[Block]) {
        let paragraphs = rest.iter().map_while(|block| self.height_of_paragraph(block));
        let (count, height) =
            paragraphs.fold((0_usize, 0.0), |(count, height), more| (count.saturating_add(1), height + more + 7.0));
        let follows = height.min(200.0)
            + match rest.get(count) {
                Some(Block::Figure(figure)) => figure.panels.first().map_or(84.0, |panel| panel.height + 70.0),
                Some(Block::Table(_) | Block::Card(_)) => 130.0,
                Some(Block::Heading(_)) | None => 40.0,
                Some(_) => 84.0,
            };
        if !self.need(follows) {
            self.y += 9.0;
        }
        self.anchor(&heading.anchor);
        self.bookmark(heading.text.flat(), 2);
        self.text(Role::H2, SIDE, &heading.text, HEADING, self.measure());
        self.y += 2.0;
    }

    /// Sets points with a dot before each.
    pub(super) fn points(&mut self, points: &[Text], style: Style, gap: f32) {
        self.tags.open(Role::List);
        for point in points {
            let lines = wrap::wrap(self.fonts, point, style, self.measure() - 12.0);
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
            self.within(Role::Item, |flow| flow.within(Role::Body, |flow| flow.lines(SIDE + 12.0, &lines, style)));
            self.y += gap;
        }
        self.tags.close();
        self.y += 3.0;
    }

    /// Sets labels and values, each pair with a line below.
    pub(super) fn facts(&mut self, x: f32, width: f32, labels: f32, facts: &[Fact], style: Style) {
        let gap = style.leading - 7.2;
        self.tags.open(Role::List);
        for fact in facts {
            let lines: Vec<Line> =
                fact.values.iter().flat_map(|value| wrap::wrap(self.fonts, value, style, width - labels)).collect();
            let label = wrap::wrap(
                self.fonts,
                &Text::plain(fact.label),
                Style { font: LABEL.font, colour: MUTED, ..style },
                labels - 6.0,
            );
            let height = style.leading * rows(lines.len().max(label.len())) + gap;
            self.need(height.min(200.0));
            let (page, top) = (self.pages.len(), self.y);
            self.tags.open(Role::Item);
            self.within(Role::Label, |flow| flow.lines(x, &label, style));
            let below = self.y;
            if self.pages.len() == page {
                self.y = top;
            }
            self.within(Role::Body, |flow| flow.lines(x + labels, &lines, style));
            self.tags.close();
            if self.pages.len() == page {
                self.y = self.y.max(below);
            }
            self.put(draw::rule(x, self.y + gap * 0.37, width, 0.4, RULE));
            self.y += gap;
        }
        self.tags.close();
    }

    pub(super) fn facts_height(&self, width: f32, facts: &[Fact]) -> f32 {
        let lines =
            |fact: &Fact| fact.values.iter().map(|value| wrap::wrap(self.fonts, value, FACT, width).len()).sum();
        facts.iter().map(|fact| FACT.leading * rows(lines(fact)) + 6.0).sum()
    }

    fn commands(&mut self, lines: &[String]) {
        let measure = self.measure();
        let lines: Vec<Line> =
            lines.iter().flat_map(|line| wrap::wrap(self.fonts, &Text::plain(line), COMMAND, measure - 20.0)).collect();
        let height = COMMAND.leading * rows(lines.len()) + 11.0;
        self.need(height);
        self.put(Item::Rect { x: SIDE, y: self.y, w: measure, h: height, radius: 3.0, colour: PAPER });
        self.y += 5.0;
        self.within(Role::Paragraph, |flow| flow.within(Role::Code, |flow| flow.lines(SIDE + 10.0, &lines, COMMAND)));
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
