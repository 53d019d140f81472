//! The sessions of a recording with their labels, ready for a training.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use ndarray::{Array2, Axis, concatenate};
use xcebra_core::Recording;
use xcebra_files::{self as files, DataArray, DataFile, Source};

use super::fit_file::FitFile;
use super::labels::{Label, LabelArray, Part, SessionFile, parts, parts_of_arrays};
use super::unfinished::Inputs;
use crate::{Channels, Problem, Result, suspicion};

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
        let (mut open, mut sessions) = (Vec::new(), Vec::new());
        let mut units: Option<Vec<String>> = None;
        for text in &inputs.data {
            let source = inputs.source(text)?;
            let (file, mut array) = read_session(&source, settings)?;
            // channels of one name mean one unit in all sessions
            array.bring_to_units(units.as_deref())?;
            units = units.or(array.units.clone());
            let clock = array.clock();
            let session: files::Table<f64> = array.recording()?;
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
        Self::of_sessions(&sessions, units, (labels, said), place, settings)
    }

    /// Takes arrays in memory instead of files.
    ///
    /// # Errors
    /// As [`read`](Self::read) of the same arrays in files, and [`Kind::Data`](xcebra_model::Kind::Data) if a
    /// label that the settings name is missing.
    pub fn of_arrays(arrays: Arrays, settings: &FitFile) -> Result<Self> {
        let mut sessions: Vec<files::Table<f64>> = Vec::new();
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
        Self::of_sessions(&sessions, units, (labels, Vec::new()), place, settings)
    }

    fn of_sessions(
        sessions: &[files::Table<f64>],
        units: Option<Vec<String>>,
        (labels, said): (Parts, Vec<String>),
        place: String,
        settings: &FitFile,
    ) -> Result<Self> {
        for session in sessions {
            session.require_samples(2, "training")?;
        }
        require_same_channels(sessions)?;
        let whole = joined(sessions)?;
        let channels = Channels::of(&whole, settings.data.standardize)?.in_units(units);
        let mut notes = notes_on(sessions, &whole);
        notes.extend(said);
        let scaled = sessions.iter().map(|session| channels.apply(session));
        let scaled: Vec<Array2<f32>> = scaled.collect::<Result<_, _>>()?;
        let segments = sessions.iter().flat_map(files::Table::segments);
        let lengths: Vec<usize> = segments.map(|segment| segment.len()).collect();
        let mut recording = Recording::new(rows(&scaled)?.view())?.with_sessions(&lengths)?;
        let mut shown = Vec::new();
        for (name, (array, parts)) in labels {
            if whole.channels.contains(&array) {
                return Err(Problem::data(
                    format!("the label `{name}` is also a channel of {}", whole.place),
                    format!("leave it out of the channels, as in data.x=\"*,!{array}\""),
                ));
            }
            notes.extend(parts.iter().flat_map(Part::notes).cloned());
            let (values, label) = Label::new(&name, parts, settings.use_of(&name))?;
            notes.extend(label.suspicions());
            recording = recording.with_label(name, values)?;
            shown.push(label);
        }
        let mut seen = BTreeSet::new();
        notes.retain(|note| seen.insert(note.clone()));
        Ok(Self {
            recording,
            channels,
            labels: shown,
            place,
            files: scaled.iter().map(Array2::nrows).collect(),
            notes,
        })
    }
}

/// What there is to say of the recording itself.
fn notes_on(sessions: &[files::Table<f64>], whole: &files::Table<f64>) -> Vec<String> {
    let mut notes = Vec::new();
    for session in sessions {
        notes.extend(session.notes.iter().cloned());
        notes.extend(suspicion::of_segments(
            &session.place,
            &session.segments(),
            0,
        ));
        let (samples, channels) = session.values.dim();
        if channels > samples {
            notes.push(format!(
                "{} has {samples} samples of {channels} channels: if its rows are channels, set \
                 data.transpose = true",
                session.place
            ));
        }
    }
    notes.extend(suspicion::of_channels(whole));
    notes
}

/// Refuses a recording whose columns are as many as the label has values.
fn require_upright(sessions: &[files::Table<f64>], name: &str, parts: &[Part]) -> Result<()> {
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
fn require_same_channels(sessions: &[files::Table<f64>]) -> Result<()> {
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

/// The sessions one after another.
fn joined(sessions: &[files::Table<f64>]) -> Result<Cow<'_, files::Table<f64>>> {
    if let [one] = sessions {
        return Ok(Cow::Borrowed(one));
    }
    let places: Vec<&str> = sessions.iter().map(|s| s.place.as_str()).collect();
    let views: Vec<_> = sessions.iter().map(|s| s.values.view()).collect();
    let channels = sessions.first().map(|s| s.channels.clone());
    Ok(Cow::Owned(files::Table {
        place: places.join(" with "),
        values: concatenate(Axis(0), &views).map_err(misfit)?,
        channels: channels.unwrap_or_default(),
        sampling_rate: sessions.first().and_then(|s| s.sampling_rate),
        breaks: Vec::new(),
        notes: Vec::new(),
        // the coarsest, so that no rounding passes for a signal
        epsilon: sessions.iter().map(|s| s.epsilon).fold(0.0, f64::max),
    }))
}

/// The rows of all parts one after another.
pub fn rows<A: Clone>(parts: &[Array2<A>]) -> Result<Array2<A>> {
    let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
    concatenate(Axis(0), &views).map_err(misfit)
}

/// Parts that differ in their columns, which their readers refuse before.
fn misfit(error: ndarray::ShapeError) -> Problem {
    Problem::data(
        format!("the sessions do not fit together: {error}"),
        "give every session the same columns",
    )
}
