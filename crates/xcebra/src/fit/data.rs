//! The sessions of a recording with their labels, ready for a training.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use xcebra_core::Recording;
use xcebra_files::{self as files, DataArray, DataFile, Source};

use super::fit_file::FitFile;
use super::known::{Known, KnownUnits};
use super::labels::{Label, LabelArray, Part, SessionFile, parts, parts_of_arrays};
use super::subjects::{Subject, subjects_of};
use super::unfinished::Inputs;
use crate::{Channels, Problem, Result, clock, suspicion};

/// A recording in memory, and its labels.
///
/// Each session is an array (time, channels) with what is known of it: names of channels, units, sampling
/// rate, gaps. A label has one array for each session, with one value or one row for each sample.
#[derive(Clone, Debug, Default)]
pub struct Arrays {
    /// The sessions. Those with the same channels in the same order are of one subject and share an encoder.
    pub sessions: Vec<DataArray>,
    /// The labels by name.
    pub labels: BTreeMap<String, Vec<LabelArray>>,
}

/// Labels by name: the array that holds each, and its parts.
type Parts = BTreeMap<String, (String, Vec<Part>)>;

/// A recording as a training takes it.
#[derive(Clone, Debug)]
pub struct Data {
    /// All sessions, cut into the segments of each, on the scale of their subject's channels, with their
    /// labels.
    pub recording: Recording<f32>,
    /// Who was recorded in which sessions.
    pub subjects: Vec<Subject>,
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
        Self::read_as(inputs, settings, &Known::default())
    }

    /// As [`read`](Self::read), with what an earlier training knows of the subjects.
    pub(crate) fn read_as(inputs: &Inputs, settings: &FitFile, before: &Known) -> Result<Self> {
        if let Some(clock) = &settings.data.clock {
            let (arrays, said) = clock::sessions(inputs, settings, clock)?;
            let mut data = Self::of_arrays_as(arrays, settings, before)?;
            data.notes.splice(0..0, said);
            data.place = places(inputs, &settings.data.x)?;
            return Ok(data);
        }
        let (mut open, mut sessions) = (Vec::new(), Vec::new());
        let (mut known, mut units) = (KnownUnits::of(before), Vec::new());
        for text in &inputs.data {
            let source = inputs.source(text)?;
            let (file, mut array) = read_session(&source, settings)?;
            known.apply(&mut array, settings.data.subjects)?;
            units.push(array.units.clone());
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
        Self::of_sessions(sessions, units, (labels, said), place, (settings, before))
    }

    /// Takes arrays in memory instead of files.
    ///
    /// # Errors
    /// As [`read`](Self::read) of the same arrays in files, and [`Kind::Data`](xcebra_model::Kind::Data) if a
    /// label that the settings name is missing.
    pub fn of_arrays(arrays: Arrays, settings: &FitFile) -> Result<Self> {
        Self::of_arrays_as(arrays, settings, &Known::default())
    }

    /// As [`of_arrays`](Self::of_arrays), with what an earlier training knows of the subjects.
    pub(crate) fn of_arrays_as(arrays: Arrays, settings: &FitFile, before: &Known) -> Result<Self> {
        let (mut sessions, mut units) = (Vec::new(), Vec::new());
        let mut known = KnownUnits::of(before);
        for array in arrays.sessions {
            let mut array = match settings.data.transpose {
                true => array.transposed(),
                false => array,
            };
            known.apply(&mut array, settings.data.subjects)?;
            units.push(array.units.clone());
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
        Self::of_sessions(sessions, units, labels, place, (settings, before))
    }

    fn of_sessions(
        sessions: Vec<files::Table>,
        units: Vec<Option<Vec<String>>>,
        (labels, said): (Parts, Vec<String>),
        place: String,
        (settings, before): (&FitFile, &Known),
    ) -> Result<Self> {
        for session in &sessions {
            session.require_samples(2, "training")?;
        }
        let of = match &before.subjects {
            Some(known) => known.clone(),
            None => subjects_of(&sessions, settings.data.subjects)?,
        };
        let mut notes: Vec<String> = sessions.iter().flat_map(notes_on).collect();
        let places: Vec<&str> = sessions.iter().map(|s| s.place.as_str()).collect();
        let all = places.join(" with ");
        let files = sessions.iter().map(files::Table::samples).collect();
        let segments = sessions.iter().flat_map(files::Table::segments);
        let lengths: Vec<usize> = segments.map(|segment| segment.len()).collect();
        let (mut subjects, mut scaled) = (Vec::new(), Vec::new());
        for own in by_subject(sessions, &of) {
            let (numbers, tables): (Vec<usize>, Vec<files::Table>) = own.into_iter().unzip();
            let units = numbers.iter().find_map(|&session| units[session].clone());
            let channels = match before.channels.get(subjects.len()) {
                Some(known) => {
                    tables
                        .iter()
                        .try_for_each(|table| known.require_same(table))?;
                    known.clone()
                }
                None => Channels::of(&tables, settings.data.standardize)?.in_units(units),
            };
            notes.extend(suspicion::of_channels(&tables));
            for (&number, table) in numbers.iter().zip(tables) {
                scaled.push((number, channels.scale(table)?));
            }
            subjects.push(Subject {
                channels,
                sessions: numbers,
            });
        }
        notes.extend(said);
        scaled.sort_by_key(|(number, _)| *number);
        let scaled = scaled.into_iter().map(|(_, session)| session).collect();
        let recording = match subjects.as_slice() {
            [_] => Recording::from_sessions(scaled)?,
            _ => Recording::from_subjects(scaled, of)?,
        };
        let mut recording = recording.with_sessions(&lengths)?;
        let mut shown = Vec::new();
        for (name, (array, parts)) in labels {
            if subjects.iter().any(|s| s.channels.names.contains(&array)) {
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
            subjects,
            labels: shown,
            place,
            files,
            notes,
        })
    }

    /// The subject of each session.
    pub fn session_subjects(&self) -> Vec<usize> {
        let count = self.subjects.iter().map(|s| s.sessions.len()).sum();
        let mut of = vec![0; count];
        for (number, subject) in self.subjects.iter().enumerate() {
            subject.sessions.iter().for_each(|&s| of[s] = number);
        }
        of
    }

    /// Numbers of channels, of each subject.
    pub fn channel_counts(&self) -> Vec<usize> {
        let subjects = 0..self.recording.subjects();
        subjects.map(|s| self.recording.channels_of(s)).collect()
    }
}

/// The sessions of each subject, with their numbers.
pub(crate) fn by_subject(
    sessions: Vec<files::Table>,
    of: &[usize],
) -> Vec<Vec<(usize, files::Table)>> {
    let mut all: Vec<Vec<(usize, files::Table)>> = Vec::new();
    for (number, (session, &subject)) in sessions.into_iter().zip(of).enumerate() {
        if subject == all.len() {
            all.push(Vec::new());
        }
        all[subject].push((number, session));
    }
    all
}

/// What there is to say of a session itself.
fn notes_on(session: &files::Table) -> Vec<String> {
    let mut notes = session.notes.clone();
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
