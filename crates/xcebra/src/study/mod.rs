//! Big work in pieces: planned into a folder, run by any number of processes that see it, and gathered.
//!
//! ```text
//! study/plan.json          what is to be done, with checksums of the data and the version of the program
//! study/pieces/000007/     what a piece makes, and its checkpoints until then
//! study/done/000007.json   a piece that is finished
//! study/failed/000007.json a piece that failed, and why
//! study/claims/000007.0    the process that works on a piece, with a heartbeat
//! ```
//!
//! Files are all that the processes share. No process distributes the pieces: each takes one by a claim, or is told
//! its number by whatever started it. Pieces are counted from 0.

mod claim;
mod folder;
mod gather;
mod plan;
mod run;
mod status;
mod work;

pub use gather::gather;
pub use plan::{PLAN, plan};
pub use run::{Ran, RunSettings, run};
pub use status::{PieceState, Status, status};
pub use work::{AttributeJob, EmbedJob, MapJob, Planned};

/// Numbers of pieces as a reader lists them: `0, 3..8`, where the end is not among them.
fn ranges(pieces: &[usize]) -> String {
    let mut parts: Vec<[usize; 2]> = Vec::new();
    for &piece in pieces {
        match parts.last_mut() {
            Some([_, end]) if *end == piece => *end += 1,
            _ => parts.push([piece, piece + 1]),
        }
    }
    let part = |&[first, end]: &[usize; 2]| match end - first {
        1 => first.to_string(),
        _ => format!("{first}..{end}"),
    };
    parts.iter().map(part).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn numbers_in_a_row_are_a_range() {
        assert_eq!(ranges(&[]), "");
        assert_eq!(ranges(&[0, 3, 4, 5, 9]), "0, 3..6, 9");
    }
}
