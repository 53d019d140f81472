//! One signal, or the means of all of them, as they are drawn and listed.

use crate::explain::View;
use ndarray::{ArrayD, Axis, Zip};
use num_complex::Complex;

use super::result::Explanation;

/// What is shown: one output in one domain.
#[derive(Clone, Copy)]
pub struct Place {
    pub row: usize,
    pub domain: usize,
}

/// Signal `i` of an output in a domain.
pub fn view(explained: &Explanation, Place { row, domain }: Place, i: usize) -> View<'_> {
    let one = &explained.rows[row].found[i];
    let scored = &one.scored[domain];
    let signals = &explained.signals.values;
    let attribution = scored.attribution().to_owned();
    let with_size = |a: &ArrayD<f64>| [a.clone(), a.mapv(f64::abs)];
    View {
        built: &explained.domains[domain],
        sampling_rate: explained.sampling_rate,
        frequency: explained.unit.factor(),
        time_axis: explained.time_axis,
        signal: signals.index_axis(Axis(0), i).to_owned(),
        sizes: scored.all.attribution.coefficients.mapv(Complex::norm),
        signals: 1,
        absolute: attribution.mapv(f64::abs),
        attribution,
        spread: None,
        in_time: one.in_time.as_ref().map(with_size),
    }
}

/// The means over all signals: of the signals, of the sizes of coefficients, of attributions and of absolute
/// attributions.
pub fn mean_view(explained: &Explanation, place: Place) -> View<'_> {
    let all: Vec<usize> = (0..explained.signals.len()).collect();
    mean_over(explained, place, &all)
}

/// As [`mean_view`], over some signals, of which there is at least one.
pub fn mean_over<'a>(explained: &'a Explanation, place: Place, signals: &[usize]) -> View<'a> {
    let mut mean = view(explained, place, signals[0]);
    let n = signals.len();
    if n == 1 {
        return mean;
    }
    // Welford's running moments: no difference of large sums
    let mut squares = ArrayD::zeros(mean.attribution.raw_dim());
    for (before, &i) in signals.iter().enumerate().skip(1) {
        let next = view(explained, place, i);
        let k = (before + 1) as f64;
        Zip::from(&mut mean.attribution)
            .and(&next.attribution)
            .and(&mut squares)
            .for_each(|mean, a, squares| {
                let before = a - *mean;
                *mean += before / k;
                *squares += before * (a - *mean);
            });
        let towards = |mean: &mut ArrayD<f64>, next: &ArrayD<f64>| {
            mean.zip_mut_with(next, |mean, a| *mean += (a - *mean) / k);
        };
        towards(&mut mean.signal, &next.signal);
        towards(&mut mean.sizes, &next.sizes);
        towards(&mut mean.absolute, &next.absolute);
        if let (Some(to), Some(from)) = (&mut mean.in_time, &next.in_time) {
            to.iter_mut()
                .zip(from)
                .for_each(|(to, from)| towards(to, from));
        }
    }
    mean.spread = Some(squares.mapv(|s: f64| (s / n as f64).sqrt()));
    mean.signals = n;
    mean
}
