//! Paths through coefficient space, from the baseline to the signal.

use std::fmt;
use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD, Axis};
use num_complex::Complex;
use xcebra_model::Scalar;

use crate::error::{CdigError, Result};
use crate::numeric::{ensure_finite, is_finite, max_distance, max_norm};

/// A function of the position on the path that gives coefficients.
type CurveFn<A> = Arc<dyn Fn(f64) -> ArrayD<Complex<A>> + Send + Sync>;

/// A path `γ` from the baseline's coefficients (`α = 0`) to the signal's (`α = 1`).
///
/// The total attribution is the same on every path; how it is shared out among coefficients is not.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Path<A: Scalar> {
    /// `γ(α) = z' + α (z − z')`, the only path that treats all coefficients alike.
    #[default]
    Straight,
    /// Straight pieces through the points `(m, …coefficient_shape)`, `m ≥ 2`, first the baseline's
    /// coefficients, last the signal's. Each piece takes an equal part of `[0, 1]` and all nodes of the rule.
    Polyline(ArrayD<Complex<A>>),
    /// A smooth curve given by a function; see [`Path::curve`].
    Curve(Curve<A>),
}

/// A point of a path and the derivative there, both of the coefficient shape.
#[derive(Debug, Clone)]
pub struct PathPoint<A: Scalar> {
    /// `γ(α)`.
    pub point: ArrayD<Complex<A>>,
    /// `γ'(α)`.
    pub derivative: ArrayD<Complex<A>>,
}

/// A curve and its derivative.
#[derive(Clone)]
pub struct Curve<A: Scalar> {
    point: CurveFn<A>,
    derivative: CurveFn<A>,
}

impl<A: Scalar> Path<A> {
    /// A curve `γ(α)` with its derivative `dγ/dα`, `α` in `[0, 1]`, both of the coefficient shape.
    ///
    /// End points and derivative (against finite differences at three positions) are checked
    /// before the first model evaluation.
    pub fn curve(
        point: impl Fn(f64) -> ArrayD<Complex<A>> + Send + Sync + 'static,
        derivative: impl Fn(f64) -> ArrayD<Complex<A>> + Send + Sync + 'static,
    ) -> Self {
        Self::Curve(Curve {
            point: Arc::new(point),
            derivative: Arc::new(derivative),
        })
    }

    /// Number of smooth pieces.
    pub fn pieces(&self) -> usize {
        match self {
            Self::Polyline(points) => points.shape().first().map_or(0, |m| m.saturating_sub(1)),
            Self::Straight | Self::Curve(_) => 1,
        }
    }

    /// `γ(α)` and `γ'(α)` of the path between two coefficient arrays.
    ///
    /// At a corner of a polyline the derivative is that of the piece that begins there.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if `alpha` is outside `[0, 1]`, and the errors of the
    /// path: shapes, end points, derivative, entries that are not finite.
    pub fn at(
        &self,
        alpha: f64,
        baseline: &ArrayD<Complex<A>>,
        signal: &ArrayD<Complex<A>>,
    ) -> Result<PathPoint<A>> {
        if !(0.0..=1.0).contains(&alpha) {
            return Err(CdigError::parameter(
                "the position on the path",
                alpha,
                "a number in [0, 1]",
            ));
        }
        let bound = self.between(baseline, signal)?;
        let scaled = alpha * bound.pieces() as f64;
        let piece = (scaled as usize).min(bound.pieces() - 1);
        let PathPoint { point, derivative } = bound.at(piece, scaled - piece as f64)?;
        let pieces = A::of(bound.pieces() as f64);
        Ok(PathPoint {
            point,
            derivative: derivative.mapv(|v| v * pieces),
        })
    }

    /// The path between two points, checked.
    pub(crate) fn between<'a>(
        &'a self,
        start: &'a ArrayD<Complex<A>>,
        end: &'a ArrayD<Complex<A>>,
    ) -> Result<BoundPath<'a, A>> {
        let bound = BoundPath {
            path: self,
            start,
            end,
        };
        match self {
            Self::Straight => {}
            Self::Polyline(points) => {
                let shape = points.shape();
                if shape.first().is_none_or(|&m| m < 2) || &shape[1..] != start.shape() {
                    return Err(CdigError::Shape {
                        what: "the polyline".into(),
                        found: shape.to_vec(),
                        expected: format!(
                            "(m, …{:?}) with m ≥ 2 points, the first the coefficients of the baseline, \
                             the last those of the signal",
                            start.shape()
                        ),
                        advice: None,
                    });
                }
                ensure_finite("the polyline", "give finite points", points, is_finite)?;
                bound.check_ends()?;
            }
            Self::Curve(_) => {
                bound.check_ends()?;
                bound.check_derivative()?;
            }
        }
        Ok(bound)
    }
}

/// A path together with its end points.
pub(crate) struct BoundPath<'a, A: Scalar> {
    path: &'a Path<A>,
    start: &'a ArrayD<Complex<A>>,
    end: &'a ArrayD<Complex<A>>,
}

impl<A: Scalar> BoundPath<'_, A> {
    pub(crate) fn pieces(&self) -> usize {
        self.path.pieces()
    }

    /// Point and derivative with respect to the position `t` in `[0, 1]` on one piece.
    pub(crate) fn at(&self, piece: usize, t: f64) -> Result<PathPoint<A>> {
        match self.path {
            Path::Straight => Ok(line(&self.start.view(), &self.end.view(), t)),
            Path::Polyline(points) => {
                let corner = |i| points.index_axis(Axis(0), i);
                Ok(line(&corner(piece), &corner(piece + 1), t))
            }
            Path::Curve(curve) => {
                let point = (curve.point)(t);
                let derivative = (curve.derivative)(t);
                for (what, array) in [
                    ("the curve", &point),
                    ("the derivative of the curve", &derivative),
                ] {
                    if array.shape() != self.start.shape() {
                        return Err(CdigError::Shape {
                            what: what.into(),
                            found: array.shape().to_vec(),
                            expected: format!(
                                "the coefficient shape {:?}, without a batch axis",
                                self.start.shape()
                            ),
                            advice: None,
                        });
                    }
                    if !array.iter().all(|z| is_finite(*z)) {
                        return Err(CdigError::NonFinitePath {
                            what: what.into(),
                            position: t,
                        });
                    }
                }
                Ok(PathPoint { point, derivative })
            }
        }
    }

    fn check_ends(&self) -> Result<()> {
        let tolerance = A::epsilon().as_f64().sqrt();
        let scale = max_norm(self.start)
            .max(max_norm(self.end))
            .max(f64::MIN_POSITIVE);
        let first = self.at(0, 0.0)?.point;
        let last = self.at(self.pieces() - 1, 1.0)?.point;
        let ends = [
            ("start", "baseline", &first, self.start),
            ("end", "signal", &last, self.end),
        ];
        for (which, joins, point, goal) in ends {
            let distance = max_distance(point, goal) / scale;
            if distance > tolerance {
                return Err(CdigError::PathEnd {
                    which,
                    joins,
                    distance,
                    tolerance,
                });
            }
        }
        Ok(())
    }

    /// Central differences; both truncation and rounding are of the order ε^(2/3) for a curve
    /// whose higher derivatives are of the size of the first.
    fn check_derivative(&self) -> Result<()> {
        let h = A::epsilon().as_f64().cbrt();
        let tolerance = 10.0 * h;
        let width = A::of(0.5 / h);
        for position in [0.211, 0.538, 0.813] {
            let PathPoint { point, derivative } = self.at(0, position)?;
            let after = self.at(0, position + h)?.point;
            let before = self.at(0, position - h)?.point;
            let difference = (after - before).mapv(|d| d * width);
            let scale = (max_norm(&derivative) + max_norm(&point)).max(f64::MIN_POSITIVE);
            let error = max_distance(&derivative, &difference) / scale;
            if error > tolerance {
                return Err(CdigError::PathDerivative {
                    position,
                    error,
                    tolerance,
                });
            }
        }
        Ok(())
    }
}

fn line<A: Scalar>(
    from: &ArrayViewD<'_, Complex<A>>,
    to: &ArrayViewD<'_, Complex<A>>,
    t: f64,
) -> PathPoint<A> {
    let derivative = to - from;
    let t = A::of(t);
    PathPoint {
        point: derivative.mapv(|v| v * t) + from,
        derivative,
    }
}

impl<A: Scalar> fmt::Debug for Path<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Straight => f.write_str("Straight"),
            Self::Polyline(points) => f.debug_tuple("Polyline").field(points).finish(),
            Self::Curve(curve) => f.debug_tuple("Curve").field(curve).finish(),
        }
    }
}

impl<A: Scalar> fmt::Debug for Curve<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Curve").finish_non_exhaustive()
    }
}
