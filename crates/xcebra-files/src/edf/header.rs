//! The header: what each signal is, and how its samples are stored.

use super::fields::{number, seconds_since_1970, text, whole};
use crate::signals::{NO_LABEL, Usable};

/// Bytes of the header before that of the signals.
pub(super) const FIXED: usize = 256;
/// Bytes of the header of one signal.
pub(super) const EACH: usize = 256;
const MOST_SIGNALS: i64 = 4096;

/// Whether the records follow each other without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// EDF or BDF: nothing but signals.
    Plain,
    /// EDF+C or BDF+C.
    Continuous,
    /// EDF+D or BDF+D.
    Interrupted,
}

/// What the first 256 bytes say.
#[derive(Debug)]
pub(super) struct Start {
    /// Bytes of one sample.
    pub(super) width: usize,
    pub(super) kind: Kind,
    /// Number of records; none if the header leaves it open.
    pub(super) records: Option<u64>,
    /// Duration of a record in seconds, and as the header writes it.
    pub(super) seconds: f64,
    pub(super) duration: String,
    /// Number of signals.
    pub(super) count: usize,
    /// Local time of second 0, in seconds since 1970.
    pub(super) since_1970: Option<f64>,
}

/// One signal.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) name: String,
    pub(super) annotations: bool,
    pub(super) unit: String,
    /// Samples in a record.
    pub(super) samples: usize,
    pub(super) scale: Physical,
    pub(super) usable: Usable,
    /// Whether a number has a decimal comma.
    pub(super) comma: bool,
}

/// From digital to physical values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Physical {
    /// Physical value of the digital 0.
    pub(super) offset: f64,
    /// Physical value of one digital step.
    pub(super) gain: f64,
}

impl Start {
    /// Reads the first 256 bytes.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() < FIXED {
            return Err("its header is cut short".to_owned());
        }
        let (width, name) = if bytes.starts_with(b"\xffBIOSEMI") {
            (3, "BDF")
        } else if text(bytes, 0, 8) == "0" {
            (2, "EDF")
        } else {
            return Err(
                "it begins neither with the version 0 of an EDF file nor with BIOSEMI of a BDF file"
                    .to_owned(),
            );
        };
        let reserved = text(bytes, 192, 44);
        let kind = match reserved.strip_prefix(name) {
            Some(plus) if plus.starts_with("+D") => Kind::Interrupted,
            Some(plus) if plus.starts_with('+') => Kind::Continuous,
            _ => Kind::Plain,
        };
        let duration = text(bytes, 244, 8);
        let seconds = number(&duration)
            .filter(|s| *s >= 0.0)
            .ok_or_else(|| format!("the duration of a record in its header is {duration:?}"))?;
        let signals = text(bytes, 252, 4);
        let count = whole(&signals)
            .filter(|n| (1..=MOST_SIGNALS).contains(n))
            .and_then(|n| usize::try_from(n).ok())
            .ok_or_else(|| format!("the number of signals in its header is {signals:?}"))?;
        let length = text(bytes, 184, 8);
        let expected = FIXED + EACH * count;
        if whole(&length).is_some_and(|n| usize::try_from(n) != Ok(expected)) {
            return Err(format!(
                "its header is {length} bytes long by its own account, and {count} signals need {expected}"
            ));
        }
        Ok(Self {
            width,
            kind,
            records: whole(&text(bytes, 236, 8)).and_then(|n| u64::try_from(n).ok()),
            seconds,
            duration,
            count,
            since_1970: seconds_since_1970(&text(bytes, 168, 8), &text(bytes, 176, 8)),
        })
    }
}

impl Described {
    /// Signal `i` of `count`, from the bytes of all: first all names, then all transducers, and so on.
    pub(super) fn read(bytes: &[u8], i: usize, start: &Start) -> Result<Self, String> {
        let field = |before: usize, width| text(bytes, before * start.count + i * width, width);
        let label = field(0, 16);
        let numbers = [104, 112, 120, 128].map(|before| field(before, 8));
        let samples = field(216, 8);
        let is = |names: [&str; 2]| names.iter().any(|name| label.eq_ignore_ascii_case(name));
        let annotations = is(["EDF Annotations", "BDF Annotations"]);
        let (scale, range) = scale(&numbers);
        let samples = whole(&samples)
            .and_then(|n| usize::try_from(n).ok())
            .ok_or_else(|| {
                format!("the number of samples in a record of signal `{label}` is {samples:?}")
            })?;
        let usable = if samples == 0 {
            Usable::No("it has no samples".to_owned())
        } else if let Err(reason) = range {
            Usable::No(reason)
        } else if label.is_empty() || label == "-" {
            Usable::ByName(NO_LABEL)
        } else if is(["Status", "Trigger"]) {
            Usable::ByName("it holds the recorder's trigger bits, not a signal")
        } else {
            Usable::Yes
        };
        Ok(Self {
            name: match label.as_str() {
                "" => "unnamed".to_owned(),
                _ => label,
            },
            annotations,
            unit: field(96, 8),
            samples,
            scale,
            usable,
            comma: numbers.iter().any(|text| text.contains(',')),
        })
    }
}

/// The scale of physical minimum and maximum, digital minimum and maximum; an error if they give none.
fn scale(texts: &[String; 4]) -> (Physical, Result<(), String>) {
    let numbers = texts.each_ref().map(|text| number(text));
    let [
        Some(physical_min),
        Some(physical_max),
        Some(digital_min),
        Some(digital_max),
    ] = numbers
    else {
        let none = Physical {
            offset: 0.0,
            gain: 0.0,
        };
        let missing = numbers.iter().position(Option::is_none).unwrap_or(0);
        let what = [
            "physical minimum",
            "physical maximum",
            "digital minimum",
            "digital maximum",
        ];
        let problem = format!("its {} is {:?}", what[missing], texts[missing]);
        return (none, Err(problem));
    };
    let gain = (physical_max - physical_min) / (digital_max - digital_min);
    let scale = Physical {
        offset: physical_min - gain * digital_min,
        gain,
    };
    let empty =
        |what: &str, a: &str, b: &str| Err(format!("its {what} range is empty, {a} to {b}"));
    let range = if physical_min == physical_max {
        empty("physical", &texts[0], &texts[1])
    } else if digital_min == digital_max {
        empty("digital", &texts[2], &texts[3])
    } else if gain.is_finite() {
        Ok(())
    } else {
        Err("its physical range is too large".to_owned())
    };
    (scale, range)
}
