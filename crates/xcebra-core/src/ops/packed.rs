//! The weights of a network in the order that the products of single precision read them.

use pulp::Arch;
use xcebra_model::Numbers;

use super::Element;
use super::cpu::kernels::convolution::Panels;
use super::layer::Layer;

/// The weights of the convolutions for both directions. There are none in double precision. Nor are there of layers
/// with one tap, whose products are large: the general matrix product was a sixth faster in a step of dense layers.
#[derive(Clone, Debug, Default)]
pub struct Packed(Vec<Option<[Panels; 2]>>);

impl Packed {
    /// Packs the weights of `layers`.
    pub fn new<E: Element>(layers: &[Layer], parameters: &[E]) -> Self {
        let Numbers::Single(parameters) = E::view(parameters) else {
            return Self::default();
        };
        let pack = |layer: &Layer| {
            let (taps, inputs, outputs) = (layer.kernel, layer.inputs, layer.outputs);
            let weights = &parameters[layer.weight.clone()];
            let at = move |tap, output, input| weights[(tap * outputs + output) * inputs + input];
            (taps > 1).then(|| {
                [
                    Panels::new(Arch::new(), [taps, inputs, outputs], |tap, k, column| {
                        at(tap, column, k)
                    }),
                    Panels::new(Arch::new(), [taps, outputs, inputs], at),
                ]
            })
        };
        Self(layers.iter().map(pack).collect())
    }

    /// Those of a layer: forward, and transposed.
    pub fn of(&self, layer: usize) -> Option<&[Panels; 2]> {
        self.0.get(layer)?.as_ref()
    }
}

/// The parameters of a network as a layer takes them.
#[derive(Clone, Copy, Debug)]
pub struct Weights<'a, E> {
    pub parameters: &'a [E],
    pub panels: Option<&'a [Panels; 2]>,
}
