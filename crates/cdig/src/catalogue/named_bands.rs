//! Attribution added up over named bands of frequencies.

use std::ops::Range;

use ndarray::{ArrayD, Axis, Slice, concatenate};

use crate::axes::{Axes, Group, Role, by_bands, rounded};

/// Which coefficients of a domain are in which named band.
#[derive(Debug, Clone, PartialEq)]
pub struct Bands {
    /// The axis of the coefficients along which they are in bands.
    pub axis: usize,
    /// The bands in their order, and last `other` if some coefficients are in none.
    pub bands: Vec<NamedBand>,
}

/// A band with its coefficients.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedBand {
    /// Its name.
    pub name: String,
    /// Its limits in Hz, the upper one excluded; none for `other`.
    pub limits: Option<Range<f64>>,
    /// Entries along the axis.
    pub members: Vec<usize>,
}

impl Bands {
    /// The coefficients with these axes, in Hz, by bands in Hz. Those with a frequency are in the band that
    /// holds it, whatever its sign; those that cover a range, such as wavelets, in the band that holds all of
    /// it.
    ///
    /// # Errors
    /// In words, if the coefficients have no frequencies, or if one of them covers frequencies inside and outside
    /// of a band.
    pub fn of(axes: &Axes, bands: &[(String, Range<f64>)]) -> Result<Self, String> {
        let ranges = |i: usize| Some((i, axes[i].frequency_ranges()?));
        // single frequencies say more than ranges of them
        let single = axes.position(&Role::Frequency).and_then(ranges);
        let chosen = single.or_else(|| (0..axes.len()).rev().find_map(ranges));
        let Some((axis, ranges)) = chosen else {
            return Err("its coefficients have no frequencies".to_owned());
        };
        let groups = by_bands(bands, ranges.into_iter()).map_err(|partly| {
            let (name, limits) = &bands[partly.band];
            let width = partly.range.end - partly.range.start;
            format!(
                "its coefficients for {}–{} Hz are partly inside {name}={}-{}",
                rounded(partly.range.start, width),
                rounded(partly.range.end, width),
                limits.start,
                limits.end
            )
        })?;
        let limits = bands.iter().map(|(_, limits)| Some(limits.clone()));
        let limits = limits.chain(std::iter::once(None));
        let found = groups.into_iter().zip(limits);
        let found = found.map(|(Group { name, members }, limits)| NamedBand {
            name,
            limits,
            members,
        });
        let bands = found.collect();
        Ok(Self { axis, bands })
    }

    /// The array with its axis of frequencies, `behind` leading axes such as that of a batch, added up over the
    /// bands.
    pub fn sums(&self, array: &ArrayD<f64>, behind: usize) -> ArrayD<f64> {
        let axis = Axis(self.axis + behind);
        let sums: Vec<ArrayD<f64>> = self
            .bands
            .iter()
            .map(|band| {
                array
                    .select(axis, &band.members)
                    .sum_axis(axis)
                    .insert_axis(axis)
            })
            .collect();
        let views: Vec<_> = sums.iter().map(|sum| sum.view()).collect();
        match views.is_empty() {
            true => array.slice_axis(axis, Slice::from(0..0)).to_owned(),
            false => concatenate(axis, &views).expect("only the length of the axis differs"),
        }
    }

    /// Names of the bands that hold no coefficient.
    pub fn empty(&self) -> Vec<&str> {
        let none = self.bands.iter().filter(|band| band.members.is_empty());
        none.map(|band| band.name.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::catalogue::{DomainSpec, Setting};

    fn axes(spec: &str) -> Axes {
        axes_at(32.0, spec)
    }

    fn axes_at(rate: f64, spec: &str) -> Axes {
        let data = ArrayD::zeros(vec![1, 2, 32]);
        let mut setting = Setting::new(&[2, 32], data.view());
        setting.sampling_rate = Some(rate);
        spec.parse::<DomainSpec>()
            .unwrap()
            .build(&setting)
            .unwrap()
            .axes
    }

    fn named(bands: &[(&str, f64, f64)]) -> Vec<(String, Range<f64>)> {
        let named = |(name, low, high): &(&str, f64, f64)| ((*name).to_owned(), *low..*high);
        bands.iter().map(named).collect()
    }

    /// Frequencies 0, 1, … 16 Hz: members are whole numbers.
    #[test]
    fn every_coefficient_is_in_one_band() {
        let bands = named(&[("slow", 0.0, 4.0), ("fast", 8.0, 16.0)]);
        let found = Bands::of(&axes("rfft"), &bands).unwrap();
        let members: Vec<_> = found
            .bands
            .iter()
            .map(|band| band.members.clone())
            .collect();
        assert_eq!(members[0], [0, 1, 2, 3]);
        assert_eq!(members[1], (8..16).collect::<Vec<_>>());
        assert_eq!(members[2], [4, 5, 6, 7, 16]);
        // both signs of a frequency
        let found = Bands::of(&axes("fourier"), &bands).unwrap();
        assert_eq!(found.bands[0].members, [0, 1, 2, 3, 29, 30, 31]);
        // wavelets of level 2: 0–4, 4–8, 8–16 Hz
        let found = Bands::of(&axes("wavelet:haar:2"), &bands).unwrap();
        let counts: Vec<usize> = found.bands.iter().map(|band| band.members.len()).collect();
        assert_eq!(counts, [8, 16, 8]);
        for spec in ["packets:haar:2", "filter-bank:4:8", "filter-bank:4:8+rfft"] {
            assert!(Bands::of(&axes(spec), &bands).is_ok(), "{spec}");
        }
    }

    #[test]
    fn ranges_across_a_limit_and_domains_without_frequencies_are_refused() {
        let alpha = named(&[("alpha", 8.0, 13.0)]);
        for spec in ["wavelet:haar:2", "packets:haar:2", "filter-bank:4:10"] {
            let message = Bands::of(&axes(spec), &alpha).unwrap_err();
            assert!(
                message.contains("partly inside alpha=8-13"),
                "{spec}: {message}"
            );
        }
        // the same octaves a thousand million times slower
        let slow = named(&[("slow", 6e-9, 13e-9)]);
        let message = Bands::of(&axes_at(32e-9, "wavelet:haar:2"), &slow).unwrap_err();
        assert!(
            message.contains("for 0.000000004–0.000000008 Hz"),
            "{message}"
        );
        for spec in ["time", "analytic", "seasonal-trend:8", "cepstrum"] {
            let message = Bands::of(&axes(spec), &alpha).unwrap_err();
            assert!(message.contains("no frequencies"), "{spec}: {message}");
        }
    }

    #[test]
    fn sums_keep_the_other_axes() {
        let bands = Bands {
            axis: 1,
            bands: vec![
                NamedBand {
                    name: "a".into(),
                    limits: None,
                    members: vec![0, 2],
                },
                NamedBand {
                    name: "b".into(),
                    limits: None,
                    members: vec![],
                },
                NamedBand {
                    name: "c".into(),
                    limits: None,
                    members: vec![1],
                },
            ],
        };
        let array = array![[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]].into_dyn();
        let sums = array![[4.0, 0.0, 2.0], [40.0, 0.0, 20.0]].into_dyn();
        assert_eq!(bands.sums(&array, 0), sums);
        let batch = array.insert_axis(Axis(0));
        assert_eq!(bands.sums(&batch, 1), sums.insert_axis(Axis(0)));
        assert_eq!(bands.empty(), ["b"]);
    }
}
