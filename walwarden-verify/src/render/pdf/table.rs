//! Tables: rows are not split, heads repeat.

use super::{
    super::document::{Cell, Column, Row, Table, Width},
    draw,
    flow::{Flow, rows},
    style::{self, CAPTION, CELL, CHIP, HEAD, MUTED, NAVY, RULE, SIDE, TOP},
    tags::{Node, Role},
    wrap::{self, Line},
};
use crate::render::document::{Mark, Text};

/// Between columns.
const GAP: f32 = 9.0;
/// A column that shares what is left is at least this wide.
const FILL: f32 = 62.0;
/// And columns that share what is left have at least this part of the room together.
const SHARED: f32 = 0.3;
/// Height of the head.
const HEADS: f32 = 19.0;

/// Room for the sign of a status that is set over several lines.
const TALL: f32 = 10.0;

/// A cell, broken into lines.
enum Set<'a> {
    Lines(Vec<Line>),
    Chip(&'a Mark),
    /// A status too long for its own ground: the sign, and words beside it.
    Tall(&'a Mark, Vec<Line>),
}

impl Flow<'_> {
    /// Sets a table with its caption.
    pub(super) fn table(&mut self, table: &Table) {
        let widths = self.widths(table);
        let first = table.rows.first().map_or(0.0, |row| self.cells(row, &widths).1);
        self.need(CAPTION.leading + HEADS + first.min(160.0) + CELL.leading);
        self.tags.open(Role::Table);
        self.text(Role::Caption, SIDE, &Text::plain(table.caption), CAPTION, self.measure());
        self.within(Role::Row, |flow| flow.heads(&table.columns, &widths));
        for row in &table.rows {
            let (cells, height) = self.cells(row, &widths);
            // A row that no page can hold is the only one that is split.
            let whole = height < self.paper.bottom() - TOP - HEADS;
            if self.y + height > self.paper.bottom() && whole {
                self.turn(&table.columns, &widths);
            }
            self.anchor(&row.anchor);
            self.tags.open(Role::Row);
            if whole {
                self.row(&table.columns, &widths, &cells);
                self.y += height;
            } else {
                self.long_row(&table.columns, &widths, &cells);
            }
            self.tags.close();
            self.put(draw::rule(SIDE, self.y - 1.2, self.measure(), 0.4, RULE));
        }
        self.tags.close();
        self.y += 13.0;
    }

    /// The cells of a row, broken into lines, and how high it is.
    fn cells<'r>(&self, row: &'r Row, widths: &[f32]) -> (Vec<Set<'r>>, f32) {
        let cells: Vec<Set<'r>> = row.cells.iter().zip(widths).map(|(cell, width)| self.set(cell, *width)).collect();
        let height = cells.iter().map(Set::height).fold(0.0, f32::max) + 6.6;
        (cells, height)
    }

    /// Goes on with the table on the next page.
    fn turn(&mut self, columns: &[Column], widths: &[f32]) {
        self.page();
        self.aside(|flow| {
            let (style, y) = (CAPTION, flow.y + CAPTION.size);
            flow.put(draw::words(flow.fonts, SIDE, y, "continued", style.font, style.size, style.colour));
            flow.y += style.leading;
            flow.heads(columns, widths);
        });
    }

    fn heads(&mut self, columns: &[Column], widths: &[f32]) {
        let mut x = SIDE;
        for (column, width) in columns.iter().zip(widths) {
            let taken = self.fonts.width(column.title, HEAD.font, HEAD.size);
            let left = if column.width == Width::Number { x + width - taken } else { x };
            let words = draw::words(self.fonts, left, self.y + 11.0, column.title, HEAD.font, HEAD.size, MUTED);
            self.head(words);
            x += width + GAP;
        }
        self.put(draw::rule(SIDE, self.y + 16.0, self.measure(), 0.9, NAVY));
        self.y += HEADS;
    }

    /// A head that is repeated is no part of the table.
    fn head(&mut self, words: draw::Item) {
        if self.is_aside() {
            self.put(words);
        } else {
            self.within(Role::Head, |flow| flow.put(words));
        }
    }

    /// Sets a row that fits on the page, cell by cell.
    fn row(&mut self, columns: &[Column], widths: &[f32], cells: &[Set<'_>]) {
        let mut x = SIDE;
        for ((cell, column), width) in cells.iter().zip(columns).zip(widths) {
            self.within(Role::Data, |flow| {
                let mut base = flow.y + 11.4;
                for place in 0..cell.lines() {
                    flow.cell_line(cell, column, place, (x, base), *width);
                    base += CELL.leading;
                }
            });
            x += width + GAP;
        }
    }

    /// Sets a row that no page can hold, line by line.
    fn long_row(&mut self, columns: &[Column], widths: &[f32], cells: &[Set<'_>]) {
        let nodes: Vec<Node> = cells
            .iter()
            .map(|_| {
                let node = self.tags.open(Role::Data);
                self.tags.close();
                node
            })
            .collect();
        for place in 0..cells.iter().map(Set::lines).max().unwrap_or(1) {
            if self.y + CELL.leading > self.paper.bottom() {
                self.turn(columns, widths);
            }
            let mut x = SIDE;
            for (((cell, column), width), node) in cells.iter().zip(columns).zip(widths).zip(&nodes) {
                self.tags.open_again(*node);
                self.cell_line(cell, column, place, (x, self.y + 11.4), *width);
                self.tags.close();
                x += width + GAP;
            }
            self.y += CELL.leading;
        }
        self.y += 6.6;
    }

    /// Sets one line of a cell.
    fn cell_line(&mut self, cell: &Set<'_>, column: &Column, place: usize, (x, base): (f32, f32), width: f32) {
        match cell {
            Set::Chip(mark) if place == 0 => self.chip(x, base, mark),
            Set::Chip(_) => {}
            Set::Tall(mark, lines) => {
                if place == 0 {
                    let colour = style::tone(mark.tone).0;
                    draw::sign(mark.sign, x + 3.0, base - 2.7, 2.7, colour).into_iter().for_each(|item| self.put(item));
                }
                if let Some(line) = lines.get(place) {
                    self.line(x + TALL, base, line);
                }
            }
            Set::Lines(lines) => {
                if let Some(line) = lines.get(place) {
                    let left = if column.width == Width::Number { x + width - self.taken(line) } else { x };
                    self.line(left, base, line);
                }
            }
        }
    }

    fn taken(&self, line: &Line) -> f32 {
        line.iter().map(|piece| self.fonts.width(piece.words.trim_end(), piece.font, piece.size)).sum()
    }

    fn set<'a>(&self, cell: &'a Cell, width: f32) -> Set<'a> {
        match cell {
            Cell::Mark(mark) if self.chip_width(mark) <= width + 0.5 => Set::Chip(mark),
            Cell::Mark(mark) => {
                let style = style::Style { colour: style::tone(mark.tone).0, ..CHIP };
                Set::Tall(mark, wrap::wrap(self.fonts, &Text::plain(&mark.words), style, width - TALL))
            }
            Cell::Lines(lines) => {
                Set::Lines(lines.iter().flat_map(|line| wrap::wrap(self.fonts, line, CELL, width)).collect())
            }
        }
    }

    /// Content first; the rest is shared; where it is not enough, the widest give way.
    fn widths(&self, table: &Table) -> Vec<f32> {
        let room = self.measure() - GAP * (rows(table.columns.len()) - 1.0);
        let shares: f32 = table.columns.iter().map(|column| share(column.width)).sum();
        let mut fixed: Vec<Option<f32>> = table
            .columns
            .iter()
            .enumerate()
            .map(|(place, column)| (share(column.width) == 0.0).then(|| self.natural(table, place, column)))
            .collect();
        let fills = fixed.iter().filter(|width| width.is_none()).count();
        let least = if fills == 0 { 0.0 } else { (FILL * rows(fills)).max(room * SHARED) };
        give_way(&mut fixed, room - least);
        let rest = room - fixed.iter().flatten().sum::<f32>();
        let width =
            |(fixed, column): (Option<f32>, &Column)| fixed.unwrap_or_else(|| rest * share(column.width) / shares);
        fixed.into_iter().zip(&table.columns).map(width).collect()
    }

    fn natural(&self, table: &Table, place: usize, column: &Column) -> f32 {
        let head = self.fonts.width(column.title, HEAD.font, HEAD.size);
        let cells = table.rows.iter().filter_map(|row| row.cells.get(place)).map(|cell| match cell {
            Cell::Mark(mark) => self.chip_width(mark),
            Cell::Lines(lines) => {
                lines.iter().map(|line| wrap::natural(self.fonts, line, CELL)).fold(0.0, f32::max) + 0.5
            }
        });
        cells.fold(head, f32::max)
    }
}

impl Set<'_> {
    fn lines(&self) -> usize {
        match self {
            Self::Lines(lines) | Self::Tall(_, lines) => lines.len(),
            Self::Chip(_) => 1,
        }
    }

    fn height(&self) -> f32 {
        rows(self.lines()) * CELL.leading
    }
}

fn share(width: Width) -> f32 {
    match width {
        Width::Fill(share) => f32::from(share),
        Width::Fit | Width::Number => 0.0,
    }
}

/// Cuts the widest columns to one width, so that all fit into `room`.
fn give_way(fixed: &mut [Option<f32>], room: f32) {
    let total: f32 = fixed.iter().flatten().sum();
    if total <= room {
        return;
    }
    let mut sorted: Vec<f32> = fixed.iter().flatten().copied().collect();
    sorted.sort_by(f32::total_cmp);
    let (mut left, mut limit) = (room, room);
    for (place, width) in sorted.iter().enumerate() {
        limit = left / rows(sorted.len().saturating_sub(place));
        if *width > limit {
            break;
        }
        left -= width;
    }
    for width in fixed.iter_mut().flatten() {
        *width = width.min(limit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_columns_give_way() {
        let mut widths = [Some(10.0), None, Some(500.0), Some(40.0), Some(300.0)];
        give_way(&mut widths, 250.0);
        assert_eq!(widths, [Some(10.0), None, Some(100.0), Some(40.0), Some(100.0)]);
        give_way(&mut widths, 250.0);
        assert_eq!(widths, [Some(10.0), None, Some(100.0), Some(40.0), Some(100.0)]);
    }
}
