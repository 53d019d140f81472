//! Recordings: samples over time, in sessions, with labels.

mod check;
mod labels;
mod moments;
mod pieces;
mod scaling;
mod session;
mod values;

pub use labels::Labels;
pub use moments::Moments;
pub use pieces::Pieces;
pub use scaling::Scaling;
pub use session::Session;
pub use values::Values;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2, CowArray, Ix2};
use xcebra_model::Scalar;

use crate::error::{CoreError, Result};
use crate::window::Window;

/// Samples (time, channels) of one or more sessions, and their labels.
///
/// Neither a window of samples nor an offset in time reaches from one session into another. Samples and
/// labels are shared by all clones.
#[derive(Clone, Debug)]
pub struct Recording<E> {
    store: Arc<Store>,
    channels: usize,
    sessions: Vec<Range<usize>>,
    labels: BTreeMap<String, Arc<Labels>>,
    /// Numbers are rounded to `E` when they leave the store.
    element: std::marker::PhantomData<E>,
}

/// The samples of a recording as they came.
#[derive(Debug)]
struct Store {
    sessions: Vec<Session>,
    /// Samples up to the end of each.
    ends: Vec<usize>,
}

impl<E: Scalar> Recording<E> {
    /// One session of samples (time, channels), which are copied.
    ///
    /// # Errors
    /// [`CoreError::Data`] if there are fewer than two samples or no channel, if a value is not
    /// finite, or if a channel is constant up to rounding ([`xcebra_numeric::is_constant`]).
    pub fn new(x: ArrayView2<'_, E>) -> Result<Self> {
        Self::from_vec(x.iter().copied().collect(), x.ncols())
    }

    /// One session of samples (time, channels), one after another. Nothing is copied.
    ///
    /// # Errors
    /// As [`new`](Self::new), and if the values are not whole samples.
    pub fn from_vec(values: Vec<E>, channels: usize) -> Result<Self> {
        Self::from_sessions(vec![Session::new(Values::of(values), channels)?])
    }

    /// Sessions as they are stored. Nothing is copied: values of the precision `E` are scaled in
    /// place, all others when a batch needs them.
    ///
    /// # Errors
    /// As [`new`](Self::new), and if a session has no sample or other channels than the first.
    pub fn from_sessions(mut sessions: Vec<Session>) -> Result<Self> {
        let time = sessions.iter().map(Session::len).sum::<usize>();
        if time < 2 {
            return Err(CoreError::data(
                "the recording",
                format!("{time} samples"),
                "pass an array (time, channels) of at least two samples",
            ));
        }
        let channels = sessions[0].channels();
        for (i, session) in sessions.iter().enumerate() {
            if session.channels() != channels || session.is_empty() {
                return Err(CoreError::data(
                    "the recording",
                    format!(
                        "session {i} is {} samples of {} channels, the first has {channels} channels",
                        session.len(),
                        session.channels()
                    ),
                    "give all sessions samples of the same channels",
                ));
            }
        }
        sessions.iter_mut().for_each(Session::settle::<E>);
        let mut end = 0;
        let ends: Vec<usize> = sessions
            .iter()
            .map(|session| {
                end += session.len();
                end
            })
            .collect();
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let recording = Self {
            channels,
            sessions: starts.zip(&ends).map(|(start, &end)| start..end).collect(),
            store: Arc::new(Store { sessions, ends }),
            labels: BTreeMap::new(),
            element: std::marker::PhantomData,
        };
        check::values(&recording)?;
        Ok(recording)
    }

    /// Splits the recording into sessions of the given lengths.
    ///
    /// # Errors
    /// [`CoreError::Data`] if a length is 0 or they do not add up to the number of samples.
    pub fn with_sessions(mut self, lengths: &[usize]) -> Result<Self> {
        let total = lengths
            .iter()
            .try_fold(0_usize, |t, &len| t.checked_add(len));
        if lengths.contains(&0) || total != Some(self.len()) {
            return Err(CoreError::data(
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

    /// Adds a label under a name; labels in an [`Arc`] stay shared.
    ///
    /// # Errors
    /// [`CoreError::Data`] if the label has another length than the recording, no column, a value
    /// that is not finite, or only one value.
    pub fn with_label(
        mut self,
        name: impl Into<String>,
        labels: impl Into<Arc<Labels>>,
    ) -> Result<Self> {
        let (name, labels) = (name.into(), labels.into());
        labels.check(&name, self.len())?;
        self.labels.insert(name, labels);
        Ok(self)
    }

    /// The same samples and sessions without any label.
    #[must_use]
    pub fn without_labels(mut self) -> Self {
        self.labels.clear();
        self
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.store.ends[self.store.ends.len() - 1]
    }

    /// Never true: a recording has at least two samples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
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
            .map(|(name, labels)| (name.as_str(), &**labels))
    }

    /// The label of that name.
    ///
    /// # Errors
    /// [`CoreError::Data`] if there is none.
    pub fn label(&self, name: &str) -> Result<&Labels> {
        Ok(&**self.find_label(name)?)
    }

    /// As [`label`](Self::label), to be kept: it costs no copy.
    ///
    /// # Errors
    /// [`CoreError::Data`] if there is none.
    pub fn shared_label(&self, name: &str) -> Result<Arc<Labels>> {
        Ok(Arc::clone(self.find_label(name)?))
    }

    fn find_label(&self, name: &str) -> Result<&Arc<Labels>> {
        self.labels.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.labels.keys().map(String::as_str).collect();
            CoreError::data(
                format!("the label `{name}`"),
                "the recording has no label of that name",
                match known.as_slice() {
                    [] => "add it to the recording, which has none".to_owned(),
                    _ => format!("add it, or name one that there is: {}", known.join(", ")),
                },
            )
        })
    }

    /// All samples, (time, channels); see [`rows`](Self::rows).
    pub fn samples(&self) -> CowArray<'_, E, Ix2> {
        self.rows(0..self.len())
    }

    /// Some samples, (time, channels). They are a view of the recording where it holds them as they are,
    /// and a copy where they have to be scaled or converted, or come from several sessions.
    ///
    /// # Panics
    /// If the range reaches out of the recording.
    pub fn rows(&self, range: Range<usize>) -> CowArray<'_, E, Ix2> {
        let shape = (range.len(), self.channels);
        if let [session] = self.store.sessions.as_slice()
            && let Some(values) = session.as_slice::<E>()
        {
            let values = &values[range.start * self.channels..range.end * self.channels];
            let view = ArrayView2::from_shape(shape, values);
            return view.expect("whole samples fill their shape").into();
        }
        let mut rows = Vec::with_capacity(range.len() * self.channels);
        self.append(range, &mut rows, &mut Vec::new());
        let rows = Array2::from_shape_vec(shape, rows);
        rows.expect("whole samples fill their shape").into()
    }

    /// Appends samples, one after another; `wide` is room.
    pub(crate) fn append(&self, mut range: Range<usize>, out: &mut Vec<E>, wide: &mut Vec<f64>) {
        let Store { sessions, ends } = &*self.store;
        let mut at = match sessions.len() {
            1 => 0,
            _ => ends.partition_point(|&end| end <= range.start),
        };
        while range.start < range.end {
            let start = ends[at] - sessions[at].len();
            let end = range.end.min(ends[at]);
            sessions[at].append(range.start - start..end - start, out, wide);
            (range.start, at) = (end, at + 1);
        }
    }

    /// The windows around the given times, one after another: (times, window, channels).
    ///
    /// Every window lies in the recording; [`crate::sampling`] draws no others.
    pub(crate) fn gather(&self, times: &[usize], window: Window) -> Vec<E> {
        let mut rows = Vec::with_capacity(times.len() * window.len() * self.channels);
        let mut wide = Vec::new();
        for &t in times {
            let first = t - window.left;
            self.append(first..first + window.len(), &mut rows, &mut wide);
        }
        rows
    }
}
