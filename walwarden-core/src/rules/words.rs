//! Words that deviations share.

use alloc::{format, string::String};

/// `27 h`, `31 h 20 min`, `45 s`, `40 d`: the two largest units that are not nothing.
#[must_use]
pub fn duration(seconds: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    // Below three days an RPO is spoken of in hours.
    let units = if seconds.abs() < 3 * 86_400 { UNITS.get(1..) } else { UNITS.get(..) }.unwrap_or_default();
    let mut rest = seconds.max(0);
    let mut words = String::new();
    let mut said = 0_u8;
    for (length, unit) in units {
        let count = rest.checked_div(*length).unwrap_or(0);
        rest = rest.saturating_sub(count.saturating_mul(*length));
        if count > 0 && said < 2 {
            let space = if words.is_empty() { "" } else { " " };
            words = format!("{words}{space}{count} {unit}");
            said = said.saturating_add(1);
        } else if said > 0 {
            break;
        }
    }
    if words.is_empty() { "0 s".into() } else { words }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn the_two_largest_units_are_said() {
        for (seconds, words) in [
            (0, "0 s"),
            (45, "45 s"),
            (3600, "1 h"),
            (97_200, "27 h"),
            (112_800, "31 h 20 min"),
            (112_801, "31 h 20 min"),
            (3_601, "1 h"),
            (3_456_000, "40 d"),
            (3_459_600, "40 d 1 h"),
            (-5, "0 s"),
        ] {
            assert_eq!(duration(seconds), words);
        }
    }
}
