//! Domains by name: `fourier`, `stft:64:16`, `ica:5+rfft`.

use std::fmt;
use std::str::FromStr;

use cdig::{CdigError, WaveletFamily};

/// A domain as it is written on a command line; [`build`](DomainSpec::build) makes it for signals of a shape.
///
/// `time`, `fourier` (two-sided), `rfft` (one-sided), `dct`, `cepstrum`, `analytic`,
/// `stft:WINDOW:HOP` and `wavelet:FAMILY:LEVEL`, `packets:FAMILY:LEVEL` (`haar`, `db2` … `db10`, `sym4` …
/// `sym6`), `filter-bank:EDGE:EDGE…` in Hz, `seasonal-trend:PERIOD` in samples, `pca:COMPONENTS`,
/// `ica:COMPONENTS`. Lengths are in samples; those that are left out follow from the signal. `A+B`
/// applies `B` to the coefficients of `A`, as in `ica:5+rfft`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum DomainSpec {
    /// Samples as they are.
    Time,
    /// Two-sided spectrum.
    Fourier,
    /// One-sided spectrum.
    RealFourier,
    /// Cosine transform.
    Dct,
    /// Short-time Fourier transform with a Hann window: its length and the hop, in samples.
    Stft {
        /// Length of the window.
        window: Option<usize>,
        /// Samples between frames.
        hop: Option<usize>,
    },
    /// Wavelet transform to a level.
    Wavelet(WaveletFamily, Option<usize>),
    /// Wavelet packets of a level.
    Packets(WaveletFamily, Option<usize>),
    /// Bands as signals, with their edges in Hz.
    FilterBank(Vec<f64>),
    /// Trend, season of that many samples, and remainder.
    SeasonalTrend(usize),
    /// Amplitude and phase.
    Analytic,
    /// Complex cepstrum.
    Cepstrum,
    /// Principal components of the channels; all of them unless fewer are named.
    Pca(Option<usize>),
    /// Independent components of the channels; all of them unless fewer are named.
    Ica(Option<usize>),
    /// The second on the coefficients of the first.
    Then(Box<Self>, Box<Self>),
}

impl DomainSpec {
    /// What suits signals of which nothing is known but whether they have several channels.
    pub fn usual(channels: usize) -> Vec<Self> {
        let mut specs = vec![
            Self::Time,
            Self::RealFourier,
            Self::Dct,
            Self::Stft {
                window: None,
                hop: None,
            },
            Self::Wavelet(WaveletFamily::Daubechies(4), None),
        ];
        if channels > 1 {
            specs.extend([Self::Pca(None), Self::Ica(None)]);
        }
        specs
    }

    /// Whether its coefficients are labelled with frequencies or seconds that need a sampling rate.
    pub fn needs_sampling_rate(&self) -> bool {
        match self {
            Self::Time | Self::SeasonalTrend(_) | Self::Analytic | Self::Pca(_) | Self::Ica(_) => {
                false
            }
            Self::Then(first, second) => {
                first.needs_sampling_rate() || second.needs_sampling_rate()
            }
            _ => true,
        }
    }
}

impl fmt::Display for DomainSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let optional = |n: &Option<usize>| n.map_or(String::new(), |n| format!(":{n}"));
        match self {
            Self::Time => f.write_str("time"),
            Self::Fourier => f.write_str("fourier"),
            Self::RealFourier => f.write_str("rfft"),
            Self::Dct => f.write_str("dct"),
            Self::Stft { window, hop } => write!(f, "stft{}{}", optional(window), optional(hop)),
            Self::Wavelet(family, level) => write!(f, "wavelet:{family}{}", optional(level)),
            Self::Packets(family, level) => write!(f, "packets:{family}{}", optional(level)),
            Self::FilterBank(edges) => {
                f.write_str("filter-bank")?;
                edges.iter().try_for_each(|edge| write!(f, ":{edge}"))
            }
            Self::SeasonalTrend(period) => write!(f, "seasonal-trend:{period}"),
            Self::Analytic => f.write_str("analytic"),
            Self::Cepstrum => f.write_str("cepstrum"),
            Self::Pca(components) => write!(f, "pca{}", optional(components)),
            Self::Ica(components) => write!(f, "ica{}", optional(components)),
            Self::Then(first, second) => write!(f, "{first}+{second}"),
        }
    }
}

impl FromStr for DomainSpec {
    type Err = CdigError;

    fn from_str(text: &str) -> Result<Self, CdigError> {
        if let Some((first, second)) = text.split_once('+') {
            return Ok(Self::Then(
                Box::new(first.parse()?),
                Box::new(second.parse()?),
            ));
        }
        let parts: Vec<&str> = text.trim().split(':').collect();
        let count = |text: &str| text.parse::<usize>().ok().filter(|&n| n > 0);
        let spec = match parts[..] {
            ["time"] => Some(Self::Time),
            ["fourier"] => Some(Self::Fourier),
            ["rfft"] => Some(Self::RealFourier),
            ["dct"] => Some(Self::Dct),
            ["analytic"] => Some(Self::Analytic),
            ["cepstrum"] => Some(Self::Cepstrum),
            ["stft"] => Some(Self::Stft {
                window: None,
                hop: None,
            }),
            ["stft", window] => count(window).map(|window| Self::Stft {
                window: Some(window),
                hop: None,
            }),
            ["stft", window, hop] => {
                count(window)
                    .zip(count(hop))
                    .map(|(window, hop)| Self::Stft {
                        window: Some(window),
                        hop: Some(hop),
                    })
            }
            ["wavelet"] => Some(Self::Wavelet(WaveletFamily::Daubechies(4), None)),
            ["wavelet", name] => family(name).map(|family| Self::Wavelet(family, None)),
            ["wavelet", name, level] => family(name)
                .zip(count(level))
                .map(|(family, level)| Self::Wavelet(family, Some(level))),
            ["packets"] => Some(Self::Packets(WaveletFamily::Daubechies(4), None)),
            ["packets", name] => family(name).map(|family| Self::Packets(family, None)),
            ["packets", name, level] => family(name)
                .zip(count(level))
                .map(|(family, level)| Self::Packets(family, Some(level))),
            ["filter-bank", ref edges @ ..] if !edges.is_empty() => {
                let edges: Option<Vec<f64>> = edges.iter().map(|e| e.parse().ok()).collect();
                edges.map(Self::FilterBank)
            }
            ["seasonal-trend", period] => count(period).map(Self::SeasonalTrend),
            ["pca"] => Some(Self::Pca(None)),
            ["pca", components] => count(components).map(|n| Self::Pca(Some(n))),
            ["ica"] => Some(Self::Ica(None)),
            ["ica", components] => count(components).map(|n| Self::Ica(Some(n))),
            _ => None,
        };
        spec.ok_or_else(|| CdigError::Parameter {
            name: "the domain",
            found: format!("'{text}'"),
            expected: "time, fourier, rfft, dct, cepstrum, analytic, stft:WINDOW:HOP, wavelet:FAMILY:LEVEL, \
                       packets:FAMILY:LEVEL (haar, db2 … db10, sym4 … sym6), filter-bank:EDGE:EDGE… in Hz, \
                       seasonal-trend:PERIOD, pca:COMPONENTS, ica:COMPONENTS, or two with + between them"
                .to_owned(),
            advice: None,
        })
    }
}

fn family(name: &str) -> Option<WaveletFamily> {
    let moments = |prefix| name.strip_prefix(prefix)?.parse().ok();
    match name {
        "haar" => Some(WaveletFamily::Haar),
        _ => moments("db")
            .map(WaveletFamily::Daubechies)
            .or_else(|| moments("sym").map(WaveletFamily::Symlet)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_written_as_they_are_parsed() {
        for text in [
            "time",
            "fourier",
            "rfft",
            "dct",
            "analytic",
            "cepstrum",
            "stft",
            "stft:64",
            "stft:64:16",
            "wavelet:db4",
            "wavelet:haar:3",
            "packets:sym5:4",
            "filter-bank:4:8:13.5",
            "seasonal-trend:12",
            "pca",
            "ica:5",
            "ica:5+rfft",
            "filter-bank:4+pca:2+time",
        ] {
            assert_eq!(text.parse::<DomainSpec>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_domain_is_refused_with_the_list() {
        for text in [
            "",
            "fft",
            "stft:0",
            "stft:8:0",
            "stft:8:2:1",
            "wavelet:db",
            "wavelet:coif1",
            "filter-bank",
            "filter-bank:x",
            "seasonal-trend",
            "ica:-1",
            "ica+",
            "+rfft",
        ] {
            let message = text.parse::<DomainSpec>().unwrap_err().to_string();
            assert!(message.contains("stft:WINDOW:HOP"), "{text}: {message}");
        }
    }
}
