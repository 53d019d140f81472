//! What no recording may hold.

use xcebra_model::Scalar;
use xcebra_numeric::is_constant;

use super::Recording;
use crate::error::{CoreError, Result};

/// Refuses values that are not finite and channels that are constant up to rounding, as the training
/// sees them.
pub(super) fn values<E: Scalar>(recording: &Recording<E>) -> Result<()> {
    finite(recording)?;
    (0..recording.channels).try_for_each(|c| varying(recording, c))
}

fn finite<E: Scalar>(recording: &Recording<E>) -> Result<()> {
    let channels = recording.channels;
    let (mut rows, mut wide) = (Vec::<E>::new(), Vec::new());
    for (session, range) in recording.store.sessions.iter().zip(&recording.sessions) {
        for block in session.blocks() {
            let first = range.start + block.start;
            rows.clear();
            session.append(block, &mut rows, &mut wide);
            if let Some(at) = rows.iter().position(|v| !v.is_finite()) {
                return Err(CoreError::data(
                    "the recording",
                    format!(
                        "sample {} of channel {} is {}",
                        first + at / channels,
                        at % channels,
                        rows[at]
                    ),
                    "drop or interpolate such samples first",
                ));
            }
        }
    }
    Ok(())
}

fn varying<E: Scalar>(recording: &Recording<E>, c: usize) -> Result<()> {
    let sessions = &recording.store.sessions;
    if let [session] = sessions.as_slice()
        && let Some(values) = session.as_slice::<E>()
    {
        let column = values[c..].iter().step_by(recording.channels);
        return column_varies(column.copied(), c);
    }
    let column = sessions
        .iter()
        .flat_map(|session| (0..session.len()).map(move |t| E::of(session.wide(t, c))));
    column_varies(column, c)
}

fn column_varies<E: Scalar>(mut column: impl Iterator<Item = E> + Clone, c: usize) -> Result<()> {
    if !is_constant(column.clone().map(E::as_f64), E::epsilon().as_f64()) {
        return Ok(());
    }
    let first = column.next().unwrap_or_default();
    let but = match column.all(|v| v == first) {
        true => "",
        false => ", but for rounding",
    };
    Err(CoreError::data(
        "the recording",
        format!("channel {c} is {first} at every sample{but}"),
        "leave constant channels out: nothing can be learned from them",
    ))
}
