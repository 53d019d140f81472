//! A researcher's own encoder, distribution, loss and regulariser.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::common::{config, latents, recording};
use ndarray::Array2;
use rand::Rng;
use rand::distributions::Uniform;
use rand_chacha::ChaCha8Rng;
use xcebra_core::encoder::{Custom, TensorEncoder, Trainable};
use xcebra_core::objective::{Batch, Loss};
use xcebra_core::ops::dfdx::prelude::*;
use xcebra_core::ops::{PairSimilarity, Taped, Value, traced, vector};
use xcebra_core::regularizer::{At, Probes, Regularizer};
use xcebra_core::sampling::{Positives, Time};
use xcebra_core::{Edges, Element, Metric, Pieces, Similarity, Trainer, Window};
use xcebra_model::Model as _;

/// `W₂ tanh(W₁ x + b)`.
pub struct Tanh {
    pub inputs: usize,
    pub hidden: usize,
    pub outputs: usize,
}

// the engine's products exist for each type by itself
macro_rules! tanh_network {
    ($($E:ty),*) => {$(
        impl TensorEncoder<$E> for Tanh {
            fn channels(&self) -> usize {
                self.inputs
            }

            fn outputs(&self) -> usize {
                self.outputs
            }

            fn initial(&self, rng: &mut ChaCha8Rng) -> Vec<$E> {
                let count = self.hidden * (self.inputs + 1 + self.outputs);
                (0..count)
                    .map(|_| rng.sample(Uniform::new(-0.5, 0.5)))
                    .collect()
            }

            fn forward(
                &self,
                p: Taped<(usize,), $E>,
                x: Taped<(usize, usize), $E>,
            ) -> Taped<(usize, usize), $E> {
                let (i, h, o) = (self.inputs, self.hidden, self.outputs);
                let n = x.shape().0;
                let (p, tape) = p.split_tape();
                let part = |range: std::ops::Range<usize>| {
                    p.clone().put_tape(OwnedTape::default()).slice((range,))
                };
                let first = part(0..h * i)
                    .reshape_like(&(h, i))
                    .permute::<_, Axes2<1, 0>>();
                let bias = part(h * i..h * i + h)
                    .reshape_like(&(h,))
                    .broadcast_like::<_, Axis<0>>(&(n, h));
                let second = part(h * i + h..h * (i + 1 + o))
                    .reshape_like(&(o, h))
                    .permute::<_, Axes2<1, 0>>();
                let hidden = (x.matmul(first) + bias).tanh();
                let (y, rest) = hidden.matmul(second).split_tape();
                y.put_tape(tape.merge(rest))
            }
        }
    )*};
}

tanh_network!(f32, f64);

fn network() -> Custom<Tanh, f64> {
    Custom::new(
        Tanh {
            inputs: 8,
            hidden: 12,
            outputs: 2,
        },
        3,
    )
}

fn samples(n: usize) -> Array2<f64> {
    Array2::from_shape_fn((n, 8), |(i, j)| ((i * 7 + j * 3) as f64 * 0.37).sin())
}

/// By hand, in plain loops.
fn by_hand(p: &[f64], x: &Array2<f64>) -> Array2<f64> {
    let w1 = Array2::from_shape_vec((12, 8), p[..96].to_vec()).unwrap();
    let b = ndarray::Array1::from(p[96..108].to_vec());
    let w2 = Array2::from_shape_vec((2, 12), p[108..].to_vec()).unwrap();
    (x.dot(&w1.t()) + b).mapv(f64::tanh).dot(&w2.t())
}

#[test]
fn an_own_network_is_a_model_with_an_exact_gradient() {
    let network = network();
    // weights have a stream of their own
    let mut rng: ChaCha8Rng = rand::SeedableRng::seed_from_u64(3);
    rng.set_stream(1);
    let initial: Vec<f64> = network.network().initial(&mut rng);
    assert_eq!(network.parameters(), initial);
    let x = samples(5);
    let y = network.forward(x.view().into_dyn()).unwrap();
    let expected = by_hand(network.parameters(), &x);
    // f64, sums of 12 terms
    assert!((&y - &expected).iter().all(|d| d.abs() < 1e-14));

    let cotangent = Array2::from_shape_fn((5, 2), |(i, j)| (i as f64 - 2.0) * (j as f64 + 0.5));
    let pulled = network.vjp(x.view().into_dyn(), cotangent.view()).unwrap();
    let along = x.mapv(|v| (5.0 * v).cos());
    let h = 1e-6;
    let value = |h: f64| (by_hand(network.parameters(), &(&x + &(&along * h))) * &cotangent).sum();
    let slope = (value(h) - value(-h)) / (2.0 * h);
    // central difference of step 1e-6: error of the order 1e-9
    assert!((slope - (&pulled * &along).sum()).abs() < 1e-8);
}

#[test]
fn the_jacobian_penalty_of_an_own_network_and_its_gradient() {
    let network = network();
    let x = samples(7);
    let exact = |p: &[f64]| {
        // ½ E ‖W₂ diag(1 − tanh²) W₁‖²
        let w1 = Array2::from_shape_vec((12, 8), p[..96].to_vec()).unwrap();
        let b = ndarray::Array1::from(p[96..108].to_vec());
        let w2 = Array2::from_shape_vec((2, 12), p[108..].to_vec()).unwrap();
        let total: f64 = x
            .outer_iter()
            .map(|x| {
                let slope = (w1.dot(&x) + &b).mapv(|v: f64| 1.0 - v.tanh().powi(2));
                let j = w2.dot(&(&w1 * &slope.insert_axis(ndarray::Axis(1))));
                0.5 * j.mapv(|v| v * v).sum()
            })
            .sum();
        total / 7.0
    };
    let parameters = vector(network.parameters().to_vec());
    let mut rng = rand::SeedableRng::seed_from_u64(0);
    let (probes, factor) = Probes::Exact.draw::<f64>(7, 2, &mut rng);
    let flat: Vec<f64> = x.iter().copied().collect();
    let value = network.jacobian_penalty(traced(&parameters), &flat, &probes, factor);
    assert!((value.array() - exact(network.parameters())).abs() < 1e-13);
    let gradients = value.backward();
    let gradient = gradients.get(&parameters).as_vec();
    for k in (0..gradient.len()).step_by(5) {
        let at = |h: f64| {
            let mut p = network.parameters().to_vec();
            p[k] += h;
            exact(&p)
        };
        let slope = (at(1e-6) - at(-1e-6)) / 2e-6;
        // two central differences, of relative error about 1e-10 and 1e-9
        assert!(
            (slope - gradient[k]).abs() < 1e-8,
            "{k}: {slope} {}",
            gradient[k]
        );
    }
}

/// The mean of three samples, of which the embedded one is the second, times a matrix.
struct Smooth;

impl TensorEncoder<f64> for Smooth {
    fn channels(&self) -> usize {
        8
    }

    fn window(&self) -> Window {
        Window { left: 1, right: 2 }
    }

    fn outputs(&self) -> usize {
        2
    }

    fn initial(&self, rng: &mut ChaCha8Rng) -> Vec<f64> {
        (0..48)
            .map(|_| rng.sample(Uniform::new(-0.5, 0.5)))
            .collect()
    }

    fn forward(
        &self,
        p: Taped<(usize,), f64>,
        x: Taped<(usize, usize), f64>,
    ) -> Taped<(usize, usize), f64> {
        x.matmul(p.reshape_like(&(24, 2)))
    }
}

#[test]
fn an_own_network_embeds_a_whole_recording() {
    let network = Custom::new(Smooth, 4);
    let matrix = Array2::from_shape_vec((24, 2), network.parameters().to_vec()).unwrap();
    for time in [1, 2, 3, 512, 513, 700] {
        let x = samples(time);
        let expected = Array2::from_shape_fn((time, 2), |(t, k)| {
            let around = [t.saturating_sub(1), t, (t + 1).min(time - 1)];
            let window = around.iter().flat_map(|&t| x.row(t));
            window
                .zip(matrix.column(k))
                .map(|(x, w)| x * w)
                .sum::<f64>()
        });
        // f64, sums of 24 terms
        let close = |a: &Array2<f64>, b: &Array2<f64>| (a - b).iter().all(|d| d.abs() < 1e-13);
        let all = network.embed(x.view(), Edges::Pad).unwrap();
        assert_eq!(all.start, 0);
        assert!(close(&all.values, &expected), "{time}");
        let inner = network.embed(x.view(), Edges::Drop).unwrap();
        assert_eq!(
            (inner.start, inner.values.nrows()),
            (1, time.saturating_sub(2))
        );
        let range = ndarray::Slice::from(1..time.max(2) - 1);
        if time > 2 {
            let expected = expected.slice_axis(ndarray::Axis(0), range).to_owned();
            assert!(close(&inner.values, &expected), "{time}");
        }
    }
    let narrow = Array2::zeros((5, 7));
    let error = network.embed(narrow.view(), Edges::Pad).unwrap_err();
    assert!(error.to_string().contains("7 channels"), "{error}");
}

#[test]
fn an_own_network_trains_and_resumes() {
    let z = latents(500);
    let mut settings = config(60);
    settings.train.learning_rate = 5e-3;
    settings.regularizer.start = 20;
    let fresh =
        || Trainer::with_encoder(settings.clone(), recording::<f64>(&z), network()).unwrap();
    let mut trainer = fresh();
    let mut losses = Vec::new();
    trainer
        .run(|_, r| {
            losses.push(r.loss);
            ControlFlow::Continue(())
        })
        .unwrap();
    let last: f64 = losses[50..].iter().sum::<f64>() / 10.0;
    assert!(last < losses[0] - 0.5, "{} {last}", losses[0]);
    let (encoder, _) = trainer.finish().unwrap();

    let mut half = fresh();
    (0..30).for_each(|_| drop(half.step().unwrap()));
    let mut rest = fresh();
    rest.restore(&half.checkpoint()).unwrap();
    rest.run(|_, _| ControlFlow::Continue(())).unwrap();
    assert_eq!(rest.finish().unwrap().0.parameters(), encoder.parameters());
}

/// `Σ θ²`.
struct Squares;

impl<E: Element> Regularizer<E> for Squares {
    fn name(&self) -> &'static str {
        "squares"
    }

    fn weight(&self, step: usize) -> f64 {
        if step < 3 { 0.0 } else { 0.25 }
    }

    fn penalty(&self, parameters: Taped<(usize,), E>, _: &mut At<'_, E>) -> Value<E> {
        parameters.square().sum()
    }
}

/// Mean squared entry of the references' embedding.
struct Small;

impl Loss<f32> for Small {
    fn name(&self) -> &'static str {
        "small"
    }

    fn weight(&self, step: usize) -> f64 {
        if step < 1 { 0.0 } else { 0.5 }
    }

    fn loss(&self, embedding: Taped<(usize, usize), f32>, batch: &Batch) -> Value<f32> {
        embedding
            .slice((batch.references.clone(), ..))
            .square()
            .mean()
    }
}

#[test]
fn own_losses_and_regularisers_join_the_sum() {
    let z = latents(500);
    let mut settings = config(200);
    settings.regularizer.weight = 0.0;
    let norm = |own: bool| {
        let mut trainer = Trainer::new(settings.clone(), recording::<f32>(&z)).unwrap();
        if own {
            trainer.add_loss(Box::new(Small));
            trainer.add_regularizer(Box::new(Squares));
        }
        let report = trainer.step().unwrap();
        assert_eq!(report.part("small").and_then(|p| p.value), None);
        let report = trainer.step().unwrap();
        assert_eq!(report.part("small").is_some(), own);
        let small = report.part("small").and_then(|p| p.value);
        let terms: f64 = report.terms.iter().map(|t| t.loss()).sum();
        assert!((report.loss - terms - 0.5 * small.unwrap_or(0.0)).abs() < 1e-12);
        assert_eq!(report.part("squares").and_then(|p| p.value), None);
        trainer.run(|_, _| ControlFlow::Continue(())).unwrap();
        let (encoder, history) = trainer.finish().unwrap();
        if own {
            let squares = history
                .part("squares")
                .unwrap()
                .value
                .last()
                .unwrap()
                .unwrap();
            let now: f64 = encoder
                .parameters()
                .iter()
                .map(|&p| f64::from(p).powi(2))
                .sum();
            assert!((squares / now - 1.0).abs() < 0.1, "{squares} {now}");
        }
        encoder.parameters().iter().map(|p| p * p).sum::<f32>()
    };
    let (plain, held) = (norm(false), norm(true));
    assert!(held < 0.5 * plain, "{held} {plain}");
}

/// A thousand, from step 20 on.
struct Late;

impl Loss<f32> for Late {
    fn name(&self) -> &'static str {
        "late"
    }

    fn weight(&self, step: usize) -> f64 {
        if step < 20 { 0.0 } else { 1.0 }
    }

    fn loss(&self, embedding: Taped<(usize, usize), f32>, _: &Batch) -> Value<f32> {
        embedding.square().mean() * 0.0 + 1000.0
    }
}

/// Of a loss of one's own nobody knows how large it may be.
#[test]
fn a_large_loss_that_begins_late_is_no_divergence() {
    let mut trainer = Trainer::new(config(120), recording::<f32>(&latents(300))).unwrap();
    trainer.add_loss(Box::new(Late));
    trainer.run(|_, _| ControlFlow::Continue(())).unwrap();
    assert_eq!(trainer.steps_made(), 120);
}

/// One of the two neighbours in time.
struct Neighbour(Arc<Vec<usize>>);

impl Positives for Neighbour {
    fn lookahead(&self) -> usize {
        1
    }

    fn draw(&self, references: &[usize], rng: &mut ChaCha8Rng) -> Vec<usize> {
        let first = self.0[0];
        references
            .iter()
            .map(|&r| {
                if rng.r#gen() && r > first {
                    r - 1
                } else {
                    r + 1
                }
            })
            .collect()
    }
}

#[test]
fn an_own_distribution_joins_the_objectives() {
    let z = latents(500);
    let mut trainer = Trainer::new(config(30), recording::<f32>(&z)).unwrap();
    trainer
        .add_objective(0..1, Similarity::default(), 0.5, |centers| {
            Ok(Box::new(Neighbour(Arc::new(centers.samples().collect()))))
        })
        .unwrap();
    let report = trainer.step().unwrap();
    assert_eq!(report.terms.len(), 3);
    let wrong = trainer.add_objective(1..3, Similarity::default(), 1.0, |_| unreachable!());
    assert!(wrong.unwrap_err().to_string().contains("objective.3.dims"));
}

/// The squared distance, by hand.
pub struct Distance;

impl<E: Element> PairSimilarity<E> for Distance {
    fn value(&self, u: &[E], v: &[E]) -> E {
        u.iter().zip(v).map(|(&u, &v)| -(u - v) * (u - v)).sum()
    }

    fn add_gradient(&self, u: &[E], v: &[E], c: E, du: &mut [E], dv: &mut [E]) {
        for k in 0..u.len() {
            let slope = E::of(-2.0) * c * (u[k] - v[k]);
            du[k] += slope;
            dv[k] -= slope;
        }
    }
}

#[test]
fn an_own_similarity_trains_as_the_shipped_one() {
    let z = latents(500);
    let losses = |own: bool| {
        let mut settings = config(20);
        settings.objective.truncate(1);
        let mut trainer = Trainer::new(settings, recording::<f64>(&z)).unwrap();
        let next: fn(&Pieces) -> xcebra_core::Result<Box<dyn Positives>> =
            |_| Ok(Box::new(Time::new(1)?));
        if own {
            trainer.add_objective_by(0..2, Distance, 0.7, next).unwrap();
        } else {
            let shipped = Similarity::default();
            trainer.add_objective(0..2, shipped, 0.7, next).unwrap();
        }
        // reports keep their order, whatever comes after an own one
        let last = Similarity::new(Metric::Dot, 2.0);
        trainer.add_objective(0..1, last, 0.4, next).unwrap();
        let mut losses = Vec::new();
        trainer
            .run(|_, r| {
                losses.extend(r.terms.iter().map(|t| t.loss()));
                losses.push(r.loss);
                ControlFlow::Continue(())
            })
            .unwrap();
        losses
    };
    for (own, shipped) in losses(true).iter().zip(losses(false)) {
        // f64 sums in another order, through twenty steps of Adam
        assert!((own - shipped).abs() < 1e-9, "{own} {shipped}");
    }
}
