//! Transform domains, one a file, and what combines them.

// the domains
mod analytic;
mod basis;
mod cepstrum;
mod components;
mod dct;
mod filter_bank;
mod fourier;
#[cfg(feature = "ica")]
mod ica;
mod packets;
mod pca;
mod rfft;
mod seasonal_trend;
mod stft;
mod time;
mod wavelet;

// domains made of domains
mod compose;
mod joined;
mod per_channel;
mod with_remainder;

// what several of them need
mod bands;
mod coefficient_lanes;
mod half_spectrum;
mod lanes;
mod lanewise;
mod sampled_axis;
mod time_axis;
mod wavelet_family;
mod window;

pub use crate::domain::{batch_len, vjp_len};
pub use analytic::AnalyticSignal;
pub use basis::Basis;
pub use cepstrum::ComplexCepstrum;
pub use coefficient_lanes::Coefficient;
pub use compose::Compose;
pub use dct::Dct;
pub use filter_bank::FilterBank;
pub use fourier::Fourier;
pub use joined::Joined;
pub use lanewise::{LaneTransform, Lanewise};
pub use packets::WaveletPackets;
pub use per_channel::PerChannel;
pub use rfft::RealFourier;
pub use seasonal_trend::SeasonalTrend;
pub use stft::Stft;
pub use time::Time;
pub use wavelet::Wavelet;
pub use wavelet_family::WaveletFamily;
pub use window::Window;
pub use with_remainder::WithRemainder;
