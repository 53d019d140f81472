//! Long tables, which hold several series below one another, are refused with a way to make them wide.

use super::clock::{Pace, pace};
use super::roles::Candidate;

const SERIES: [&str; 13] = [
    "unique_id",
    "item_id",
    "series_id",
    "series",
    "variable",
    "sensor",
    "channel",
    "signal",
    "id",
    "name",
    "key",
    "tag",
    "unit_id",
];
const TIMES: [&str; 6] = ["ds", "date", "datetime", "time", "timestamp", "t"];
const VALUES: [&str; 6] = ["y", "value", "values", "target", "reading", "measurement"];

/// What is wrong with a long table, and how to make it wide; none for other tables.
pub(super) fn refusal(columns: &[Candidate<'_>]) -> Option<(String, String)> {
    let called = |names: &[&str]| {
        columns.iter().find(|column| {
            let lower = column.name.to_lowercase();
            names.contains(&lower.as_str())
        })
    };
    let (series, value) = (called(&SERIES)?, called(&VALUES)?);
    let time = called(&TIMES);
    let restarts = match time.map(|time| time.values) {
        Some(Some(times)) => {
            let times = times.to_vec();
            match pace(&times) {
                Pace::Even { breaks, .. } => breaks.iter().any(|&row| times[row] <= times[row - 1]),
                _ => times.windows(2).any(|pair| pair[1] <= pair[0]),
            }
        }
        // without times only text names series
        Some(None) | None => series.values.is_none(),
    };
    if !restarts {
        return None;
    }
    let index = time.map_or(String::new(), |time| format!("index=\"{}\", ", time.name));
    Some((
        format!(
            "it is a long table: column `{}` names series that stand below one another in column `{}`",
            series.name, value.name
        ),
        format!(
            "make it wide, one column a series, with df.pivot({index}columns=\"{}\", values=\"{}\") in pandas, or \
             select the columns to use by name",
            series.name, value.name
        ),
    ))
}
