//! Colours: maps from values, and the palette of series.

use crate::figure::scene::Ink;

/// How values become colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColorMap {
    /// Viridis: magnitudes, from dark to light.
    #[default]
    Viridis,
    /// Blue, white, red: signed values around zero.
    BlueRed,
}

/// Viridis (Smith and van der Walt 2015), every 16th of its 257 steps.
const VIRIDIS: [[u8; 3]; 17] = [
    [68, 1, 84],
    [72, 24, 106],
    [71, 45, 123],
    [66, 64, 134],
    [59, 82, 139],
    [51, 99, 141],
    [44, 114, 142],
    [38, 130, 142],
    [33, 145, 140],
    [31, 160, 136],
    [40, 174, 128],
    [63, 188, 115],
    [94, 201, 98],
    [132, 212, 75],
    [173, 220, 48],
    [216, 226, 25],
    [253, 231, 37],
];

/// `RdBu` of `ColorBrewer` (Brewer 2003), reversed.
const BLUE_RED: [[u8; 3]; 17] = [
    [5, 48, 97],
    [23, 82, 144],
    [42, 113, 178],
    [63, 142, 192],
    [107, 172, 209],
    [155, 201, 224],
    [194, 221, 236],
    [224, 236, 243],
    [247, 246, 246],
    [251, 229, 216],
    [251, 204, 180],
    [245, 170, 137],
    [228, 128, 102],
    [208, 85, 72],
    [186, 40, 50],
    [147, 14, 38],
    [103, 0, 31],
];

impl ColorMap {
    /// The colour of a position between 0 and 1.
    pub(crate) fn at(self, position: f64) -> Ink {
        let anchors = match self {
            Self::Viridis => &VIRIDIS,
            Self::BlueRed => &BLUE_RED,
        };
        if position.is_nan() {
            return Ink::Missing;
        }
        let scaled = position.clamp(0.0, 1.0) * (anchors.len() - 1) as f64;
        let below = (scaled as usize).min(anchors.len() - 2);
        let share = scaled - below as f64;
        let mix = |channel: usize| {
            let (a, b) = (anchors[below][channel], anchors[below + 1][channel]);
            (f64::from(a) + share * (f64::from(b) - f64::from(a))).round() as u8
        };
        Ink::Rgb([mix(0), mix(1), mix(2)])
    }
}

/// Number of colours of series before they repeat.
pub(crate) const SERIES: usize = 7;

/// Okabe and Ito 2008, told apart by colour-blind readers, ordered for contrast with white paper.
const SERIES_LIGHT: [[u8; 3]; SERIES] = [
    [0, 114, 178],
    [213, 94, 0],
    [0, 140, 105],
    [176, 84, 140],
    [200, 130, 0],
    [64, 160, 215],
    [90, 90, 90],
];

/// The same hues, lighter, for dark paper.
const SERIES_DARK: [[u8; 3]; SERIES] = [
    [86, 180, 233],
    [255, 138, 61],
    [47, 199, 154],
    [227, 154, 195],
    [242, 182, 50],
    [160, 205, 255],
    [190, 190, 190],
];

/// Colours on white paper.
pub(crate) fn light(ink: Ink) -> [u8; 3] {
    match ink {
        Ink::Text => [28, 32, 36],
        Ink::Muted => [92, 98, 104],
        Ink::Grid => [222, 225, 228],
        Ink::Paper => [255, 255, 255],
        Ink::Missing => [190, 190, 190],
        Ink::Series(i) => SERIES_LIGHT[i % SERIES],
        Ink::Rgb(rgb) => rgb,
    }
}

/// Colours on a dark screen.
pub(crate) fn dark(ink: Ink) -> [u8; 3] {
    match ink {
        Ink::Text => [228, 230, 232],
        Ink::Muted => [160, 166, 172],
        Ink::Grid => [56, 60, 66],
        Ink::Paper => [22, 24, 28],
        Ink::Missing => [96, 96, 96],
        Ink::Series(i) => SERIES_DARK[i % SERIES],
        Ink::Rgb(rgb) => rgb,
    }
}

pub(crate) fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_begin_and_end_at_their_anchors() {
        assert_eq!(ColorMap::Viridis.at(0.0), Ink::Rgb([68, 1, 84]));
        assert_eq!(ColorMap::Viridis.at(1.0), Ink::Rgb([253, 231, 37]));
        assert_eq!(ColorMap::Viridis.at(0.5), Ink::Rgb([33, 145, 140]));
        assert_eq!(ColorMap::BlueRed.at(7.0), Ink::Rgb([103, 0, 31]));
        assert_eq!(ColorMap::BlueRed.at(f64::NAN), Ink::Missing);
    }

    /// Relative luminance and contrast as WCAG 2.1 defines them.
    fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
        let luminance = |rgb: [u8; 3]| {
            let linear = |c: u8| match f64::from(c) / 255.0 {
                c if c <= 0.04045 => c / 12.92,
                c => ((c + 0.055) / 1.055).powf(2.4),
            };
            0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2])
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn words_and_lines_can_be_seen_on_their_paper() {
        for theme in [light, dark] {
            let paper = theme(Ink::Paper);
            // WCAG 2.1 level AA: 4.5 for text; 2.7 for thick lines, which also differ in dashes
            assert!(contrast(theme(Ink::Text), paper) > 7.0);
            assert!(contrast(theme(Ink::Muted), paper) > 4.5);
            for i in 0..SERIES {
                assert!(contrast(theme(Ink::Series(i)), paper) > 2.7, "{i}");
            }
        }
    }
}
