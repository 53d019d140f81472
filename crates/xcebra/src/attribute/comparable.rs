//! The map in comparable units, beside that of the inverted neuron gradient.

use serde_json::{Value, json};
use xcebra_attr::comparable::{Comparable, Frame};
use xcebra_attr::map::{Condition, InverseSummary};
use xcebra_attr::{AttrError, AttributionMap, Methods};
use xcebra_files::NpzOutput;

use crate::answer::{numbers, optional};
use crate::report::{Figure, attribution_map};
use crate::retraining::{ING, blocks, frame};
use crate::{Result, Run, Windows};

/// A share of samples below which a reader is told how few there are.
const FEW: f64 = 0.5;

/// The inverted neuron gradient in units that are comparable between latents; see [`xcebra_attr::comparable`].
#[derive(Clone, Debug, PartialEq)]
pub struct ComparableMap {
    /// Effects of blocks of latents on channels, and the same over their background.
    pub map: Comparable,
    /// The blocks of latents, `[first, end)`: within one, all columns are equal.
    pub blocks: Vec<[usize; 2]>,
    /// Whether each block lies on a circle or a sphere, so that its tangents were inverted.
    pub on_sphere: Vec<bool>,
    /// Condition numbers of the Jacobians on tangents; `None` if all are zero.
    pub condition: Option<Condition>,
}

/// Where the blocks of an encoder lie on a recording, if its inverted neuron gradient is asked for.
pub(super) fn frame_of(
    run: &Run,
    windows: &Windows<'_>,
    methods: &Methods<f32>,
) -> Result<Option<Frame>, AttrError> {
    if !methods.names().contains(&ING) {
        return Ok(None);
    }
    let config = run.settings.config();
    let found = Frame::of_model(&run.encoder, windows, &blocks(&config))?;
    Ok(Some(frame(found, &config)))
}

/// Standard deviations of the channels as the encoder sees them.
pub(super) fn deviations(run: &Run) -> Vec<f64> {
    match &run.channels.seen {
        // they were not standardised
        Some([_, deviations]) => deviations.clone(),
        None => vec![1.0; run.channels.names.len()],
    }
}

impl ComparableMap {
    pub(super) fn new(map: Comparable, frame: &Frame, tangents: Option<&AttributionMap>) -> Self {
        let inverses = tangents.and_then(AttributionMap::inverses);
        Self {
            map,
            blocks: frame.blocks(),
            on_sphere: frame.spheres().iter().map(Option::is_some).collect(),
            condition: inverses.and_then(InverseSummary::condition),
        }
    }

    /// Two arrays.
    pub(super) fn write(&self, output: &mut NpzOutput) -> Result<()> {
        output.add("ing_comparable", &self.map.values)?;
        Ok(output.add("ing_effect", &self.map.effects)?)
    }

    pub(super) fn json(&self) -> Result<Value> {
        let condition = self.condition.map(|c| c.geometric_mean);
        Ok(json!({
            "blocks": self.blocks,
            "on_sphere": self.on_sphere,
            "background": numbers("background", &self.map.background)?,
            "kept": numbers("kept", &self.map.kept)?,
            "condition": optional("condition", condition)?,
        }))
    }

    /// What was done, in sentences.
    pub(super) fn words(&self) -> String {
        let mut words = Vec::new();
        let named = |&[first, end]: &[usize; 2]| match end - first {
            1 => format!("{first}"),
            _ => format!("{first} to {}", end - 1),
        };
        let both = self.blocks.iter().zip(&self.on_sphere);
        let spheres: Vec<String> = both.filter(|b| *b.1).map(|b| named(b.0)).collect();
        if !spheres.is_empty() {
            words.push(format!(
                "The latents {} lie on a circle or a sphere, and only its tangents are inverted.",
                spheres.join(" and ")
            ));
        }
        match &self.blocks[..] {
            [[0, end]] if *end > 1 => words.push(
                "One objective trains all latents, which are known only up to a linear map: all columns of the \
                 comparable map are equal."
                    .to_owned(),
            ),
            blocks if blocks.iter().any(|b| b[1] - b[0] > 1) => {
                let names: Vec<String> = blocks.iter().map(named).collect();
                words.push(format!(
                    "Columns are equal within the latents {}, which are known only up to a linear map.",
                    names.join(" and ")
                ));
            }
            _ => {}
        }
        for block in &self.blocks {
            let kept = self.map.kept[block[0]];
            if kept < FEW {
                let latents = match block[1] - block[0] {
                    1 => format!("Latent {} is", named(block)),
                    _ => format!("The latents {} are", named(block)),
                };
                words.push(format!(
                    "{latents} at the encoder's limit in {:.0} % of the samples, which are left out.",
                    100.0 * (1.0 - kept)
                ));
            }
        }
        words.join(" ")
    }

    pub(super) fn figure(&self, channels: &[String]) -> Figure {
        attribution_map(
            "Inverted neuron gradient, comparable",
            "effect / mean effect of the latent",
            self.map.values.view(),
            channels,
            &[],
        )
    }
}
