//! What no recording may hold.

use xcebra_model::Scalar;
use xcebra_numeric::Spreads;

use super::Recording;
use crate::error::{CoreError, Result};

/// Refuses values that are not finite and, if they `must_vary`, channels that are constant but for rounding,
/// as the training sees them. One pass over the samples decides almost always.
pub(super) fn values<E: Scalar>(recording: &Recording<E>, must_vary: bool) -> Result<()> {
    (0..recording.subjects()).try_for_each(|subject| of_subject(recording, subject, must_vary))
}

fn of_subject<E: Scalar>(recording: &Recording<E>, subject: usize, must_vary: bool) -> Result<()> {
    let channels = recording.channels[subject];
    let mut spreads = Spreads::new(channels);
    let (mut room, mut wide) = (Vec::<E>::new(), Vec::new());
    for (session, range) in recording.store.of_subject(subject) {
        for block in session.blocks() {
            let first = range.start + block.start;
            let rows: &[E] = match session.as_slice() {
                Some(all) => &all[block.start * channels..block.end * channels],
                None => {
                    room.clear();
                    session.append(block, &mut room, &mut wide);
                    &room
                }
            };
            // without a way out of the loop it is vectorised
            if !rows.iter().fold(true, |all, v| all & v.is_finite()) {
                return Err(not_finite(rows, first, channels));
            }
            if must_vary {
                wide.clear();
                wide.extend(rows.iter().map(|v| v.as_f64()));
                spreads.add(&wide);
            }
        }
    }
    match must_vary {
        true => (0..channels).try_for_each(|c| varying(recording, (subject, c), &spreads)),
        false => Ok(()),
    }
}

fn not_finite<E: Scalar>(rows: &[E], first: usize, channels: usize) -> CoreError {
    let at = rows.iter().position(|v| !v.is_finite()).unwrap_or(0);
    CoreError::data(
        "the recording",
        format!(
            "sample {} of channel {} is {}",
            first + at / channels,
            at % channels,
            rows[at]
        ),
        "drop or interpolate such samples first",
    )
}

fn varying<E: Scalar>(
    recording: &Recording<E>,
    (subject, c): (usize, usize),
    spreads: &Spreads,
) -> Result<()> {
    let column = || {
        let sessions = recording.store.of_subject(subject);
        sessions.flat_map(|(session, _)| (0..session.len()).map(move |t| E::of(session.wide(t, c))))
    };
    let epsilon = E::epsilon().as_f64();
    let closer = || spreads.is_constant_on_closer_look(c, column().map(E::as_f64), epsilon);
    if !spreads.is_constant(c, epsilon).unwrap_or_else(closer) {
        return Ok(());
    }
    let first = column().next().unwrap_or_default();
    let but = match column().all(|v| v == first) {
        true => "",
        false => ", but for rounding",
    };
    let whose = match recording.subjects() {
        1 => String::new(),
        _ => format!(" of subject {subject}"),
    };
    Err(CoreError::data(
        "the recording",
        format!("channel {c}{whose} is {first} at every sample{but}"),
        "leave constant channels out: nothing can be learned from them",
    ))
}
