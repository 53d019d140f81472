//! What an axis of coefficients is.

use std::fmt;

/// What runs along an axis of coefficients. Pictures, sums and names of arrays are chosen by it, never by a
/// text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Channels of the signal.
    Channel,
    /// Moments in time.
    Time,
    /// Frequencies, perhaps of both signs.
    Frequency,
    /// Quefrencies: the times over which a cepstrum runs.
    Quefrency,
    /// Bands of frequencies, such as those of a filter bank.
    Band,
    /// Wavelets, each a tile of time and frequency.
    Wavelet,
    /// Components of a mixture.
    Component,
    /// Parts of which the signal is made, such as trend and season, or amplitude and phase.
    Part,
    /// All coefficients of one or more arrays, one after the other.
    Coefficient,
    /// An axis of the signal of which only its number is known.
    Axis(usize),
    /// Anything else, by its name.
    Other(String),
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Channel => "channel",
            Self::Time => "time",
            Self::Frequency => "frequency",
            Self::Quefrency => "quefrency",
            Self::Band => "band",
            Self::Wavelet => "wavelet",
            Self::Component => "component",
            Self::Part => "part",
            Self::Coefficient => "coefficient",
            Self::Axis(number) => return write!(f, "axis {number}"),
            Self::Other(name) => name,
        })
    }
}
