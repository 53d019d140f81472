//! The table of domains: one row for each.

use crate::catalogue::Setting;
use crate::catalogue::entry::{Argument, Entry, Kind, Step, Usual};
use crate::domain::Domain;
use crate::domains::{
    AnalyticSignal, Basis, ComplexCepstrum, Dct, FilterBank, Fourier, RealFourier, SeasonalTrend,
    Stft, Time, Wavelet, WaveletPackets, Window, WithRemainder,
};
use crate::error::{CdigError, Result};

const fn argument(name: &'static str, kind: Kind) -> Argument {
    Argument { name, kind }
}

/// A domain without arguments that has frequencies, for rows to differ from.
const SPECTRUM: Entry = Entry {
    name: "",
    arguments: &[],
    example: "",
    help: "",
    needs_sampling_rate: true,
    usual: Usual::Never,
    make: |step, _| {
        Err(CdigError::parameter(
            "the domain",
            step,
            "a row that makes it",
        ))
    },
};

/// As [`SPECTRUM`], without frequencies.
const PLAIN: Entry = Entry {
    needs_sampling_rate: false,
    ..SPECTRUM
};

/// Every domain that has a name.
pub(super) const DOMAINS: &[Entry] = &[
    Entry {
        name: "time",
        help: "samples as they are",
        usual: Usual::Always,
        make: |_, s| {
            let time = Time::new(&s.shape)?.along(s.time_axis)?;
            Ok(match s.sampling_rate {
                Some(hz) => Box::new(time.sampling_rate(hz)?),
                None => Box::new(time),
            })
        },
        ..PLAIN
    },
    Entry {
        name: "fourier",
        help: "two-sided spectrum",
        make: |_, s| {
            Ok(Box::new(
                Fourier::new(&s.shape, s.hz())?.along(s.time_axis)?,
            ))
        },
        ..SPECTRUM
    },
    Entry {
        name: "rfft",
        help: "one-sided spectrum",
        usual: Usual::Always,
        make: |_, s| {
            let domain = RealFourier::new(&s.shape, s.hz())?;
            Ok(Box::new(domain.along(s.time_axis)?))
        },
        ..SPECTRUM
    },
    Entry {
        name: "dct",
        help: "cosine transform",
        usual: Usual::Always,
        make: |_, s| Ok(Box::new(Dct::new(&s.shape, s.hz())?.along(s.time_axis)?)),
        ..SPECTRUM
    },
    Entry {
        name: "stft",
        arguments: &[
            argument("WINDOW", Kind::OptionalCount),
            argument("HOP", Kind::OptionalCount),
        ],
        example: ":64:16",
        help: "short-time Fourier transform: length of the window, hop, in samples",
        usual: Usual::Always,
        make: |step, s| {
            let window = step.count(0).unwrap_or_else(|| usual_window(s.samples()));
            let hop = step.count(1).unwrap_or((window / 4).max(1));
            let window = Window::Hann.samples(window);
            let domain = Stft::new(&s.shape, s.hz(), &window, hop)?;
            Ok(Box::new(domain.along(s.time_axis)?))
        },
        ..SPECTRUM
    },
    Entry {
        name: "wavelet",
        arguments: &[
            argument("FAMILY", Kind::Family),
            argument("LEVEL", Kind::OptionalCount),
        ],
        example: ":db4:5",
        help: "wavelets (haar, db2 … db10, sym4 … sym6) to a level",
        usual: Usual::Always,
        make: |step, s| {
            let level = step.count(1).unwrap_or_else(|| usual_level(s.samples()));
            let (axis, hz) = (s.time_axis, s.hz());
            let domain = Wavelet::on_axis(&s.shape, axis, hz, step.family(), level)?;
            Ok(Box::new(domain))
        },
        ..SPECTRUM
    },
    Entry {
        name: "packets",
        arguments: &[
            argument("FAMILY", Kind::Family),
            argument("LEVEL", Kind::OptionalCount),
        ],
        example: ":db4:4",
        help: "wavelet packets of a level",
        make: |step, s| {
            let deepest = s.samples().trailing_zeros() as usize;
            let usual = || usual_level(s.samples()).min(deepest).max(1);
            let level = step.count(1).unwrap_or_else(usual);
            let (axis, hz) = (s.time_axis, s.hz());
            let domain = WaveletPackets::on_axis(&s.shape, axis, hz, step.family(), level)?;
            Ok(Box::new(domain))
        },
        ..SPECTRUM
    },
    Entry {
        name: "filter-bank",
        arguments: &[argument("EDGE", Kind::Numbers)],
        example: ":4:8",
        help: "bands between these edges in Hz, each a signal",
        make: |step, s| {
            let domain = FilterBank::new(&s.shape, s.hz(), &step.numbers())?;
            Ok(Box::new(domain.along(s.time_axis)?))
        },
        ..SPECTRUM
    },
    Entry {
        name: "seasonal-trend",
        arguments: &[argument("PERIOD", Kind::Count)],
        example: ":12",
        help: "trend, season of 12 samples, remainder",
        make: |step, s| {
            let period = step.count(0).unwrap_or_default();
            let domain = SeasonalTrend::on_axis(&s.shape, s.time_axis, s.hz(), period)?;
            Ok(Box::new(domain))
        },
        ..PLAIN
    },
    Entry {
        name: "analytic",
        help: "amplitude and phase",
        make: |_, s| {
            let domain = AnalyticSignal::new(&s.shape, s.hz())?;
            Ok(Box::new(domain.along(s.time_axis)?))
        },
        ..PLAIN
    },
    Entry {
        name: "cepstrum",
        help: "complex cepstrum",
        make: |_, s| {
            let domain = ComplexCepstrum::new(&s.shape, s.hz())?;
            Ok(Box::new(domain.along(s.time_axis)?))
        },
        ..SPECTRUM
    },
    Entry {
        name: "pca",
        arguments: &[argument("COMPONENTS", Kind::OptionalCount)],
        example: "",
        help: "principal components among the channels (pca:5: five of them)",
        usual: Usual::SeveralChannels,
        make: |step, s| {
            components(step, s, |axis, count| {
                Basis::pca(s.data.view(), axis, count)
            })
        },
        ..PLAIN
    },
    #[cfg(feature = "ica")]
    Entry {
        name: "ica",
        arguments: &[argument("COMPONENTS", Kind::OptionalCount)],
        example: "",
        help: "independent components among the channels (ica:5: five of them)",
        usual: Usual::SeveralChannels,
        make: |step, s| {
            components(step, s, |axis, count| {
                Basis::ica(s.data.view(), axis, count, s.seed)
            })
        },
        ..PLAIN
    },
];

/// Components of the channels, all of them unless fewer are named; what fewer miss is a remainder.
fn components(
    step: &Step,
    setting: &Setting<'_>,
    fit: impl Fn(usize, usize) -> Result<Basis>,
) -> Result<Box<dyn Domain<f64>>> {
    let channels = match setting.shape[..] {
        [_, _] if setting.shape[1 - setting.time_axis] > 1 => 1 - setting.time_axis,
        _ => {
            return Err(CdigError::parameter(
                "the domain",
                step,
                format!(
                    "one that needs no channels, because the signals are {:?}; components are found among \
                     at least two channels (channels, time)",
                    setting.shape
                ),
            ));
        }
    };
    let all = setting.shape[channels];
    let count = step.count(0).unwrap_or(all);
    let basis = fit(channels, count)?.over_time(setting.time_axis, setting.sampling_rate)?;
    Ok(match count == all {
        true => Box::new(basis),
        false => Box::new(WithRemainder::new(basis)),
    })
}

/// About a quarter of the signal, as a power of two.
fn usual_window(samples: usize) -> usize {
    (samples / 4).clamp(2, 256).next_power_of_two()
}

/// As deep as leaves about eight averages.
fn usual_level(samples: usize) -> usize {
    (samples.max(2).ilog2() as usize).saturating_sub(3).max(1)
}
