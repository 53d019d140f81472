//! Recordings: samples over time, in sessions, with labels.

mod check;
mod labels;
mod moments;
mod pieces;
mod rows;
mod scaling;
mod session;
mod stored;
mod subjects;
mod values;

pub use labels::Labels;
pub use moments::Moments;
pub use pieces::Pieces;
pub use scaling::Scaling;
pub use session::Session;
pub use stored::StoredRows;
pub use values::Values;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use ndarray::ArrayView2;
use xcebra_model::Scalar;

use crate::error::{CoreError, Result};

/// Samples (time, channels) of one or more sessions, and their labels.
///
/// Neither a window of samples nor an offset in time reaches from one session into another. Samples and
/// labels are shared by all clones.
///
/// Sessions may come from several *subjects*, such as animals of which other neurons were recorded:
/// [`from_subjects`](Self::from_subjects). The sessions of a subject have the same channels. Times count
/// over all sessions, whoever they come from.
#[derive(Clone, Debug)]
pub struct Recording<E> {
    store: Arc<Store>,
    /// Those of each subject.
    channels: Vec<usize>,
    sessions: Vec<Range<usize>>,
    labels: BTreeMap<String, Arc<Labels>>,
    /// Whether it is known that there are samples enough and that all channels vary.
    trainable: bool,
    /// Numbers are rounded to `E` when they leave the store.
    element: std::marker::PhantomData<E>,
}

/// The samples of a recording as they came.
#[derive(Debug)]
struct Store {
    sessions: Vec<Arc<Session>>,
    /// The subject of each.
    subjects: Vec<usize>,
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
    /// place, 64-bit floats are rounded to `E`, all others are scaled when a batch needs them.
    ///
    /// # Errors
    /// As [`new`](Self::new), and if a session has no sample or other channels than the first.
    pub fn from_sessions(sessions: Vec<Session>) -> Result<Self> {
        let mut recording = Self::of(sessions)?;
        recording.require_two_samples()?;
        check::values(&recording, true)?;
        recording.trainable = true;
        Ok(recording)
    }

    /// As [`from_sessions`](Self::from_sessions), of samples to embed or to explain and not to train on:
    /// one is enough, and channels may be constant.
    ///
    /// # Errors
    /// [`CoreError::Data`] without a sample, for values that are not finite, and if a session has no sample
    /// or other channels than the first.
    pub fn to_embed(sessions: Vec<Session>) -> Result<Self> {
        let recording = Self::of(sessions)?;
        check::values(&recording, false)?;
        Ok(recording)
    }

    fn of(sessions: Vec<Session>) -> Result<Self> {
        let Some(first) = sessions.first() else {
            return Err(too_few(0));
        };
        let channels = first.channels();
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
        let subjects = vec![0; sessions.len()];
        Ok(Self::assemble(sessions, subjects, vec![channels]))
    }

    /// Sessions that were checked.
    fn assemble(mut sessions: Vec<Session>, subjects: Vec<usize>, channels: Vec<usize>) -> Self {
        sessions.iter_mut().for_each(Session::settle::<E>);
        let store = Store::new(sessions.into_iter().map(Arc::new).collect(), subjects);
        Self {
            channels,
            sessions: store.ranges(),
            store: Arc::new(store),
            labels: BTreeMap::new(),
            trainable: false,
            element: std::marker::PhantomData,
        }
    }

    /// Refuses a recording [to embed](Self::to_embed) from which nothing can be learned.
    pub(crate) fn require_trainable(&self) -> Result<()> {
        if self.trainable {
            return Ok(());
        }
        self.require_two_samples()?;
        check::values(self, true)
    }

    fn require_two_samples(&self) -> Result<()> {
        match self.len() {
            0 | 1 => Err(too_few(self.len())),
            _ => Ok(()),
        }
    }

    /// Splits the recording into sessions of the given lengths.
    ///
    /// # Errors
    /// [`CoreError::Data`] if a length is 0, if they do not add up to the number of samples, or if a session
    /// would reach from one subject into another.
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
        let sessions: Vec<Range<usize>> = lengths
            .iter()
            .map(|&len| {
                start += len;
                start - len..start
            })
            .collect();
        self.require_subjects_apart(&sessions)?;
        self.sessions = sessions;
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

    /// Never true: a recording has samples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of channels, of the first subject if there are several.
    pub fn channels(&self) -> usize {
        self.channels[0]
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
}

fn too_few(samples: usize) -> CoreError {
    CoreError::data(
        "the recording",
        format!("{samples} samples"),
        "pass an array (time, channels) of at least two samples",
    )
}
