//! Words broken into lines.

use super::{
    super::document::{Span, Text},
    font::{Font, Fonts},
    style::{Colour, MONO, NAVY, Style},
};

/// Words of one kind on one line.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// The font.
    pub(super) font: Font,
    /// Size of the font.
    pub(super) size: f32,
    /// The colour.
    pub(super) colour: Colour,
    /// The words.
    pub(super) words: String,
    /// Anchor of a link.
    pub(super) link: Option<String>,
    /// Which span of the text it belongs to.
    span: usize,
}

/// A line, from left to right.
pub(super) type Line = Vec<Piece>;

/// Breaks a text into lines no wider than `width`. An empty text has no line.
pub(super) fn wrap(fonts: &Fonts, text: &Text, style: Style, width: f32) -> Vec<Line> {
    let whole = Whole::of(text, style);
    let mut lines = Lines { fonts, width, lines: Vec::new(), at: 0.0 };
    let mut start = 0;
    for (end, _) in unicode_linebreak::linebreaks(&whole.words) {
        lines.segment(&whole.between(start, end));
        start = end;
    }
    lines.lines
}

/// Width of a text on one line.
pub(super) fn natural(fonts: &Fonts, text: &Text, style: Style) -> f32 {
    let whole = Whole::of(text, style);
    whole.between(0, whole.words.len()).iter().map(|piece| fonts.width(&piece.words, piece.font, piece.size)).sum()
}

/// A text as one string, with where each span ends in it.
struct Whole {
    words: String,
    spans: Vec<(usize, Piece)>,
}

impl Whole {
    fn of(text: &Text, style: Style) -> Self {
        let mut whole = Self { words: String::new(), spans: Vec::new() };
        for (place, span) in text.0.iter().enumerate() {
            whole.words.push_str(&shown(span));
            let (font, size) = match span {
                Span::Plain(_) | Span::Record(_) | Span::Link { .. } => (style.font, style.size),
                Span::Code(_) | Span::Digest(_) => (Font::Mono, style.size * MONO),
            };
            let (link, colour) = match span {
                Span::Link { to, .. } => (Some(to.clone()), NAVY),
                _ => (None, style.colour),
            };
            whole
                .spans
                .push((whole.words.len(), Piece { font, size, colour, words: String::new(), link, span: place }));
        }
        whole
    }

    /// The words between two places, by span.
    fn between(&self, start: usize, end: usize) -> Vec<Piece> {
        let mut from = start;
        let mut pieces = Vec::new();
        for (span_end, piece) in &self.spans {
            let to = end.min(*span_end);
            if to > from {
                let words = self.words.get(from..to).unwrap_or("").to_owned();
                pieces.push(Piece { words, ..piece.clone() });
                from = to;
            }
        }
        pieces
    }
}

/// Digests stand in groups of eight.
fn shown(span: &Span) -> String {
    let Span::Digest(digest) = span else {
        return span.text().to_owned();
    };
    let mut out = String::new();
    for (place, c) in digest.chars().enumerate() {
        if place > 0 && place.is_multiple_of(8) {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

struct Lines<'a> {
    fonts: &'a Fonts,
    width: f32,
    lines: Vec<Line>,
    at: f32,
}

impl Lines<'_> {
    /// Appends words that may not be broken, unless they are wider than a line.
    fn segment(&mut self, pieces: &[Piece]) {
        let full: f32 = pieces.iter().map(|piece| self.measure(piece, &piece.words)).sum();
        let tail = pieces.last().map_or(0.0, |piece| {
            let trimmed = piece.words.trim_end();
            self.measure(piece, &piece.words) - self.measure(piece, trimmed)
        });
        if self.at > 0.0 && self.at + full - tail > self.width || self.lines.is_empty() {
            self.next();
        }
        if full - tail <= self.width {
            pieces.iter().for_each(|piece| self.push(piece, &piece.words));
        } else {
            pieces.iter().for_each(|piece| self.broken(piece));
        }
    }

    /// Appends words that are wider than a line, character by character.
    fn broken(&mut self, piece: &Piece) {
        for c in piece.words.chars() {
            let c = c.to_string();
            if self.at > 0.0 && self.at + self.measure(piece, &c) > self.width {
                self.next();
            }
            self.push(piece, &c);
        }
    }

    fn measure(&self, piece: &Piece, words: &str) -> f32 {
        self.fonts.width(words, piece.font, piece.size)
    }

    fn next(&mut self) {
        self.lines.push(Vec::new());
        self.at = 0.0;
    }

    fn push(&mut self, piece: &Piece, words: &str) {
        self.at += self.measure(piece, words);
        let Some(line) = self.lines.last_mut() else {
            return;
        };
        match line.last_mut() {
            Some(last) if last.span == piece.span => last.words.push_str(words),
            _ => line.push(Piece { words: words.to_owned(), ..piece.clone() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::pdf::style::CELL;

    fn lines(text: &Text, width: f32) -> Vec<String> {
        let fonts = Fonts::open().unwrap();
        let lines = wrap(&fonts, text, CELL, width);
        for line in &lines {
            let taken: f32 = line.iter().map(|piece| fonts.width(piece.words.trim_end(), piece.font, piece.size)).sum();
            assert!(taken <= width + 0.5, "{taken} {line:?}");
        }
        lines
            .iter()
            .map(|line| line.iter().map(|piece| piece.words.as_str()).collect::<String>().trim_end().to_owned())
            .collect()
    }

    #[test]
    fn nothing_is_wider_than_a_line_and_nothing_is_lost() {
        let text = Text::plain("A sentence that is longer than ").and_record(&"x".repeat(90)).and(" one line.");
        let joined: String = lines(&text, 80.0).concat();
        assert_eq!(joined.replace(' ', ""), "Asentencethatislongerthan".to_owned() + &"x".repeat(90) + "oneline.");
        assert_eq!(lines(&Text::plain("two words"), 30.0), ["two", "words"]);
        assert_eq!(lines(&Text::default(), 30.0), Vec::<String>::new());
    }

    #[test]
    fn digests_break_between_groups() {
        let digest = walwarden_core::Digest::of(b"");
        let lines = lines(&Text::digest(&digest), 80.0);
        assert!(lines.iter().all(|line| line.split(' ').all(|group| group.len() == 8)), "{lines:?}");
    }
}
