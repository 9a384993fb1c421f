//! Days and months along a figure.

use walwarden_core::{Period, Time};

use super::{Paint, Panel, Place, share};

const DAY_US: i64 = 86_400_000_000;

/// A day by its number since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::render) struct Day(pub(in crate::render) i64);

/// The day that clocks `offset_s` ahead of UTC show at an instant.
pub(in crate::render) fn day_of(at: Time, offset_s: i64) -> Day {
    Day(at.micros().saturating_add(offset_s.saturating_mul(1_000_000)).div_euclid(DAY_US))
}

impl Day {
    /// `2026-07-01`
    pub(in crate::render) fn iso(self) -> String {
        Time::from_micros(self.0.saturating_mul(DAY_US))
            .map_or_else(String::new, |at| at.to_string().get(..10).unwrap_or("").to_owned())
    }

    /// The day after.
    pub(in crate::render) const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// `2026-07`
    pub(in crate::render) fn month(self) -> String {
        self.iso().get(..7).unwrap_or("").to_owned()
    }

    /// Day of the month, from 1.
    pub(in crate::render) fn of_month(self) -> usize {
        self.iso().get(8..10).and_then(|day| day.parse().ok()).unwrap_or(1)
    }

    /// The days from this one to before another, at most ten years of them.
    pub(in crate::render) fn until(self, end: Self) -> impl Iterator<Item = Self> {
        (self.0..end.0).take(3_660).map(Self)
    }
}

/// `Jul 2026` for `2026-07`.
pub(in crate::render) fn month_name(month: &str) -> String {
    const NAMES: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (year, number) = month.split_once('-').unwrap_or((month, ""));
    let name = number.parse::<usize>().ok().and_then(|number| NAMES.get(number.checked_sub(1)?));
    name.map_or_else(|| month.to_owned(), |name| format!("{name} {year}"))
}

/// The months of which days lie in a span of days, ascending.
pub(in crate::render) fn months(start: Day, end: Day) -> Vec<String> {
    let mut months: Vec<String> = start.until(end).map(Day::month).collect();
    months.dedup();
    months
}

/// Seconds from tick to tick of an axis that reaches to `most`, and the ticks: at most six, round for people.
pub(super) fn ticks(most: i64) -> Vec<i64> {
    const STEPS: [i64; 16] = [
        10, 30, 60, 300, 600, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000,
        31_536_000,
    ];
    let enough = |step: &&i64| most.checked_div(**step).unwrap_or(0) <= 5;
    let step = STEPS.iter().find(enough).copied().unwrap_or(most.max(1));
    (0..=5).map(|place: i64| place.saturating_mul(step)).filter(|at| *at <= most).collect()
}

/// Instants along a width.
pub(super) struct TimeAxis {
    period: Period,
    left: f32,
    width: f32,
}

impl TimeAxis {
    pub(super) const fn new(period: Period, left: f32, width: f32) -> Self {
        Self { period, left, width }
    }

    /// Where an instant stands; before the period at its start, after it at its end.
    pub(super) fn x(&self, at: Time) -> f32 {
        let Period { start, end } = self.period;
        let whole = end.micros().saturating_sub(start.micros());
        self.left + self.width * share(at.micros().saturating_sub(start.micros()), whole)
    }

    /// Draws a line at each beginning of a month, or of each seventh day of a short period, with its date below.
    pub(super) fn draw(&self, panel: &mut Panel, top: f32, bottom: f32) {
        let (start, end) = (day_of(self.period.start, 0), day_of(self.period.end, 0));
        let long = end.0.saturating_sub(start.0) > 45;
        let mut free = f32::MIN;
        for day in start.until(end) {
            let first = day == start;
            let is_tick =
                if long { day.of_month() == 1 } else { day.0.saturating_sub(start.0).checked_rem(7) == Some(0) };
            let Some(at) = Time::from_micros(day.0.saturating_mul(DAY_US)).filter(|_| is_tick || first) else {
                continue;
            };
            let x = self.x(at);
            if x < free {
                continue;
            }
            free = x + 44.0;
            panel.line(&[(x, top), (x, bottom)], Paint::Rule, 0.4);
            panel.words((x, bottom + 10.0), Place::Start, day.iso(), Paint::Muted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_clock_on_the_wall() {
        let at: Time = "2026-07-31T22:30:00.000000Z".parse().unwrap();
        assert_eq!(day_of(at, 0).iso(), "2026-07-31");
        assert_eq!((day_of(at, 7_200).iso(), day_of(at, 7_200).of_month()), ("2026-08-01".into(), 1));
        assert_eq!(day_of("1969-12-31T23:00:00.000000Z".parse().unwrap(), 0), Day(-1));
        assert_eq!(months(day_of(at, 0), Day(day_of(at, 0).0 + 40)), ["2026-07", "2026-08", "2026-09"]);
        assert_eq!(month_name("2026-07"), "Jul 2026");
        assert_eq!(ticks(15_120), [0, 3_600, 7_200, 10_800, 14_400]);
        assert_eq!((ticks(60), ticks(0)), (vec![0, 30, 60], vec![0]));
    }
}
