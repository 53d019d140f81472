//! What of a map is compared between trainings: effects of blocks for the inverted neuron gradient, entries for others.

use ndarray::{Array2, Array3};
use xcebra_attr::comparable::{Frame, TangentIng};
use xcebra_attr::significance::Deviations;
use xcebra_attr::{AttrError, Methods};
use xcebra_core::{Config, LossConfig, PositivesConfig};

/// The method whose maps are made comparable.
pub const ING: &str = "ing";
/// The same on tangents.
pub const TANGENT: &str = "ing-tangent";

/// The finest ranges of embedding dimensions that objectives tell apart: within one, an encoder is known
/// up to a linear map.
pub fn groups(config: &Config) -> Vec<[usize; 2]> {
    let outputs = config.encoder.outputs;
    let mut edges = vec![0, outputs];
    for objective in &config.objective {
        edges.extend(objective.dims.unwrap_or([0, outputs]));
    }
    edges.sort_unstable();
    edges.dedup();
    edges.windows(2).map(|pair| [pair[0], pair[1]]).collect()
}

/// Blocks of embedding dimensions within which an encoder is known up to a linear map, `[first, end)`: the
/// [groups], but single dimensions where labels are fitted.
pub fn blocks(config: &Config) -> Vec<[usize; 2]> {
    let mut blocks = Vec::new();
    for group in groups(config) {
        let fitted = losses(config, group).iter().any(|loss| {
            matches!(
                loss,
                LossConfig::Mse { .. } | LossConfig::CrossEntropy { .. }
            )
        });
        match fitted {
            true => blocks.extend((group[0]..group[1]).map(|k| [k, k + 1])),
            false => blocks.push(group),
        }
    }
    blocks
}

/// A frame without spheres where labels are classes alone: an embedding of these is a few clusters.
pub fn frame(frame: Frame, config: &Config) -> Frame {
    let blocks = frame.blocks().into_iter().enumerate();
    let classes = |loss: &LossConfig| match loss {
        LossConfig::InfoNce { positives, .. } => {
            matches!(positives, PositivesConfig::Discrete { .. })
        }
        LossConfig::Mse { .. } | LossConfig::CrossEntropy { .. } => false,
    };
    blocks.fold(frame, |frame, (b, block)| {
        match losses(config, block).iter().all(classes) {
            true => frame.without_sphere(b),
            false => frame,
        }
    })
}

/// Of the objectives that train a block.
fn losses(config: &Config, block: [usize; 2]) -> Vec<LossConfig> {
    let outputs = config.encoder.outputs;
    let all = config.objectives().into_iter();
    all.filter(|o| within(block, o.dims.unwrap_or([0, outputs])))
        .map(|o| o.loss)
        .collect()
}

/// Whether one range lies in another.
fn within([first, end]: [usize; 2], [from, to]: [usize; 2]) -> bool {
    from <= first && end <= to
}

/// The methods of a test, with what replaces the inverted neuron gradient.
pub struct Compared<'a> {
    methods: &'a Methods<f32>,
    config: &'a Config,
}

impl<'a> Compared<'a> {
    pub fn new(methods: &'a Methods<f32>, config: &'a Config) -> Self {
        Self { methods, config }
    }

    /// Where the blocks of an embedding lie.
    pub fn frame(&self, embedding: &Array2<f64>) -> Result<Frame, AttrError> {
        let found = Frame::of(embedding, &blocks(self.config))?;
        Ok(frame(found, self.config))
    }

    /// The methods, for an encoder with this frame.
    pub fn methods(&self, frame: &Frame) -> Methods<f32> {
        match self.methods.names().contains(&ING) {
            true => {
                let others = self.methods.clone().without(ING);
                others.with(TangentIng::new(frame.clone()))
            }
            false => self.methods.clone(),
        }
    }

    pub fn deviations(
        &self,
        method: &str,
        values: &Array3<f64>,
        frame: &Frame,
    ) -> Result<Deviations, AttrError> {
        match method == TANGENT {
            true => Deviations::of_blocks(values, frame),
            false => Deviations::new(values),
        }
    }

    /// For each output, its column of a map.
    pub fn columns(&self, method: &str, frame: &Frame) -> Vec<usize> {
        match method == TANGENT {
            true => frame.block_of_outputs(),
            false => (0..frame.outputs()).collect(),
        }
    }

    /// The name that users know the method by.
    pub fn name_of(&self, method: String) -> String {
        match method == TANGENT {
            true => ING.to_owned(),
            false => method,
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use xcebra_core::ObjectiveConfig;

    use super::*;

    fn config(objective: Vec<ObjectiveConfig>) -> Config {
        let mut config = Config {
            objective,
            ..Config::default()
        };
        config.encoder.outputs = 4;
        config
    }

    fn on(dims: [usize; 2], loss: ObjectiveConfig) -> ObjectiveConfig {
        ObjectiveConfig {
            dims: Some(dims),
            ..loss
        }
    }

    fn of_class() -> ObjectiveConfig {
        ObjectiveConfig::info_nce(PositivesConfig::Discrete {
            label: "class".to_owned(),
        })
    }

    fn of_time() -> ObjectiveConfig {
        ObjectiveConfig::info_nce(PositivesConfig::Time { offset: 1 })
    }

    #[test]
    fn labels_that_are_fitted_leave_nothing_open() {
        let mse = ObjectiveConfig::new(LossConfig::Mse {
            label: "speed".to_owned(),
        });
        let hybrid = config(vec![on([0, 4], of_time()), on([2, 4], of_class())]);
        assert_eq!(blocks(&hybrid), [[0, 2], [2, 4]]);
        let fitted = config(vec![on([0, 2], of_time()), on([2, 4], mse)]);
        assert_eq!(groups(&fitted), [[0, 2], [2, 4]]);
        assert_eq!(blocks(&fitted), [[0, 2], [2, 3], [3, 4]]);
    }

    #[test]
    fn classes_have_no_tangents() {
        let angle = |t: usize| std::f64::consts::TAU * t as f64 / 90.0;
        let ring = Array2::from_shape_fn((90, 4), |(t, k)| match k % 2 {
            0 => angle(t).cos(),
            _ => angle(t).sin(),
        });
        let on_sphere = |config: &Config| {
            let found = Frame::of(&ring, &blocks(config)).unwrap();
            let found = frame(found, config);
            found
                .spheres()
                .iter()
                .map(Option::is_some)
                .collect::<Vec<_>>()
        };
        let classes = config(vec![on([0, 2], of_time()), on([2, 4], of_class())]);
        assert_eq!(on_sphere(&classes), [true, false]);
        // dimensions that also follow time move between the classes
        let both = config(vec![on([0, 4], of_time()), on([2, 4], of_class())]);
        assert_eq!(on_sphere(&both), [true, true]);
    }
}
