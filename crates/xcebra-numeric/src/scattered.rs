//! Smooth surfaces through values at scattered points of a plane.

mod clough_tocher;
mod delaunay;

pub use clough_tocher::CloughTocher;
pub use delaunay::Triangulation;

/// A point of a plane.
pub type Point = [f64; 2];

/// Twice the area of a triangle, positive if its corners run counterclockwise.
fn orientation(a: Point, b: Point, c: Point) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}
