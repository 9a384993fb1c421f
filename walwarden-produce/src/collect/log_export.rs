//! An export of a log: its digest, its edges, its lines by day. What stands in the lines is not kept.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveDateTime, TimeZone as _};
use chrono_tz::Tz;
use walwarden_core::{
    Digest, Time,
    digest::Hasher,
    duties,
    event::{Covers, flag},
    policy::Frequency,
};

use super::{
    Scene,
    capture::{Capture, Failure, row},
    logs::export_tables,
};
use crate::{
    error::{OperatorError, StorageError},
    period,
    record::with_record,
};

/// Bytes of a line in which its time is looked for.
const HEAD: usize = 512;

/// Reads an export, and puts what it shows into a capture: `covers`, tables, flags.
pub(super) fn read(scene: &Scene<'_>, path: &Path, capture: &mut Capture) -> Result<(), Failure> {
    let tz = period::zone_of(scene.zone()).map_err(OperatorError::from)?;
    let covers = covers(scene)?;
    let file = File::open(path).map_err(StorageError::at("read the export", path))?;
    let seen = Seen::of(BufReader::new(file), tz).map_err(StorageError::at("read the export", path))?;
    let (Some(first), Some(last)) = (seen.first, seen.last) else {
        return Err(Failure::new("export-without-times", "no line of the export begins with a time"));
    };
    let days = days(covers, tz);
    let (from, to) = (day(first, tz), day(last, tz));
    let late = days.first().is_some_and(|begin| from > *begin);
    let early = days.last().is_some_and(|end| to < *end);
    if late || early {
        capture.flag(flag::EDGE_MISSING, format!("the export has lines from {first} to {last}"));
    }
    for day in days.iter().filter(|day| !seen.days.contains_key(day)) {
        capture.flag(flag::GAP_DAY, day.to_string());
    }
    let summary = row([
        ("sha256", Some(seen.sha256.to_string())),
        ("bytes", Some(seen.bytes.to_string())),
        ("lines", Some(seen.lines.to_string())),
        ("lines_without_time", Some(seen.without.to_string())),
        ("first", Some(first.to_string())),
        ("last", Some(last.to_string())),
    ]);
    let per_day =
        seen.days.iter().map(|(day, lines)| row([("day", Some(day.to_string())), ("lines", Some(lines.to_string()))]));
    capture.tables.extend(export_tables(summary, per_day.collect()));
    capture.covers = Some(covers);
    capture.pages = 1;
    capture.parameters.insert("times without an offset are read in".into(), scene.zone().into());
    capture.redactions.push("the lines of the export: its digest and its numbers are kept".into());
    Ok(())
}

/// What was asked for; else the last window of the policy that is over; else the month before.
fn covers(scene: &Scene<'_>) -> Result<Covers, Failure> {
    if let Some(covers) = scene.request.covers {
        return Ok(covers);
    }
    let windows = with_record(scene.producer, scene.snapshot, |record| {
        Ok(duties::windows(record, |policy| {
            let promised = policy.evidence.iter().find(|one| one.collector == scene.request.collector)?;
            match promised.frequency {
                Frequency::Every(cadence) => Some(cadence),
                Frequency::PerMigration => None,
            }
        }))
    })?;
    if let Some(window) = windows.iter().rfind(|window| window.end <= scene.now) {
        return Ok(Covers { from: window.start, to: window.end });
    }
    let tz = period::zone_of(scene.zone()).map_err(OperatorError::from)?;
    let this_month = day(scene.now, tz).format("%Y-%m-01").to_string();
    let before: Option<NaiveDate> = this_month.parse::<NaiveDate>().ok().and_then(|first| first.pred_opt());
    let before = before.map(|day| day.format("%Y-%m").to_string()).unwrap_or_default();
    let month = period::parse(&before, scene.zone()).map_err(OperatorError::from)?;
    Ok(Covers { from: month.start, to: month.end })
}

fn day(at: Time, tz: Tz) -> NaiveDate {
    let utc = DateTime::from_timestamp_micros(at.micros()).unwrap_or_default();
    tz.from_utc_datetime(&utc.naive_utc()).date_naive()
}

fn days(covers: Covers, tz: Tz) -> Vec<NaiveDate> {
    let last = Time::from_micros(covers.to.micros() - 1).unwrap_or(covers.to);
    let (mut next, end) = (day(covers.from, tz), day(last, tz));
    let mut days = Vec::new();
    while next <= end {
        days.push(next);
        let Some(after) = next.checked_add_days(Days::new(1)) else { break };
        next = after;
    }
    days
}

/// What an export holds, without what stands in it.
struct Seen {
    sha256: Digest,
    bytes: u64,
    lines: u64,
    /// Lines that continue another.
    without: u64,
    first: Option<Time>,
    last: Option<Time>,
    days: BTreeMap<NaiveDate, u64>,
}

impl Seen {
    fn of(mut from: impl BufRead, tz: Tz) -> std::io::Result<Self> {
        let mut seen = Self {
            sha256: Digest::of(b""),
            bytes: 0,
            lines: 0,
            without: 0,
            first: None,
            last: None,
            days: BTreeMap::new(),
        };
        let (mut hasher, mut line) = (Hasher::new(), Vec::new());
        loop {
            line.clear();
            if from.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            hasher.update(&line);
            seen.bytes += line.len() as u64;
            seen.lines += 1;
            let Some(at) = time_of(&line[..line.len().min(HEAD)], tz) else {
                seen.without += 1;
                continue;
            };
            seen.first = Some(seen.first.map_or(at, |first| first.min(at)));
            seen.last = Some(seen.last.map_or(at, |last| last.max(at)));
            *seen.days.entry(day(at, tz)).or_default() += 1;
        }
        seen.sha256 = hasher.finish();
        Ok(seen)
    }
}

/// The first `2026-07-01 12:00:00` of a line, with its fraction and zone; without a zone, in that of the statement.
fn time_of(line: &[u8], tz: Tz) -> Option<Time> {
    const SHAPE: &[u8] = b"dddd-dd-dd dd:dd:dd";
    let fits = |window: &&[u8]| {
        window.iter().zip(SHAPE).all(|(byte, shape)| match shape {
            b'd' => byte.is_ascii_digit(),
            b' ' => matches!(byte, b' ' | b'T'),
            shape => byte == shape,
        })
    };
    let at = line.windows(SHAPE.len()).position(|window| fits(&window))?;
    let text = String::from_utf8_lossy(line.get(at..)?).into_owned();
    let (plain, rest) = text.split_at_checked(SHAPE.len())?;
    let local = NaiveDateTime::parse_from_str(&plain.replacen('T', " ", 1), "%Y-%m-%d %H:%M:%S").ok()?;
    let rest = rest.strip_prefix(['.', ',']).map_or(rest, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    let seconds = match offset(rest.strip_prefix(' ').unwrap_or(rest)) {
        Some(offset) => offset.from_local_datetime(&local).single()?.timestamp(),
        None => tz.from_local_datetime(&local).earliest()?.timestamp(),
    };
    Time::from_micros(seconds.checked_mul(1_000_000)?)
}

/// `Z`, `UTC`, `GMT`, `+02`, `-0330`, `+05:30`.
fn offset(text: &str) -> Option<FixedOffset> {
    if text.starts_with('Z') || text.starts_with("UTC") || text.starts_with("GMT") {
        return FixedOffset::east_opt(0);
    }
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, text.get(1..)?),
        b'-' => (-1, text.get(1..)?),
        _ => return None,
    };
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes = digits.get(2..)?.trim_start_matches(':');
    let minutes: i32 = minutes.get(..2).and_then(|minutes| minutes.parse().ok()).unwrap_or(0);
    FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<String> {
        time_of(line.as_bytes(), "Europe/Berlin".parse().unwrap()).map(|time| time.to_string())
    }

    #[test]
    fn times_of_the_usual_logs_are_read() {
        let same = Some("2026-07-01T10:00:00.000000Z".to_owned());
        assert_eq!(read("2026-07-01 10:00:00.123 UTC [77] LOG:  connection authorized"), same);
        assert_eq!(read("2026-07-01 12:00:00.123 CEST [77] LOG:"), same);
        assert_eq!(read("2026-07-01 12:00:00,123,\"app\""), same);
        assert_eq!(read("{\"timestamp\":\"2026-07-01T12:00:00.1+02:00\",\"msg\":\"\"}"), same);
        assert_eq!(read("[77] 2026-07-01 06:30:00-0330 LOG"), same);
        for none in ["\tcontinued", "", "2026-07-01", "2026-13-01 10:00:00", "\u{fffd}"] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn lines_are_counted_by_local_day() {
        let log = "2026-07-01 21:59:00 UTC a\n2026-07-01 22:01:00 UTC b\n\tmore of b\n2026-07-03 00:00:00 UTC c";
        let seen = Seen::of(log.as_bytes(), "Europe/Berlin".parse().unwrap()).unwrap();
        assert_eq!((seen.lines, seen.without, seen.bytes), (4, 1, log.len() as u64));
        let days: Vec<String> = seen.days.iter().map(|(day, lines)| format!("{day} {lines}")).collect();
        assert_eq!(days, ["2026-07-01 1", "2026-07-02 1", "2026-07-03 1"]);
        assert_eq!(seen.sha256, Digest::of(log.as_bytes()));
    }
}
