//! Whole recordings through an encoder, and batches of no sample.

use crate::common::encoders::{batch, named, normal, numbers};
use ndarray::{Array2, Array3};
use xcebra_core::encoder::Sizes;
use xcebra_core::{Architecture, Edges, Element, Encoder, EncoderName};
use xcebra_model::Model;

/// The windows around every time, padded as [`Edges::Pad`] says: (time, window, channels).
fn windows<E: Element>(encoder: &Encoder<E>, x: &Array2<E>) -> Vec<E> {
    let window = encoder.architecture().window;
    let mut out = Vec::with_capacity(x.nrows() * numbers(encoder));
    for t in 0..x.nrows() {
        for j in 0..window.len() {
            let at = (t + j).saturating_sub(window.left).min(x.nrows() - 1);
            out.extend(x.row(at));
        }
    }
    out
}

fn embeds<E: Element>(tolerance: f64) {
    let architectures = [
        Architecture::named(EncoderName::Offset1, 3, 2, &Sizes::default()),
        Architecture::named(EncoderName::Offset5, 3, 2, &Sizes::default()),
        Architecture::named(EncoderName::Offset10Mse, 3, 2, &Sizes::default()).left(0),
        Architecture::named(EncoderName::Offset36Mse, 3, 2, &Sizes::default()).left(35),
    ];
    for architecture in architectures {
        let window = architecture.window;
        let encoder = Encoder::<E>::new(architecture, 1).unwrap();
        // shorter than a window, a window, just more, one piece of 512 and just more
        for time in [1, 9, 10, 36, 37, 512, 513, 1300] {
            let x = Array2::from_shape_vec((time, 3), normal::<E>(3 * time, 6)).unwrap();
            let expected = encoder
                .forward(batch(&encoder, &windows(&encoder, &x)).view())
                .unwrap();
            let all = encoder.embed(x.view(), Edges::Pad).unwrap();
            assert_eq!((all.start, all.values.dim()), (0, (time, 2)));
            let inner = encoder.embed(x.view(), Edges::Drop).unwrap();
            assert_eq!(inner.start, window.left);
            assert_eq!(
                inner.values.nrows(),
                (time + 1).saturating_sub(window.len())
            );
            for ((t, k), e) in expected.indexed_iter() {
                let near = |f: E| (f.as_f64() - e.as_f64()).abs() < tolerance;
                assert!(near(all.values[[t, k]]), "{window:?}, {t} of {time}");
                let row = t
                    .checked_sub(window.left)
                    .filter(|&row| row < inner.values.nrows());
                assert!(row.is_none_or(|row| near(inner.values[[row, k]])));
            }
        }
        // any order in memory
        let x = Array2::from_shape_vec((3, 50), normal::<E>(150, 6)).unwrap();
        let contiguous = x.t().as_standard_layout().to_owned();
        assert_eq!(
            encoder.embed(x.t(), Edges::Pad).unwrap(),
            encoder.embed(contiguous.view(), Edges::Pad).unwrap()
        );
        assert_eq!(
            encoder
                .embed(Array2::zeros((0, 3)).view(), Edges::Pad)
                .unwrap()
                .values
                .dim(),
            (0, 2)
        );
        let error = encoder
            .embed(x.view(), Edges::Pad)
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("50 channels for an encoder of 3"), "{error}");
    }
}

/// Sums of 32 × 3 terms of order 1 in up to 18 layers, added up in another order.
#[test]
fn a_whole_recording_equals_its_windows() {
    embeds::<f64>(1e-13);
    embeds::<f32>(2e-5);
}

#[test]
fn empty_batches_are_no_error() {
    let encoder = named::<f32>(EncoderName::Offset5, 4, 3, 8);
    let x = Array3::<f32>::zeros((0, 4, 5)).into_dyn();
    assert_eq!(encoder.forward(x.view()).unwrap().dim(), (0, 3));
    assert_eq!(encoder.jacobian(x.view()).unwrap().shape(), [0, 3, 4, 5]);
    assert_eq!(
        encoder
            .vjp(x.view(), Array2::zeros((0, 3)).view())
            .unwrap()
            .shape(),
        [0, 4, 5]
    );
    let turned = Array3::<f32>::zeros((2, 5, 4)).into_dyn();
    assert!(encoder.forward(turned.view()).is_err());
}
