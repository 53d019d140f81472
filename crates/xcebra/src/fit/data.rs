//! The sessions of a recording with their labels, ready for a training.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use xcebra_core::Recording;
use xcebra_files::{self as files, DataArray, DataFile, Source};

use super::fit_file::FitFile;
use super::labels::{Label, LabelArray, Part, SessionFile, parts, parts_of_arrays};
use super::unfinished::Inputs;
use crate::{Channels, Problem, Result, clock, suspicion};

/// A recording in memory, and its labels.
///
/// Each session is an array (time, channels) with what is known of it: names of channels, units, sampling
/// rate, gaps. A label has one array for each session, with one value or one row for each sample.
#[derive(Clone, Debug, Default)]
pub struct Arrays {
    /// The sessions, all with the same channels.
    pub sessions: Vec<DataArray>,
    /// The labels by name.
    pub labels: BTreeMap<String, Vec<LabelArray>>,
}

/// Labels by name: the array that holds each, and its parts.
type Parts = BTreeMap<String, (String, Vec<Part>)>;

/// A recording as a training takes it.
#[derive(Clone, Debug)]
pub struct Data {
    /// All sessions, cut into the segments of each, on the scale of `channels`, with their labels.
    pub recording: Recording<f32>,
    /// Names and scales, from all sessions.
    pub channels: Channels,
    /// The labels for pictures.
    pub labels: Vec<Label>,
    /// Where it comes from.
    pub place: String,
    /// Samples of each file.
    pub files: Vec<usize>,
    /// What the readers left out, assumed or repaired, and what looks like a mistake; a sentence each.
    pub notes: Vec<String>,
}

impl Data {
    /// Reads all sessions and labels, and brings the channels to a common scale if asked.
    ///
    /// # Errors
    /// [`Problem`] if a file cannot be read, or sessions and labels do not belong together.
    pub fn read(inputs: &Inputs, settings: &FitFile) -> Result<Self> {
        if let Some(clock) = &settings.data.clock {
            let (arrays, said) = clock::sessions(inputs, settings, clock)?;
            let mut data = Self::of_arrays(arrays, settings)?;
            data.notes.splice(0..0, said);
            data.place = places(inputs, &settings.data.x)?;
            return Ok(data);
        }
        let (mut open, mut sessions) = (Vec::new(), Vec::new());
        let mut units: Option<Vec<String>> = None;
        for text in &inputs.data {
            let source = inputs.source(text)?;
            let (file, mut array) = read_session(&source, settings)?;
            // channels of one name mean one unit in all sessions
            array.bring_to_units(units.as_deref())?;
            units = units.or(array.units.clone());
            let clock = array.clock();
            let session = array.recording()?;
            open.push(SessionFile {
                file,
                path: source.path,
                samples: session.samples(),
                clock,
            });
            sessions.push(session);
        }
        // first of all: in a transposed recording nothing else is what it seems
        let (mut labels, mut said) = (BTreeMap::new(), Vec::new());
        for (name, array) in settings.labels() {
            let parts = parts(inputs, &mut open, (&name, &array), &mut said)?;
            require_upright(&sessions, &name, &parts)?;
            labels.insert(name, (array, parts));
        }
        let place = places(inputs, &settings.data.x)?;
        Self::of_sessions(sessions, units, (labels, said), place, (settings, None))
    }

    /// Takes arrays in memory instead of files.
    ///
    /// # Errors
    /// As [`read`](Self::read) of the same arrays in files, and [`Kind::Data`](xcebra_model::Kind::Data) if a
    /// label that the settings name is missing.
    pub fn of_arrays(arrays: Arrays, settings: &FitFile) -> Result<Self> {
        Self::of_arrays_on(arrays, settings, None)
    }

    /// As [`of_arrays`](Self::of_arrays), on the scale of `channels` instead of the arrays' own.
    pub(crate) fn of_arrays_on(
        arrays: Arrays,
        settings: &FitFile,
        channels: Option<&Channels>,
    ) -> Result<Self> {
        let mut sessions = Vec::new();
        let mut units: Option<Vec<String>> = None;
        for array in arrays.sessions {
            let mut array = match settings.data.transpose {
                true => array.transposed(),
                false => array,
            };
            array.bring_to_units(units.as_deref())?;
            units = units.or(array.units.clone());
            sessions.push(array.recording()?);
        }
        if sessions.is_empty() {
            return Err(Problem::data(
                "there is no session to train on",
                "pass at least one array (time, channels)",
            ));
        }
        let mut given = arrays.labels;
        for name in settings.labels().into_keys() {
            if !given.contains_key(&name) {
                return Err(Problem::data(
                    format!(
                        "the settings name the label `{name}`, and no array of that name was passed"
                    ),
                    "pass its values with the recording, or change the settings",
                ));
            }
            given.entry(name).or_default();
        }
        let mut labels = BTreeMap::new();
        for (name, arrays) in given {
            let parts = parts_of_arrays(&name, arrays, &sessions)?;
            require_upright(&sessions, &name, &parts)?;
            labels.insert(name.clone(), (name, parts));
        }
        let places: Vec<&str> = sessions.iter().map(|s| s.place.as_str()).collect();
        let place = places.join(", ");
        let labels = (labels, Vec::new());
        Self::of_sessions(sessions, units, labels, place, (settings, channels))
    }

    fn of_sessions(
        sessions: Vec<files::Table>,
        units: Option<Vec<String>>,
        (labels, said): (Parts, Vec<String>),
        place: String,
        (settings, channels): (&FitFile, Option<&Channels>),
    ) -> Result<Self> {
        for session in &sessions {
            session.require_samples(2, "training")?;
        }
        require_same_channels(&sessions)?;
        let channels = match channels {
            Some(known) => known.clone(),
            None => Channels::of(&sessions, settings.data.standardize)?.in_units(units),
        };
        let mut notes = notes_on(&sessions);
        notes.extend(said);
        let places: Vec<&str> = sessions.iter().map(|s| s.place.as_str()).collect();
        let all = places.join(" with ");
        let files = sessions.iter().map(files::Table::samples).collect();
        let segments = sessions.iter().flat_map(files::Table::segments);
        let lengths: Vec<usize> = segments.map(|segment| segment.len()).collect();
        let scaled = sessions.into_iter().map(|session| channels.scale(session));
        let scaled = scaled.collect::<Result<_, _>>()?;
        let mut recording = Recording::from_sessions(scaled)?.with_sessions(&lengths)?;
        let mut shown = Vec::new();
        for (name, (array, parts)) in labels {
            if channels.names.contains(&array) {
                return Err(Problem::data(
                    format!("the label `{name}` is also a channel of {all}"),
                    format!("leave it out of the channels, as in data.x=\"*,!{array}\""),
                ));
            }
            notes.extend(parts.iter().flat_map(Part::notes).cloned());
            let label = Label::new(&name, parts, settings.use_of(&name))?;
            notes.extend(label.suspicions());
            recording = recording.with_label(name, Arc::clone(&label.values))?;
            shown.push(label);
        }
        let mut seen = BTreeSet::new();
        notes.retain(|note| seen.insert(note.clone()));
        Ok(Self {
            recording,
            channels,
            labels: shown,
            place,
            files,
            notes,
        })
    }
}

/// What there is to say of the recording itself.
fn notes_on(sessions: &[files::Table]) -> Vec<String> {
    let mut notes = Vec::new();
    for session in sessions {
        notes.extend(session.notes.iter().cloned());
        notes.extend(suspicion::of_segments(
            &session.place,
            &session.segments(),
            0,
        ));
        let (samples, channels) = (session.samples(), session.channels.len());
        if channels > samples {
            notes.push(format!(
                "{} has {samples} samples of {channels} channels: if its rows are channels, set \
                 data.transpose = true",
                session.place
            ));
        }
    }
    notes.extend(suspicion::of_channels(sessions));
    notes
}

/// Refuses a recording whose columns are as many as the label has values.
fn require_upright(sessions: &[files::Table], name: &str, parts: &[Part]) -> Result<()> {
    let columns: usize = sessions.iter().map(|session| session.channels.len()).sum();
    for (k, part) in parts.iter().enumerate() {
        let (session, samples, columns) = match (parts.len(), sessions) {
            (1, [first, ..]) => (first, part.samples(), columns),
            _ => {
                let session = &sessions[k];
                (session, session.samples(), session.channels.len())
            }
        };
        let found = part.rows();
        if found == samples || found != columns {
            continue;
        }
        return Err(Problem::data(
            format!(
                "{} looks transposed: it is ({}, {}), and the label `{name}` has {found} values; the \
                 rows of a recording are moments in time",
                session.place,
                session.samples(),
                session.channels.len()
            ),
            "save its transpose (x.T in numpy), or set data.transpose = true",
        ));
    }
    Ok(())
}

/// The files, as they were given; the array only where it is not that of the settings.
fn places(inputs: &Inputs, default: &str) -> Result<String> {
    let mut places = Vec::new();
    for text in &inputs.data {
        let mut source: Source = text.parse()?;
        source.array = source.array.filter(|array| array != default);
        places.push(source.to_string());
    }
    Ok(places.join(", "))
}

fn read_session(source: &Source, settings: &FitFile) -> Result<(DataFile, DataArray)> {
    let mut file = DataFile::of(source)?;
    let array = match &source.array {
        Some(array) => file.read(array),
        None => file.read_default(&settings.data.x),
    }?;
    Ok(match settings.data.transpose {
        true => (file, array.transposed()),
        false => (file, array),
    })
}

/// Refuses sessions whose channels are not those of the first.
fn require_same_channels(sessions: &[files::Table]) -> Result<()> {
    let Some((first, others)) = sessions.split_first() else {
        return Ok(());
    };
    match others.iter().find(|other| other.channels != first.channels) {
        None => Ok(()),
        Some(other) => Err(Problem::data(
            format!(
                "{} has {} channels ({}), and {} has {} ({})",
                other.place,
                other.channels.len(),
                other.channels.join(","),
                first.place,
                first.channels.len(),
                first.channels.join(","),
            ),
            "give every session the same channels in the same order",
        )),
    }
}
