//! OpenMetrics text.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;
use walwarden_core::Time;

/// What all names begin with.
const PREFIX: &str = "walwarden_";

/// Samples of one name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Family {
    /// Without `_total`.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// In the order in which they were found.
    pub samples: Vec<Sample>,
}

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A value that goes up and down.
    Gauge,
    /// A number of things that happened; its samples are called `_total`.
    Counter,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sample {
    /// By name, in order.
    pub labels: BTreeMap<String, String>,
    /// The value.
    pub value: Value,
}

/// A number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Seconds, bytes, counts.
    Whole(i64),
    /// Anything else.
    Ratio(f64),
}

impl Value {
    pub(super) fn count(count: u64) -> Self {
        Self::Whole(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// Absurd promises give absurd ratios, no panic.
    pub(super) fn ratio(of: i64, whole: i64) -> Self {
        Self::Ratio(of as f64 / whole as f64)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(value) => value.fmt(f),
            Self::Ratio(value) => value.fmt(f),
        }
    }
}

/// An instant as seconds since 1970.
pub(super) fn seconds(at: Time) -> Value {
    Value::Ratio(at.micros() as f64 / 1e6)
}

/// Families as they grow.
pub(super) struct Metrics {
    origin: String,
    families: Vec<Family>,
}

impl Metrics {
    pub(super) fn of(origin: &str) -> Self {
        Self { origin: origin.into(), families: Vec::new() }
    }

    pub(super) fn gauge(&mut self, name: &str, labels: &[(&str, &str)], value: Value) {
        self.add(name, Kind::Gauge, labels, value);
    }

    pub(super) fn counter(&mut self, name: &str, labels: &[(&str, &str)], count: i64) {
        self.add(name, Kind::Counter, labels, Value::Whole(count));
    }

    pub(super) fn into_families(self) -> Vec<Family> {
        self.families
    }

    fn add(&mut self, name: &str, kind: Kind, labels: &[(&str, &str)], value: Value) {
        let labels = labels.iter().copied().chain([("origin", self.origin.as_str())]);
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let name = format!("{PREFIX}{name}");
        let sample = Sample { labels, value };
        match self.families.iter_mut().find(|family| family.name == name) {
            Some(family) => family.samples.push(sample),
            None => self.families.push(Family { name, kind, samples: vec![sample] }),
        }
    }
}

/// The exposition format of OpenMetrics 1.0.
#[must_use]
pub fn open_metrics(families: &[Family]) -> String {
    let mut text = String::new();
    for Family { name, kind, samples } in families {
        let (kind, suffix) = match kind {
            Kind::Gauge => ("gauge", ""),
            Kind::Counter => ("counter", "_total"),
        };
        text += &format!("# TYPE {name} {kind}\n");
        for Sample { labels, value } in samples {
            let labels: Vec<String> =
                labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
            text += &format!("{name}{suffix}{{{}}} {value}\n", labels.join(","));
        }
    }
    text + "# EOF\n"
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hostile_stays_in_its_label() {
        let mut metrics = Metrics::of("o");
        metrics.counter("x", &[("database", "a\"} 1\n# EOF\\")], 2);
        metrics.gauge("y_seconds", &[], seconds("2026-03-01T00:00:00.500000Z".parse().unwrap()));
        let expected = "# TYPE walwarden_x counter\n\
            walwarden_x_total{database=\"a\\\"} 1\\n# EOF\\\\\",origin=\"o\"} 2\n\
            # TYPE walwarden_y_seconds gauge\n\
            walwarden_y_seconds{origin=\"o\"} 1772323200.5\n\
            # EOF\n";
        assert_eq!(open_metrics(&metrics.into_families()), expected);
    }
}
