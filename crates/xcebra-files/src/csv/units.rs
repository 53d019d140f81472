//! Units in names of columns and in rows below them.

/// A unit of time, or a count of samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Seconds, as numerator and denominator.
    Time(u32, u32),
    Samples,
}

/// Words for units, in lower case.
const TIMES: [(Unit, &[&str]); 8] = [
    (
        Unit::Time(1, 1),
        &["s", "sec", "secs", "second", "seconds", "sek", "sekunden"],
    ),
    (
        Unit::Time(1, 1_000),
        &[
            "ms",
            "msec",
            "msecs",
            "millis",
            "milli",
            "millisecond",
            "milliseconds",
        ],
    ),
    (
        Unit::Time(1, 1_000_000),
        &[
            "us",
            "µs",
            "μs",
            "usec",
            "usecs",
            "micros",
            "microsecond",
            "microseconds",
        ],
    ),
    (
        Unit::Time(1, 1_000_000_000),
        &["ns", "nsec", "nanos", "nanosecond", "nanoseconds"],
    ),
    (Unit::Time(60, 1), &["min", "mins", "minute", "minutes"]),
    (Unit::Time(3_600, 1), &["h", "hr", "hrs", "hour", "hours"]),
    (Unit::Time(86_400, 1), &["d", "day", "days"]),
    (
        Unit::Samples,
        &["sample", "samples", "frame", "frames", "tick", "ticks"],
    ),
];

/// Other units that stand below names; case matters in some, but not here.
const OTHERS: [&str; 44] = [
    "v", "mv", "uv", "µv", "μv", "a", "ma", "ua", "µa", "g", "mg", "kg", "m", "mm", "cm", "km",
    "um", "µm", "m/s", "m/s2", "m/s^2", "m/s²", "rad", "rad/s", "deg", "deg/s", "dps", "°", "°/s",
    "°c", "c", "k", "hz", "khz", "bpm", "pa", "hpa", "kpa", "bar", "w", "n", "nm", "%", "a.u.",
];

impl Unit {
    /// The unit a word stands for, in brackets or without.
    pub(super) fn of(word: &str) -> Option<Self> {
        let word = bare(word);
        let row = TIMES
            .iter()
            .find(|(_, words)| words.contains(&word.as_str()));
        row.map(|(unit, _)| *unit)
    }

    /// A rate per unit as a rate per second; none if the unit does not measure time.
    pub(super) fn per_second(self, rate: f64) -> Option<f64> {
        match self {
            Self::Time(numerator, denominator) => {
                Some(rate * f64::from(denominator) / f64::from(numerator))
            }
            Self::Samples => None,
        }
    }
}

/// Whether a cell looks like a unit.
pub(super) fn is_unit(cell: &str) -> bool {
    let word = bare(cell);
    let dimensionless = ["-", "au", "arb"].contains(&word.as_str());
    dimensionless || Unit::of(cell).is_some() || OTHERS.contains(&word.as_str())
}

fn bare(word: &str) -> String {
    let inner = word
        .trim()
        .trim_matches(['(', ')', '[', ']', '{', '}', '<', '>', '/']);
    inner.trim().to_lowercase()
}

/// Splits `Time (ms)`, `time_ms` or `t [s]` into the name in lower case and its unit.
pub(super) fn split(name: &str) -> (String, Option<Unit>) {
    let lower = name.trim().to_lowercase();
    if let Some(at) = lower.find(['(', '[', '{']) {
        let unit = Unit::of(&lower[at..]);
        if at > 0 && unit.is_some() {
            return (lower[..at].trim().to_owned(), unit);
        }
    }
    if let Some(at) = lower.rfind(['_', ' ', '-', '/', '.', ',']) {
        let unit = Unit::of(&lower[at + 1..]);
        let base = lower[..at].trim_end_matches(['_', ' ', '-', '/', '.', ',', ':']);
        let base = base
            .strip_suffix("_in")
            .or(base.strip_suffix(" in"))
            .unwrap_or(base);
        if !base.is_empty() && unit.is_some() {
            return (base.to_owned(), unit);
        }
    }
    (lower, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_units() {
        for (name, base, rate) in [
            ("Time (ms)", "time", Some(1e3)),
            ("time_us", "time", Some(1e6)),
            ("t [s]", "t", Some(1.0)),
            ("elapsed, min", "elapsed", Some(1.0 / 60.0)),
            ("time in h", "time", Some(1.0 / 3600.0)),
            ("acc_x", "acc_x", None),
            ("TIMESTAMP", "timestamp", None),
            ("timestamp[µs]", "timestamp", Some(1e6)),
            ("x (mV)", "x (mv)", None),
            ("_ms", "_ms", None),
        ] {
            let (found, unit) = split(name);
            assert_eq!(
                (found.as_str(), unit.and_then(|unit| unit.per_second(1.0))),
                (base, rate),
                "{name}"
            );
        }
    }

    #[test]
    fn units_below_names() {
        for unit in ["mV", "[s]", "(m/s²)", "°C", "a.u.", "-", "Hz"] {
            assert!(is_unit(unit), "{unit}");
        }
        for word in ["left", "1", "2.5", "", "start"] {
            assert!(!is_unit(word), "{word}");
        }
    }
}
