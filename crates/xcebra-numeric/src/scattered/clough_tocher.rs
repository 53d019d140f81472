//! Cubic interpolation on triangles, once continuously differentiable.

use super::{Point, Triangulation, orientation};

/// The interpolant of Clough and Tocher (1965): on each triangle three cubic polynomials, with continuous first
/// derivatives everywhere. Gradients at the points are those with the least curvature along all edges (Nielson 1983,
/// Renka 1984). Of the derivatives across edges it takes the choice that does not depend on the coordinates (Farin 1986),
/// as `scipy.interpolate.CloughTocher2DInterpolator` does.
///
/// ```
/// use xcebra_numeric::{CloughTocher, Triangulation};
///
/// let points = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.4, 0.6]];
/// let triangulation = Triangulation::new(&points).unwrap();
/// let plane = |p: [f64; 2]| 1.0 + 2.0 * p[0] - p[1];
/// let surface = CloughTocher::new(triangulation, &points.map(plane)).unwrap();
/// let found = surface.at([0.3, 0.2]).unwrap();
/// assert!((found - plane([0.3, 0.2])).abs() < 1e-8); // a plane is found again
/// assert_eq!(surface.at([1.5, 0.5]), None); // outside
/// ```
#[derive(Debug, Clone)]
pub struct CloughTocher {
    triangulation: Triangulation,
    patches: Vec<Patch>,
}

/// The polynomials of a triangle, as Bézier ordinates of the names that Alfeld (1984) gives them.
#[derive(Debug, Clone)]
struct Patch {
    corners: [f64; 3],
    /// Next to corner `i` on the edge to corner `j`.
    edges: [[f64; 3]; 3],
    /// Between corner and centre, twice.
    to_centre: [[f64; 3]; 2],
    /// Between the centre and the edge opposite to a corner.
    opposite: [f64; 3],
    centre: f64,
}

/// Sweeps over all points in search of gradients, and the change at which they end, of the largest gradient.
const SWEEPS: usize = 2_000;
const SMALL: f64 = 1e-10;

impl CloughTocher {
    /// The surface through `values`, one for each point. `None` if there is another number of them.
    pub fn new(triangulation: Triangulation, values: &[f64]) -> Option<Self> {
        if values.len() != triangulation.points().len() {
            return None;
        }
        let gradients = gradients(&triangulation, values);
        let triangles = triangulation.triangles();
        let patches = (0..triangles.len())
            .map(|t| {
                let corners = triangles[t];
                let across = across(&triangulation, t);
                Patch::new(
                    corners.map(|i| triangulation.points()[i]),
                    corners.map(|i| values[i]),
                    corners.map(|i| gradients[i]),
                    across,
                )
            })
            .collect();
        Some(Self {
            triangulation,
            patches,
        })
    }

    /// The value at a point; `None` outside all triangles.
    pub fn at(&self, p: Point) -> Option<f64> {
        let points = self.triangulation.points();
        let triangles = self.triangulation.triangles().iter().zip(&self.patches);
        triangles.into_iter().find_map(|(corners, patch)| {
            let weights = barycentric(corners.map(|i| points[i]), p);
            let inside = weights.iter().all(|w| *w >= -1e-12);
            inside.then(|| patch.at(weights))
        })
    }
}

/// The weights of the corners of a triangle with which a point is their mean.
fn barycentric([a, b, c]: [Point; 3], p: Point) -> [f64; 3] {
    let all = orientation(a, b, c);
    [
        orientation(p, b, c) / all,
        orientation(a, p, c) / all,
        orientation(a, b, p) / all,
    ]
}

/// Gradients at all points with the least integral of squared second derivatives along all edges, point by point until
/// they stay.
fn gradients(triangulation: &Triangulation, values: &[f64]) -> Vec<Point> {
    let points = triangulation.points();
    let neighbours = triangulation.neighbours();
    let mut gradients = vec![[0.0; 2]; points.len()];
    for _ in 0..SWEEPS {
        let (mut change, mut largest) = (0.0_f64, 0.0_f64);
        for i in 0..points.len() {
            // the matrix and the right side of its two equations
            let (mut q, mut s) = ([0.0; 3], [0.0; 2]);
            for &j in &neighbours[i] {
                let e = [points[j][0] - points[i][0], points[j][1] - points[i][1]];
                let cube = e[0].hypot(e[1]).powi(3);
                let slope = e[0] * gradients[j][0] + e[1] * gradients[j][1];
                let pull = 6.0 * (values[i] - values[j]) + 2.0 * slope;
                q[0] += 4.0 * e[0] * e[0] / cube;
                q[1] += 4.0 * e[0] * e[1] / cube;
                q[2] += 4.0 * e[1] * e[1] / cube;
                s[0] += pull * e[0] / cube;
                s[1] += pull * e[1] / cube;
            }
            let determinant = q[0] * q[2] - q[1] * q[1];
            // a point without neighbours
            if determinant == 0.0 {
                continue;
            }
            let next = [
                (q[1] * s[1] - q[2] * s[0]) / determinant,
                (q[1] * s[0] - q[0] * s[1]) / determinant,
            ];
            for k in 0..2 {
                change = change.max((next[k] - gradients[i][k]).abs());
                largest = largest.max(next[k].abs());
            }
            gradients[i] = next;
        }
        if change <= SMALL * largest {
            break;
        }
    }
    gradients
}

/// For each edge of a triangle, that opposite to its corners one by one: where on the edge the line to the centre of the
/// neighbour crosses, as a number from −1 to 0 of the edge; one half without a neighbour.
fn across(triangulation: &Triangulation, triangle: usize) -> [f64; 3] {
    let (points, triangles) = (triangulation.points(), triangulation.triangles());
    let corners = triangles[triangle];
    [0, 1, 2].map(|k| {
        let (a, b) = (corners[(k + 1) % 3], corners[(k + 2) % 3]);
        let mut others = triangles.iter().enumerate();
        let neighbour =
            others.find(|(t, other)| *t != triangle && other.contains(&a) && other.contains(&b));
        let Some((_, neighbour)) = neighbour else {
            return -0.5;
        };
        let mean = |axis: usize| neighbour.iter().map(|&i| points[i][axis]).sum::<f64>() / 3.0;
        let weights = barycentric(corners.map(|i| points[i]), [mean(0), mean(1)]);
        let (first, second) = (weights[(k + 1) % 3], weights[(k + 2) % 3]);
        (2.0 * second + first - 1.0) / (2.0 - 3.0 * second - 3.0 * first)
    })
}

impl Patch {
    fn new(p: [Point; 3], f: [f64; 3], gradients: [Point; 3], g: [f64; 3]) -> Self {
        let mut edges = [[0.0; 3]; 3];
        for i in 0..3 {
            for j in (0..3).filter(|j| *j != i) {
                let slope =
                    gradients[i][0] * (p[j][0] - p[i][0]) + gradients[i][1] * (p[j][1] - p[i][1]);
                edges[i][j] = f[i] + slope / 3.0;
            }
        }
        let near = [0, 1, 2].map(|i| (edges[i][(i + 1) % 3] + edges[i][(i + 2) % 3] + f[i]) / 3.0);
        // the derivative across an edge is linear along it
        let opposite = [0, 1, 2].map(|k| {
            let (a, b) = ((k + 1) % 3, (k + 2) % 3);
            let (fa, ab, ba, fb) = (f[a], edges[a][b], edges[b][a], f[b]);
            (g[k] * (-fa + 3.0 * ab - 3.0 * ba + fb) + (-fa + 2.0 * ab - ba + near[a] + near[b]))
                / 2.0
        });
        let far =
            [0, 1, 2].map(|i| (opposite[(i + 1) % 3] + opposite[(i + 2) % 3] + near[i]) / 3.0);
        Self {
            corners: f,
            edges,
            to_centre: [near, far],
            opposite,
            centre: far.iter().sum::<f64>() / 3.0,
        }
    }

    /// The value at a point with these weights of the corners.
    fn at(&self, weights: [f64; 3]) -> f64 {
        let least = weights.iter().copied().fold(f64::INFINITY, f64::min);
        // one of these vanishes: the polynomial is that of the corner it belongs to
        let b = weights.map(|w| w - least);
        let c = 3.0 * least;
        let mut value = self.centre * c.powi(3);
        for i in 0..3 {
            let (j, k) = ((i + 1) % 3, (i + 2) % 3);
            let [near, far] = [self.to_centre[0][i], self.to_centre[1][i]];
            value += b[i].powi(3) * self.corners[i]
                + 3.0 * b[i] * b[i] * (b[j] * self.edges[i][j] + b[k] * self.edges[i][k])
                + 3.0 * b[i] * c * (b[i] * near + c * far)
                + 6.0 * b[j] * b[k] * c * self.opposite[i];
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points() -> Vec<Point> {
        // a golden spiral: no four points on a circle
        let at = |i: u32| {
            let (r, a) = ((f64::from(i) / 30.0).sqrt(), f64::from(i) * 2.4);
            [r * a.cos(), r * a.sin()]
        };
        (0..30).map(at).collect()
    }

    fn surface(f: impl Fn(Point) -> f64) -> CloughTocher {
        let values: Vec<f64> = points().into_iter().map(f).collect();
        CloughTocher::new(Triangulation::new(&points()).unwrap(), &values).unwrap()
    }

    #[test]
    fn values_are_met_and_planes_are_found_again() {
        let wave = |p: Point| (3.0 * p[0]).sin() + p[1] * p[1];
        let found = surface(wave);
        for p in points() {
            assert!((found.at(p).unwrap() - wave(p)).abs() < 1e-12);
        }
        let plane = |p: Point| 2.0 - p[0] + 0.5 * p[1];
        let found = surface(plane);
        for p in [[0.1, 0.2], [-0.4, 0.3], [0.0, -0.6]] {
            assert!((found.at(p).unwrap() - plane(p)).abs() < 1e-8);
        }
        assert_eq!(found.at([2.0, 0.0]), None);
    }

    /// Differences to both sides of the edges and of the lines inside triangles.
    #[test]
    fn the_slope_is_continuous() {
        let found = surface(|p| (3.0 * p[0]).sin() + (2.0 * p[1]).cos() * p[0]);
        let h = 1e-4;
        let mut largest = 0.0_f64;
        for i in 0..4_000 {
            let p = [-0.6 + 3e-4 * f64::from(i), 0.05];
            let [a, b, c] = [-h, 0.0, h].map(|d| found.at([p[0] + d, p[1]]).unwrap());
            largest = largest.max((a - 2.0 * b + c).abs() / h);
        }
        // a kink of slope s would give s; curvatures of some 20 give 20 h
        assert!(largest < 1e-2, "{largest}");
    }

    #[test]
    fn small_values_are_as_exact_as_large_ones() {
        let wave = |p: Point| (3.0 * p[0]).sin() + p[1];
        let (large, small) = (surface(wave), surface(|p| 1e-9 * wave(p)));
        let p = [0.23, -0.31];
        let difference = 1e9 * small.at(p).unwrap() - large.at(p).unwrap();
        assert!(difference.abs() < 1e-9, "{difference}");
    }
}
