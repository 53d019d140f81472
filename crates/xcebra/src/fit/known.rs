//! What an earlier training knows of the subjects whose sessions it is given.

use xcebra_files::DataArray;

use super::fit_file::SubjectsBy;
use crate::{Channels, Result, Run};

/// What an earlier training knows of the subjects; nothing by default.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The subject of each session.
    pub subjects: Option<Vec<usize>>,
    /// The channels of each subject. Its recordings must have them, in their units, and keep their scales.
    pub channels: Vec<Channels>,
}

impl Known {
    /// The channels of a session's subject, which is known by its number or by its channels.
    pub(super) fn channels_of(
        &self,
        session: usize,
        names: Option<&[String]>,
    ) -> Option<&Channels> {
        match &self.subjects {
            Some(subjects) => self.channels.get(*subjects.get(session)?),
            None => self.channels.iter().find(|c| names == Some(&c.names)),
        }
    }

    /// What `runs` know, of this many sessions of the same subjects; `before` are the subjects of their own sessions.
    pub(super) fn of_same_subjects(
        runs: &[Run],
        before: Option<Vec<usize>>,
        sessions: usize,
        by: SubjectsBy,
    ) -> Self {
        let subjects = match (before.filter(|of| of.len() == sessions), runs) {
            (None, [_]) if by == SubjectsBy::Channels => Some(vec![0; sessions]),
            (before, _) => before,
        };
        Self {
            subjects,
            channels: runs.iter().map(|run| run.channels.clone()).collect(),
        }
    }

    /// What `runs` know, of this many sessions: first their own, whose subjects are `before`, then those of a new subject.
    pub(super) fn of_new_subject(
        runs: &[Run],
        before: Option<Vec<usize>>,
        sessions: usize,
    ) -> Self {
        let subjects = before.filter(|of| of.len() <= sessions);
        Self {
            subjects: subjects.map(|mut of| {
                of.resize(sessions, runs.len());
                of
            }),
            channels: runs.iter().map(|run| run.channels.clone()).collect(),
        }
    }
}

/// Units of channels that were met before: channels of one name mean one unit in all sessions of a subject.
pub struct KnownUnits<'a> {
    before: &'a Known,
    /// How many sessions there were.
    sessions: usize,
    met: Vec<(Names, Vec<String>)>,
}

/// Names of the channels, if there are any, and how many there are.
type Names = (Option<Vec<String>>, Option<usize>);

impl<'a> KnownUnits<'a> {
    /// Those of an earlier training.
    pub fn of(before: &'a Known) -> Self {
        Self {
            before,
            sessions: 0,
            met: Vec::new(),
        }
    }

    /// Brings the array of the next session to the units that its channels had before.
    pub fn apply(&mut self, array: &mut DataArray, by: SubjectsBy) -> Result<()> {
        let earlier = self
            .before
            .channels_of(self.sessions, array.columns.as_deref());
        array.bring_to_units(earlier.and_then(|channels| channels.units.as_deref()))?;
        self.sessions += 1;
        let names = (array.columns.clone(), array.shape().get(1).copied());
        let known = self.met.iter().find(|(known, _)| *known == names);
        let known = known.filter(|_| by == SubjectsBy::Channels);
        array.bring_to_units(known.map(|(_, units)| units.as_slice()))?;
        if let (None, Some(units)) = (known, &array.units) {
            self.met.push((names, units.clone()));
        }
        Ok(())
    }
}
