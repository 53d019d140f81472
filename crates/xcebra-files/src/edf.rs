//! Biosignals in the European Data Format: `.edf`.
//!
//! Source: Kemp, Värri, Rosa, Nielsen, Gade, "A simple format for exchange of digitized polygraphic
//! recordings", Electroencephalogr. Clin. Neurophysiol. 82 (1992); Kemp, Olivan, "European data format
//! plus (EDF+)", Clin. Neurophysiol. 114 (2003).

use std::fs;
use std::path::Path;
use std::str::FromStr;

use crate::error::{FileError, Result};
use crate::signals::{Channel, Signals};

/// Bytes of the header before that of the signals.
const FIXED: usize = 256;
/// Bytes of the header of one signal.
const EACH: usize = 256;
const MOST_SIGNALS: usize = 4096;
/// The signal in which EDF+ keeps words.
const ANNOTATIONS: &str = "EDF Annotations";

/// One signal as the header describes it.
struct Described {
    name: String,
    /// Physical value of the digital 0, and of one digital step.
    offset: f64,
    gain: f64,
    /// Samples in a record.
    samples: usize,
}

/// Reads a file; values are in the physical units it names. Annotations are left out.
pub(crate) fn open(path: &Path) -> Result<Signals> {
    let bytes = fs::read(path).map_err(|error| FileError::read(path, error))?;
    let damaged = |problem: String| FileError::damaged(path.display().to_string(), problem);
    let channels = read(&bytes).map_err(damaged)?;
    Signals::new(path, channels)
}

fn read(bytes: &[u8]) -> Result<Vec<Channel>, String> {
    if text(bytes, 0, 8)? != "0" {
        return Err("it does not begin with the version 0 of an EDF file".to_owned());
    }
    if text(bytes, 192, 44)?.starts_with("EDF+D") {
        return Err("it is interrupted (EDF+D), and its pieces cannot be read as one".to_owned());
    }
    let claimed: i64 = number(bytes, 236, 8, "number of records")?;
    let seconds: f64 = number(bytes, 244, 8, "duration of a record")?;
    let count: usize = number(bytes, 252, 4, "number of signals")?;
    if count == 0 || count > MOST_SIGNALS {
        return Err(format!("it has {count} signals"));
    }
    let signals: Vec<Described> = (0..count)
        .map(|i| describe(bytes, i, count))
        .collect::<Result<_, _>>()?;
    let record = signals.iter().map(|s| 2 * s.samples).sum::<usize>();
    let data = bytes.get(FIXED + EACH * count..).unwrap_or_default();
    let there = data.len().checked_div(record).unwrap_or(0);
    // −1 stands for a recording that goes on
    let records = usize::try_from(claimed).unwrap_or(there);
    if records > there {
        return Err(format!(
            "its header tells of {records} records, and it holds {there}"
        ));
    }
    let mut start = 0;
    let mut channels = Vec::new();
    for signal in signals {
        let place = start..start + 2 * signal.samples;
        start = place.end;
        if signal.name == ANNOTATIONS || signal.samples == 0 {
            continue;
        }
        let rate = signal.samples as f64 / seconds;
        if !(rate.is_finite() && rate > 0.0) {
            return Err(format!("a record lasts {seconds} s"));
        }
        let mut values = Vec::with_capacity(records * signal.samples);
        for record in data.chunks_exact(record).take(records) {
            for &sample in record[place.clone()].as_chunks::<2>().0 {
                let digital = f64::from(i16::from_le_bytes(sample));
                values.push(signal.offset + signal.gain * digital);
            }
        }
        channels.push(Channel {
            name: signal.name,
            rate,
            values,
        });
    }
    Ok(channels)
}

/// Signal `i` of `count`: the header holds first all names, then all transducers, and so on.
fn describe(bytes: &[u8], i: usize, count: usize) -> Result<Described, String> {
    let at = |before: usize, width: usize| FIXED + before * count + i * width;
    let name = text(bytes, at(0, 16), 16)?;
    let real = |before| number::<f64>(bytes, at(before, 8), 8, "range of a signal");
    let (physical, digital) = ((real(104)?, real(112)?), (real(120)?, real(128)?));
    let gain = (physical.1 - physical.0) / (digital.1 - digital.0);
    // annotations need no range
    if !gain.is_finite() && name != ANNOTATIONS {
        return Err(format!("the range of signal `{name}` is empty"));
    }
    Ok(Described {
        offset: physical.0 - gain * digital.0,
        gain,
        samples: number(bytes, at(216, 8), 8, "number of samples in a record")?,
        name,
    })
}

/// The ASCII text of a field, without the spaces around it.
fn text(bytes: &[u8], at: usize, width: usize) -> Result<String, String> {
    let field = bytes.get(at..at + width);
    let field = field.ok_or_else(|| "its header is cut short".to_owned())?;
    Ok(String::from_utf8_lossy(field)
        .trim_matches([' ', '\0'])
        .to_owned())
}

fn number<T: FromStr>(bytes: &[u8], at: usize, width: usize, what: &str) -> Result<T, String> {
    let text = text(bytes, at, width)?;
    text.parse()
        .map_err(|_| format!("the {what} in its header is {text:?}"))
}
