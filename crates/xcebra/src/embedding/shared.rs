//! The stretches of a recording that one process embeds, and what gathers them.

use std::path::Path;

use ndarray::{Array2, Axis, Slice};
use xcebra_core::encoder::Edges;
use xcebra_files::Source;
use xcebra_model::Watch;
use xcebra_numeric::{Packer, Unpacker};

use super::{Embedding, embed, refuse_overflow};
use crate::read::reading;
use crate::share::{self, Share};
use crate::windows::Stretches;
use crate::{Problem, Result, Run, ScaledRecording};

/// As [`embed_files`](super::embed_files), or a share of it, of which there is nothing to tell.
pub(crate) fn embed_files_share(
    folder: &Path,
    session: Option<&str>,
    data: &Source,
    edges: Edges,
    share: &Share<'_>,
    watch: &Watch<'_>,
) -> Result<Option<Embedding>> {
    let run = Run::load_session(folder, session)?;
    let recording = reading(watch, || run.recording(data))?;
    let stretches = Stretches::of(&run.encoder, &recording.x, edges)?;
    match share {
        Share::Whole => Ok(Some(embed(&run, &recording, edges, watch)?)),
        Share::Checked(tell) => {
            tell(stretches.count());
            Ok(None)
        }
        Share::Part(part, folder) => {
            let left = share::left(part, folder)?;
            let total = left.len() as u64;
            for (done, &stretch) in left.iter().enumerate() {
                watch.progress("embed", (done as u64, total), "");
                if watch.is_stopped() {
                    return Err(Problem::stopped());
                }
                let rows = stretches.embed(stretch);
                // what could not be read must not be kept
                recording.require_read()?;
                let rows = rows?;
                let mut packer = Packer::new();
                packer.list(rows.iter().map(|&value| f64::from(value)));
                share::keep(folder, stretch, packer)?;
            }
            Ok(None)
        }
        Share::Kept(folder) => {
            let found = gathered(&run, &recording, &stretches, folder)?;
            found.notes.iter().for_each(|note| watch.note(note));
            Ok(Some(found))
        }
    }
}

fn gathered(
    run: &Run,
    recording: &ScaledRecording,
    stretches: &Stretches<'_>,
    folder: &dyn Fn(usize) -> std::path::PathBuf,
) -> Result<Embedding> {
    let outputs = run.encoder.architecture().outputs();
    let times: Vec<usize> = stretches.times().collect();
    let mut values = Array2::zeros((times.len(), outputs));
    let mut first = 0;
    for stretch in 0..stretches.count() {
        let place = folder(stretch);
        let numbers = share::kept(&place, stretch)?;
        let rows = stretches.rows(stretch);
        let list = Unpacker::new(&numbers).list_of(rows * outputs);
        let list = list.ok_or_else(|| share::damaged(&place, stretch))?;
        let mut part = values.slice_axis_mut(Axis(0), Slice::from(first..first + rows));
        // a number of single precision comes back as it was
        part.iter_mut()
            .zip(list)
            .for_each(|(to, &value)| *to = value as f32);
        first += rows;
    }
    refuse_overflow(&values, &times)?;
    Ok(Embedding {
        values,
        times,
        segments: recording.x.sessions().len(),
        notes: recording.notes.clone(),
    })
}
