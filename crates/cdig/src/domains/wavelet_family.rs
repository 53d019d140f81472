//! Orthogonal wavelets and one step of their transform.

use std::fmt;
use std::str::FromStr;

use ndwt::dwt::driver::WaveletTransformPer;

use crate::error::{CdigError, Result};

/// An orthogonal wavelet with compact support.
///
/// Source: Daubechies, "Ten lectures on wavelets", SIAM (1992).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaveletFamily {
    /// Differences of neighbours; the same as `Daubechies(1)`.
    Haar,
    /// Most vanishing moments for their length, `1..=10` of them (`db1` … `db10` elsewhere).
    Daubechies(usize),
    /// As many moments, nearly symmetric: `4..=6`.
    Symlet(usize),
}

impl fmt::Display for WaveletFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Haar => f.write_str("haar"),
            Self::Daubechies(moments) => write!(f, "db{moments}"),
            Self::Symlet(moments) => write!(f, "sym{moments}"),
        }
    }
}

impl FromStr for WaveletFamily {
    type Err = CdigError;

    /// `haar`, `db4`, `sym5`; whether there is such a wavelet is looked at where it is used.
    fn from_str(text: &str) -> Result<Self> {
        let moments = |prefix| text.strip_prefix(prefix)?.parse().ok();
        let family = match text {
            "haar" => Some(Self::Haar),
            _ => moments("db")
                .map(Self::Daubechies)
                .or_else(|| moments("sym").map(Self::Symlet)),
        };
        let expected = "haar, db1 to db10 or sym4 to sym6";
        family.ok_or_else(|| CdigError::parameter("the wavelet", format!("'{text}'"), expected))
    }
}

/// One step of the periodic transform: `n` samples to `⌈n/2⌉` averages and `⌊n/2⌋` details.
///
/// Orthonormal, hence its inverse is its adjoint. The filters are centred: coefficient `i` weighs
/// samples around `2i + ½`. If `n` is odd, the last sample goes over to the averages as it is.
pub(super) struct Step(WaveletTransformPer<f64, 4>);

impl Step {
    pub(super) fn new(family: WaveletFamily) -> Result<Self> {
        use ndwt::Wavelet::{
            Daubechies1, Daubechies2, Daubechies3, Daubechies4, Daubechies5, Daubechies6,
            Daubechies7, Daubechies8, Daubechies9, Daubechies10, Symlet4, Symlet5, Symlet6,
        };
        let wavelet = match family {
            WaveletFamily::Haar | WaveletFamily::Daubechies(1) => Daubechies1,
            WaveletFamily::Daubechies(2) => Daubechies2,
            WaveletFamily::Daubechies(3) => Daubechies3,
            WaveletFamily::Daubechies(4) => Daubechies4,
            WaveletFamily::Daubechies(5) => Daubechies5,
            WaveletFamily::Daubechies(6) => Daubechies6,
            WaveletFamily::Daubechies(7) => Daubechies7,
            WaveletFamily::Daubechies(8) => Daubechies8,
            WaveletFamily::Daubechies(9) => Daubechies9,
            WaveletFamily::Daubechies(10) => Daubechies10,
            WaveletFamily::Symlet(4) => Symlet4,
            WaveletFamily::Symlet(5) => Symlet5,
            WaveletFamily::Symlet(6) => Symlet6,
            WaveletFamily::Daubechies(_) | WaveletFamily::Symlet(_) => {
                let expected = "Haar, Daubechies 1 to 10 or Symlet 4 to 6";
                return Err(CdigError::parameter("the wavelet", family, expected));
            }
        };
        Ok(Self(WaveletTransformPer::new(wavelet)))
    }

    pub(super) fn forward(&self, x: &[f64], averages: &mut [f64], details: &mut [f64]) {
        self.0.forward_1d(x, averages, details);
    }

    pub(super) fn inverse(&self, averages: &[f64], details: &[f64], x: &mut [f64]) {
        self.0.inverse_1d(averages, details, x);
    }
}
