//! The times of records: where a recording was interrupted.

use super::header::{Kind, Start};
use super::tal::Onset;
use crate::signals::counted;

/// Follows the records of a file and finds the gaps between them.
pub(super) struct Times {
    kind: Kind,
    /// Seconds a record lasts.
    seconds: f64,
    /// Samples in a record of the fastest signal.
    most: usize,
    first: Option<f64>,
    /// The latest record whose time is known.
    last: Option<(usize, Onset)>,
    /// Most digits behind the point that were seen.
    places: usize,
    /// First record of each piece, and its time after the first record.
    pub(super) pieces: Vec<(usize, f64)>,
    /// Records of a continuous file whose time contradicts that.
    ignored: u64,
    /// Seconds that all gaps last together.
    missing: f64,
}

impl Times {
    /// `most` is the largest number of samples that a signal has in a record; 0 if all are annotations.
    pub(super) fn new(start: &Start, most: usize) -> Self {
        Self {
            kind: start.kind,
            seconds: start.seconds,
            most,
            first: None,
            last: None,
            places: 0,
            pieces: vec![(0, 0.0)],
            ignored: 0,
            missing: 0.0,
        }
    }

    /// Takes the time of the next record.
    pub(super) fn record(&mut self, record: usize, onset: Option<Onset>) -> Result<(), String> {
        if self.most == 0 {
            // nothing but annotations
            self.first = self.first.or(onset.map(|onset| onset.seconds));
            return Ok(());
        }
        let Some(onset) = onset else {
            return match self.kind {
                Kind::Interrupted => Err(format!(
                    "it is interrupted, and its record {record} (counting from 0) has no time"
                )),
                Kind::Plain | Kind::Continuous => Ok(()),
            };
        };
        self.places = self.places.max(onset.places);
        let begun = onset.seconds - record as f64 * self.seconds;
        let first = *self.first.get_or_insert(begun);
        if let Some((before, last)) = self.last {
            let expected = last.seconds + (record - before) as f64 * self.seconds;
            let late = onset.seconds - expected;
            if late > self.tolerance() {
                self.pieces.push((record, onset.seconds - first));
                self.missing += late;
            } else if late < -self.tolerance() {
                if self.kind == Kind::Interrupted {
                    return Err(format!(
                        "its record {record} (counting from 0) begins at {} s, before the end of the record ahead \
                         of it at {expected} s",
                        onset.seconds
                    ));
                }
                self.ignored += 1;
                return Ok(());
            }
        }
        self.last = Some((record, onset));
        Ok(())
    }

    /// Seconds by which a record may be late without a gap.
    fn tolerance(&self) -> f64 {
        // times that are written to a millisecond are exact unless a record lasts a fraction of one
        let places = i32::try_from(self.places.min(15)).unwrap_or(15);
        let steps = self.seconds * 10_f64.powi(places);
        let exact = (steps - steps.round()).abs() < 1e-6 * steps.max(1.0);
        let rounding = if exact { 0.0 } else { 10_f64.powi(-places) };
        let half_sample = self.seconds / self.most as f64 / 2.0;
        let fine = half_sample + rounding;
        match self.kind {
            Kind::Interrupted => fine,
            // the clock of some recorders drifts against their own samples: only what looks like
            // missing samples speaks against a header that says it is continuous
            Kind::Plain | Kind::Continuous => fine.max(self.seconds / 10.0),
        }
    }

    /// Time of the first record after the second of the header.
    pub(super) fn first(&self) -> f64 {
        self.first.unwrap_or(0.0)
    }

    /// What was found, in words.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let [_, (record, seconds), ..] = self.pieces[..] {
            let contradicts = match self.kind {
                Kind::Interrupted => "",
                Kind::Plain | Kind::Continuous => ", although its header calls it continuous",
            };
            notes.push(format!(
                "the recording has {} of {} s together{contradicts}: the first is before record {record} (counting \
                 from 0), {seconds} s after the beginning",
                counted(self.pieces.len() as u64 - 1, "gap"),
                rounded(self.missing),
            ));
        }
        if self.ignored > 0 {
            notes.push(format!(
                "the header calls the recording continuous, and the times of {} that contradict it were ignored",
                counted(self.ignored, "record")
            ));
        }
        notes
    }
}

/// A time without the dust of sums.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}
