//! Recordings: samples over time, in sessions, with labels.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2};
use xcebra_numeric::is_constant;

use crate::element::Element;
use crate::error::{Error, Result};
use crate::sampling::Pieces;
use crate::window::Window;

/// Differences of larger labels cannot be squared and added.
const LARGEST: f64 = 1e150;

/// A label of every sample.
#[derive(Clone, Debug, PartialEq)]
pub enum Labels {
    /// Real numbers, (time, k).
    Continuous(Array2<f64>),
    /// Classes, (time,).
    Discrete(Vec<i64>),
}

impl Labels {
    fn len(&self) -> usize {
        match self {
            Self::Continuous(values) => values.nrows(),
            Self::Discrete(classes) => classes.len(),
        }
    }
}

/// Samples (time, channels) of one or more sessions, and their labels.
///
/// Neither a window of samples nor an offset in time reaches from one session into another.
#[derive(Clone, Debug)]
pub struct Recording<E> {
    samples: Arc<Vec<E>>,
    channels: usize,
    sessions: Vec<Range<usize>>,
    labels: BTreeMap<String, Labels>,
}

impl<E: Element> Recording<E> {
    /// One session of samples (time, channels).
    ///
    /// # Errors
    /// [`Error::Data`] if there are fewer than two samples or no channel, if a value is not
    /// finite, or if a channel is constant but for rounding ([`xcebra_numeric::is_constant`]).
    pub fn new(x: ArrayView2<'_, E>) -> Result<Self> {
        let (time, channels) = x.dim();
        if channels == 0 {
            return Err(Error::data(
                "the recording",
                "no channels",
                "pass an array (time, channels)",
            ));
        }
        if time < 2 {
            return Err(Error::data(
                "the recording",
                format!("{time} samples"),
                "pass an array (time, channels) of at least two samples",
            ));
        }
        for (t, row) in x.outer_iter().enumerate() {
            if let Some(c) = row.iter().position(|v| !v.is_finite()) {
                return Err(Error::data(
                    "the recording",
                    format!("sample {t} of channel {c} is {}", row[c]),
                    "drop or interpolate such samples first",
                ));
            }
        }
        for (c, column) in x.columns().into_iter().enumerate() {
            if is_constant(column.iter().map(|v| v.as_f64()), E::epsilon().as_f64()) {
                let but = match column.iter().all(|&v| v == column[0]) {
                    true => "",
                    false => ", but for rounding",
                };
                return Err(Error::data(
                    "the recording",
                    format!("channel {c} is {} at every sample{but}", column[0]),
                    "leave constant channels out: nothing can be learned from them",
                ));
            }
        }
        let samples: Vec<E> = x.iter().copied().collect();
        Ok(Self {
            samples: Arc::new(samples),
            channels,
            sessions: std::iter::once(0..time).collect(),
            labels: BTreeMap::new(),
        })
    }

    /// Splits the recording into sessions of the given lengths.
    ///
    /// # Errors
    /// [`Error::Data`] if a length is 0 or they do not add up to the number of samples.
    pub fn with_sessions(mut self, lengths: &[usize]) -> Result<Self> {
        let total = lengths
            .iter()
            .try_fold(0_usize, |t, &len| t.checked_add(len));
        if lengths.contains(&0) || total != Some(self.len()) {
            return Err(Error::data(
                "the sessions",
                format!("lengths {lengths:?} for {} samples", self.len()),
                "give positive lengths that add up to the length of the recording",
            ));
        }
        let mut start = 0;
        self.sessions = lengths
            .iter()
            .map(|&len| {
                start += len;
                start - len..start
            })
            .collect();
        Ok(self)
    }

    /// Adds a label under a name.
    ///
    /// # Errors
    /// [`Error::Data`] if the label has another length than the recording, no column, a value
    /// that is not finite, or only one value.
    pub fn with_label(mut self, name: impl Into<String>, labels: Labels) -> Result<Self> {
        let name = name.into();
        let what = || format!("the label `{name}`");
        if labels.len() != self.len() {
            return Err(Error::data(
                what(),
                format!("{} values for {} samples", labels.len(), self.len()),
                "give one value or one row a sample",
            ));
        }
        match &labels {
            Labels::Continuous(values) => {
                if values.ncols() == 0 {
                    return Err(Error::data(
                        what(),
                        "no columns",
                        "pass (time,) or (time, k)",
                    ));
                }
                if let Some(((t, k), v)) = values.indexed_iter().find(|(_, v)| !v.is_finite()) {
                    return Err(Error::data(
                        what(),
                        format!("sample {t}, column {k} is {v}"),
                        "drop or interpolate such samples first",
                    ));
                }
                if let Some(((t, k), v)) = values.indexed_iter().find(|(_, v)| v.abs() > LARGEST) {
                    return Err(Error::data(
                        what(),
                        format!("sample {t}, column {k} is {v:e}, and squares of it overflow"),
                        "choose a unit that gives moderate numbers",
                    ));
                }
                if values
                    .columns()
                    .into_iter()
                    .all(|c| is_constant(c.iter().copied(), f64::EPSILON))
                {
                    return Err(Error::data(
                        what(),
                        "it never changes",
                        "choose another label",
                    ));
                }
            }
            Labels::Discrete(classes) => {
                if classes.iter().all(|&c| c == classes[0]) {
                    return Err(Error::data(
                        what(),
                        format!("every sample is of class {}", classes[0]),
                        "choose a label of at least two classes",
                    ));
                }
            }
        }
        self.labels.insert(name, labels);
        Ok(self)
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.samples.len() / self.channels
    }

    /// Never true: a recording has at least two samples.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The samples of each session, one session after another.
    pub fn sessions(&self) -> &[Range<usize>] {
        &self.sessions
    }

    /// Its sessions as pieces that nothing crosses.
    pub fn pieces(&self) -> Pieces {
        Pieces::new(self.sessions.iter().cloned()).expect("sessions are not empty and in order")
    }

    /// All labels by their names.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &Labels)> {
        self.labels
            .iter()
            .map(|(name, labels)| (name.as_str(), labels))
    }

    /// Samples, (time, channels).
    pub fn samples(&self) -> ArrayView2<'_, E> {
        ArrayView2::from_shape((self.len(), self.channels), &self.samples)
            .expect("the samples fill their shape")
    }

    /// The label of that name.
    ///
    /// # Errors
    /// [`Error::Data`] if there is none.
    pub fn label(&self, name: &str) -> Result<&Labels> {
        self.labels.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.labels.keys().map(String::as_str).collect();
            Error::data(
                format!("the label `{name}`"),
                "the recording has no label of that name",
                match known.as_slice() {
                    [] => "add it to the recording, which has none".to_owned(),
                    _ => format!("add it, or name one that there is: {}", known.join(", ")),
                },
            )
        })
    }

    /// The windows around the given times, one after another: (times, window, channels).
    ///
    /// Every window lies in the recording; [`crate::sampling`] draws no others.
    pub(crate) fn gather(&self, times: &[usize], window: Window) -> Vec<E> {
        let each = window.len() * self.channels;
        let mut rows = Vec::with_capacity(times.len() * each);
        for &t in times {
            rows.extend_from_slice(&self.samples[(t - window.left) * self.channels..][..each]);
        }
        rows
    }
}
