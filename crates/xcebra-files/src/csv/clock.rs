//! Whether times are evenly spaced, at what rate, and where there are gaps.

/// How times continue from row to row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Pace {
    /// Evenly spaced but for gaps.
    Even {
        /// Time from row to row.
        step: f64,
        /// Samples in one unit of time.
        rate: f64,
        /// Rows before which time makes a jump, ascending.
        breaks: Vec<usize>,
    },
    /// They grow by steps from the first to the second number.
    Uneven(f64, f64),
    /// There are fewer than three.
    Few,
    /// They do not grow, or some are missing.
    NoTimes,
}

/// A longer step, in usual steps, is a gap.
const GAP: f64 = 1.5;
/// Steps that differ by less than this share of the usual one are even.
const JITTER: f64 = 0.1;
/// Steps from which on uneven ones are known to be even ones that were rounded.
const ROUNDED: usize = 20;
/// If more than one step in this many is a jump, the recording is uneven rather than interrupted.
const MOST_BREAKS: usize = 10;

/// Examines the times of consecutive rows.
pub(super) fn pace(times: &[f64]) -> Pace {
    if times.len() < 3 {
        return Pace::Few;
    }
    if times.iter().any(|time| !time.is_finite()) {
        return Pace::NoTimes;
    }
    let steps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let back = steps.iter().filter(|&&step| step <= 0.0).count();
    if back * MOST_BREAKS > steps.len() {
        return match steps.iter().any(|&step| step < 0.0) {
            true => Pace::NoTimes,
            false => uneven(&steps),
        };
    }
    let usual = usual_step(&steps);
    let breaks: Vec<usize> = (1..times.len())
        .filter(|&row| steps[row - 1] <= 0.0 || is_gap(times, row, usual))
        .collect();
    let is_break = |row: &usize| breaks.binary_search(row).is_ok();
    // a single gap is seen in few rows, too
    let most = if breaks.len() == 1 { 4 } else { MOST_BREAKS };
    if breaks.len() * most > steps.len() {
        return uneven(&steps);
    }
    let (mut sum, mut count) = (0.0, 0.0);
    for row in (1..times.len()).filter(|row| !is_break(row)) {
        sum += steps[row - 1];
        count += 1.0;
    }
    let step = sum / count;
    // steps vary little, or times are rounded but stay on a straight line
    let jitter = |row: &usize| !is_break(row) && (steps[row - 1] - step).abs() > JITTER * step;
    let off = deviation(times, &breaks, step);
    let rounded = steps.len() >= ROUNDED && off <= 0.5 * step;
    if (1..times.len()).any(|row| jitter(&row)) && !rounded {
        return uneven(&steps);
    }
    Pace::Even {
        step,
        rate: roundest(1.0 / step, 2.0 * off / sum),
        breaks,
    }
}

fn uneven(steps: &[f64]) -> Pace {
    let least = steps.iter().copied().fold(f64::INFINITY, f64::min);
    let most = steps.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Pace::Uneven(least, most)
}

/// How far apart the shortest and the longest step are, in mean steps.
pub(super) fn spread(times: &[f64]) -> f64 {
    let steps = || times.windows(2).map(|pair| pair[1] - pair[0]);
    let least = steps().fold(f64::INFINITY, f64::min);
    let most = steps().fold(f64::NEG_INFINITY, f64::max);
    let mean = (times[times.len() - 1] - times[0]) / (times.len() - 1) as f64;
    (most - least) / mean.abs()
}

/// Whether the step before a row is long, and the rows around it are late by as much: where times
/// jitter, a long step is followed or preceded by a short one.
fn is_gap(times: &[f64], row: usize, usual: f64) -> bool {
    if times[row] - times[row - 1] <= GAP * usual {
        return false;
    }
    let (first, last) = (row.saturating_sub(2), (row + 1).min(times.len() - 1));
    // a jump back next to the gap says nothing
    let span = (times[last] - times[first]).max(times[row] - times[first]);
    span - (last - first) as f64 * usual > (GAP - 1.0) * usual || times[last] <= times[row]
}

/// The mean of the steps without gaps. The median alone would mistake the longer of two steps for a
/// gap where times are rounded coarsely, such as 1, 2, 1, 1, 2.
fn usual_step(steps: &[f64]) -> f64 {
    let mut forward: Vec<f64> = steps.iter().copied().filter(|&step| step > 0.0).collect();
    let middle = forward.len() / 2;
    let (_, &mut median, _) = forward.select_nth_unstable_by(middle, f64::total_cmp);
    let (mut sum, mut count) = (0.0, 0.0);
    for &step in forward.iter().filter(|&&step| step <= 2.5 * median) {
        sum += step;
        count += 1.0;
    }
    sum / count
}

/// The largest distance of a time from the straight line through its segment.
fn deviation(times: &[f64], breaks: &[usize], step: f64) -> f64 {
    let mut most = 0.0_f64;
    let ends = breaks.iter().copied().chain([times.len()]);
    let mut start = 0;
    for end in ends {
        let (mut low, mut high) = (0.0_f64, 0.0_f64);
        for (row, &time) in times[start..end].iter().enumerate() {
            let off = time - times[start] - row as f64 * step;
            (low, high) = (low.min(off), high.max(off));
        }
        most = most.max((high - low) / 2.0);
        start = end;
    }
    most
}

/// The number with the fewest digits that cannot be told from `rate`, or from the inverse of which
/// it cannot be told: clocks are set to such numbers, and times in files are rounded.
fn roundest(rate: f64, uncertainty: f64) -> f64 {
    // coarser times do not tell 256 from 260
    const COARSEST: f64 = 1e-4;
    let uncertainty = uncertainty.max(1e-12);
    if uncertainty > COARSEST {
        return rate;
    }
    let near = |value: f64| (value - rate).abs() <= uncertainty * rate;
    for digits in 0..12_usize {
        let short = |value: f64| format!("{value:.digits$e}").parse().unwrap_or(value);
        let found = [short(rate), 1.0 / short(1.0 / rate)];
        if let Some(&round) = found.iter().find(|&&value| near(value)) {
            return round;
        }
    }
    rate
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn times(rate: f64, rows: usize) -> Vec<f64> {
        (0..rows).map(|row| row as f64 / rate).collect()
    }

    fn even(times: &[f64]) -> (f64, Vec<usize>) {
        match pace(times) {
            Pace::Even { rate, breaks, .. } => (rate, breaks),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn rounded_times_keep_their_rate() {
        for (rate, unit) in [
            (256.0, 1e-3),
            (700.0, 1e-3),
            (512.0, 1e-3),
            (250.0, 1e-3),
            (30.0, 1e-2),
        ] {
            let rounded: Vec<f64> = times(rate, 20_000)
                .iter()
                .map(|t| (t / unit).round() * unit)
                .collect();
            assert_eq!(even(&rounded), (rate, vec![]), "{rate}");
        }
        // single precision: at 20,000 s a step of 1 ms is less than its resolution of 2 ms
        let single: Vec<f64> = times(1000.0, 5000)
            .iter()
            .map(|t| f64::from((t + 2000.0) as f32))
            .collect();
        assert_eq!(even(&single), (1000.0, vec![]));
        let since_1970: Vec<f64> = times(128.0, 500).iter().map(|t| t + 1.7e9).collect();
        assert_eq!(even(&since_1970), (128.0, vec![]));
    }

    #[test]
    fn what_is_not_even() {
        assert_eq!(pace(&[0.0, 1.0]), Pace::Few);
        assert_eq!(pace(&[0.0, 1.0, f64::NAN]), Pace::NoTimes);
        assert_eq!(pace(&[3.0, 2.0, 1.0]), Pace::NoTimes);
        assert_eq!(pace(&[5.0, 5.0, 5.0]), Pace::Uneven(0.0, 0.0));
        assert!(matches!(pace(&[0.0, 1.0, 3.0, 4.0, 7.0]), Pace::Uneven(..)));
        assert_eq!(pace(&[36.5, 36.4, 36.7]), Pace::NoTimes);
        assert_eq!(pace(&[0.0, 1.0, 10.0, 11.0, 40.0]), Pace::Uneven(1.0, 29.0));
        let growing: Vec<f64> = (0..100).map(|i| f64::from(i * i)).collect();
        assert!(matches!(pace(&growing), Pace::Uneven(1.0, _)));
    }

    #[test]
    fn jitter_makes_no_gaps() {
        // a step of 1.6 between times that are off by 0.3
        let mut jittered = times(1.0, 100);
        jittered[50] -= 0.3;
        jittered[51] += 0.3;
        assert_eq!(even(&jittered), (1.0, vec![]));
        for time in &mut jittered[51..] {
            *time += 1.0;
        }
        assert_eq!(even(&jittered).1, [51]);
    }

    proptest! {
        #[test]
        fn gaps_are_found_wherever_they_are(
            rate in 1..4000_u32,
            lengths in proptest::collection::vec((12..60_usize, 1..500_u32), 1..6),
            start in -1e6..1e6_f64,
        ) {
            let (mut time, mut all, mut starts) = (0.0, Vec::new(), Vec::new());
            for &(length, gap) in &lengths {
                starts.push(all.len());
                for _ in 0..length {
                    all.push(start + time / f64::from(rate));
                    time += 1.0;
                }
                time += f64::from(gap);
            }
            let (found, breaks) = even(&all);
            prop_assert_eq!(&breaks[..], &starts[1..]);
            // times near 1e6 are exact to 1e-10, so that a step of 1/4000 is to 1e-6
            prop_assert!((found / f64::from(rate) - 1.0).abs() < 1e-6, "{} {}", found, rate);
        }
    }
}
