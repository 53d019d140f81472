//! What follows the last linear layer of an encoder.

use serde::{Deserialize, Serialize};

use xcebra_model::Scalar;

/// The last step of an encoder, on each row `y` of its last linear layer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Head {
    /// `y` itself.
    Identity,
    /// `y / ‖y‖₂`; a row of zeros stays zero, with a zero derivative.
    Normalize,
    /// Each entry limited to `[−limit, limit]`; the derivative is 0 outside.
    Clip {
        /// The limit, in units of the embedding.
        limit: f64,
    },
    /// `tanh(y)`, entry by entry.
    Tanh,
}

impl Head {
    /// Whether the derivative depends on `y` other than by jumps.
    pub(crate) fn is_curved(self) -> bool {
        matches!(self, Self::Normalize | Self::Tanh)
    }

    /// Applies the head to rows of length `d`, in place.
    pub(crate) fn apply<E: Scalar>(self, rows: &mut [E], d: usize) {
        match self {
            Self::Identity => {}
            Self::Normalize => {
                for row in rows.chunks_exact_mut(d) {
                    let inverse = inverse_norm(row);
                    row.iter_mut().for_each(|y| *y *= inverse);
                }
            }
            Self::Clip { limit } => {
                let limit = E::of(limit);
                for y in rows {
                    *y = if *y > limit {
                        limit
                    } else if *y < -limit {
                        -limit
                    } else {
                        *y
                    };
                }
            }
            Self::Tanh => rows.iter_mut().for_each(|y| *y = y.tanh()),
        }
    }

    /// Replaces the cotangents `c` of the head's output by those of its input `y`.
    pub(crate) fn vjp<E: Scalar>(self, y: &[E], c: &mut [E], d: usize) {
        match self {
            Self::Identity => {}
            Self::Normalize => {
                for (y, c) in y.chunks_exact(d).zip(c.chunks_exact_mut(d)) {
                    let inverse = inverse_norm(y);
                    let along = dot(y, c) * inverse * inverse;
                    for (c, &y) in c.iter_mut().zip(y) {
                        *c = (*c - along * y) * inverse;
                    }
                }
            }
            Self::Clip { limit } => {
                let limit = E::of(limit);
                for (c, &y) in c.iter_mut().zip(y) {
                    if y > limit || y < -limit {
                        *c = E::zero();
                    }
                }
            }
            Self::Tanh => {
                for (c, &y) in c.iter_mut().zip(y) {
                    *c *= tanh_slope(y);
                }
            }
        }
    }

    /// Adds to `out` the gradient in `y` of `⟨t, vjp(y, v)⟩`.
    ///
    /// For the normalisation, with `u = y / r`, `r = ‖y‖` and `P = I − u uᵀ`, the bracket is
    /// `β = tᵀ P v / r`, and its gradient `−β u / r − (P v (u·t) + P t (u·v)) / r²`. For the
    /// hyperbolic tangent it is `Σ t v tanh′(y)` with `tanh″ = −2 tanh tanh′`.
    pub(crate) fn second<E: Scalar>(self, y: &[E], v: &[E], t: &[E], out: &mut [E], d: usize) {
        let rows = y
            .chunks_exact(d)
            .zip(v.chunks_exact(d))
            .zip(t.chunks_exact(d))
            .zip(out.chunks_exact_mut(d));
        match self {
            Self::Identity | Self::Clip { .. } => {}
            Self::Normalize => {
                for (((y, v), t), out) in rows {
                    let inverse = inverse_norm(y);
                    let (uv, ut) = (dot(y, v) * inverse, dot(y, t) * inverse);
                    let bracket = (dot(v, t) - uv * ut) * inverse;
                    for k in 0..d {
                        let u = y[k] * inverse;
                        let across = (v[k] - uv * u) * ut + (t[k] - ut * u) * uv;
                        out[k] -= (bracket * u + across * inverse) * inverse;
                    }
                }
            }
            Self::Tanh => {
                for (((y, v), t), out) in rows {
                    for k in 0..d {
                        let bend = E::of(-2.0) * y[k].tanh() * tanh_slope(y[k]);
                        out[k] += v[k] * t[k] * bend;
                    }
                }
            }
        }
    }
}

/// `tanh′(y) = 1 − tanh²(y)`.
fn tanh_slope<E: Scalar>(y: E) -> E {
    let tanh = y.tanh();
    E::one() - tanh * tanh
}

fn dot<E: Scalar>(a: &[E], b: &[E]) -> E {
    a.iter().zip(b).map(|(&a, &b)| a * b).sum()
}

fn inverse_norm<E: Scalar>(row: &[E]) -> E {
    let norm = num_traits::Float::sqrt(dot(row, row));
    if norm > E::zero() {
        norm.recip()
    } else {
        E::zero()
    }
}
