//! The one-sided spectrum of one real lane: transform, inverse, and the adjoint of the inverse.

use std::sync::Arc;

use num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use xcebra_model::Scalar;

/// Plans of one length `n`.
#[derive(Clone)]
pub(super) struct HalfSpectrum<A: Scalar> {
    n: usize,
    plan: Arc<dyn RealToComplex<A>>,
    inverse_plan: Arc<dyn ComplexToReal<A>>,
}

/// Working memory of one thread.
pub(super) struct Work<A> {
    real: Vec<A>,
    half: Vec<Complex<A>>,
    scratch: Vec<Complex<A>>,
}

impl<A: Scalar> HalfSpectrum<A> {
    pub(super) fn new(n: usize) -> Self {
        let mut planner = RealFftPlanner::new();
        Self {
            n,
            plan: planner.plan_fft_forward(n),
            inverse_plan: planner.plan_fft_inverse(n),
        }
    }

    /// Number of frequencies, `⌊n/2⌋ + 1`.
    pub(super) fn len(&self) -> usize {
        self.n / 2 + 1
    }

    /// Whether entry `k` stands for `+f` alone: 0 Hz and, for even `n`, the Nyquist frequency.
    pub(super) fn is_single(&self, k: usize) -> bool {
        k == 0 || 2 * k == self.n
    }

    pub(super) fn work(&self) -> Work<A> {
        let zero = Complex::new(A::zero(), A::zero());
        let scratch = self.plan.get_scratch_len();
        let inverse_scratch = self.inverse_plan.get_scratch_len();
        Work {
            real: vec![A::zero(); self.n],
            half: vec![zero; self.len()],
            scratch: vec![zero; scratch.max(inverse_scratch)],
        }
    }

    /// `z_k = Σ_t x_t exp(−2πi kt/n)`.
    pub(super) fn forward(&self, x: &[A], z: &mut [Complex<A>], work: &mut Work<A>) {
        work.real.copy_from_slice(x);
        let scratch = &mut work.scratch[..self.plan.get_scratch_len()];
        self.plan
            .process_with_scratch(&mut work.real, z, scratch)
            .expect("buffers have the planned lengths");
    }

    /// The inverse for any `z`; imaginary parts of single entries are not read.
    pub(super) fn inverse(&self, z: &[Complex<A>], x: &mut [A], work: &mut Work<A>) {
        let scale = A::of(1.0 / self.n as f64);
        for (k, (w, &z)) in work.half.iter_mut().zip(z).enumerate() {
            // realfft reports an error for an imaginary part that it does not read
            *w = if self.is_single(k) {
                Complex::new(z.re * scale, A::zero())
            } else {
                z * scale
            };
        }
        let scratch = &mut work.scratch[..self.inverse_plan.get_scratch_len()];
        self.inverse_plan
            .process_with_scratch(&mut work.half, x, scratch)
            .expect("buffers have the planned lengths and single entries are real");
    }

    /// Adjoint of [`inverse`](Self::inverse): `2/n` times the transform of `g`, at single entries
    /// without the 2 and the imaginary part.
    pub(super) fn inverse_adjoint(&self, g: &[A], z: &mut [Complex<A>], work: &mut Work<A>) {
        self.forward(g, z, work);
        let single = A::of(1.0 / self.n as f64);
        let pair = A::of(2.0 / self.n as f64);
        for (k, z) in z.iter_mut().enumerate() {
            *z = if self.is_single(k) {
                Complex::new(z.re * single, A::zero())
            } else {
                *z * pair
            };
        }
    }
}
