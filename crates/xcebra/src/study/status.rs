//! How a study stands.

use std::path::Path;

use serde_json::{Value, json};

use super::claim::{self, Owner};
use super::folder::{Failed, Study};
use super::ranges;
use crate::{Answer, Result};

/// How a piece stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PieceState {
    /// It is finished.
    Done,
    /// A process works on it.
    Running {
        /// The machine.
        host: String,
        /// The process.
        process: u32,
    },
    /// It failed when it was last run.
    Failed {
        /// What was wrong.
        message: String,
        /// What to do about it.
        advice: Option<String>,
        /// The machine.
        host: String,
    },
    /// It was begun and is not finished; it goes on from its checkpoint.
    Interrupted,
    /// No process has begun it.
    Left,
}

/// How a study stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Its folder, as it was given.
    folder: String,
    /// The command in pieces.
    pub command: String,
    /// How each piece stands.
    pub pieces: Vec<PieceState>,
}

/// Looks how the study in a folder stands.
///
/// # Errors
/// [`Problem`](crate::Problem) if there is no study, or its files cannot be read.
pub fn status(folder: &Path) -> Result<Status> {
    let study = Study::open(folder)?;
    let (done, failed, claimed) = (study.all_done()?, study.all_failed()?, study.all_claimed()?);
    let state = |piece: usize| -> Result<PieceState> {
        if done.contains(&piece) {
            return Ok(PieceState::Done);
        }
        let owner = match claimed.contains(&piece) {
            true => claim::owner(&study.claims(), piece)?,
            false => None,
        };
        if let Some(Owner { host, process, .. }) = owner {
            return Ok(PieceState::Running { host, process });
        }
        let known = match failed.contains(&piece) {
            true => study.failed(piece)?,
            false => None,
        };
        Ok(match known {
            Some(Failed {
                message,
                advice,
                host,
            }) => PieceState::Failed {
                message,
                advice,
                host,
            },
            None if claimed.contains(&piece) => PieceState::Interrupted,
            None => PieceState::Left,
        })
    };
    let pieces: Result<Vec<PieceState>> = (0..study.plan.pieces).map(state).collect();
    Ok(Status {
        folder: folder.display().to_string(),
        command: study.plan.work.name().to_owned(),
        pieces: pieces?,
    })
}

impl Status {
    fn of(&self, is: impl Fn(&PieceState) -> bool) -> Vec<usize> {
        let all = self.pieces.iter().enumerate();
        all.filter(|(_, state)| is(state)).map(|(k, _)| k).collect()
    }

    /// The command that runs a piece.
    fn again(&self, piece: usize) -> String {
        format!("xcebra run {} --piece {piece}", self.folder)
    }

    /// The answer, for a reader and for a program.
    pub fn answer(&self) -> Answer {
        let done = self.of(|state| *state == PieceState::Done);
        let running = self.of(|state| matches!(state, PieceState::Running { .. }));
        let interrupted = self.of(|state| *state == PieceState::Interrupted);
        let left = self.of(|state| *state == PieceState::Left);
        let mut text = format!(
            "{}: {}, {} of {} pieces done",
            self.folder,
            self.command,
            done.len(),
            self.pieces.len()
        );
        let mut failed: Vec<Value> = Vec::new();
        let mut runs: Vec<Value> = Vec::new();
        for (name, pieces) in [("interrupted", &interrupted), ("left", &left)] {
            if !pieces.is_empty() {
                text += &format!("\n{name}: {}", ranges(pieces));
            }
        }
        for &piece in &running {
            if let PieceState::Running { host, process } = &self.pieces[piece] {
                text += &format!("\nrunning: {piece}, process {process} on {host}");
                runs.push(json!({ "piece": piece, "host": host, "process": process }));
            }
        }
        for (piece, state) in self.pieces.iter().enumerate() {
            if let PieceState::Failed {
                message,
                advice,
                host,
            } = state
            {
                let again = self.again(piece);
                text += &format!("\nfailed: {piece} on {host}: {message}");
                if let Some(advice) = advice {
                    text += &format!("\n  {advice}");
                }
                text += &format!("\n  repeat it with `{again}`");
                failed.push(json!({
                    "piece": piece,
                    "host": host,
                    "error": message,
                    "help": advice.as_deref().unwrap_or(""),
                    "command": again,
                }));
            }
        }
        Answer {
            text,
            json: json!({
                "study": self.folder,
                "command": self.command,
                "pieces": self.pieces.len(),
                "done": done.len(),
                "running": runs,
                "interrupted": interrupted,
                "left": left,
                "failed": failed,
            }),
        }
    }
}
