//! Paths: positions, derivatives, and what is refused.

use std::f64::consts::PI;

use approx::assert_abs_diff_eq;
use cdig::{CdigError, Explainer, Path, Time};
use ndarray::{ArrayD, array};
use num_complex::Complex;

use crate::models::product;

fn real(x: f64) -> Complex<f64> {
    Complex::new(x, 0.0)
}

fn ends() -> (ArrayD<Complex<f64>>, ArrayD<Complex<f64>>) {
    let start = array![Complex::new(0.0, 1.0), real(2.0)].into_dyn();
    let end = array![Complex::new(4.0, -1.0), real(0.0)].into_dyn();
    (start, end)
}

#[test]
fn the_straight_path_moves_at_one_speed() {
    let (start, end) = ends();
    for alpha in [0.0, 0.25, 1.0] {
        let at = Path::Straight.at(alpha, &start, &end).unwrap();
        assert_eq!(at.derivative, &end - &start);
        let expected = &start + (&end - &start).mapv(|dz| dz * alpha);
        assert_eq!(at.point, expected);
    }
}

#[test]
fn a_polyline_goes_through_its_points_in_equal_parts() {
    let (start, end) = ends();
    let middle = array![real(10.0), real(-3.0)].into_dyn();
    let points = ndarray::stack![ndarray::Axis(0), start, middle, end];
    let path = Path::Polyline(points);
    assert_eq!(path.pieces(), 2);
    assert_eq!(path.at(0.5, &start, &end).unwrap().point, middle);
    let quarter = path.at(0.25, &start, &end).unwrap();
    assert_eq!(quarter.point, (&start + &middle).mapv(|z| z * 0.5));
    // twice as fast, because each of the two pieces takes half of the path
    assert_eq!(quarter.derivative, (&middle - &start).mapv(|z| z * 2.0));
    assert_eq!(path.at(1.0, &start, &end).unwrap().point, end);
}

#[test]
fn a_curve_is_followed() {
    let start = array![real(1.0)].into_dyn();
    let end = array![real(-1.0)].into_dyn();
    let circle = Path::curve(
        |a| array![Complex::from_polar(1.0, PI * a)].into_dyn(),
        |a| array![Complex::from_polar(PI, PI * (a + 0.5))].into_dyn(),
    );
    let top = circle.at(0.5, &start, &end).unwrap();
    assert_abs_diff_eq!(top.point[[0]].im, 1.0, epsilon = 1e-15);
    assert_abs_diff_eq!(top.derivative[[0]].re, -PI, epsilon = 1e-15);
}

#[test]
fn refuses_paths_that_do_not_join_the_two_points() {
    let model = product();
    let domain = Time::new(&[2]).unwrap();
    let explain = |path| {
        Explainer::new(&model)
            .path(path)
            .explain(&domain, array![1.0, 1.0].view())
    };
    let polyline = |points: ndarray::Array2<f64>| Path::Polyline(points.mapv(real).into_dyn());

    assert!(explain(polyline(array![[0.0, 0.0], [5.0, 5.0], [1.0, 1.0]])).is_ok());
    for (path, which) in [
        (polyline(array![[0.0, 0.1], [1.0, 1.0]]), "start"),
        (polyline(array![[0.0, 0.0], [1.0, 1.1]]), "end"),
    ] {
        match explain(path).unwrap_err() {
            CdigError::PathEnd { which: found, .. } => assert_eq!(found, which),
            other => panic!("{other}"),
        }
    }
    let nan = explain(polyline(array![[0.0, 0.0], [f64::NAN, 0.0], [1.0, 1.0]]));
    assert!(matches!(nan, Err(CdigError::NonFinite { .. })), "{nan:?}");
    for shape in [
        array![[0.0, 0.0]],
        array![[0.0], [1.0]],
        ndarray::Array2::zeros((0, 2)),
    ] {
        let found = explain(polyline(shape));
        assert!(matches!(found, Err(CdigError::Shape { .. })), "{found:?}");
    }
}

#[test]
fn refuses_curves_whose_derivative_is_wrong() {
    let model = product();
    let domain = Time::new(&[2]).unwrap();
    let explain = |slope: f64, length: usize| {
        Explainer::new(&model)
            .path(Path::curve(
                |a| array![real(a), real(a * a)].into_dyn(),
                move |a| {
                    let derivative = array![real(1.0), real(slope * a), real(0.0)];
                    derivative
                        .slice(ndarray::s![..length])
                        .to_owned()
                        .into_dyn()
                },
            ))
            .explain(&domain, array![1.0, 1.0].view())
    };
    assert!(explain(2.0, 2).is_ok());
    let wrong = explain(1.0, 2);
    assert!(
        matches!(wrong, Err(CdigError::PathDerivative { .. })),
        "{wrong:?}"
    );
    let long = explain(2.0, 3);
    assert!(matches!(long, Err(CdigError::Shape { .. })), "{long:?}");
    let nan = explain(f64::NAN, 2);
    assert!(
        matches!(nan, Err(CdigError::NonFinitePath { .. })),
        "{nan:?}"
    );
}

#[test]
fn positions_lie_in_the_unit_interval() {
    let (start, end) = ends();
    for alpha in [-0.1, 1.1, f64::NAN] {
        assert!(Path::Straight.at(alpha, &start, &end).is_err());
    }
}
