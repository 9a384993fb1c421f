//! The report for a terminal: 100 columns, colour only where asked for and never alone.

use unicode_width::UnicodeWidthStr;

use super::document::{Block, Card, Cell, Count, Cover, Document, Fact, Mark, Section, Table, Text, Tone, Width};

const WIDTH: usize = 100;
const LABEL: usize = 17;
/// A column as wide as its content is at most this wide.
const FIT: usize = 40;
/// A column that shares what is left is at least this wide.
const FILL: usize = 12;

/// Lays the document out.
pub(super) fn render(document: &Document, colour: bool) -> String {
    let mut page = Page { out: String::new(), colour };
    page.line(0, document.title, Style::Strong);
    page.cover(&document.cover, document.disclaimer);
    for section in &document.sections {
        page.section(section);
    }
    page.blank();
    page.verdict(&document.cover);
    page.out
}

/// An answer of its own, without the cover of a report.
pub(super) struct Lines {
    /// Its title.
    pub(super) title: String,
    /// What it comes to, where it is a verdict.
    pub(super) mark: Option<Mark>,
    /// The rest.
    pub(super) blocks: Vec<Block>,
}

/// Lays an answer out.
pub(super) fn lines(lines: &Lines, colour: bool) -> String {
    let mut page = Page { out: String::new(), colour };
    page.line(0, &lines.title, Style::Strong);
    page.blank();
    if let Some(mark) = &lines.mark {
        page.line(0, &format!("{} {}", mark.sign.text(), mark.words), Style::Tone(mark.tone));
    }
    for block in &lines.blocks {
        page.block(block);
    }
    page.out
}

#[derive(Clone, Copy)]
enum Style {
    Plain,
    Strong,
    Tone(Tone),
}

struct Page {
    out: String,
    colour: bool,
}

impl Page {
    fn blank(&mut self) {
        self.out.push('\n');
    }

    /// Writes one line that is short enough.
    fn line(&mut self, indent: usize, words: &str, style: Style) {
        let styled = self.styled(words, style);
        self.out.push_str(&" ".repeat(indent));
        self.out.push_str(styled.trim_end());
        self.out.push('\n');
    }

    /// Writes words, wrapped.
    fn wrapped(&mut self, indent: usize, words: &str, style: Style) {
        for line in wrap(words, WIDTH.saturating_sub(indent)) {
            self.line(indent, &line, style);
        }
    }

    fn styled(&self, words: &str, style: Style) -> String {
        let code = match style {
            _ if !self.colour => return words.to_owned(),
            Style::Plain => return words.to_owned(),
            Style::Strong => "1",
            Style::Tone(Tone::Good) => "32",
            Style::Tone(Tone::Warn) => "33",
            Style::Tone(Tone::Bad) => "31",
            Style::Tone(Tone::Quiet) => "2",
        };
        format!("\u{1b}[{code}m{words}\u{1b}[0m")
    }

    fn cover(&mut self, cover: &Cover, disclaimer: &str) {
        self.wrapped(0, cover.subtitle, Style::Plain);
        self.blank();
        self.wrapped(0, &flat(&cover.organisation), Style::Strong);
        self.blank();
        self.verdict(cover);
        self.wrapped(2, &cover.panel.sentence, Style::Plain);
        self.blank();
        self.facts(0, &cover.facts);
        self.blank();
        self.line(0, cover.limits_title, Style::Strong);
        self.points(&cover.limits);
        self.wrapped(0, disclaimer, Style::Plain);
    }

    fn verdict(&mut self, cover: &Cover) {
        let mark = &cover.panel.mark;
        self.line(0, &format!("{} {}", mark.sign.text(), mark.words), Style::Tone(mark.tone));
        let counts: Vec<String> =
            cover.panel.counts.iter().map(|Count { number, label, .. }| format!("{number} {label}")).collect();
        self.wrapped(2, &counts.join(" · "), Style::Plain);
    }

    fn section(&mut self, section: &Section) {
        self.blank();
        self.line(
            0,
            &format!(
                "── {} {}",
                section.title,
                "─".repeat(WIDTH.saturating_sub(section.title.width()).saturating_sub(4))
            ),
            Style::Strong,
        );
        for block in &section.blocks {
            self.block(block);
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading(heading) => {
                self.blank();
                self.wrapped(0, &flat(&heading.text), Style::Strong);
            }
            Block::Paragraph(text) => self.wrapped(0, &flat(text), Style::Plain),
            Block::List(points) => self.points(points),
            Block::Facts(facts) => self.facts(0, facts),
            Block::Table(table) => self.table(0, table),
            Block::Card(card) => self.card(card),
            // What a figure shows stands in a table below it.
            Block::Figure(figure) => {
                self.wrapped(0, &format!("{}: {}", flat(&figure.title), figure.description), Style::Plain)
            }
            Block::Commands(lines) => lines.iter().for_each(|line| self.line(4, line, Style::Plain)),
        }
    }

    fn points(&mut self, points: &[Text]) {
        for point in points {
            for (place, line) in wrap(&flat(point), WIDTH.saturating_sub(2)).into_iter().enumerate() {
                self.line(0, &format!("{} {line}", if place == 0 { "-" } else { " " }), Style::Plain);
            }
        }
    }

    fn facts(&mut self, indent: usize, facts: &[Fact]) {
        let width = WIDTH.saturating_sub(indent).saturating_sub(LABEL);
        for fact in facts {
            let lines = fact.values.iter().flat_map(|value| wrap(&flat(value), width));
            for (place, line) in lines.enumerate() {
                // The longest label fills its column.
                let label = if place == 0 { format!("{} ", fact.label) } else { String::new() };
                let label = pad(&label, LABEL, false);
                self.line(indent, &format!("{label}{line}"), Style::Plain);
            }
        }
    }

    fn card(&mut self, card: &Card) {
        self.blank();
        self.line(0, &format!("{} {}", card.mark.sign.text(), card.mark.words), Style::Tone(card.mark.tone));
        self.wrapped(2, &flat(&card.title), Style::Strong);
        if !card.lead.is_empty() {
            self.wrapped(2, &flat(&card.lead), Style::Plain);
        }
        self.facts(2, &card.facts);
        if let Some(table) = &card.table {
            self.table(2, table);
        }
    }

    fn table(&mut self, indent: usize, table: &Table) {
        let widths = widths(table, WIDTH.saturating_sub(indent));
        let heads: Vec<(Vec<String>, Style)> =
            table.columns.iter().map(|column| (vec![column.title.to_owned()], Style::Tone(Tone::Quiet))).collect();
        self.row(indent, table, &widths, &heads);
        for row in &table.rows {
            let cells: Vec<(Vec<String>, Style)> = row
                .cells
                .iter()
                .zip(&widths)
                .map(|(cell, width)| (words(cell).iter().flat_map(|line| wrap(line, *width)).collect(), style(cell)))
                .collect();
            self.row(indent, table, &widths, &cells);
        }
    }

    fn row(&mut self, indent: usize, table: &Table, widths: &[usize], cells: &[(Vec<String>, Style)]) {
        let height = cells.iter().map(|(lines, _)| lines.len()).max().unwrap_or(0);
        for place in 0..height {
            let mut line = " ".repeat(indent);
            for ((column, width), (lines, style)) in table.columns.iter().zip(widths).zip(cells) {
                let text = lines.get(place).map_or("", String::as_str);
                line.push_str(&self.styled(&pad(text, *width, column.width == Width::Number), *style));
                line.push_str("  ");
            }
            self.out.push_str(line.trim_end());
            self.out.push('\n');
        }
    }
}

fn style(cell: &Cell) -> Style {
    match cell {
        Cell::Lines(_) => Style::Plain,
        Cell::Mark(mark) => Style::Tone(mark.tone),
    }
}

fn words(cell: &Cell) -> Vec<String> {
    match cell {
        Cell::Lines(lines) => lines.iter().map(flat).collect(),
        Cell::Mark(mark) => vec![format!("{} {}", mark.sign.text(), mark.words)],
    }
}

fn flat(text: &Text) -> String {
    text.0.iter().map(super::document::Span::text).collect()
}

fn pad(words: &str, width: usize, right: bool) -> String {
    let space = " ".repeat(width.saturating_sub(words.width()));
    if right { format!("{space}{words}") } else { format!("{words}{space}") }
}

/// Widths of columns: content first, the rest shared out.
fn widths(table: &Table, total: usize) -> Vec<usize> {
    let natural = |place: usize, title: &str| {
        let cells = table.rows.iter().filter_map(|row| row.cells.get(place)).flat_map(words).map(|line| line.width());
        cells.chain([title.width()]).max().unwrap_or(0).min(FIT)
    };
    let gaps = table.columns.len().saturating_sub(1).saturating_mul(2);
    let fixed: Vec<Option<usize>> = table
        .columns
        .iter()
        .enumerate()
        .map(|(place, column)| match column.width {
            Width::Fit | Width::Number => Some(natural(place, column.title)),
            Width::Fill(_) => None,
        })
        .collect();
    let rest = total.saturating_sub(gaps).saturating_sub(fixed.iter().flatten().sum());
    let shares: usize = table.columns.iter().map(|column| share(column.width)).sum();
    table
        .columns
        .iter()
        .zip(fixed)
        .map(|(column, fixed)| {
            fixed.unwrap_or_else(|| {
                rest.saturating_mul(share(column.width)).checked_div(shares).unwrap_or(rest).max(FILL)
            })
        })
        .collect()
}

fn share(width: Width) -> usize {
    match width {
        Width::Fill(share) => usize::from(share),
        Width::Fit | Width::Number => 0,
    }
}

/// Breaks words at spaces, and a word longer than a line after `/` or anywhere. An empty text is one empty line.
fn wrap(words: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.split(' ') {
        let line = lines.last().map_or(0, |line| line.width());
        let gap = usize::from(line > 0);
        if line > 0 && line.saturating_add(gap).saturating_add(word.width()) > width {
            lines.push(String::new());
        } else if line > 0 {
            push(&mut lines, ' ');
        }
        let whole = word.width() <= width;
        for piece in word.split_inclusive('/') {
            let fits = |lines: &[String], more: usize| {
                lines.last().is_none_or(|line| line.width().saturating_add(more) <= width)
            };
            if !whole && !fits(&lines, piece.width()) && lines.last().is_some_and(|line| !line.is_empty()) {
                lines.push(String::new());
            }
            for c in piece.chars() {
                if !fits(&lines, char_width(c)) && lines.last().is_some_and(|line| !line.is_empty()) {
                    lines.push(String::new());
                }
                push(&mut lines, c);
            }
        }
    }
    lines
}

fn char_width(c: char) -> usize {
    unicode_width::UnicodeWidthChar::width(c).unwrap_or(0)
}

fn push(lines: &mut [String], c: char) {
    if let Some(line) = lines.last_mut() {
        line.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_no_longer_than_asked() {
        assert_eq!(wrap("a bc def", 4), ["a bc", "def"]);
        assert_eq!(wrap("abcdefgh ij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("東京東京", 4), ["東京", "東京"]);
        assert_eq!(wrap("", 4), [""]);
    }
}
