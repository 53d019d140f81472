//! From values to positions on an axis, and where its ticks are.

use xcebra_numeric::trimmed;

/// An axis from `low` to `high`, drawn from pixel `start` to pixel `end`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
    logarithmic: bool,
}

/// A tick: its position in pixels and its label.
pub(crate) type Tick = (f64, String);

impl Scale {
    /// A linear axis over finite values; an empty range is widened.
    pub(crate) fn linear(range: (f64, f64), pixels: (f64, f64)) -> Self {
        let (mut low, mut high) = range;
        if !(low.is_finite() && high.is_finite()) {
            (low, high) = (0.0, 1.0);
        }
        // narrower than rounding allows: ticks would repeat
        if high - low <= low.abs().max(high.abs()) * 1e-12 {
            let margin = if low == 0.0 { 1.0 } else { low.abs() * 0.5 };
            (low, high) = (low - margin, high + margin);
        }
        Self {
            low,
            high,
            start: pixels.0,
            end: pixels.1,
            logarithmic: false,
        }
    }

    /// A logarithmic axis over positive values.
    pub(crate) fn logarithmic(range: (f64, f64), pixels: (f64, f64)) -> Self {
        let usable = range.0 > 0.0 && range.1.is_finite();
        let (low, high) = if usable { range } else { (0.1, 1.0) };
        let (mut low, mut high) = (low.log10(), high.log10());
        if high - low < 1e-6 {
            (low, high) = (low - 0.5, high + 0.5);
        }
        let log = Self::linear((low, high), pixels);
        Self {
            logarithmic: true,
            ..log
        }
    }

    /// The same with both ends on round values.
    pub(crate) fn rounded(self, ticks: usize) -> Self {
        let step = if self.logarithmic {
            1.0
        } else {
            step(self.high - self.low, ticks)
        };
        // a hundredth of a step is not worth another step
        Self {
            low: ((self.low / step + 0.01).floor()) * step,
            high: ((self.high / step - 0.01).ceil()) * step,
            ..self
        }
    }

    /// The same with the end on a round value, if one is near.
    pub(crate) fn snapped(self, ticks: usize) -> Self {
        let high = self.rounded(ticks).high;
        let near = high - self.high <= 0.02 * (self.high - self.low);
        Self {
            high: if near { high.max(self.high) } else { self.high },
            ..self
        }
    }

    /// Whether a value can be drawn.
    pub(crate) fn holds(&self, value: f64) -> bool {
        value.is_finite() && (!self.logarithmic || value > 0.0)
    }

    /// First and last value; of a logarithmic axis their decimal logarithms.
    pub(crate) fn ends(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// First and last pixel.
    pub(crate) fn pixels(&self) -> (f64, f64) {
        (self.start, self.end)
    }

    /// Pixel of a value.
    pub(crate) fn position(&self, value: f64) -> f64 {
        self.place(if self.logarithmic {
            value.log10()
        } else {
            value
        })
    }

    fn place(&self, value: f64) -> f64 {
        self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)
    }

    /// As [`ticks`](Self::ticks), on whole numbers alone.
    pub(crate) fn whole_ticks(&self, count: usize) -> Vec<Tick> {
        let whole = |&count: &usize| decimals(step(self.high - self.low, count)) == 0;
        self.ticks((1..=count).rev().find(whole).unwrap_or(1))
    }

    /// About `count` ticks on round values; two at least, by which an axis can be read.
    pub(crate) fn ticks(&self, count: usize) -> Vec<Tick> {
        if self.logarithmic {
            return self.decades(count);
        }
        let ends = |step: f64| {
            let first = (self.low / step - 1e-6).ceil();
            (first, (self.high / step + 1e-6).floor())
        };
        let steps = (count..count + 8).map(|count| step(self.high - self.low, count));
        let legible = |step: &f64| ends(*step).1 > ends(*step).0;
        let step = steps.clone().find(legible);
        let step = step.unwrap_or_else(|| steps.fold(f64::NAN, f64::max));
        let (first, last) = ends(step);
        let decimals = decimals(step);
        (0..=(last - first) as usize)
            .map(|i| (first + i as f64) * step)
            .map(|value| (self.position(value), label(value, step, decimals)))
            .collect()
    }

    fn decades(&self, count: usize) -> Vec<Tick> {
        let (first, last) = (
            (self.low - 1e-9).ceil() as i32,
            (self.high + 1e-9).floor() as i32,
        );
        let tick = |mantissa: f64, power: i32| {
            let value = mantissa * 10f64.powi(power);
            let text = match power {
                -4..=5 => group(&format!("{value:.*}", usize::try_from(-power).unwrap_or(0))),
                _ if mantissa == 1.0 => format!("10{}", superscript(power)),
                _ => format!("{mantissa}·10{}", superscript(power)),
            };
            (self.place(f64::from(power) + mantissa.log10()), text)
        };
        if last - first >= 1 {
            let every = ((last - first + 1) as usize).div_ceil(count.max(2));
            return (first..=last)
                .step_by(every)
                .map(|power| tick(1.0, power))
                .collect();
        }
        let inside = |position: &Tick| {
            let (a, b) = (self.start.min(self.end), self.start.max(self.end));
            position.0 >= a - 0.5 && position.0 <= b + 0.5
        };
        (first - 1..=last + 1)
            .flat_map(|power| [1.0, 2.0, 5.0].map(|mantissa| tick(mantissa, power)))
            .filter(inside)
            .collect()
    }
}

/// The round step that divides `span` into about `count` parts.
fn step(span: f64, count: usize) -> f64 {
    let raw = span / count.max(1) as f64;
    let power = 10f64.powf(raw.log10().floor());
    let round = [1.0, 2.0, 2.5, 5.0, 10.0];
    let chosen = round.into_iter().find(|m| m * power >= raw * 0.999);
    chosen.unwrap_or(10.0) * power
}

/// Digits behind the point that a multiple of `step` needs.
fn decimals(step: f64) -> usize {
    (0..12)
        .find(|&digits| {
            let scaled = step * 10f64.powi(digits);
            (scaled - scaled.round()).abs() < 1e-6 * scaled
        })
        .unwrap_or(12) as usize
}

fn label(value: f64, step: f64, decimals: usize) -> String {
    if value.abs() < step * 1e-6 {
        return "0".to_owned();
    }
    if value.abs() >= 1e7 || decimals > 5 {
        return number(value);
    }
    group(&format!("{value:.decimals$}"))
}

/// A number as a reader writes it: four significant digits, powers of ten where they help.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return value.to_string();
    }
    if size != 0.0 && !(1e-4..1e7).contains(&size) {
        let text = format!("{value:.3e}");
        let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
        let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
        return minus(&format!(
            "{mantissa}·10{}",
            superscript(power.parse().unwrap_or(0))
        ));
    }
    let digits = if size < 1.0 {
        4
    } else {
        xcebra_numeric::decimals(size, 4)
    };
    group(&trimmed(value, digits))
}

/// Thin spaces between thousands from five digits on, and a true minus.
fn group(text: &str) -> String {
    let (whole, fraction) = text
        .split_once('.')
        .map_or((text, None), |(a, b)| (a, Some(b)));
    let digits = whole.trim_start_matches('-');
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if digits.len() > 4 && i > 0 && (digits.len() - i) % 3 == 0 {
            grouped.push('\u{2009}');
        }
        grouped.push(digit);
    }
    let sign = if whole.starts_with('-') { "−" } else { "" };
    let fraction = fraction.map_or(String::new(), |digits| format!(".{digits}"));
    format!("{sign}{grouped}{fraction}")
}

fn minus(text: &str) -> String {
    match text.strip_prefix('-') {
        Some(rest) => format!("−{rest}"),
        None => text.to_owned(),
    }
}

fn superscript(power: i32) -> String {
    let digit = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        c => char::from_u32('⁰' as u32 + c.to_digit(10).unwrap_or(0)).unwrap_or(c),
    };
    power.to_string().chars().map(digit).collect()
}

/// Smallest and largest of the finite values.
pub(crate) fn range(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let finite = values.into_iter().filter(|value| value.is_finite());
    finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale, count: usize) -> Vec<String> {
        scale.ticks(count).into_iter().map(|tick| tick.1).collect()
    }

    #[test]
    fn an_axis_has_two_ticks_at_least() {
        let pixels = (0.0, 100.0);
        assert_eq!(
            labels(Scale::linear((-4.0, 4.0), pixels), 3),
            ["−4", "−2", "0", "2", "4"]
        );
        assert_eq!(labels(Scale::linear((-0.9, 0.9), pixels), 2).len(), 3);
    }

    #[test]
    fn rows_are_counted_by_whole_numbers() {
        let rows = |n: usize| -> Vec<String> {
            let scale = Scale::linear((-0.5, n as f64 - 0.5), (0.0, 100.0));
            let ticks = scale.whole_ticks(6).into_iter();
            ticks.map(|tick| tick.1).collect()
        };
        assert_eq!(rows(2), ["0", "1"]);
        assert_eq!(rows(3), ["0", "1", "2"]);
        assert_eq!(rows(11), ["0", "2", "4", "6", "8", "10"]);
        assert_eq!(rows(24), ["0", "5", "10", "15", "20"]);
    }

    #[test]
    fn ticks_are_round() {
        let pixels = (0.0, 100.0);
        assert_eq!(
            labels(Scale::linear((0.0, 1.0), pixels), 5),
            ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(
            labels(Scale::linear((-3.0, 7.0), pixels), 4),
            ["−2.5", "0", "2.5", "5.0"]
        );
        assert_eq!(
            labels(Scale::linear((0.0, 20_000.0), pixels), 4),
            [
                "0",
                "5000",
                "10\u{2009}000",
                "15\u{2009}000",
                "20\u{2009}000"
            ]
        );
        assert_eq!(
            labels(Scale::linear((0.0, 2e-6), pixels), 2),
            ["0", "1·10⁻⁶", "2·10⁻⁶"]
        );
        assert_eq!(
            labels(Scale::logarithmic((1e-3, 1e3), pixels), 3),
            ["0.001", "1", "1000"]
        );
        assert_eq!(
            labels(Scale::logarithmic((1e-9, 1e-7), pixels), 5),
            ["10⁻⁹", "10⁻⁸", "10⁻⁷"]
        );
        assert_eq!(
            labels(Scale::logarithmic((2.0, 6.0), pixels), 5),
            ["2", "5"]
        );
    }

    #[test]
    fn degenerate_ranges_still_have_an_axis() {
        for range in [
            (3.0, 3.0),
            (0.0, 0.0),
            (f64::INFINITY, f64::NEG_INFINITY),
            (1e300, 1e300),
        ] {
            for scale in [
                Scale::linear(range, (0.0, 1.0)),
                Scale::logarithmic(range, (0.0, 1.0)),
            ] {
                let ticks = scale.rounded(4).ticks(4);
                assert!((1..30).contains(&ticks.len()), "{range:?} {ticks:?}");
                assert!(ticks.iter().all(|tick| tick.0.is_finite()), "{range:?}");
            }
        }
    }

    #[test]
    fn rounding_the_ends_keeps_the_values_inside() {
        let scale = Scale::linear((0.13, 9.7), (0.0, 10.0)).rounded(5);
        assert_eq!((scale.low, scale.high), (0.0, 10.0));
        assert_eq!(scale.position(5.0), 5.0);
    }

    #[test]
    fn numbers_for_readers() {
        for (value, text) in [
            (0.0, "0"),
            (0.95, "0.95"),
            (-0.00001, "−1·10⁻⁵"),
            (1234.5, "1234"),
            (20_000.0, "20\u{2009}000"),
            (12.346, "12.35"),
            (1e-4, "0.0001"),
            (6.02e23, "6.02·10²³"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
