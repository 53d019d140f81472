//! Pieces that do nothing: what a study costs beside its work, on the file system and the scheduler at hand.

use serde::{Deserialize, Serialize};
use serde_json::json;
use xcebra_files::write_file;

use super::{Gathered, Study};
use crate::{Answer, Result};

/// Nothing, as a plan keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NothingWork {}

impl NothingWork {
    /// Writes how many pieces each machine has run.
    pub fn gather(&self, study: &Study, to: &Gathered<'_>) -> Result<Answer> {
        let out = to.out;
        let mut hosts = std::collections::BTreeMap::<String, usize>::new();
        for piece in 0..study.plan.pieces {
            if let Some(done) = study.done(piece)? {
                *hosts.entry(done.host).or_default() += 1;
            }
        }
        let told = json!({ "pieces": study.plan.pieces, "hosts": hosts });
        write_file(out, format!("{told:#}\n").as_bytes())?;
        let place = out.display();
        Ok(Answer {
            text: format!("{place}: {} pieces of nothing", study.plan.pieces),
            json: json!({ "out": place.to_string(), "pieces": study.plan.pieces }),
        })
    }
}
