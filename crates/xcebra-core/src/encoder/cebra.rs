//! Encoders trained with CEBRA.
//!
//! The `state_dict` of a CEBRA model names its tensors after their place in a `Sequential`:
//!
//! | key | what it is here |
//! |---|---|
//! | `net.3.weight`, `net.3.bias` | a layer |
//! | `net.3.module.0.weight` and an activation inside (`net.4` is the next layer) | a layer with `skip` |
//! | `net.3.module.0.weight` and an activation after it (`net.5` is the next layer) | a layer with `identity` |
//! | `net.3.module.weight` | a layer with `identity` |
//!
//! A linear layer is (out, in), a convolution (out, in, kernel). Weights of a layer with `identity`
//! get the identity added, because here both are one matrix. What follows the last layer has no
//! tensors: the name of the model says it.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::tensor::{SafeTensors, TensorView};

use super::files::read;
use super::{Architecture, Encoder, EncoderName, Layer, Sizes};
use crate::disk::from_bytes;
use crate::error::{CoreError, Result};
use crate::ops::Element;
use crate::ops::Head;

/// What to do with a file that is not what was expected.
pub(super) const ADVICE: &str = "save it with safetensors.torch.save_file(model.state_dict(), path), tensors \
    that share memory cloned first, and give the name CEBRA knows the model by";

impl<E: Element> Encoder<E> {
    /// Reads the `state_dict` of a CEBRA model from a `.safetensors` file; see
    /// [`from_cebra`](Self::from_cebra).
    ///
    /// # Errors
    /// As [`from_cebra`](Self::from_cebra); [`CoreError::File`] if the file cannot be read.
    pub fn load_cebra(path: impl AsRef<Path>, name: &str) -> Result<Self> {
        let path = path.as_ref();
        let bytes = read(path, ADVICE)?;
        Self::from_cebra(&bytes, name).map_err(|e| CoreError::file(path, e, ADVICE))
    }

    /// Reads the `state_dict` of the CEBRA model `name`, such as `offset10-model-mse`,
    /// `offset1-model-mse-clip-5-5` or `offset1-model-mse-resnet-3layers-tanh`, from the bytes of a
    /// `.safetensors` file. Channels, units and embedding dimensions are those of the tensors.
    ///
    /// What follows the last layer (normalisation, tanh, a limit) has no tensors, so that only the
    /// name tells it: `offset10-model-mse` read as `offset10-model` is not noticed.
    ///
    /// CEBRA ties all intermediate layers of its `v2` and `resnet` models; they are read as
    /// layers of their own that begin equal.
    ///
    /// # Errors
    /// [`CoreError::Setting`] if the name is none of an encoder here; [`CoreError::Data`] if a tensor is
    /// missing, unknown or of another shape, or if the layers are not those of that model.
    pub fn from_cebra(bytes: &[u8], name: &str) -> Result<Self> {
        let model = Named::parse(name)?;
        let (encoder, places) = Self::with_places(bytes, Head::Identity)?;
        let found = encoder.architecture;
        let sizes = Sizes {
            units: found.layers[0].outputs,
            depth: model.depth.unwrap_or(found.layers.len().saturating_sub(3)),
            clip: model.clip,
        };
        let mut expected = Architecture::named(model.name, found.inputs, found.outputs(), &sizes);
        if model.tanh {
            expected.head = Head::Tanh;
        }
        if found.layers.len() != expected.layers.len() {
            return Err(foreign(format!(
                "it holds {} layers, but {name} has {}",
                found.layers.len(),
                expected.layers.len()
            )));
        }
        let pairs = found.layers.iter().zip(&expected.layers);
        if let Some((l, (found, expected))) = pairs.enumerate().find(|(_, (f, e))| f != e) {
            return Err(foreign(format!(
                "its layer {l}, `net.{}`, is {}, but that of {name} {}",
                places[l],
                described(found),
                described(expected)
            )));
        }
        Self::from_parameters(expected, encoder.parameters)
    }

    /// Reads the `state_dict` of any model of these kinds of layers, with GELU between them and
    /// `head` after the last; the window is centred.
    ///
    /// # Errors
    /// [`CoreError::Data`] if a tensor is missing, unknown or of an impossible shape.
    pub fn from_state_dict(bytes: &[u8], head: Head) -> Result<Self> {
        Ok(Self::with_places(bytes, head)?.0)
    }

    /// With the place of each layer in the `Sequential`.
    fn with_places(bytes: &[u8], head: Head) -> Result<(Self, Vec<usize>)> {
        let file = SafeTensors::deserialize(bytes).map_err(|e| foreign(e.to_string()))?;
        let mut places = BTreeMap::<usize, Place<'_>>::new();
        for (key, tensor) in file.iter() {
            let (index, block, role) = key_parts(key)
                .ok_or_else(|| foreign(format!("the tensor `{key}` is no layer's")))?;
            let place = places.entry(index).or_default();
            place.block = block;
            let slot = match role {
                Role::Weight => &mut place.weight,
                Role::Bias => &mut place.bias,
            };
            if slot.replace(tensor).is_some() {
                return Err(foreign(format!("`net.{index}` holds more than one layer")));
            }
        }
        let indices: Vec<usize> = places.keys().copied().collect();
        let mut layers = Vec::new();
        let mut parameters = Vec::new();
        let mut channels = None;
        for (l, (index, place)) in places.iter().enumerate() {
            let (inputs, layer) = place.read(*index, indices.get(l + 1), &mut parameters)?;
            let before = layers.last().map_or(inputs, |layer: &Layer| layer.outputs);
            if inputs != before {
                return Err(foreign(format!(
                    "`net.{index}` takes {inputs} inputs, but the layer before gives {before}"
                )));
            }
            channels.get_or_insert(inputs);
            layers.push(layer);
        }
        let channels = channels.ok_or_else(|| foreign("it holds no layers".to_owned()))?;
        let architecture = Architecture::new(channels, layers, head);
        architecture.check()?;
        for (layer, spec) in architecture
            .network()
            .layers
            .iter()
            .zip(&architecture.layers)
        {
            if spec.identity {
                layer.add_identity(&mut parameters);
            }
        }
        Ok((Self::from_parameters(architecture, parameters)?, indices))
    }
}

/// A model of CEBRA by its name there.
struct Named {
    name: EncoderName,
    depth: Option<usize>,
    clip: f64,
    tanh: bool,
}

impl Named {
    fn parse(cebra: &str) -> Result<Self> {
        let unknown = |expected: &str| CoreError::setting("name", format!("`{cebra}`"), expected);
        let plain = cebra.replacen("-model", "", 1);
        let (plain, tanh) = without(&plain, "-tanh");
        let (plain, dropout) = without(plain, "-dropout");
        let plain = if dropout {
            without(plain, "-more").0
        } else {
            plain
        };
        let (mut depth, mut clip, mut base) = (None, 1.0, plain);
        if let Some((kind, layers)) = plain
            .strip_suffix("layers")
            .and_then(|p| p.rsplit_once('-'))
        {
            let layers = layers
                .parse()
                .map_err(|_| unknown("a number before `layers`"))?;
            (base, depth) = (kind, Some(layers));
        } else if let Some(limits) = plain.strip_prefix("offset1-mse-clip") {
            let equal = limits
                .strip_prefix('-')
                .and_then(|limits| limits.split_once('-'))
                .filter(|(low, high)| low == high);
            let limit = equal.and_then(|(low, _)| low.parse().ok());
            clip = limit.ok_or_else(|| {
                unknown("`offset1-model-mse-clip-5-5` with one limit for both sides")
            })?;
            base = "offset1-mse-clip";
        }
        let name = EncoderName::parse(base)
            .ok()
            .filter(|name| *name != EncoderName::Custom)
            .ok_or_else(|| unknown("one such as `offset10-model-mse`, without subsampling"))?;
        Ok(Self {
            name,
            depth,
            clip,
            tanh,
        })
    }
}

fn without<'a>(name: &'a str, suffix: &str) -> (&'a str, bool) {
    match name.strip_suffix(suffix) {
        Some(rest) => (rest, true),
        None => (name, false),
    }
}

/// What wraps a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Block {
    #[default]
    None,
    /// `module.weight`
    Layer,
    /// `module.0.weight`
    Sequence,
}

enum Role {
    Weight,
    Bias,
}

/// `net.3.module.0.weight` in its parts; a leading `module.` is that of parallel training.
fn key_parts(key: &str) -> Option<(usize, Block, Role)> {
    let key = key.strip_prefix("module.").unwrap_or(key);
    let parts: Vec<&str> = key.strip_prefix("net.")?.split('.').collect();
    let (index, block, role) = match parts.as_slice() {
        [index, role] => (index, Block::None, role),
        [index, "module", role] => (index, Block::Layer, role),
        [index, "module", inner, role] if inner.parse::<u16>().is_ok() => {
            (index, Block::Sequence, role)
        }
        _ => return None,
    };
    let role = match *role {
        "weight" => Role::Weight,
        "bias" => Role::Bias,
        _ => return None,
    };
    Some((index.parse().ok()?, block, role))
}

/// The tensors of one place in the `Sequential`.
#[derive(Default)]
struct Place<'a> {
    block: Block,
    weight: Option<TensorView<'a>>,
    bias: Option<TensorView<'a>>,
}

impl Place<'_> {
    /// Appends its numbers, the weights as (kernel, out, in); gives its inputs and its shape.
    fn read<E: Element>(
        &self,
        index: usize,
        next: Option<&usize>,
        parameters: &mut Vec<E>,
    ) -> Result<(usize, Layer)> {
        let missing = |role| foreign(format!("`net.{index}` has no {role}"));
        let weight = self.weight.as_ref().ok_or_else(|| missing("weight"))?;
        let bias = self.bias.as_ref().ok_or_else(|| missing("bias"))?;
        let shape = |tensor: &TensorView<'_>| tensor.shape().to_vec();
        let (outputs, inputs, kernel) = match shape(weight)[..] {
            [outputs, inputs] => (outputs, inputs, 1),
            [outputs, inputs, kernel] => (outputs, inputs, kernel),
            _ => {
                return Err(foreign(format!(
                    "the weight of `net.{index}` has shape {:?}, expected (out, in) or (out, in, kernel)",
                    weight.shape()
                )));
            }
        };
        if shape(bias) != [outputs] {
            return Err(foreign(format!(
                "the bias of `net.{index}` has shape {:?}, expected [{outputs}]",
                bias.shape()
            )));
        }
        let numbers = |tensor: &TensorView<'_>| {
            from_bytes::<E>(tensor.dtype(), tensor.data()).ok_or_else(|| {
                foreign(format!(
                    "`net.{index}` is {:?}, expected single or double precision",
                    tensor.dtype()
                ))
            })
        };
        let weights = numbers(weight)?;
        for tap in 0..kernel {
            parameters.extend(weights.iter().skip(tap).step_by(kernel));
        }
        parameters.extend(numbers(bias)?);
        let inside = self.block == Block::Sequence && next == Some(&(index + 1));
        let layer = Layer {
            outputs,
            kernel,
            skip: inside,
            identity: self.block != Block::None && !inside,
        };
        Ok((inputs, layer))
    }
}

fn described(layer: &Layer) -> String {
    let Layer {
        outputs,
        kernel,
        skip,
        identity,
    } = layer;
    let extra = match (skip, identity) {
        (true, _) => ", with a skip",
        (_, true) => ", with a skip inside of GELU",
        _ => "",
    };
    format!("{outputs} units of kernel {kernel}{extra}")
}

pub(super) fn foreign(problem: String) -> CoreError {
    CoreError::data("the state_dict", problem, ADVICE)
}
