//! `xcebra eval`: how well a map agrees with the truth.

use clap::Args;
use xcebra::files::Source;
use xcebra::{Answer, Result, score_map_files};

use super::Session;

/// Score an attribution map against the true one
///
/// The area under the ROC curve is the chance that a true connection scores higher than an absent
/// one: 0.5 is guessing, 1 is perfect. Average precision is the mean precision over all thresholds.
/// For guessing, it is the share of true connections.
///
/// Scores are of all entries together and of each latent's column alone. If these differ, a sentence says what it
/// means.
///
/// Both arrays are inputs × latents. A map that is latents × inputs is transposed, with a note. For
/// signed maps, the absolute values are scored.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Eval {
    /// The map to score, such as map.npz:ing
    #[arg(long, value_name = "FILE:ARRAY")]
    map: Source,

    /// The true map, with truth values or 0 and 1, such as data.npz:map
    #[arg(long, value_name = "FILE:ARRAY")]
    truth: Source,
}

const EXAMPLES: &str = "\
Examples:
  xcebra eval --map map.npz:ing --truth data.npz:map
  xcebra --json eval --map map.npy --truth truth.csv";

impl Eval {
    pub fn run(&self, session: &Session) -> Result<Answer> {
        session
            .watched("stopping", |watch| {
                score_map_files(&self.map, &self.truth, watch)
            })?
            .answer()
    }
}
