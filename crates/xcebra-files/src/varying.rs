//! Channels that never change by more than rounding.

use xcebra_numeric::Spreads;

use crate::error::{FileError, Result, list};
use crate::recording::Table;

/// Names of the channels that never change by more than rounding in any of the sessions, nor between them;
/// `epsilon` is that of the type to whose rounding they are compared. Sessions have the same channels.
pub fn constant_channels(sessions: &[Table], epsilon: f64) -> Vec<String> {
    let Some(first) = sessions.first() else {
        return Vec::new();
    };
    let mut spreads = Spreads::new(first.channels.len());
    for session in sessions {
        session.each_block(|_, rows| spreads.add(rows));
    }
    let closer = |c: usize| {
        let values = sessions.iter().flat_map(|session| session.column(c));
        spreads.is_constant_on_closer_look(c, values, epsilon)
    };
    let constant = |c: &usize| {
        let known = spreads.is_constant(*c, epsilon);
        known.unwrap_or_else(|| closer(*c))
    };
    let positions = (0..first.channels.len()).filter(constant);
    positions.map(|c| first.channels[c].clone()).collect()
}

/// Refuses channels that never change by more than rounding, in sessions that have the same channels.
///
/// # Errors
/// [`FileError::Value`] with their names.
pub fn require_varying_channels(sessions: &[Table]) -> Result<()> {
    // the coarsest, so that no rounding passes for a signal
    let epsilons = sessions.iter().map(|session| session.values().epsilon());
    let constant = constant_channels(sessions, epsilons.fold(0.0, f64::max));
    let ([first, ..], false) = (sessions, constant.is_empty()) else {
        return Ok(());
    };
    let exactly = |name: &String| {
        let c = first.channels.iter().position(|c| c == name).unwrap_or(0);
        let value = first.at(0, c);
        let mut samples = sessions.iter().flat_map(|session| session.column(c));
        samples.all(|v| v == value)
    };
    let how = match constant.iter().all(exactly) {
        true => "never change",
        false => "never change by more than rounding",
    };
    let samples: usize = sessions.iter().map(Table::samples).sum();
    let turned = match first.channels.len() > samples {
        true => ", or transpose the array if its rows are channels",
        false => "",
    };
    let places: Vec<&str> = sessions.iter().map(|s| s.place.as_str()).collect();
    Err(FileError::Value {
        place: places.join(" with "),
        problem: format!(
            "{} of {} channels {how}: {}",
            constant.len(),
            first.channels.len(),
            list(&constant)
        ),
        advice: format!("leave them out{turned}"),
    })
}
