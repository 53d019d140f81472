//! The unit of times, told or from what they are, and the sampling rate in it.

use super::units::Unit;

/// The sampling rate, if the unit of the times is known, and what to say about it.
pub(super) fn samples_a_second(
    base: &str,
    unit: Option<Unit>,
    start: f64,
    step: f64,
    rate: f64,
) -> (Option<f64>, String) {
    let days = Unit::of("days");
    let since = |unit: &str| (Unit::of(unit), "counted from 1970");
    // numbers that only moments of the last and next decades have
    let (unit, assumed) = match (unit, start.abs()) {
        (Some(unit), _) => (Some(unit), ""),
        (None, 2e4..8e4) if base.starts_with("dat") => (days, "days, as spreadsheets count them"),
        (None, 6.9e5..7.8e5) if base.starts_with("dat") => (days, "days, as MATLAB counts them"),
        (None, 9e8..4.2e9) => since("s"),
        (None, 9e11..4.2e12) => since("ms"),
        (None, 9e14..4.2e15) => since("us"),
        (None, 9e17..4.2e18) => since("ns"),
        (None, _) if step < 1.0 => (Unit::of("s"), "taken for seconds"),
        (None, _) => (None, ""),
    };
    let Some(rate) = unit.and_then(|unit| unit.per_second(rate)) else {
        let what = match unit {
            Some(Unit::Samples) => "in samples",
            _ => "its unit is unknown, and so is the sampling rate; a name such as `time_ms` tells",
        };
        return (None, what.to_owned());
    };
    // twelve digits: the unit's factor adds an error in the last
    let rate: f64 = format!("{rate:.11e}").parse().unwrap_or(rate);
    let mut what = match rate {
        1.0 => "1 sample per second".to_owned(),
        rate if rate < 0.1 => format!("one sample every {} s", (1e6 / rate).round() / 1e6),
        rate => format!("{rate} samples per second"),
    };
    if !assumed.is_empty() {
        what += &format!(", its numbers are {assumed}");
    }
    (Some(rate), what)
}
