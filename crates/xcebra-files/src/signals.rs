//! What sound files and biosignals have in common: channels by name, each with a sampling rate.

pub(crate) mod annotations;
mod choice;
pub(crate) mod rates;
pub(crate) mod units;

use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::array::DataArray;
use crate::clock::Clock;
use crate::container::{ArrayInfo, Container, Role, Timing};
use crate::error::{FileError, Result};
use crate::on_disk::{OnDisk, ReadRows};
use crate::recorded::{Recorded, Scale};
use crate::source::Source;
use crate::timed::Series;
use crate::values::Values;
use annotations::{ANNOTATIONS, Annotation, TextLabel};

/// Why a channel without a label waits for its name.
pub(crate) const NO_LABEL: &str = "it has no label";

/// A file of channels sampled over time. Samples are read when they are asked for, and only those
/// of the channels that are asked for.
#[derive(Debug)]
pub(crate) struct Signals {
    path: PathBuf,
    pub(crate) channels: Vec<Channel>,
    samples: Arc<dyn Samples>,
    /// Records of the file at which a piece without interruption begins, and their times in seconds.
    pieces: Vec<(usize, f64)>,
    /// Local time of the first sample in seconds since 1970.
    start: Option<f64>,
    pub(crate) annotations: Vec<Annotation>,
    /// What holds for every channel.
    notes: Vec<String>,
}

/// Where samples are, and how they are read.
pub(crate) trait Samples: Debug + Send + Sync {
    /// Samples of some channels of one rate, `(time, channels)`.
    fn read(&self, channels: &[usize]) -> Result<Recorded>;

    /// Some rows of them, which are there; none if the format cannot be read by rows.
    fn rows(&self, _channels: &[usize], _rows: Range<usize>) -> Result<Option<Recorded>> {
        Ok(None)
    }
}

/// The rows of some channels of one rate.
#[derive(Debug)]
struct ChannelRows {
    samples: Arc<dyn Samples>,
    channels: Vec<usize>,
    place: String,
}

impl ReadRows for ChannelRows {
    fn read(&mut self, rows: Range<usize>) -> Result<Values> {
        match self.samples.rows(&self.channels, rows)? {
            Some(recorded) => Ok(recorded.into_parts().0),
            None => Err(FileError::damaged(&self.place, "it cannot be read by rows")),
        }
    }
}

/// A channel as the file describes it.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) name: String,
    /// Physical unit; empty if the file does not tell.
    pub(crate) unit: String,
    /// Samples per second.
    pub(crate) rate: f64,
    /// Samples in each record of the file.
    pub(crate) per_record: usize,
    /// Samples in all.
    pub(crate) samples: usize,
    pub(crate) usable: Usable,
    /// What the reader assumed about it, a sentence each without its full stop.
    pub(crate) assumed: Vec<String>,
}

/// Whether a channel can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Usable {
    Yes,
    /// Only by its name, not by patterns, and why.
    ByName(&'static str),
    /// Not at all, and why.
    No(String),
}

impl Signals {
    /// A file of one piece without annotations.
    pub(crate) fn new(
        path: &Path,
        mut channels: Vec<Channel>,
        samples: impl Samples + 'static,
    ) -> Self {
        number_equal_names(&mut channels);
        Self {
            path: path.to_path_buf(),
            channels,
            samples: Arc::new(samples),
            pieces: vec![(0, 0.0)],
            start: None,
            annotations: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(crate) fn with_notes(self, notes: Vec<String>) -> Self {
        Self { notes, ..self }
    }

    /// What a file with a clock tells of time.
    pub(crate) fn with_times(
        self,
        pieces: Vec<(usize, f64)>,
        start: Option<f64>,
        annotations: Vec<Annotation>,
    ) -> Self {
        Self {
            pieces,
            start,
            annotations,
            ..self
        }
    }

    /// A selection of channels, as of the columns of a table, `(time, channels)`.
    pub(crate) fn select(&self, selection: &str) -> Result<DataArray> {
        self.select_as(selection, Self::read_all)
    }

    fn read_all(&self, channels: &[usize]) -> Result<Recorded> {
        self.samples.read(channels)
    }

    /// The same, with samples that `read` gives.
    fn select_as(
        &self,
        selection: &str,
        read: impl Fn(&Self, &[usize]) -> Result<Recorded>,
    ) -> Result<DataArray> {
        let choice = choice::choose(self, selection)?;
        let chosen: Vec<&Channel> = choice.channels.iter().map(|&i| &self.channels[i]).collect();
        choice::require_one_rate(&self.path, &self.channels, &chosen)?;
        let values = read(self, &choice.channels)?;
        let mut array = self.described(&choice.channels, values)?;
        array.source = Source::new(&self.path, selection);
        let general = self.notes.len();
        array.notes.splice(general..general, choice.notes);
        Ok(array)
    }

    /// Channels of one rate, `(time, channels)`.
    fn take(&self, which: &[usize]) -> Result<DataArray> {
        self.described(which, self.samples.read(which)?)
    }

    /// Samples of channels of one rate, with what the file says of them.
    fn described(&self, which: &[usize], mut values: Recorded) -> Result<DataArray> {
        let chosen: Vec<&Channel> = which.iter().map(|&i| &self.channels[i]).collect();
        // no selection is empty
        let first = chosen[0];
        let (rate, per_record) = (first.rate, first.per_record);
        if first.samples == 0 {
            return Err(FileError::damaged(
                self.path.display().to_string(),
                "it holds no samples",
            ));
        }
        let units: Vec<&str> = chosen.iter().map(|c| c.unit.as_str()).collect();
        let common = units::common(&units);
        let factors = Scale::times(common.iter().map(|(factor, _)| *factor).collect());
        if !factors.is_identity() {
            values.scale(factors);
        }
        let mut notes = self.notes.clone();
        notes.extend(choice::assumed(&chosen));
        notes.extend(choice::converted(&chosen, &common));
        let pieces: Vec<(usize, f64)> = self
            .pieces
            .iter()
            .map(|&(record, seconds)| (record * per_record, seconds))
            .collect();
        let named = common.iter().any(|(_, unit)| !unit.is_empty());
        Ok(DataArray {
            columns: Some(chosen.iter().map(|c| c.name.clone()).collect()),
            sampling_rate: Some(rate),
            breaks: pieces.iter().skip(1).map(|piece| piece.0).collect(),
            notes,
            units: named.then(|| common.into_iter().map(|(_, unit)| unit).collect()),
            clock: Some(Clock::interrupted(rate, first.samples, pieces).starting(self.start)),
            ..DataArray::new(Source::file(&self.path), Values::Recorded(values))
        })
    }

    /// Annotations as a label of the rows of `clock`, those of `annotations` or
    /// `annotations:PATTERN`; none if `name` is a channel or anything else.
    pub(crate) fn text(&self, name: &str, clock: Option<&Clock>) -> Result<Option<TextLabel>> {
        let is_channel = self.channels.iter().any(|c| c.name == name);
        let Some(pattern) = annotations::pattern(name).filter(|_| !is_channel) else {
            return Ok(None);
        };
        let problem = |problem: &str, advice: &str| FileError::Value {
            place: self.path.display().to_string(),
            problem: problem.to_owned(),
            advice: advice.to_owned(),
        };
        if self.annotations.is_empty() {
            return Err(problem(
                "it has no annotations",
                "name a channel, or an array of another file",
            ));
        }
        let Some(clock) = clock else {
            return Err(problem(
                &format!("`{ANNOTATIONS}` needs a recording whose times are known"),
                "use a recording with a sampling rate, such as .edf, .bdf or .wav",
            ));
        };
        annotations::label(&self.path, &self.annotations, pattern, (clock, self.start)).map(Some)
    }
}

impl Container for Signals {
    fn arrays(&mut self) -> Result<Vec<ArrayInfo>> {
        let start = self.pieces.first().map_or(0.0, |piece| piece.1);
        let info = self.channels.iter().map(|channel| ArrayInfo {
            unit: channel.unit.clone(),
            timing: Some(Timing::Steady {
                start,
                rate: channel.rate,
            }),
            role: match &channel.usable {
                Usable::Yes | Usable::ByName(_) => Role::Numbers,
                Usable::No(reason) => Role::Unusable(reason.clone()),
            },
            ..ArrayInfo::new(&channel.name, "float64", vec![channel.samples])
        });
        Ok(info.collect())
    }

    fn read(&mut self, name: &str) -> Result<DataArray> {
        self.select(name)
    }

    fn read_only(&mut self) -> Result<DataArray> {
        self.select("*")
    }

    fn leave(&mut self, name: &str, more_than: u64) -> Result<Option<DataArray>> {
        // a channel is looked at before all are read
        let choice = choice::choose(self, name)?;
        let rows = choice
            .channels
            .first()
            .map_or(0, |&c| self.channels[c].samples);
        let first = match rows {
            0 => None,
            _ => self.samples.rows(&choice.channels, 0..1)?,
        };
        let Some(first) = first else {
            return Ok(None);
        };
        if (first.numbers().bytes() as u64).saturating_mul(rows as u64) <= more_than {
            return Ok(None);
        }
        let left = self.select_as(name, |this, channels| {
            let rows_of = ChannelRows {
                samples: Arc::clone(&this.samples),
                channels: channels.to_vec(),
                place: this.path.display().to_string(),
            };
            let numbers = OnDisk::new([rows, channels.len()], Box::new(rows_of))?;
            let scales = first.clone().into_parts().1;
            Ok(Recorded::new(Values::OnDisk(numbers), scales))
        });
        left.map(Some)
    }

    fn read_text(&self, name: &str, clock: Option<&Clock>) -> Result<Option<TextLabel>> {
        self.text(name, clock)
    }

    fn annotations(&self) -> &[Annotation] {
        &self.annotations
    }

    /// Channels of one rate make a series.
    fn series(&mut self, name: Option<&str>) -> Result<Vec<Series>> {
        let choice = choice::choose(self, name.unwrap_or("*"))?;
        let mut rates: Vec<Vec<usize>> = Vec::new();
        for channel in choice.channels {
            let of = |i: usize| (self.channels[i].rate, self.channels[i].samples);
            match rates.iter_mut().find(|group| of(group[0]) == of(channel)) {
                Some(group) => group.push(channel),
                None => rates.push(vec![channel]),
            }
        }
        let arrays = rates.iter().map(|channels| self.take(channels));
        let mut arrays: Vec<DataArray> = arrays.collect::<Result<_>>()?;
        if let Some(first) = arrays.first_mut() {
            first.notes.splice(0..0, choice.notes);
        }
        arrays.into_iter().map(Series::of_array).collect()
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

/// Gives channels of the same label names that differ: `EEG`, `EEG.1`, ….
fn number_equal_names(channels: &mut [Channel]) {
    let mut count: HashMap<String, usize> = HashMap::new();
    for channel in &*channels {
        *count.entry(channel.name.clone()).or_default() += 1;
    }
    let mut taken: HashSet<String> = HashSet::new();
    for channel in channels {
        if count.get(&channel.name).is_some_and(|n| *n > 1) {
            channel
                .assumed
                .push("several channels have one label and were numbered".to_owned());
        }
        let base = channel.name.clone();
        let numbered = (1..).map(|copy| format!("{base}.{copy}"));
        let mut names = std::iter::once(base.clone()).chain(numbered);
        channel.name = names.find(|name| !taken.contains(name)).unwrap_or(base);
        taken.insert(channel.name.clone());
    }
}

/// Bytes `from..from + N` of some that were read; none if they end before.
pub(crate) fn field<const N: usize>(bytes: &[u8], from: usize) -> Option<[u8; N]> {
    bytes.get(from..from.checked_add(N)?)?.try_into().ok()
}

/// A number with its noun: `1 record`, `2 records`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}
