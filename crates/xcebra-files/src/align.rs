//! One clock: spikes, signals and labels of any rates in bins of one length.
//!
//! The bins cover the intersection of all supports: from the first to the last time of each series, the
//! intervals in which the file says that units were observed, and the epochs that were asked for. Spikes are
//! counted. A series that is faster than the bins is averaged within them, a slower one interpolated linearly
//! at their centres, angles on the circle; classes are taken from the nearest time. Where values are missing,
//! the recording is cut.
//!
//! The bins begin at the start of each stretch of the support, and a bin belongs to it if its centre does, as in
//! pynapple, whose counts and averages these are. Rates are those of elephant's `instantaneous_rate`.

mod bins;
mod labels;
mod missing;
mod sample;
mod settings;
mod spikes;

use std::sync::Arc;

use ndarray::Array2;
use xcebra_numeric::is_constant;

use crate::array::DataArray;
use crate::error::{FileError, Result, list};
use crate::open::DataFile;
use crate::source::Source;
use crate::timed::Series;
use crate::values::Values;
use bins::{Bins, Span};
pub use labels::{AlignedLabel, LabelForm, LabelSource, label_forms};
pub use settings::{Alignment, Constant, Missing, seconds, seconds_of};

/// A recording and its labels on one clock.
#[derive(Debug, Clone)]
pub struct Aligned {
    /// The centres of the bins in seconds.
    pub times: Vec<f64>,
    /// The recording (bins, channels): counts, rates in Hz, or values.
    pub x: DataArray,
    /// The labels by name, with a value or a row for each bin.
    pub labels: Vec<(String, AlignedLabel)>,
    /// What was decided, a sentence each; the clock first.
    pub notes: Vec<String>,
}

/// What a recording is made of.
enum Recording {
    Spikes(spikes::Chosen),
    Series(Vec<Series>),
}

/// Brings a recording and its labels to one clock. Without a name of an array, the recording is the units of
/// the file, or all its channels.
///
/// # Errors
/// [`FileError`] if something cannot be read or has no times, if the supports do not overlap, and for missing
/// values or silent channels if these are to be refused.
pub fn align(source: &Source, labels: &[LabelSource], settings: &Alignment) -> Result<Aligned> {
    settings.check()?;
    let mut file = DataFile::of(source)?;
    let recording = recording(&mut file, source, settings)?;
    let mut read = Vec::new();
    for label in labels {
        read.push(labels::read(&mut file, label, settings)?);
    }
    let mut support = vec![Span::ALL];
    let mut places: Vec<String> = Vec::new();
    let mut meet = |spans: &[Span], place: &str| {
        support = bins::intersection(&support, spans);
        places.push(place.to_owned());
        match support.is_empty() {
            false => Ok(()),
            true => Err(no_overlap(&places)),
        }
    };
    match &recording {
        Recording::Spikes(chosen) => {
            if let Some(observed) = &chosen.observed {
                meet(
                    observed,
                    &format!("the observation intervals of {}", chosen.place),
                )?;
            }
        }
        Recording::Series(all) => {
            for series in all {
                meet(&[bins::ends(series)], &series.values.place())?;
            }
        }
    }
    for label in &read {
        if let Some(span) = label.support() {
            meet(&[span], label.place())?;
        }
    }
    if let Some(name) = &settings.epochs {
        let (spans, place) = settings::epochs(&mut file, name)?;
        meet(&spans, &place)?;
    }
    if support == [Span::ALL] {
        let Recording::Spikes(chosen) = &recording else {
            return Err(no_overlap(&places));
        };
        support = vec![chosen.ends()?];
        places.push(format!(
            "{}, from the first to the last spike",
            chosen.place
        ));
    }
    let bins = Bins::new(&support, settings.bin, settings.smooth.is_some())?;
    if bins.len() == 0 {
        return Err(too_short(&places, settings.bin));
    }
    assemble(&file, (recording, read), bins, (settings, &places))
}

/// The spikes or series of a recording.
fn recording(file: &mut DataFile, source: &Source, settings: &Alignment) -> Result<Recording> {
    let name = source.array.as_deref();
    if let Some(spikes) = file.spikes(name)? {
        return Ok(Recording::Spikes(spikes::chosen(spikes, &settings.units)?));
    }
    let refused = |flag: &str, advice: &str| FileError::Value {
        place: source.to_string(),
        problem: format!("{flag} is for spikes, and this recording has none"),
        advice: advice.to_owned(),
    };
    if settings.smooth.is_some() {
        return Err(refused(
            "smoothing",
            "leave it out: faster signals are averaged within the bins",
        ));
    }
    if !settings.units.is_empty() {
        return Err(refused(
            "a choice of units",
            "choose channels by their names, as in FILE:a,b",
        ));
    }
    Ok(Recording::Series(file.series(name)?))
}

/// Fills the bins, and cuts out those with missing values.
fn assemble(
    file: &DataFile,
    (recording, read): (Recording, Vec<labels::Read>),
    mut bins: Bins,
    (settings, places): (&Alignment, &[String]),
) -> Result<Aligned> {
    let mut notes = vec![String::new()];
    let mut cut = missing::Gaps::new(bins.len());
    let start = match &recording {
        Recording::Series(all) => all.first().and_then(|s| s.values.clock.as_ref()?.start()),
        Recording::Spikes(_) => None,
    };
    let (mut x, names, units) = match recording {
        Recording::Spikes(chosen) => {
            notes.extend(chosen.notes.iter().cloned());
            let x = match settings.smooth {
                None => chosen.counts(&bins),
                Some(sigma) => chosen.rates(&bins, sigma),
            };
            (x, chosen.names, None)
        }
        Recording::Series(all) => {
            let (mut columns, mut names, mut units) = (Vec::new(), Vec::new(), Vec::new());
            for mut series in all {
                notes.append(&mut series.values.notes);
                let (own, own_units) = (series.values.columns.take(), series.values.units.take());
                let found = sample::numbers(series, &bins, false);
                let (width, first) = (found.ncols(), names.len());
                columns.push(found);
                names.extend(
                    own.unwrap_or_else(|| (first..first + width).map(|c| c.to_string()).collect()),
                );
                units.extend(own_units.unwrap_or_else(|| vec![String::new(); width]));
            }
            let views: Vec<_> = columns.iter().map(|c| c.view()).collect();
            let x = ndarray::concatenate(ndarray::Axis(1), &views).expect("a row for each bin");
            let known = units.iter().any(|unit| !unit.is_empty());
            (x, names, known.then_some(units))
        }
    };
    cut.add_rows("the recording", &x);
    let pieces = bins.clock(start);
    let mut filled = Vec::new();
    for label in read {
        let (name, form) = (label.name.clone(), label.form());
        let values = label.sample(&bins, &pieces, &mut notes)?;
        match &values {
            labels::Sampled::Numbers(values) => cut.add_rows(&name, values),
            labels::Sampled::Texts(texts) => cut.add(&name, texts.iter().map(Option::is_none)),
        }
        filled.push((name, form, values));
    }
    missing::settle(
        &mut bins,
        &cut,
        &mut x,
        &mut filled,
        settings.missing,
        &mut notes,
    )?;
    notes[0] = bins.in_words(settings.bin, places);
    let array = finished(x, (names, units), &bins, (settings, file, &mut notes))?;
    let mut labels = Vec::new();
    for (name, form, values) in filled {
        labels.push((name, values.finished(form)));
    }
    Ok(Aligned {
        times: bins.centres(),
        x: array,
        labels,
        notes,
    })
}

/// The recording as an array, without silent channels.
fn finished(
    x: Array2<f64>,
    (mut names, mut units): (Vec<String>, Option<Vec<String>>),
    bins: &Bins,
    (settings, file, notes): (&Alignment, &DataFile, &mut Vec<String>),
) -> Result<DataArray> {
    let place = file.path().display().to_string();
    let silent = |c: &usize| is_constant(x.column(*c).iter().copied(), f64::EPSILON);
    let constant: Vec<usize> = match settings.constant {
        Constant::Keep => Vec::new(),
        _ => (0..x.ncols()).filter(silent).collect(),
    };
    let told: Vec<String> = constant.iter().map(|&c| names[c].clone()).collect();
    let mut x = x;
    if !constant.is_empty() {
        let problem = format!(
            "{} of {} channels never change in these bins: {}",
            constant.len(),
            names.len(),
            list(&told)
        );
        if settings.constant == Constant::Refuse || constant.len() == names.len() {
            let advice =
                "leave them out, or let --constant drop do it, if others remain".to_owned();
            return Err(FileError::Value {
                place,
                problem,
                advice,
            });
        }
        notes.push(format!("left out: {problem}"));
        let kept: Vec<usize> = (0..names.len()).filter(|c| !constant.contains(c)).collect();
        x = x.select(ndarray::Axis(1), &kept);
        names = kept.iter().map(|&c| names[c].clone()).collect();
        units = units.map(|units| kept.iter().map(|&c| units[c].clone()).collect());
    }
    Ok(DataArray {
        columns: Some(names),
        units,
        sampling_rate: Some(1.0 / settings.bin),
        breaks: bins.breaks(),
        clock: Some(bins.clock(None)),
        ..DataArray::new(Source::file(file.path()), narrowed(x))
    })
}

/// Counts in the smallest type that holds them, other numbers as they are.
fn narrowed(x: Array2<f64>) -> Values {
    let whole = x.iter().all(|v| *v >= 0.0 && v.fract() == 0.0);
    let largest = x.iter().copied().fold(0.0, f64::max);
    let x = x.as_standard_layout().into_owned().into_dyn();
    match whole {
        true if largest <= f64::from(u8::MAX) => Values::U8(x.mapv(|v| v as u8)),
        true if largest <= f64::from(u16::MAX) => Values::U16(x.mapv(|v| v as u16)),
        _ => Values::F64(x),
    }
}

fn no_overlap(places: &[String]) -> FileError {
    let (last, others) = places
        .split_last()
        .map_or(("it", &[][..]), |(l, o)| (l.as_str(), o));
    let problem = match others {
        [] => "the data cover no time".to_owned(),
        _ => format!("it does not overlap in time with {}", others.join(", ")),
    };
    FileError::Value {
        place: last.to_owned(),
        problem,
        advice: "choose arrays and epochs that overlap; `xcebra show FILE` lists when each array was measured"
            .to_owned(),
    }
}

fn too_short(places: &[String], bin: f64) -> FileError {
    FileError::Value {
        place: places.join(", "),
        problem: format!("the time they have in common is shorter than a bin of {bin} s"),
        advice: "choose shorter bins or longer epochs".to_owned(),
    }
}

/// Texts that labels share.
type Text = Arc<str>;
