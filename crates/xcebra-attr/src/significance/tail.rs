//! From an entry and its null entries to a p-value.

/// How a p-value is computed from null entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tail {
    /// By counting: `(1 + #{null ≥ entry}) / (1 + #null)` (Phipson, Smyth 2010). Assumes nothing about
    /// the distribution; no p-value is below `1 / (1 + #null)`.
    #[default]
    Ranks,
    /// By the tail of a fitted distribution, for few null maps. Squares of null entries are taken for
    /// multiples of a χ² variable of `ν` degrees of freedom (Satterthwaite 1946): that of a mean over
    /// samples of squared errors that a few random numbers govern. `ν` is fitted to the spread of null
    /// entries, pooled over the column with [`Pool::Entry`](super::Pool::Entry) and over the map otherwise, the multiple is the pool's own mean, and the p-value the tail of
    /// `F(ν, Bν)` for `B` null entries. Entries must not be negative.
    Fitted,
}

/// `P(F > f)` for `F(a, b)`: the regularised incomplete beta function at `b / (b + a f)`.
pub(super) fn f_survival(f: f64, a: f64, b: f64) -> f64 {
    if f <= 0.0 {
        return 1.0;
    }
    if f == f64::INFINITY {
        return 0.0;
    }
    incomplete_beta(b / (b + a * f), 0.5 * b, 0.5 * a)
}

/// `I_x(a, b)`, by the continued fraction on the side where it converges (DLMF 8.17.22).
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    let front =
        a * x.ln() + b * (-x).ln_1p() + libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b);
    let value = match x < (a + 1.0) / (a + b + 2.0) {
        true => front.exp() * fraction(x, a, b) / a,
        false => 1.0 - front.exp() * fraction(1.0 - x, b, a) / b,
    };
    value.clamp(0.0, 1.0)
}

/// The continued fraction of the incomplete beta function, by the recurrence of Lentz.
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let kept = |v: f64| if v.abs() < TINY { TINY } else { v };
    let (mut c, mut d) = (1.0, 1.0 / kept(1.0 - (a + b) * x / (a + 1.0)));
    let mut value = d;
    for m in 1..10_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut factor = 1.0;
        for term in [even, odd] {
            d = 1.0 / kept(1.0 + term * d);
            c = kept(1.0 + term / c);
            factor = c * d;
            value *= factor;
        }
        if (factor - 1.0).abs() < 1e-15 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Closed forms: for two degrees of freedom above, `(1 + a f / b)^(-b/2)` with `a = 2`; by the
    /// symmetry `P(F(a,b) > f) = 1 − P(F(b,a) > 1/f)`; and F(1, 1) is the square of a Cauchy variable.
    #[test]
    fn tails_in_closed_form() {
        for (f, b) in [(0.3_f64, 5.0_f64), (2.0, 40.0), (9.0, 7.0), (60.0, 200.0)] {
            let exact = (1.0 + 2.0 * f / b).powf(-0.5 * b);
            let found = f_survival(f, 2.0, b);
            // relative: small tails count
            assert!((found / exact - 1.0).abs() < 1e-11, "{found} {exact}");
            let mirrored = 1.0 - f_survival(1.0 / f, b, 2.0);
            assert!((mirrored - exact).abs() < 1e-12);
            let cauchy = 1.0 - 2.0 / std::f64::consts::PI * f.sqrt().atan();
            assert!((f_survival(f, 1.0, 1.0) - cauchy).abs() < 1e-12);
        }
        assert_eq!(f_survival(0.0, 3.0, 4.0), 1.0);
        assert_eq!(f_survival(f64::INFINITY, 3.0, 4.0), 0.0);
    }

    /// Large degrees of freedom tend to the tail of `χ²_a / a`, here of four: `e^(-2f) (1 + 2f)`.
    #[test]
    fn many_degrees_of_freedom() {
        let exact = (-6.0_f64).exp() * 7.0;
        assert!((f_survival(3.0, 4.0, 1e8) / exact - 1.0).abs() < 1e-6);
    }
}
