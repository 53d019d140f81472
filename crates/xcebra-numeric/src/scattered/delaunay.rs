//! Delaunay triangulations of a few hundred points.

use super::{Point, orientation};

/// The triangles of a Delaunay triangulation: no point is inside the circle around a triangle. Where more than three
/// points are on such a circle, there are several, of which this is one.
#[derive(Debug, Clone, PartialEq)]
pub struct Triangulation {
    points: Vec<Point>,
    triangles: Vec<[usize; 3]>,
}

/// The corner of triangles outside the hull: a point at infinity.
const INFINITE: usize = usize::MAX;
/// What rounding leaves of a vanishing determinant, relative to its terms.
const ROUNDING: f64 = 1e-12;

impl Triangulation {
    /// Triangulates points by adding one after the other (Bowyer 1981, Watson 1981), in time that grows with the
    /// square of their number. `None` if there are fewer than three, if all are on a line, if two are the same, or
    /// if one is not finite.
    ///
    /// ```
    /// use xcebra_numeric::Triangulation;
    ///
    /// let square = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
    /// assert_eq!(Triangulation::new(&square).unwrap().triangles().len(), 2);
    /// assert!(Triangulation::new(&square[..2]).is_none());
    /// ```
    pub fn new(points: &[Point]) -> Option<Self> {
        if points.iter().flatten().any(|v| !v.is_finite()) {
            return None;
        }
        let same = |(i, p): (usize, &Point)| points[..i].contains(p);
        if points.iter().enumerate().any(same) {
            return None;
        }
        let first = first_triangle(points)?;
        let [a, b, c] = first;
        // beyond each edge lies a triangle with the point at infinity
        let beyond = |a, b| [b, a, INFINITE];
        let mut all = vec![first, beyond(a, b), beyond(b, c), beyond(c, a)];
        for new in (0..points.len()).filter(|i| !first.contains(i)) {
            let (taken, kept): (Vec<_>, Vec<_>) = all
                .into_iter()
                .partition(|t| holds(points, *t, points[new]));
            let edges = |t: &[usize; 3]| [[t[0], t[1]], [t[1], t[2]], [t[2], t[0]]];
            let all_edges: Vec<[usize; 2]> = taken.iter().flat_map(edges).collect();
            all = kept;
            // the edges around the hole, each with the new point
            for &[from, to] in &all_edges {
                if !all_edges.contains(&[to, from]) {
                    all.push(match (from, to) {
                        (INFINITE, to) => [to, new, INFINITE],
                        (from, INFINITE) => [new, from, INFINITE],
                        (from, to) => [from, to, new],
                    });
                }
            }
        }
        all.retain(|triangle| !triangle.contains(&INFINITE));
        Self::of(points, &all)
    }

    /// A triangulation that is known, such as that of another program: three points a triangle, in any sense. `None`
    /// if a triangle names a point that is not there, or has no area.
    pub fn of(points: &[Point], triangles: &[[usize; 3]]) -> Option<Self> {
        let mut turned = Vec::with_capacity(triangles.len());
        for &[a, b, c] in triangles {
            let corners = [*points.get(a)?, *points.get(b)?, *points.get(c)?];
            turned.push(match orientation(corners[0], corners[1], corners[2]) {
                area if area > 0.0 => [a, b, c],
                area if area < 0.0 => [a, c, b],
                _ => return None,
            });
        }
        Some(Self {
            points: points.to_vec(),
            triangles: turned,
        })
    }

    /// The points.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Three points a triangle, counterclockwise.
    pub fn triangles(&self) -> &[[usize; 3]] {
        &self.triangles
    }

    /// The points that each point is joined to, in ascending order.
    pub fn neighbours(&self) -> Vec<Vec<usize>> {
        let mut neighbours = vec![Vec::new(); self.points.len()];
        for &[a, b, c] in &self.triangles {
            neighbours[a].extend([b, c]);
            neighbours[b].extend([c, a]);
            neighbours[c].extend([a, b]);
        }
        for list in &mut neighbours {
            list.sort_unstable();
            list.dedup();
        }
        neighbours
    }
}

/// Three points that are not on a line, counterclockwise.
fn first_triangle(points: &[Point]) -> Option<[usize; 3]> {
    let (a, b) = (*points.first()?, *points.get(1)?);
    let apart = |p: Point| {
        let size = (b[0] - a[0]).abs().max((b[1] - a[1]).abs());
        let reach = (p[0] - a[0]).abs().max((p[1] - a[1]).abs());
        orientation(a, b, p).abs() > ROUNDING * size * reach
    };
    let third = (2..points.len()).find(|&i| apart(points[i]))?;
    Some(match orientation(a, b, points[third]) > 0.0 {
        true => [0, 1, third],
        false => [1, 0, third],
    })
}

/// Whether the circle around a triangle holds a point inside; that around one with a corner at infinity is all that is
/// beyond its edge, and the edge itself.
fn holds(points: &[Point], triangle: [usize; 3], p: Point) -> bool {
    let [a, b, c] = triangle;
    if c == INFINITE {
        let (a, b) = (points[a], points[b]);
        let (along, toward) = ([b[0] - a[0], b[1] - a[1]], [p[0] - a[0], p[1] - a[1]]);
        let length = along[0] * along[0] + along[1] * along[1];
        let share = (along[0] * toward[0] + along[1] * toward[1]) / length;
        let area = orientation(a, b, p);
        return match area.abs() > ROUNDING * length {
            true => area > 0.0,
            false => (0.0..=1.0).contains(&share),
        };
    }
    let row = |i: usize| {
        let (x, y) = (points[i][0] - p[0], points[i][1] - p[1]);
        [x, y, x * x + y * y]
    };
    let [a, b, c] = [row(a), row(b), row(c)];
    let terms = [
        a[2] * (b[0] * c[1] - b[1] * c[0]),
        b[2] * (c[0] * a[1] - c[1] * a[0]),
        c[2] * (a[0] * b[1] - a[1] * b[0]),
    ];
    let size: f64 = terms.iter().map(|t| t.abs()).sum();
    terms.iter().sum::<f64>() > ROUNDING * size
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Twice the area of the convex hull, by the monotone chain of Andrew 1979.
    fn hull_area(points: &[Point]) -> f64 {
        let mut sorted = points.to_vec();
        sorted.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
        let half = |points: &mut dyn Iterator<Item = &Point>| {
            let mut chain: Vec<Point> = Vec::new();
            for &p in points {
                while chain.len() > 1
                    && orientation(chain[chain.len() - 2], chain[chain.len() - 1], p) <= 0.0
                {
                    chain.pop();
                }
                chain.push(p);
            }
            chain.pop();
            chain
        };
        let mut hull = half(&mut sorted.iter());
        hull.extend(half(&mut sorted.iter().rev()));
        let next = |i: usize| hull[(i + 1) % hull.len()];
        let cross = |i: usize| hull[i][0] * next(i)[1] - hull[i][1] * next(i)[0];
        (0..hull.len()).map(cross).sum()
    }

    fn check(points: &[Point]) {
        let found = Triangulation::new(points).expect("not on a line");
        let areas = found.triangles().iter().map(|&[a, b, c]| {
            let area = orientation(points[a], points[b], points[c]);
            assert!(area > 0.0);
            for &p in points {
                // a circle through three points holds no other well inside
                assert!(!holds(points, [a, b, c], p));
            }
            area
        });
        let (area, hull) = (areas.sum::<f64>(), hull_area(points));
        assert!((area - hull).abs() < 1e-9 * hull, "{area} of {hull}");
    }

    proptest! {
        #[test]
        fn random_points_have_empty_circles_and_fill_their_hull(
            points in prop::collection::vec([-1.0..1.0f64, -1.0..1.0], 3..60)
        ) {
            check(&points);
        }
    }

    /// Points on lines and circles, where rounding decides.
    #[test]
    fn grids_and_rings_are_triangulated() {
        let grid: Vec<Point> = (0..49)
            .map(|i| [f64::from(i % 7) * 0.1, f64::from(i / 7) * 0.3])
            .collect();
        check(&grid);
        assert_eq!(Triangulation::new(&grid).unwrap().triangles().len(), 72);
        let ring = |n: u32, r: f64| {
            let angle = move |i: u32| std::f64::consts::TAU * f64::from(i) / f64::from(n);
            (0..n).map(move |i| [r * angle(i).cos(), r * angle(i).sin()])
        };
        let rings: Vec<Point> = ring(20, 1.0)
            .chain(ring(10, 0.5))
            .chain([[0.0, 0.0]])
            .collect();
        check(&rings);
    }

    #[test]
    fn what_has_no_triangle_is_refused() {
        let line: Vec<Point> = (0..9).map(|i| [f64::from(i), 2.0 * f64::from(i)]).collect();
        assert_eq!(Triangulation::new(&line), None);
        assert_eq!(
            Triangulation::new(&[[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]]),
            None
        );
        assert_eq!(
            Triangulation::new(&[[0.0, 0.0], [1.0, 0.0], [0.0, f64::NAN]]),
            None
        );
        assert_eq!(Triangulation::of(&line[..2], &[[0, 1, 2]]), None);
    }
}
