//! What a training sees, and what is held out.

use xcebra_model::Scalar;

use crate::config::ValidationConfig;
use crate::error::Result;
use crate::recording::{Pieces, Recording};

/// The sessions of a recording, cut into what is trained on and what is held out, if anything is. Of
/// several subjects, the same share of each is held out.
pub fn split<E: Scalar>(
    config: &ValidationConfig,
    recording: &Recording<E>,
) -> Result<(Pieces, Option<Pieces>)> {
    let sessions = recording.pieces();
    if !config.is_on() {
        return Ok((sessions, None));
    }
    let (mut training, mut held_out) = (Vec::new(), Vec::new());
    for subject in 0..recording.subjects() {
        let own = recording.pieces_of(subject, &sessions)?;
        let parts = own.split_where_possible(config.held_out, config.blocks);
        let parts = parts.map_err(|e| e.within(&"validation".into()))?;
        training.extend_from_slice(parts.0.ranges());
        held_out.extend_from_slice(parts.1.ranges());
    }
    // sessions of subjects may take turns
    training.sort_by_key(|range| range.start);
    held_out.sort_by_key(|range| range.start);
    Ok((Pieces::new(training)?, Some(Pieces::new(held_out)?)))
}
