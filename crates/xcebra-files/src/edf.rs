//! Biosignals in the European Data Format and its sibling of 24 bits, each with `+` or without: `.edf`, `.bdf`.
//!
//! Source: Kemp, Värri, Rosa, Nielsen, Gade, "A simple format for exchange of digitized polygraphic
//! recordings", Electroencephalogr. Clin. Neurophysiol. 82 (1992); Kemp, Olivan, "European data format
//! plus (EDF+)", Clin. Neurophysiol. 114 (2003); for 24 bits, the
//! pages of the maker of the `BIOSEMI` recorders on their file format.

mod fields;
mod header;
mod records;
mod tal;
mod times;

use std::io::{BufReader, Read};
use std::path::Path;

use crate::error::{FileError, Result};
use crate::reading::open_file;
use crate::signals::annotations::Annotation;
use crate::signals::{Channel, Signals, counted, rates};
use header::{Described, EACH, FIXED, Kind, Start};
use records::Place;
use records::Records;
use times::Times;

/// Opens a file: reads the header, and the annotations if there are any.
pub(crate) fn open(path: &Path) -> Result<Signals> {
    let fail = |error| FileError::read(path, error);
    let damaged = |problem: String| FileError::damaged(path.display().to_string(), problem);
    let (file, stored) = open_file(path)?;
    let mut reader = BufReader::new(file);
    let mut next = |bytes: usize| -> Result<Vec<u8>> {
        let mut part = Vec::new();
        let taken = (&mut reader).take(bytes as u64).read_to_end(&mut part);
        taken.map(|_| part).map_err(fail)
    };
    let start = Start::read(&next(FIXED)?).map_err(damaged)?;
    let described = next(EACH * start.count)?;
    if described.len() < EACH * start.count {
        return Err(damaged("its header is cut short".to_owned()));
    }
    let signals: Vec<Described> = (0..start.count)
        .map(|i| Described::read(&described, i, &start))
        .collect::<Result<_, _>>()
        .map_err(damaged)?;
    let too_long = || damaged("a record is longer than any file".to_owned());
    let (places, length) = Place::all(&signals, start.width).ok_or_else(too_long)?;
    let first = (FIXED + EACH * start.count) as u64;
    let data = stored.saturating_sub(first);
    let there = data.checked_div(length).unwrap_or(0);
    let count = usize::try_from(there).map_err(|_| too_long())?;
    let mut notes = lengths(&start, there, data - there * length);
    let records = Records::new(path, first, (length, count), start.width, places);

    let (channels, store) = channels(&signals, &start, &records).map_err(damaged)?;
    if !channels.is_empty() && count == 0 {
        return Err(damaged("it holds no whole record of samples".to_owned()));
    }
    let (times, annotations) = timed(path, &start, &signals, &records, &mut notes)?;
    let since_1970 = start.since_1970.map(|seconds| seconds + times.first());
    Ok(Signals::new(path, channels, store)
        .with_times(times.pieces, since_1970, annotations)
        .with_notes(notes))
}

/// Notes on a file that is longer or shorter than its header says, and on bytes behind its records.
fn lengths(start: &Start, there: u64, rest: u64) -> Vec<String> {
    let mut notes = Vec::new();
    let whole = counted(there, "whole record");
    match start.records {
        Some(records) if records == there => {}
        Some(records) => notes.push(format!(
            "the header announces {}, and the file holds {whole}, which are read",
            counted(records, "record"),
        )),
        None => notes.push(format!(
            "the header does not say how many records there are, and the file holds {whole}, which are read"
        )),
    }
    if rest > 0 {
        notes.push(format!(
            "left out after the last whole record: {}",
            counted(rest, "byte")
        ));
    }
    notes
}

/// The signals that are not annotations, and where they are.
fn channels(
    signals: &[Described],
    start: &Start,
    records: &Records,
) -> Result<(Vec<Channel>, Records), String> {
    let recorded = signals.iter().enumerate().filter(|(_, s)| !s.annotations);
    let (which, recorded): (Vec<usize>, Vec<&Described>) = recorded.unzip();
    if recorded
        .iter()
        .any(|s| s.samples > 0 && !(s.samples as f64 / start.seconds).is_finite())
    {
        return Err(format!(
            "its header says that a record lasts {} s, so there is no sampling rate",
            start.duration
        ));
    }
    let channel = |signal: &&Described| {
        let rate = rates::of_record(signal.samples, start.seconds, &start.duration);
        let mut assumed = Vec::new();
        if rate != signal.samples as f64 / start.seconds {
            assumed.push(format!(
                "the header rounds the duration of a record to {} s, and the sampling rate is taken as {rate} Hz",
                start.duration
            ));
        }
        if start.width == 3 && signal.name.eq_ignore_ascii_case("Status") {
            assumed.push(
                "numbers whose lowest 16 bits are triggers, and the others the state of the recorder"
                    .to_owned(),
            );
        }
        if signal.comma {
            assumed
                .push("commas in the numbers of the header were read as decimal points".to_owned());
        }
        Channel {
            name: signal.name.clone(),
            unit: signal.unit.clone(),
            rate,
            per_record: signal.samples,
            samples: signal.samples.saturating_mul(records.count()),
            usable: signal.usable.clone(),
            assumed,
        }
    };
    let channels: Vec<Channel> = recorded.iter().map(channel).collect();
    Ok((channels, records.of(&which)))
}

/// The times of the records and the annotations, whose times count from the first record.
fn timed(
    path: &Path,
    start: &Start,
    signals: &[Described],
    records: &Records,
    notes: &mut Vec<String>,
) -> Result<(Times, Vec<Annotation>)> {
    let which: Vec<usize> = (0..signals.len())
        .filter(|&i| signals[i].annotations)
        .collect();
    let recorded = signals.iter().filter(|s| !s.annotations);
    let most = recorded.map(|s| s.samples).max().unwrap_or(0);
    let mut times = Times::new(start, most);
    let damaged = |problem: String| FileError::damaged(path.display().to_string(), problem);
    if which.is_empty() {
        return match start.kind {
            Kind::Interrupted => Err(damaged(
                "it is interrupted, and the annotations with the times of its records are missing"
                    .to_owned(),
            )),
            Kind::Plain | Kind::Continuous => Ok((times, Vec::new())),
        };
    }
    let (mut annotations, mut unread) = (Vec::new(), 0);
    records.each(&which, 0..records.count(), |record, signal, bytes| {
        let lists = tal::read(bytes, signal == 0);
        annotations.extend(lists.annotations);
        unread += lists.damaged as u64;
        match signal {
            0 => times.record(record, lists.record).map_err(damaged),
            _ => Ok(()),
        }
    })?;
    for annotation in &mut annotations {
        annotation.onset -= times.first();
    }
    if unread > 0 {
        notes.push(format!(
            "left out because they cannot be read: {}",
            counted(unread, "damaged annotation")
        ));
    }
    notes.extend(times.notes());
    Ok((times, annotations))
}
