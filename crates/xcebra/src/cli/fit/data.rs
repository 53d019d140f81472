//! The sessions of a recording with their labels, ready for a training.

use std::borrow::Cow;

use ndarray::{Array2, Axis, concatenate};
use xcebra::core::Recording;
use xcebra::files::{self, DataArray, DataFile, Source};
use xcebra::{Channels, FitFile, Inputs};

use super::labels::{Label, SessionFile, parts};
use crate::cli::{Problem, Result};

/// A recording as a training takes it.
pub struct Data {
    /// All sessions, on the scale of `channels`, with their labels.
    pub recording: Recording<f32>,
    /// Names and scales, from all sessions.
    pub channels: Channels,
    /// The labels for pictures.
    pub labels: Vec<Label>,
    /// What was left out, assumed or repaired when recordings and labels were read.
    pub notes: Vec<String>,
    /// Where it comes from.
    pub place: String,
}

impl Data {
    /// Reads all sessions and labels, and brings the channels to a common scale if asked.
    pub fn read(inputs: &Inputs, settings: &FitFile) -> Result<Self> {
        let (mut open, mut sessions, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        let mut units: Option<Vec<String>> = None;
        for text in &inputs.data {
            let source = inputs.source(text)?;
            let (file, mut array) = read_session(&source, &settings.data.x)?;
            // channels of one name mean one unit in all sessions
            array.bring_to_units(units.as_deref())?;
            units = units.or(array.units.clone());
            let clock = array.clock();
            let session: files::Recording<f64> = array.recording()?;
            session.require_samples(2, "training")?;
            let said = session.notes.iter();
            notes.extend(said.map(|note| format!("{}: {note}", session.place)));
            open.push(SessionFile {
                file,
                path: source.path,
                samples: session.samples(),
                clock,
            });
            sessions.push(session);
        }
        require_same_channels(&sessions)?;
        let whole = joined(&sessions)?;
        whole.require_varying_channels()?;
        let channels = Channels::of(&whole, settings.data.standardize)?;
        let scaled = sessions.iter().map(|session| channels.apply(session));
        let scaled: Vec<Array2<f32>> = scaled.collect::<Result<_, _>>()?;
        let lengths: Vec<usize> = scaled.iter().map(Array2::nrows).collect();
        let mut recording = Recording::new(rows(&scaled)?.view())?.with_sessions(&lengths)?;
        let mut labels = Vec::new();
        for (name, array) in settings.labels() {
            if whole.channels.contains(&array) {
                return Err(Problem::new(
                    format!("the label `{name}` is also a channel of {}", whole.place),
                    format!("leave it out of the channels, as in data.x=\"*,!{array}\""),
                ));
            }
            let parts = parts(inputs, &mut open, (&name, &array), &mut notes)?;
            let (values, label) = match settings.is_discrete(&name) {
                true => Label::discrete(&name, parts)?,
                false => Label::continuous(&name, &parts)?,
            };
            recording = recording.with_label(name, values)?;
            labels.push(label);
        }
        Ok(Self {
            recording,
            channels,
            labels,
            notes,
            place: places(inputs, &settings.data.x)?,
        })
    }
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

fn read_session(source: &Source, default: &str) -> Result<(DataFile, DataArray)> {
    let mut file = DataFile::of(source)?;
    let array = match &source.array {
        Some(array) => file.read(array),
        None => file.read_default(default),
    }?;
    Ok((file, array))
}

/// Refuses sessions whose channels are not those of the first.
fn require_same_channels(sessions: &[files::Recording<f64>]) -> Result<()> {
    let Some((first, others)) = sessions.split_first() else {
        return Ok(());
    };
    match others.iter().find(|other| other.channels != first.channels) {
        None => Ok(()),
        Some(other) => Err(Problem::new(
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
fn joined(sessions: &[files::Recording<f64>]) -> Result<Cow<'_, files::Recording<f64>>> {
    if let [one] = sessions {
        return Ok(Cow::Borrowed(one));
    }
    let places: Vec<&str> = sessions.iter().map(|s| s.place.as_str()).collect();
    let views: Vec<_> = sessions.iter().map(|s| s.values.view()).collect();
    let channels = sessions.first().map(|s| s.channels.clone());
    Ok(Cow::Owned(files::Recording {
        place: places.join(" with "),
        values: concatenate(Axis(0), &views)?,
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
    Ok(concatenate(Axis(0), &views)?)
}
