//! Whose samples a recording holds.

use std::ops::Range;
use std::sync::Arc;

use ndarray::Axis;
use xcebra_model::Scalar;

use super::{Labels, Pieces, Recording, Session, Store, check};
use crate::error::{CoreError, Result};

impl Store {
    pub(super) fn new(sessions: Vec<Arc<Session>>, subjects: Vec<usize>) -> Self {
        let mut end = 0;
        let ends = sessions
            .iter()
            .map(|session| {
                end += session.len();
                end
            })
            .collect();
        Self {
            sessions,
            subjects,
            ends,
        }
    }

    /// The samples of each session.
    pub(super) fn ranges(&self) -> Vec<Range<usize>> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, &end)| start..end)
            .collect()
    }

    /// The sessions of a subject and their samples.
    pub(super) fn of_subject(
        &self,
        subject: usize,
    ) -> impl Iterator<Item = (&Session, Range<usize>)> {
        let all = self.sessions.iter().zip(self.ranges()).zip(&self.subjects);
        all.filter(move |(_, of)| **of == subject)
            .map(|((session, range), _)| (&**session, range))
    }

    /// The session of a sample.
    fn at(&self, sample: usize) -> usize {
        self.ends.partition_point(|&end| end <= sample)
    }
}

impl<E: Scalar> Recording<E> {
    /// Sessions of several subjects, each with the number of its subject, which count from 0 in the order
    /// in which they first appear. The sessions of a subject have the same channels; subjects need not.
    /// Nothing is copied, as in [`from_sessions`](Self::from_sessions).
    ///
    /// ```
    /// use xcebra_core::{Recording, Session};
    ///
    /// let session = |samples: usize, channels: usize| {
    ///     let values: Vec<f32> = (0..samples * channels).map(|i| (i * i % 101) as f32).collect();
    ///     Session::new(values, channels)
    /// };
    /// // the first animal was recorded twice
    /// let sessions = vec![session(50, 3)?, session(80, 5)?, session(20, 3)?];
    /// let recording = Recording::<f32>::from_subjects(sessions, vec![0, 1, 0])?;
    /// assert_eq!((recording.subjects(), recording.len()), (2, 150));
    /// assert_eq!((recording.channels_of(0), recording.channels_of(1)), (3, 5));
    /// assert_eq!(recording.subject_at(60), 1);
    /// assert_eq!(recording.subject(0).sessions(), [0..50, 50..70]);
    /// # Ok::<(), xcebra_core::CoreError>(())
    /// ```
    ///
    /// # Errors
    /// [`CoreError::Data`] if there are not as many numbers as sessions, if a number comes before a smaller
    /// one that is missing, if sessions of one subject differ in their channels or a session is empty, and
    /// as [`from_sessions`](Self::from_sessions) for each subject.
    pub fn from_subjects(sessions: Vec<Session>, subjects: Vec<usize>) -> Result<Self> {
        let refused =
            |problem: String, advice: &str| Err(CoreError::data("the recording", problem, advice));
        if sessions.len() != subjects.len() || sessions.is_empty() {
            return refused(
                format!(
                    "{} sessions, and the subjects of {}",
                    sessions.len(),
                    subjects.len()
                ),
                "give each session the number of its subject",
            );
        }
        let mut channels: Vec<usize> = Vec::new();
        for (i, (session, &subject)) in sessions.iter().zip(&subjects).enumerate() {
            let expected = match subject {
                new if new == channels.len() => {
                    channels.push(session.channels());
                    session.channels()
                }
                known if known < channels.len() => channels[known],
                _ => {
                    return refused(
                        format!(
                            "session {i} is of subject {subject}, and {} came before",
                            channels.len()
                        ),
                        "count subjects from 0 in the order in which they first appear",
                    );
                }
            };
            if session.channels() != expected || session.is_empty() {
                return refused(
                    format!(
                        "session {i} is {} samples of {} channels, and subject {subject} has {expected} channels",
                        session.len(),
                        session.channels()
                    ),
                    "give all sessions of a subject samples of the same channels",
                );
            }
        }
        let mut recording = Self::assemble(sessions, subjects, channels);
        for subject in 0..recording.subjects() {
            let samples: usize = recording
                .store
                .of_subject(subject)
                .map(|(session, _)| session.len())
                .sum();
            if samples < 2 {
                return refused(
                    format!("subject {subject} has {samples} samples"),
                    "give every subject at least two samples",
                );
            }
        }
        check::values(&recording, true)?;
        recording.trainable = true;
        Ok(recording)
    }

    /// Number of subjects.
    pub fn subjects(&self) -> usize {
        self.channels.len()
    }

    /// Number of channels of a subject.
    ///
    /// # Panics
    /// If there is no such subject.
    pub fn channels_of(&self, subject: usize) -> usize {
        self.channels[subject]
    }

    /// The subject of a sample; takes O(log sessions).
    ///
    /// # Panics
    /// If there is no such sample.
    pub fn subject_at(&self, sample: usize) -> usize {
        match self.subjects() {
            1 => 0,
            _ => self.store.subjects[self.store.at(sample)],
        }
    }

    /// The ranges of `pieces` that are of a subject. A piece reaches from one subject into another as little
    /// as a session does.
    ///
    /// # Errors
    /// [`CoreError::Data`] if there is none.
    pub(crate) fn pieces_of(&self, subject: usize, pieces: &Pieces) -> Result<Pieces> {
        if self.subjects() == 1 {
            return Ok(pieces.clone());
        }
        let ranges = pieces.ranges().iter();
        let own = ranges.filter(|range| self.subject_at(range.start) == subject);
        Pieces::new(own.cloned()).map_err(|_| {
            CoreError::data(
                "the recording",
                format!("no stretch of subject {subject} is long enough"),
                "record this subject longer, or choose a smaller receptive field or offset",
            )
        })
    }

    /// One subject alone: its samples, sessions and labels. Samples are shared, labels copied.
    ///
    /// # Panics
    /// If there is no such subject.
    #[must_use]
    pub fn subject(&self, subject: usize) -> Self {
        if self.subjects() == 1 {
            assert_eq!(subject, 0, "there is one subject");
            return self.clone();
        }
        let stored = (0..self.store.sessions.len()).filter(|&i| self.store.subjects[i] == subject);
        let stored: Vec<usize> = stored.collect();
        let sessions = stored
            .iter()
            .map(|&i| Arc::clone(&self.store.sessions[i]))
            .collect();
        let store = Store::new(sessions, vec![0; stored.len()]);
        let own: Vec<&Range<usize>> = self
            .sessions
            .iter()
            .filter(|session| self.subject_at(session.start) == subject)
            .collect();
        let mut start = 0;
        let sessions = own
            .iter()
            .map(|session| {
                start += session.len();
                start - session.len()..start
            })
            .collect();
        let rows: Vec<usize> = own.iter().flat_map(|session| (**session).clone()).collect();
        let labels = self.labels.iter().map(|(name, labels)| {
            let labels = match &**labels {
                Labels::Continuous(values) => Labels::Continuous(values.select(Axis(0), &rows)),
                Labels::Discrete(classes) => {
                    Labels::Discrete(rows.iter().map(|&t| classes[t]).collect())
                }
            };
            (name.clone(), Arc::new(labels))
        });
        Self {
            store: Arc::new(store),
            channels: vec![self.channels[subject]],
            sessions,
            labels: labels.collect(),
            trainable: self.trainable,
            element: std::marker::PhantomData,
        }
    }

    /// The channels of samples that are of one subject.
    pub(super) fn channels_at(&self, range: &Range<usize>) -> usize {
        if self.subjects() == 1 || range.is_empty() {
            return self.channels[0];
        }
        let [first, last] = [range.start, range.end - 1].map(|t| self.store.at(t));
        let subjects = &self.store.subjects[first..=last];
        assert!(
            subjects.iter().all(|&s| s == subjects[0]),
            "samples {range:?} are of several subjects"
        );
        self.channels[subjects[0]]
    }

    /// Refuses sessions that reach from one subject into another.
    pub(super) fn require_subjects_apart(&self, sessions: &[Range<usize>]) -> Result<()> {
        if self.subjects() == 1 {
            return Ok(());
        }
        let crosses = |session: &&Range<usize>| {
            let [first, last] = [session.start, session.end - 1].map(|t| self.store.at(t));
            let subjects = &self.store.subjects[first..=last];
            subjects.iter().any(|&s| s != subjects[0])
        };
        match sessions.iter().find(crosses) {
            None => Ok(()),
            Some(session) => Err(CoreError::data(
                "the sessions",
                format!("samples {session:?} are of several subjects"),
                "end a session where its subject ends",
            )),
        }
    }
}
