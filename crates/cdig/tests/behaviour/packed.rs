//! Explanations as plain numbers.

use cdig::domains::{Fourier, RealFourier};
use cdig::{Attribution, Explainer, Rule};
use xcebra_numeric::{Packer, Unpacker};

use crate::models::{Activation, Network, random};

#[test]
fn an_explanation_comes_back_bit_for_bit() {
    let domain = RealFourier::new(&[8], 4.0).unwrap();
    let signal = random(&[8], 1);
    let model = Network::random(&[8], 5, 2, Activation::Tanh, 2);
    for rule in [Rule::default(), Rule::Midpoint(7)] {
        for explainer in [
            Explainer::new(&model).outputs([0, 1]),
            Explainer::new(&model).output_sum([(0, 0.3), (1, -1.7)]),
        ] {
            let explainer = explainer.rule(rule);
            let found = explainer.explain(&domain, signal.view()).unwrap();
            let mut packer = Packer::new();
            found.pack(&mut packer);
            packer.number(42.0);
            let packed = packer.finish();
            let mut unpacker = Unpacker::new(&packed);
            let again = Attribution::unpack(&mut unpacker, &domain, rule).unwrap();
            // Debug writes every digit
            assert_eq!(format!("{again:?}"), format!("{found:?}"));
            assert_eq!(unpacker.number(), Some(42.0));

            let other = Fourier::new(&[10], 4.0).unwrap();
            assert!(Attribution::unpack(&mut Unpacker::new(&packed), &other, rule).is_none());
            for end in 0..packed.len() - 1 {
                let cut = Attribution::unpack(&mut Unpacker::new(&packed[..end]), &domain, rule);
                assert!(cut.is_none(), "{end}");
            }
        }
    }
}
