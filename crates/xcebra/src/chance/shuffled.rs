//! Recordings whose labels or channels are shuffled in blocks of time.

use std::ops::Range;

use ndarray::{Array2, Axis, Slice};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use xcebra_core::{Recording, Session};

use crate::Result;
use crate::decode::order;
use crate::retraining::{sessions_of, with_labels};

/// Samples of the subject that has the fewest.
pub fn shortest(recording: &Recording<f32>) -> usize {
    let samples = (0..recording.subjects()).map(|subject| {
        let sessions = sessions_of(recording, subject);
        sessions.map(Range::len).sum()
    });
    samples.min().unwrap_or(0)
}

/// The same recording with blocks of its labels in another order; all labels move together, those of each subject for
/// themselves.
pub fn labels(recording: &Recording<f32>, blocks: usize, seed: u64) -> Result<Recording<f32>> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut rows = vec![0; recording.len()];
    for subject in 0..recording.subjects() {
        let own = times(recording, subject);
        let order = order(own.len(), blocks, &mut random);
        for (&time, &from) in own.iter().zip(&order) {
            rows[time] = own[from];
        }
    }
    Ok(with_labels(
        recording.clone().without_labels(),
        recording,
        &rows,
    )?)
}

/// The same labels, with blocks of every channel in another order, each channel for itself.
pub fn channels(recording: &Recording<f32>, blocks: usize, seed: u64) -> Result<Recording<f32>> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut moved = Vec::new();
    for subject in 0..recording.subjects() {
        let channels = recording.channels_of(subject);
        let own: Vec<f32> = sessions_of(recording, subject)
            .flat_map(|session| {
                recording
                    .rows(session.clone())
                    .iter()
                    .copied()
                    .collect::<Vec<_>>()
            })
            .collect();
        let samples = own.len() / channels;
        let own = Array2::from_shape_vec((samples, channels), own).expect("whole samples");
        let mut shuffled = own.clone();
        for (mut column, from) in shuffled.columns_mut().into_iter().zip(own.columns()) {
            column.assign(&from.select(Axis(0), &order(samples, blocks, &mut random)));
        }
        moved.push((shuffled, 0));
    }
    let (mut sessions, mut subjects) = (Vec::new(), Vec::new());
    for session in recording.sessions() {
        let subject = recording.subject_at(session.start);
        let (values, taken) = &mut moved[subject];
        let rows = Slice::from(*taken..*taken + session.len());
        *taken += session.len();
        let own: Vec<f32> = values.slice_axis(Axis(0), rows).iter().copied().collect();
        sessions.push(Session::new(own, values.ncols())?);
        subjects.push(subject);
    }
    let shuffled = Recording::from_subjects(sessions, subjects)?;
    let same: Vec<usize> = (0..recording.len()).collect();
    Ok(with_labels(shuffled, recording, &same)?)
}

/// The samples of a subject, in the order of time.
fn times(recording: &Recording<f32>, subject: usize) -> Vec<usize> {
    sessions_of(recording, subject).cloned().flatten().collect()
}

#[cfg(test)]
mod tests {
    use ndarray::Array1;
    use xcebra_core::Labels;

    use super::*;

    /// Two subjects of 2 and 1 channels, the first in two sessions. Channels and label are the time, plus a thousand for
    /// each channel.
    fn recording() -> Recording<f32> {
        let session = |times: Range<usize>, channels: usize| {
            let values = times.flat_map(|t| (0..channels).map(move |c| (t + 1000 * c) as f32));
            Session::new(values.collect::<Vec<f32>>(), channels).unwrap()
        };
        let sessions = vec![session(0..60, 2), session(60..150, 1), session(150..200, 2)];
        let recording = Recording::from_subjects(sessions, vec![0, 1, 0]).unwrap();
        let time = Array2::from_shape_fn((200, 1), |(t, _)| t as f64);
        let time = recording
            .with_label("time", Labels::Continuous(time))
            .unwrap();
        time.with_label(
            "parity",
            Labels::Discrete((0..200).map(|t| t % 2).collect()),
        )
        .unwrap()
    }

    fn label(recording: &Recording<f32>) -> Vec<f64> {
        match recording.label("time").unwrap() {
            Labels::Continuous(values) => values.iter().copied().collect(),
            Labels::Discrete(_) => unreachable!(),
        }
    }

    fn sorted(values: &[f64]) -> Vec<f64> {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values
    }

    #[test]
    fn labels_move_together_and_stay_with_their_subject() {
        let (before, after) = (recording(), labels(&recording(), 10, 3).unwrap());
        assert_eq!(before.rows(0..60), after.rows(0..60));
        let (old, new) = (label(&before), label(&after));
        assert_ne!(old, new);
        assert_eq!(sorted(&old[60..150]), sorted(&new[60..150]));
        assert_eq!(sorted(&old), sorted(&new));
        let Labels::Discrete(parity) = after.label("parity").unwrap() else {
            panic!("classes stay classes");
        };
        assert!(
            new.iter()
                .zip(parity)
                .all(|(time, parity)| *time as i64 % 2 == *parity)
        );
        // within blocks the course stays: at most ten places where it breaks, and the old gap
        let breaks = new[60..150]
            .windows(2)
            .filter(|pair| pair[1] != pair[0] + 1.0)
            .count();
        assert!((1..10).contains(&breaks), "{breaks}");
        let again = label(&labels(&recording(), 10, 3).unwrap());
        assert_eq!(new, again);
        assert_ne!(new, label(&labels(&recording(), 10, 4).unwrap()));
    }

    #[test]
    fn channels_move_each_for_itself_and_labels_stay() {
        let (before, after) = (recording(), channels(&recording(), 10, 3).unwrap());
        assert_eq!(label(&before), label(&after));
        assert_eq!(before.sessions(), after.sessions());
        assert_eq!(
            (after.subjects(), after.channels_of(0), after.channels_of(1)),
            (2, 2, 1)
        );
        let column = |recording: &Recording<f32>, channel: usize| -> Vec<f64> {
            let parts = [0..60, 150..200].map(|range| {
                let rows = recording.rows(range);
                let column: Array1<f64> = rows.column(channel).mapv(f64::from);
                column.to_vec()
            });
            parts.concat()
        };
        let [first, second] = [0, 1].map(|channel| column(&after, channel));
        assert_eq!(sorted(&first), sorted(&column(&before, 0)));
        assert_eq!(sorted(&second), sorted(&column(&before, 1)));
        let apart = first
            .iter()
            .zip(&second)
            .filter(|(a, b)| **b != **a + 1000.0)
            .count();
        assert!(apart > 50, "{apart}");
        assert_eq!(shortest(&before), 90);
    }
}
