//! Recordings that differ from a given one by chance alone, or by what their labels mean.

use std::ops::Range;

use ndarray::Axis;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_core::{Config, Labels, LossConfig, Recording, Session};

use super::RetrainError;

/// How often blocks are drawn anew because a class was missing.
const TRIES: usize = 100;

/// Fails unless blocks hold a window, a positive, and some more.
pub fn check_blocks(
    config: &Config,
    recording: &Recording<f32>,
    blocks: usize,
) -> Result<(), RetrainError> {
    if blocks < 2 {
        return Err(RetrainError::unfit(
            format!("{blocks} blocks of time cannot be drawn anew"),
            "ask for 10 at least, better 40",
        ));
    }
    let window = config.encoder.architecture(recording.channels()).window;
    let needed = window.len() + span(config) + 1;
    let subjects = 0..recording.subjects();
    let shortest = |subject: usize| {
        ranges(recording, subject, blocks)
            .iter()
            .map(Range::len)
            .min()
    };
    let Some(subject) = subjects
        .into_iter()
        .find(|&s| shortest(s).is_none_or(|shortest| shortest < needed))
    else {
        return Ok(());
    };
    let samples: usize = sessions_of(recording, subject).map(Range::len).sum();
    Err(RetrainError::unfit(
        format!(
            "{samples} samples are too short for {blocks} blocks of time of {needed} samples each"
        ),
        match samples / needed {
            most if most >= 10 => format!("ask for at most {most} blocks"),
            _ => format!("record more: 10 blocks need {} samples", 10 * needed),
        },
    ))
}

/// Fails unless there are labels to shift.
pub fn check_labels(config: &Config, recording: &Recording<f32>) -> Result<(), RetrainError> {
    if config
        .objectives()
        .iter()
        .all(|o| o.loss.labels().is_empty())
    {
        return Err(RetrainError::unfit(
            "this encoder was trained without labels, and there are none to shift",
            "compare with resampled recordings",
        ));
    }
    let samples = (0..recording.subjects())
        .map(|subject| {
            sessions_of(recording, subject)
                .map(Range::len)
                .sum::<usize>()
        })
        .min()
        .unwrap_or(0);
    if samples < 20 {
        return Err(RetrainError::unfit(
            format!("{samples} samples are too few to shift labels"),
            "record more",
        ));
    }
    Ok(())
}

/// Samples that must follow one for the positives of every objective.
fn span(config: &Config) -> usize {
    let of = |loss: &LossConfig| match loss {
        LossConfig::InfoNce { positives, .. } => positives.span(),
        LossConfig::Mse { .. } | LossConfig::CrossEntropy { .. } => 0,
    };
    let all = config.objectives();
    all.iter().map(|o| of(&o.loss)).max().unwrap_or(0)
}

/// The sessions of a subject.
pub fn sessions_of(
    recording: &Recording<f32>,
    subject: usize,
) -> impl Iterator<Item = &Range<usize>> {
    let sessions = recording.sessions().iter();
    sessions.filter(move |session| recording.subject_at(session.start) == subject)
}

/// Blocks of time of a subject, about `blocks` of them; none reaches into another session.
fn ranges(recording: &Recording<f32>, subject: usize, blocks: usize) -> Vec<Range<usize>> {
    let total: usize = sessions_of(recording, subject).map(Range::len).sum();
    let mut ranges = Vec::new();
    for session in sessions_of(recording, subject) {
        let share = (session.len() * blocks).div_ceil(total).max(1);
        let at = |k: usize| session.start + k * session.len() / share;
        ranges.extend((0..share).map(|k| at(k)..at(k + 1)));
    }
    ranges
}

/// As many blocks of each subject, drawn with replacement, each a session of its own; every class of the labels
/// is in one of them.
pub fn resampled(
    recording: &Recording<f32>,
    blocks: usize,
    seed: u64,
) -> Result<Recording<f32>, RetrainError> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let subjects = 0..recording.subjects();
    let ranges: Vec<Vec<Range<usize>>> = subjects.map(|s| ranges(recording, s, blocks)).collect();
    for _ in 0..TRIES {
        let mut drawn: Vec<Vec<Range<usize>>> = Vec::new();
        for ranges in &ranges {
            let draw = || ranges[rng.gen_range(0..ranges.len())].clone();
            drawn.push(std::iter::repeat_with(draw).take(ranges.len()).collect());
        }
        let rows: Vec<usize> = drawn.iter().flatten().cloned().flatten().collect();
        if !has_every_class(recording, &rows) {
            continue;
        }
        let lengths: Vec<usize> = drawn.iter().flatten().map(Range::len).collect();
        let mut sessions = Vec::new();
        for (subject, drawn) in drawn.into_iter().enumerate() {
            let mut x = Vec::<f32>::new();
            for block in drawn {
                x.extend(recording.rows(block).iter());
            }
            sessions.push(Session::new(x, recording.channels_of(subject))?);
        }
        let subjects = (0..sessions.len()).collect();
        let resampled = Recording::from_subjects(sessions, subjects)?.with_sessions(&lengths)?;
        return with_labels(resampled, recording, &rows);
    }
    Err(RetrainError::unfit(
        format!(
            "blocks of time were drawn {TRIES} times, and a class of a label was always missing"
        ),
        "ask for more blocks, or leave out classes that are rare",
    ))
}

fn has_every_class(recording: &Recording<f32>, rows: &[usize]) -> bool {
    recording.labels().all(|(_, labels)| match labels {
        Labels::Continuous(_) => true,
        Labels::Discrete(classes) => {
            let distinct = |mut classes: Vec<i64>| {
                classes.sort_unstable();
                classes.dedup();
                classes.len()
            };
            distinct(rows.iter().map(|&t| classes[t]).collect()) == distinct(classes.clone())
        }
    })
}

/// The recording with all its labels shifted by one time, circularly, by a tenth of its length at least; those
/// of each subject for themselves.
pub fn with_shifted_labels(
    recording: &Recording<f32>,
    seed: u64,
) -> Result<Recording<f32>, RetrainError> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut rows = vec![0; recording.len()];
    for subject in 0..recording.subjects() {
        let own: Vec<usize> = sessions_of(recording, subject).cloned().flatten().collect();
        let time = own.len();
        let shift = rng.gen_range(time / 10..=time - time / 10);
        for (t, &row) in own.iter().enumerate() {
            rows[row] = own[(t + shift) % time];
        }
    }
    with_labels(recording.clone().without_labels(), recording, &rows)
}

/// Gives a recording the labels of another's rows.
pub fn with_labels(
    mut recording: Recording<f32>,
    of: &Recording<f32>,
    rows: &[usize],
) -> Result<Recording<f32>, RetrainError> {
    for (name, labels) in of.labels() {
        let labels = match labels {
            Labels::Continuous(values) => Labels::Continuous(values.select(Axis(0), rows)),
            Labels::Discrete(classes) => {
                Labels::Discrete(rows.iter().map(|&t| classes[t]).collect())
            }
        };
        recording = recording.with_label(name, labels)?;
    }
    Ok(recording)
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use xcebra_model::Advice;

    use super::*;

    fn recording() -> Recording<f32> {
        let x = Array2::from_shape_fn((100, 2), |(t, c)| (t * (c + 1)) as f32);
        let time = Array2::from_shape_fn((100, 1), |(t, _)| t as f64);
        let classes = (0..100).map(|t| t / 25).collect();
        let recording = Recording::new(x.view()).unwrap();
        let recording = recording.with_sessions(&[60, 40]).unwrap();
        let recording = recording.with_label("time", Labels::Continuous(time));
        let recording = recording
            .unwrap()
            .with_label("class", Labels::Discrete(classes));
        recording.unwrap()
    }

    fn times(recording: &Recording<f32>) -> Vec<f64> {
        match recording.label("time").unwrap() {
            Labels::Continuous(values) => values.iter().copied().collect(),
            Labels::Discrete(_) => unreachable!(),
        }
    }

    #[test]
    fn blocks_stay_whole_and_labels_go_with_them() {
        let drawn = resampled(&recording(), 10, 3).unwrap();
        assert_eq!((drawn.len(), drawn.sessions().len()), (100, 10));
        let times = times(&drawn);
        for session in drawn.sessions() {
            assert!((session.start + 1..session.end).all(|t| times[t] == times[t - 1] + 1.0));
            // blocks begin where blocks of the sessions do, at multiples of ten
            assert_eq!(times[session.start] % 10.0, 0.0);
        }
        for (t, row) in drawn.samples().rows().into_iter().enumerate() {
            assert_eq!(f64::from(row[0]), times[t]);
        }
        let again = resampled(&recording(), 10, 3).unwrap();
        assert_eq!(drawn.samples(), again.samples());
        let other = resampled(&recording(), 10, 4).unwrap();
        assert_ne!(drawn.samples(), other.samples());
    }

    #[test]
    fn labels_move_against_the_channels() {
        let shifted = with_shifted_labels(&recording(), 1).unwrap();
        assert_eq!(shifted.samples(), recording().samples());
        assert_eq!(shifted.sessions(), recording().sessions());
        let times = times(&shifted);
        let shift = times[0];
        assert!((10.0..=90.0).contains(&shift));
        assert!((0..100).all(|t| times[t] == (t as f64 + shift) % 100.0));
    }

    #[test]
    fn what_is_too_short_is_refused_with_numbers() {
        let config = Config::hybrid(2, "time");
        check_blocks(&config, &recording(), 20).unwrap();
        let error = check_blocks(&config, &recording(), 60).unwrap_err();
        let advice = error.advice().expect("how many blocks there can be");
        assert!(error.to_string().contains("100 samples"), "{error}");
        assert!(advice.contains("at most 33"), "{advice}");
        let error = check_blocks(&config, &recording(), 1).unwrap_err();
        let advice = error.advice().expect("how many blocks it takes");
        assert!(advice.contains("at least"), "{advice}");
        let without = Config::default();
        assert!(check_labels(&without, &recording()).is_err());
        check_labels(&config, &recording()).unwrap();
        // one class in one block of a hundred: seldom drawn, but so often tried
        let rare = (0..100).map(|t| i64::from(t == 7)).collect();
        let rare = recording()
            .with_label("rare", Labels::Discrete(rare))
            .unwrap();
        assert!(has_every_class(&rare, &[7, 8, 30, 60, 80]));
        assert!(resampled(&rare, 100, 0).is_ok());
    }
}
