//! Short band-limited events: classes that differ in a patch of the time-frequency plane.

use std::f64::consts::TAU;

use ndarray::{Array1, Array2};
use rand::Rng;

use super::{Band, labels, rng_of};
use crate::check::{at_least_one, non_negative, parameter, positive};
use crate::error::{Result, SynthError};
use crate::random::normal;

/// How many standard deviations the span of an event reaches to either side, in time and frequency.
const SPAN: f64 = 2.0;
/// How many are between an event's centre and the ends of the signal and of its spectrum.
const MARGIN: f64 = 3.0;

/// A Gabor event: `amplitude · exp(−(t − time)² / 2 duration²) · cos(2π frequency (t − time) + phase)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Event {
    /// Centre, seconds from the signal's first sample.
    pub time: f64,
    /// Centre frequency, Hz.
    pub frequency: f64,
    /// Standard deviation of the envelope, seconds.
    pub duration: f64,
    /// Height of the envelope.
    pub amplitude: f64,
    /// Phase at the centre, radians.
    pub phase: f64,
}

impl Event {
    /// The value at a time in seconds.
    #[must_use]
    pub fn value(&self, time: f64) -> f64 {
        let from_centre = time - self.time;
        let envelope = (-0.5 * (from_centre / self.duration).powi(2)).exp();
        self.amplitude * envelope * (TAU * self.frequency * from_centre + self.phase).cos()
    }

    /// Standard deviation of the amplitude spectrum's envelope, `1 / (2π duration)`, Hz.
    #[must_use]
    pub fn bandwidth(&self) -> f64 {
        1.0 / (TAU * self.duration)
    }

    /// First and last moment, seconds: two standard deviations of the envelope to either side, which
    /// hold `erf(2)` = 99.5 % of the energy.
    #[must_use]
    pub fn span(&self) -> (f64, f64) {
        let half = SPAN * self.duration;
        (self.time - half, self.time + half)
    }

    /// Lowest and highest frequency: two [bandwidths](Self::bandwidth) to either side, which likewise
    /// hold 99.5 % of the energy.
    #[must_use]
    pub fn band(&self) -> Band {
        let half = SPAN * self.bandwidth();
        Band {
            low: self.frequency - half,
            high: self.frequency + half,
        }
    }
}

/// What to generate: a signal of class `c` holds one [`Event`] with a centre frequency from band `c`,
/// one from each distractor's band, and white noise. Times, frequencies within their band, and phases
/// are uniform.
#[derive(Debug, Clone, PartialEq)]
pub struct EventsConfig {
    /// Number of signals. Default 200.
    pub signals: usize,
    /// Samples of a signal. Default 256.
    pub length: usize,
    /// Samples per second. Default 64.
    pub rate: f64,
    /// Centre frequencies of each class. Default 6–8 Hz and 14–16 Hz.
    pub classes: Vec<Band>,
    /// Centre frequencies of events in all signals, whatever their class. Default 23–25 Hz.
    pub distractors: Vec<Band>,
    /// Standard deviation of the envelope, seconds. Default 0.2.
    pub duration: f64,
    /// Height of the envelope. Default 2.
    pub amplitude: f64,
    /// Standard deviation of the white noise. Default 0.3.
    pub noise: f64,
}

impl Default for EventsConfig {
    fn default() -> Self {
        let band = |low, high| Band { low, high };
        Self {
            signals: 200,
            length: 256,
            rate: 64.0,
            classes: vec![band(6.0, 8.0), band(14.0, 16.0)],
            distractors: vec![band(23.0, 25.0)],
            duration: 0.2,
            amplitude: 2.0,
            noise: 0.3,
        }
    }
}

/// Signals, labels, and when and where in the spectrum each shows its class.
#[derive(Debug, Clone, PartialEq)]
pub struct Events {
    /// Signals (signals, samples).
    pub signals: Array2<f64>,
    /// The class of each signal.
    pub labels: Array1<usize>,
    /// The event of each signal that its class determines: the ground truth.
    pub events: Vec<Event>,
    /// The events of each signal that say nothing about its class.
    pub distractors: Vec<Vec<Event>>,
}

impl Events {
    /// Whether a cell of the time-frequency plane with its centre at a frequency (Hz) and a time
    /// (seconds) is in the event of signal `signal`: (frequencies, times).
    ///
    /// # Errors
    /// [`SynthError::OutOfRange`] if there is no such signal.
    pub fn mask(&self, signal: usize, frequencies: &[f64], times: &[f64]) -> Result<Array2<bool>> {
        let event = self.events.get(signal).ok_or(SynthError::OutOfRange {
            what: "signal",
            index: signal,
            count: self.events.len(),
        })?;
        let ((first, last), band) = (event.span(), event.band());
        let shape = (frequencies.len(), times.len());
        Ok(Array2::from_shape_fn(shape, |(k, t)| {
            band.contains(frequencies[k]) && first <= times[t] && times[t] <= last
        }))
    }
}

impl EventsConfig {
    /// Generates the signals.
    ///
    /// # Errors
    /// [`SynthError::Parameter`] unless there are signals and samples, rate, duration and amplitude
    /// are positive and the noise is not negative, all finite, and the signal is longer than six
    /// durations; [`SynthError::Nothing`] without classes; [`SynthError::Band`] if a band is empty or
    /// nearer than three [bandwidths](Event::bandwidth) to 0 or half the rate, where events would
    /// not be band-limited.
    pub fn generate(&self, seed: u64) -> Result<Events> {
        self.validate()?;
        let labels = labels(self.signals, self.classes.len());
        let mut signals = Array2::zeros((self.signals, self.length));
        let mut events = Vec::with_capacity(self.signals);
        let mut distractors = Vec::with_capacity(self.signals);
        for (signal, &label) in labels.iter().enumerate() {
            let rng = &mut rng_of(seed, signal);
            let event = self.event(self.classes[label], rng);
            let others = self.distractors.iter().map(|&band| self.event(band, rng));
            let others: Vec<Event> = others.collect();
            for (t, x) in signals.row_mut(signal).iter_mut().enumerate() {
                let time = t as f64 / self.rate;
                let all = others.iter().chain([&event]).map(|event| event.value(time));
                *x = all.sum::<f64>() + self.noise * normal(rng);
            }
            events.push(event);
            distractors.push(others);
        }
        Ok(Events {
            signals,
            labels,
            events,
            distractors,
        })
    }

    fn event<R: Rng>(&self, band: Band, rng: &mut R) -> Event {
        let margin = MARGIN * self.duration;
        Event {
            time: rng.gen_range(margin..=self.last_time() - margin),
            frequency: rng.gen_range(band.low..=band.high),
            duration: self.duration,
            amplitude: self.amplitude,
            phase: rng.gen_range(0.0..TAU),
        }
    }

    /// Time of the last sample, seconds.
    fn last_time(&self) -> f64 {
        (self.length - 1) as f64 / self.rate
    }

    fn validate(&self) -> Result<()> {
        at_least_one("signals", self.signals)?;
        at_least_one("length", self.length)?;
        positive("rate", self.rate)?;
        positive("duration", self.duration)?;
        positive("amplitude", self.amplitude)?;
        non_negative("noise", self.noise)?;
        let fits = 2.0 * MARGIN * self.duration < self.last_time();
        parameter(
            "duration",
            self.duration,
            fits,
            "below a sixth of the signal",
        )?;
        if self.classes.is_empty() {
            return Err(SynthError::Nothing { missing: "classes" });
        }
        let margin = MARGIN / (TAU * self.duration);
        for (index, band) in self.classes.iter().chain(&self.distractors).enumerate() {
            let inside = band.low > margin && band.high < 0.5 * self.rate - margin;
            if !(band.low <= band.high && inside) {
                return Err(SynthError::Band {
                    index,
                    low: band.low,
                    high: band.high,
                    expected: "three bandwidths 1 / (2π duration) of distance to 0 and to half the rate",
                });
            }
        }
        Ok(())
    }
}
