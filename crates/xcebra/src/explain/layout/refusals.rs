//! Why an array cannot be read, with what would help.

use super::{Known, Reading, counted, readings};
use crate::files::FileError;

pub(super) fn misfit(
    place: &str,
    found: &[usize],
    shape: &[usize],
    axes: &[usize],
    known: Known,
) -> FileError {
    let recordings: Vec<String> = axes
        .iter()
        .map(|&axis| {
            let channels = shape.iter().product::<usize>() / shape[axis].max(1);
            format!(
                "(time, {channels}) of at least {}",
                counted(shape[axis], "sample")
            )
        })
        .collect();
    let recordings = recordings.join(" or ");
    let without = Known { hop: None, ..known };
    if known.hop.is_some()
        && axes
            .iter()
            .any(|&a| !readings(found, shape, a, without).is_empty())
    {
        return FileError::Shape {
            place: place.to_owned(),
            found: found.to_vec(),
            expected: format!("a recording {recordings}"),
            advice: "leave --hop out: there is nothing to cut",
        };
    }
    FileError::Shape {
        place: place.to_owned(),
        found: found.to_vec(),
        expected: match known.rows_are_time {
            true => format!("a recording {recordings}"),
            false => format!(
                "{shape:?}, the model's input, a batch of these (n, …), or a recording {recordings}"
            ),
        },
        advice: "reshape it, choose other channels, or say with --time-axis which axis of the model's input is time",
    }
}

pub(super) fn ambiguous_axis(shape: &[usize], axes: &[usize]) -> FileError {
    let candidates: Vec<String> = axes
        .iter()
        .map(|&axis| {
            let channels = shape.iter().product::<usize>() / shape[axis];
            format!(
                "axis {axis} ({} of {})",
                counted(shape[axis], "sample"),
                counted(channels, "channel")
            )
        })
        .collect();
    let flags: Vec<String> = axes
        .iter()
        .map(|axis| format!("--time-axis {axis}"))
        .collect();
    FileError::Value {
        place: format!("the model's input {shape:?}"),
        problem: format!("time can be {}", candidates.join(" or ")),
        advice: format!("say which it is with {}", flags.join(" or ")),
    }
}

pub(super) fn ambiguous_reading(place: &str, found: &[usize], pair: [Reading; 2]) -> FileError {
    let [one, other] = pair.map(Reading::words);
    let sizes: Vec<String> = found.iter().map(ToString::to_string).collect();
    FileError::Value {
        place: place.to_owned(),
        problem: format!("its shape {found:?} can be {one} or {other}"),
        advice: format!(
            "save it with a leading axis, (1, {}), for signals in the model's layout, or pass --hop for a \
             recording (time, channels)",
            sizes.join(", ")
        ),
    }
}
