//! Dates and times of day in the cells of a table.

use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::Offset;

use super::units::Unit;

/// From where moments are counted; only differences are used.
const START: DateTime = DateTime::constant(0, 1, 1, 0, 0, 0, 0);

/// Dates of ISO 8601, of Japan and China, of most of Europe, of Britain, of the USA, of R and MATLAB.
const DATES: [&str; 7] = [
    "%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%b-%Y", "%d-%m-%Y",
];
const TIMES: [&str; 4] = ["%H:%M:%S%.f", "%H:%M", "%I:%M:%S%.f %p", "%I:%M %p"];
const ZONES: [&str; 3] = ["", "%:z", "%z"];

/// How a column writes moments.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Format {
    /// A date, a time of day, or both; what is missing is empty.
    Civil {
        date: &'static str,
        time: &'static str,
        zone: &'static str,
    },
    /// `0 days 00:00:01.5`, as pandas writes time deltas.
    Days,
    /// `1.5 sec`, as MATLAB writes durations.
    Duration(Unit),
}

impl Format {
    /// All formats in which `cell` is a moment.
    fn of(cell: &str) -> Vec<Self> {
        let mut formats = vec![Self::Days];
        formats.extend(duration(cell).map(|(unit, _)| Self::Duration(unit)));
        let civil = cell.contains([':', '/']) || cell.matches(['-', '.']).count() > 1;
        for date in DATES.into_iter().chain([""]).filter(|_| civil) {
            for time in TIMES.into_iter().chain([""]) {
                for zone in ZONES {
                    let format = Self::Civil { date, time, zone };
                    let zone_alone = !zone.is_empty() && (time.is_empty() || date.is_empty());
                    if !(zone_alone || date.is_empty() && time.is_empty()) {
                        formats.push(format);
                    }
                }
            }
        }
        formats.retain(|format| format.parse(cell).is_some());
        formats
    }

    /// Time since the year 0, since midnight, or since zero.
    fn parse(self, cell: &str) -> Option<SignedDuration> {
        let (date, time, zone) = match self {
            Self::Civil { date, time, zone } => (date, time, zone),
            Self::Days => return days(cell),
            Self::Duration(unit) => {
                let (found, seconds) = duration(cell)?;
                let seconds = SignedDuration::try_from_secs_f64(seconds).ok()?;
                return (found == unit).then_some(seconds);
            }
        };
        let pattern = match (date, time) {
            (date, "") => date.to_owned(),
            ("", time) => time.to_owned(),
            (date, time) => format!("{date} {time}{zone}"),
        };
        let parts = BrokenDownTime::parse(&pattern, cell).ok()?;
        let moment = match (date, time) {
            ("", _) => START.date().to_datetime(parts.to_time().ok()?),
            (_, "") => parts.to_date().ok()?.at(0, 0, 0, 0),
            _ => parts.to_datetime().ok()?,
        };
        let ahead = parts.offset().map_or(0, Offset::seconds);
        let since = moment.duration_since(START);
        since.checked_sub(SignedDuration::from_secs(ahead.into()))
    }

    fn is_time_of_day(self) -> bool {
        matches!(self, Self::Civil { date: "", .. })
    }
}

fn days(cell: &str) -> Option<SignedDuration> {
    let (days, rest) = cell.split_once(" day")?;
    let days: i64 = days.parse().ok()?;
    let rest = rest.strip_prefix('s').unwrap_or(rest).trim_start();
    let rest = rest.strip_prefix('+').unwrap_or(rest);
    let time = match rest {
        "" => SignedDuration::ZERO,
        rest => {
            let parts = BrokenDownTime::parse(TIMES[0], rest).ok()?;
            parts
                .to_time()
                .ok()?
                .duration_since(jiff::civil::Time::midnight())
        }
    };
    SignedDuration::from_secs(days.checked_mul(86_400)?).checked_add(time)
}

/// The unit of a duration, and its seconds.
fn duration(cell: &str) -> Option<(Unit, f64)> {
    let end = cell.find(|c: char| c.is_alphabetic())?;
    let number: f64 = cell[..end].trim_end().parse().ok()?;
    let unit = Unit::of(&cell[end..])?;
    // as many a second as one unit has
    Some((unit, number / unit.per_second(1.0)?))
}

/// A cell as the formats expect it: a space for the `T` of ISO 8601, a point for a decimal comma, no
/// `Z` for universal time, which stands behind all cells or none.
fn normal(cell: &str) -> Option<String> {
    // the cheapest tests, which most text fails
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    let count = |sign: char| digits.matches(sign).take(2).count();
    let parts = count(':') + count('/') > 0 || count('-') > 1 || count('.') > 1;
    let begins = digits.starts_with(|c: char| c.is_ascii_digit());
    if !begins || cell.len() > 40 || !(parts || cell.contains(|c: char| c.is_alphabetic())) {
        return None;
    }
    let cell = cell.strip_suffix(['Z', 'z']).unwrap_or(cell);
    let cell = cell.strip_suffix("UTC").unwrap_or(cell).trim_end();
    let mut normal = cell.replace(',', ".");
    if let Some(at) = normal.find('T')
        && normal[..at].ends_with(|c: char| c.is_ascii_digit())
    {
        normal.replace_range(at..=at, " ");
    }
    Some(normal)
}

/// Whether a cell holds a date, a time of day, or both.
pub(super) fn looks(cell: &str) -> bool {
    normal(cell).is_some_and(|cell| !Format::of(&cell).is_empty())
}

/// The moments of one column, read from top to bottom.
#[derive(Debug, Default)]
pub(super) struct Moments {
    /// Formats that fit all cells so far, with the seconds since the first moment.
    readings: Vec<Reading>,
    started: bool,
    rows: usize,
}

#[derive(Debug)]
struct Reading {
    format: Format,
    first: SignedDuration,
    seconds: Vec<f64>,
}

impl Moments {
    /// Takes a cell that may be missing; false if the cells have no format in common.
    pub(super) fn push(&mut self, cell: &str, missing: bool) -> bool {
        let cell = match missing {
            true => None,
            false => match normal(cell) {
                Some(cell) => Some(cell),
                None => return false,
            },
        };
        if let (Some(cell), false) = (&cell, self.started) {
            self.started = true;
            for format in Format::of(cell) {
                let Some(first) = format.parse(cell) else {
                    continue;
                };
                self.readings.push(Reading {
                    format,
                    first,
                    seconds: vec![f64::NAN; self.rows],
                });
            }
        }
        self.rows += 1;
        self.readings.retain_mut(|reading| {
            let seconds = match &cell {
                None => Some(f64::NAN),
                Some(cell) => reading
                    .format
                    .parse(cell)
                    .map(|moment| moment.saturating_sub(reading.first).as_secs_f64()),
            };
            seconds
                .map(|seconds| reading.seconds.push(seconds))
                .is_some()
        });
        !self.started || !self.readings.is_empty()
    }

    /// Seconds since the first moment in each reading that fits all cells: two where day and month
    /// can change places. Times of day continue after midnight.
    pub(super) fn finish(self) -> Vec<Vec<f64>> {
        const DAY: f64 = 86_400.0;
        let mut found: Vec<Vec<f64>> = Vec::new();
        for mut reading in self.readings {
            if reading.format.is_time_of_day() {
                let (mut days, mut last) = (0.0, f64::NAN);
                for seconds in &mut reading.seconds {
                    let plain = *seconds;
                    if plain < last - DAY / 2.0 {
                        days += DAY;
                    }
                    *seconds = plain + days;
                    last = if plain.is_nan() { last } else { plain };
                }
            }
            let same = |other: &Vec<f64>| {
                let pairs = other.iter().zip(&reading.seconds);
                pairs
                    .into_iter()
                    .all(|(a, b)| a == b || (a.is_nan() && b.is_nan()))
            };
            if !found.iter().any(same) {
                found.push(reading.seconds);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cells: &[&str]) -> Vec<Vec<f64>> {
        let mut moments = Moments::default();
        let fits = cells.iter().all(|cell| moments.push(cell, cell.is_empty()));
        if fits { moments.finish() } else { Vec::new() }
    }

    #[test]
    fn ways_to_write_moments() {
        for cells in [
            ["2020-02-28 23:59:58.5", "2020-02-29 00:00:00"],
            ["2020-02-28T23:59:58.5Z", "2020-02-29T00:00:00Z"],
            ["2020-02-28T23:59:58.500+01:00", "2020-02-29T00:00:00+01:00"],
            ["2020-02-28 23:59:58.500+0000", "2020-02-29 01:00:00+0100"],
            ["2020/02/28 23:59:58.5", "2020/02/29 00:00:00.0"],
            ["28.02.2020 23:59:58,5", "29.02.2020 00:00:00,0"],
            ["28/02/2020 23:59:58.5", "29/02/2020 0:00:00"],
            ["2/28/2020 11:59:58.5 PM", "2/29/2020 12:00:00 AM"],
            ["28-Feb-2020 23:59:58.5", "29-Feb-2020 00:00:00"],
            ["23:59:58.5", "00:00:00"],
            ["0 days 23:59:58.500000", "1 days 00:00:00"],
            ["-1 days +23:59:58.5", "0 days 00:00:00"],
            ["58.5 sec", "60 sec"],
            ["0 min", "0.025 min"],
        ] {
            assert_eq!(read(&cells), [[0.0, 1.5]], "{cells:?}");
        }
        assert_eq!(read(&["2019-12-31", "2020-01-01"]), [[0.0, 86_400.0]]);
        assert_eq!(read(&["9:05", "", "9:06"])[0][2], 60.0);
        assert!(read(&["9:05", "", "9:06"])[0][1].is_nan());
    }

    #[test]
    fn day_and_month_in_either_order() {
        let both = read(&["01/02/2020", "02/02/2020"]);
        assert_eq!(both, [[0.0, 86_400.0], [0.0, 31.0 * 86_400.0]]);
        assert_eq!(read(&["01/02/2020", "13/02/2020"]).len(), 1);
        assert_eq!(
            read(&["01/02/2020 10:00", "01/02/2020 10:01"]),
            [[0.0, 60.0]]
        );
    }

    #[test]
    fn what_is_no_moment() {
        for cell in [
            "",
            "left",
            "1.5",
            "2020-02-30",
            "25:00:00",
            "192.168.0.1",
            "3/4",
            "a-1-2",
        ] {
            assert!(!looks(cell), "{cell}");
        }
        assert!(read(&["2020-01-01", "yesterday"]).is_empty());
    }
}
