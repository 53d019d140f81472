//! Values between electrodes, up to the border of the head.

use std::f64::consts::TAU;

use xcebra_numeric::{CloughTocher, Point, Triangulation};

/// Fewest points around the head.
const FEWEST: usize = 12;

/// A surface through the values at electrodes. As in `plot_topomap` of MNE, it is cubic on triangles (Clough–Tocher), and
/// points around the head, with the means of the electrodes they are joined to, carry it to the border.
pub(super) struct Field(CloughTocher);

impl Field {
    /// The surface within the radius `border`, for electrodes of which not all are on a line.
    pub(super) fn new(electrodes: &[Point], values: &[f64], border: f64) -> Option<Self> {
        let distance = usual_distance(&Triangulation::new(electrodes)?);
        Self::with_distance(electrodes, values, border, distance)
    }

    /// The same, with the usual distance between neighbouring electrodes.
    pub(super) fn with_distance(
        electrodes: &[Point],
        values: &[f64],
        border: f64,
        distance: f64,
    ) -> Option<Self> {
        let points: Vec<Point> = electrodes
            .iter()
            .copied()
            .chain(around(border, distance))
            .collect();
        Self::on(Triangulation::new(&points)?, values)
    }

    /// The surface on these triangles, whose first points are the electrodes.
    pub(super) fn on(triangulation: Triangulation, values: &[f64]) -> Option<Self> {
        let n = values.len();
        let neighbours = triangulation.neighbours();
        let mean = |list: &Vec<usize>| {
            let near: Vec<f64> = list
                .iter()
                .filter(|i| **i < n)
                .map(|i| values[*i])
                .collect();
            (!near.is_empty()).then(|| near.iter().sum::<f64>() / near.len() as f64)
        };
        let found: Vec<Option<f64>> = neighbours[n..].iter().map(mean).collect();
        let known: Vec<f64> = found.iter().copied().flatten().collect();
        let rest = known.iter().sum::<f64>() / known.len().max(1) as f64;
        let outside = found.into_iter().map(|value| value.unwrap_or(rest));
        let all: Vec<f64> = values.iter().copied().chain(outside).collect();
        CloughTocher::new(triangulation, &all).map(Self)
    }

    /// The value at a point of the head; none outside.
    pub(super) fn at(&self, point: Point) -> Option<f64> {
        self.0.at(point)
    }
}

/// The median length of the edges of triangles, one of two triangles counted twice.
fn usual_distance(triangulation: &Triangulation) -> f64 {
    let points = triangulation.points();
    let length =
        |a: usize, b: usize| (points[a][0] - points[b][0]).hypot(points[a][1] - points[b][1]);
    let triangles = triangulation.triangles().iter();
    let lengths = triangles.flat_map(|&[a, b, c]| [length(a, b), length(b, c), length(c, a)]);
    let mut lengths: Vec<f64> = lengths.collect();
    lengths.sort_by(f64::total_cmp);
    xcebra_numeric::quantile(&lengths, 0.5)
}

/// Points around the head, about as far from each other as electrodes are.
fn around(border: f64, distance: f64) -> impl Iterator<Item = Point> {
    let angle = (distance / border).min(1.0).asin();
    let count = ((TAU / angle).round_ties_even() as usize).max(FEWEST);
    let radius = 1.1 * border + distance;
    (0..count).map(move |i| {
        let angle = TAU * i as f64 / count as f64;
        [radius * angle.cos(), radius * angle.sin()]
    })
}
