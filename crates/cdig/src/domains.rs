//! Transform domains, one a file.

mod bands;
mod fourier;
mod lanes;
mod rfft;
mod time;
mod time_axis;

pub use fourier::Fourier;
pub use rfft::RealFourier;
pub use time::Time;
