//! Which columns of a table are not channels: numbers of rows, and times, of which one is the clock.

use super::clock::{Pace, pace};
use super::rates::samples_a_second;
use super::units::{self, Unit};

/// A column as roles are given by.
pub(crate) struct Candidate<'a> {
    /// The name by which it is selected.
    pub(crate) called: &'a str,
    /// The name as it is written; empty if there is none.
    pub(crate) name: &'a str,
    /// The unit below the name.
    pub(crate) unit: Option<&'a str>,
    /// Values; none for a column of text.
    pub(crate) values: Option<Values<'a>>,
    /// Whether the values are seconds, read from dates or times of day.
    pub(crate) moments: bool,
}

/// The values of a column, which are read or copied when they are looked at.
#[derive(Clone, Copy)]
pub(crate) struct Values<'a> {
    pub(crate) of: &'a dyn Fn(usize) -> Vec<f64>,
    pub(crate) column: usize,
    pub(crate) rows: usize,
}

impl Values<'_> {
    pub(super) fn to_vec(self) -> Vec<f64> {
        (self.of)(self.column)
    }
}

/// What the columns are.
#[derive(Debug, Default)]
pub(crate) struct Roles {
    /// For each column that is not a channel: why.
    pub(crate) left_out: Vec<Option<String>>,
    /// Samples per second, and rows before which time makes a jump.
    pub(crate) sampling_rate: Option<f64>,
    pub(crate) breaks: Vec<usize>,
    /// The column of the clock, and how many of its units are a second.
    pub(crate) clock: Option<(usize, f64)>,
    /// About the clock, and about columns that are used although they look like times.
    pub(crate) notes: Vec<String>,
}

/// How certain it is that a name is that of times.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sure {
    /// By its name.
    Yes,
    /// Only if the times are even, too.
    IfEven,
    No,
}

const TIMES: [&str; 37] = [
    "time",
    "times",
    "t",
    "timestamp",
    "timestamps",
    "time stamp",
    "time_stamp",
    "datetime",
    "date",
    "dates",
    "date_time",
    "date/time",
    "date time",
    "timestep",
    "time_step",
    "zeit",
    "zeitstempel",
    "zeitpunkt",
    "datum",
    "uhrzeit",
    "temps",
    "heure",
    "horodatage",
    "tiempo",
    "fecha",
    "hora",
    "tempo",
    "ds",
    "clock",
    "epoch",
    "unix",
    "unixtime",
    "unix_time",
    "utc",
    "elapsed",
    "elapsed_time",
    "elapsed time",
];
/// Names of columns that number the rows.
const COUNTS: [&str; 10] = [
    "index",
    "idx",
    "row",
    "rows",
    "frame",
    "frames",
    "sample",
    "samples",
    "sample_index",
    "level_0",
];
/// Names that are also those of other things; they number the rows if they count from 0 or 1.
const PERHAPS: [&str; 16] = [
    "id",
    "row_id",
    "rowid",
    "rownames",
    "row.names",
    "row_names",
    "row_number",
    "rownumber",
    "no",
    "no.",
    "nr",
    "nr.",
    "#",
    "obs",
    "observation",
    "n",
];
/// Rows from which on evenness is more than chance.
const TELLING: usize = 4;

impl Roles {
    /// Gives roles to the columns of a table; `named` if it has a row of names.
    pub(crate) fn of(columns: &[Candidate<'_>], named: bool) -> Self {
        let mut roles = Self {
            left_out: vec![None; columns.len()],
            ..Self::default()
        };
        if columns.len() < 2 {
            return roles;
        }
        let mut has_clock = false;
        for (position, column) in columns.iter().enumerate() {
            let first = position == 0;
            let special = || first && (column.moments || !has_ramps(&columns[1..]));
            if !named && !special() {
                continue;
            }
            let reason = roles.index(column, first, named);
            let reason = reason.or_else(|| roles.clock(column, first, named, &mut has_clock));
            if reason.is_none() && named && column.name.is_empty() {
                roles.notes.push(format!(
                    "column {position} has no name: it is called `{}` and taken like the others",
                    column.called
                ));
            }
            roles.left_out[position] = reason;
        }
        if roles.left_out.iter().all(Option::is_some) {
            roles.left_out.fill(None);
            roles.notes.push(
                "all columns count rows or hold times: they are taken as channels".to_owned(),
            );
        }
        roles
    }

    /// Why the column is left out, if it numbers the rows.
    fn index(&mut self, column: &Candidate<'_>, first: bool, named: bool) -> Option<String> {
        let lower = column.name.trim().to_lowercase();
        let unnamed = named && first && lower.is_empty();
        let called = column.called;
        let Some(values) = column.values.filter(|_| !column.moments) else {
            return (unnamed && !column.moments)
                .then(|| format!("column `{called}` has no name and holds text, taken for names of rows: it is left out"));
        };
        let counts = COUNTS.contains(&lower.as_str()) || lower.starts_with("unnamed:");
        let perhaps = PERHAPS.contains(&lower.as_str());
        if !(unnamed || counts || perhaps || !named && values.rows >= TELLING) {
            return None;
        }
        let values = &values.to_vec();
        let whole = values.iter().all(|v| v.fract() == 0.0);
        let steps = || values.windows(2).map(|pair| pair[1] - pair[0]);
        let start = *values.first()?;
        if !whole || steps().any(|step| step <= 0.0) {
            return None;
        }
        let from_start = start == 0.0 || start == 1.0;
        if steps().all(|step| step == 1.0) {
            let enough = unnamed || values.len() > 1;
            let last = values[values.len() - 1];
            return (enough && (from_start || unnamed || counts)).then(|| {
                format!("column `{called}` counts the rows ({start} to {last}): it is left out")
            });
        }
        if !(unnamed || counts) {
            return None;
        }
        match pace(values) {
            Pace::Even { step, breaks, .. } => {
                let what = match breaks.is_empty() {
                    true => format!("rises by {step} from row to row"),
                    false => "counts the rows, with gaps".to_owned(),
                };
                self.note_breaks(called, &breaks);
                self.breaks = breaks;
                Some(format!("column `{called}` {what}: it is left out"))
            }
            _ => Some(format!(
                "column `{called}` numbers the rows, but not evenly: it is left out, and rows are taken as \
                 evenly spaced"
            )),
        }
    }

    /// Why the column is left out, if it holds times; the first with even ones is the clock.
    fn clock(
        &mut self,
        column: &Candidate<'_>,
        first: bool,
        named: bool,
        has_clock: &mut bool,
    ) -> Option<String> {
        let called = column.called;
        let (base, unit) = units::split(column.name);
        let sure = match sureness(&base) {
            _ if column.moments => Sure::Yes,
            Sure::No if first && (!named || column.name.trim().is_empty()) => Sure::IfEven,
            sure => sure,
        };
        let held = column.values.filter(|_| sure != Sure::No)?;
        let values = &held.to_vec();
        let unit = unit
            .or_else(|| Unit::of(&base))
            .or(column.unit.and_then(Unit::of));
        let unit = if column.moments { Unit::of("s") } else { unit };
        let missing = values.iter().filter(|time| time.is_nan()).count();
        match pace(values) {
            Pace::Even { .. } if sure == Sure::IfEven && values.len() < TELLING => None,
            Pace::Even { step, rate, breaks } => {
                if std::mem::replace(has_clock, true) {
                    return Some(format!(
                        "column `{called}` holds times, too: it is left out"
                    ));
                }
                self.note_breaks(called, &breaks);
                self.breaks = breaks;
                let (per_second, what) = samples_a_second(&base, unit, values[0], step, rate);
                self.sampling_rate = per_second;
                self.clock = per_second.map(|hz| (held.column, units_a_second(hz / rate)));
                Some(format!(
                    "column `{called}` is the clock ({what}): it is left out of the channels"
                ))
            }
            _ if sure == Sure::IfEven => None,
            Pace::Uneven(least, most) => Some(format!(
                "column `{called}` holds times that are not evenly spaced (steps from {least} to {most}), so it is not \
                 the clock: it is left out"
            )),
            Pace::Few => Some(format!(
                "column `{called}` holds times, too few to tell the sampling rate: it is left out"
            )),
            Pace::NoTimes if missing > 0 => Some(format!(
                "column `{called}` holds times, of which {missing} are missing, so it is not the clock: it is left out"
            )),
            Pace::NoTimes if column.moments => Some(format!(
                "column `{called}` holds dates or times that do not grow: it is left out"
            )),
            Pace::NoTimes => {
                self.notes.push(format!(
                    "column `{called}` does not grow as times do: it is taken as a channel"
                ));
                None
            }
        }
    }

    fn note_breaks(&mut self, called: &str, breaks: &[usize]) {
        if let Some(first) = breaks.first() {
            self.notes.push(format!(
                "column `{called}` makes {} jump{}, the first before row {first} (counting from 0): the \
                 recording is cut there",
                breaks.len(),
                if breaks.len() == 1 { "" } else { "s" }
            ));
        }
    }
}

/// A whole number of units a second, or of seconds a unit, but for the rounding of the rate.
fn units_a_second(units: f64) -> f64 {
    match units >= 0.5 {
        true => units.round(),
        false => 1.0 / (1.0 / units).round(),
    }
}

fn sureness(base: &str) -> Sure {
    if TIMES.contains(&base) {
        return Sure::Yes;
    }
    let mut words = base.split(|c: char| !c.is_alphanumeric());
    let any = words.any(|word| ["time", "timestamp", "timestamps", "datetime"].contains(&word));
    let is_unit = Unit::of(base).is_some_and(|unit| unit != Unit::Samples);
    if any || is_unit {
        Sure::IfEven
    } else {
        Sure::No
    }
}

/// Whether a column other than the first continues evenly: then the first is not special for it.
fn has_ramps(columns: &[Candidate<'_>]) -> bool {
    let even = |values: Values<'_>| {
        values.rows >= TELLING && matches!(pace(&values.to_vec()), Pace::Even { .. })
    };
    columns.iter().any(|column| column.values.is_some_and(even))
}
