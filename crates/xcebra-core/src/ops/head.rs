//! What follows the last linear layer of an encoder.

use serde::{Deserialize, Serialize};

use crate::element::Element;

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
}

impl Head {
    /// Whether the derivative depends on `y` other than by jumps.
    pub(crate) fn is_curved(self) -> bool {
        matches!(self, Self::Normalize)
    }

    /// Applies the head to rows of length `d`, in place.
    pub(crate) fn apply<E: Element>(self, rows: &mut [E], d: usize) {
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
        }
    }

    /// Replaces the cotangents `c` of the head's output by those of its input `y`.
    pub(crate) fn vjp<E: Element>(self, y: &[E], c: &mut [E], d: usize) {
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
        }
    }

    /// Adds to `out` the gradient in `y` of `⟨t, vjp(y, v)⟩`.
    ///
    /// For the normalisation, with `u = y / r`, `r = ‖y‖` and `P = I − u uᵀ`, the bracket is
    /// `β = tᵀ P v / r`, and its gradient `−β u / r − (P v (u·t) + P t (u·v)) / r²`.
    pub(crate) fn second<E: Element>(self, y: &[E], v: &[E], t: &[E], out: &mut [E], d: usize) {
        if !self.is_curved() {
            return;
        }
        let rows = y
            .chunks_exact(d)
            .zip(v.chunks_exact(d))
            .zip(t.chunks_exact(d));
        for (((y, v), t), out) in rows.zip(out.chunks_exact_mut(d)) {
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
}

fn dot<E: Element>(a: &[E], b: &[E]) -> E {
    a.iter().zip(b).map(|(&a, &b)| a * b).sum()
}

fn inverse_norm<E: Element>(row: &[E]) -> E {
    let norm = num_traits::Float::sqrt(dot(row, row));
    if norm > E::zero() {
        norm.recip()
    } else {
        E::zero()
    }
}
