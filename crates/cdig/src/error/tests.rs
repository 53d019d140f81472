//! Problem, advice and kind of every error.

use super::*;

#[test]
fn problem_advice_and_kind_are_apart() {
    let shape = |advice| CdigError::Shape {
        what: "the signal".to_owned(),
        found: vec![3],
        expected: "[2, 8], the model's input shape".to_owned(),
        advice,
    };
    let path = |position| CdigError::NonFinitePath {
        what: "the gradient of output 0".to_owned(),
        position,
    };
    let law = |advice| CdigError::Law {
        domain: "wavelet".to_owned(),
        law: "affinity",
        error: 0.1,
        tolerance: 1e-6,
        statement: "inverse_vjp must not depend on the point",
        advice,
    };
    let domain = |advice| CdigError::Domain {
        domain: "pca".to_owned(),
        source: "the eigenvectors do not satisfy their equation".into(),
        advice,
    };
    let overflow = || NonFinite {
        what: "the map".to_owned(),
        index: vec![0],
        value: "inf".to_owned(),
        count: 1,
        total: 1,
    };
    let cases = [
        (shape(None), false, Kind::Data),
        (
            shape(Some("pass several signals to `explain_batch`")),
            true,
            Kind::Data,
        ),
        (
            CdigError::parameter("the hop", 0, "at least 1"),
            false,
            Kind::Setting,
        ),
        (
            CdigError::parameter_with("the hop", 9, "below 8", "take a shorter hop"),
            true,
            Kind::Setting,
        ),
        (
            CdigError::NonFinite {
                what: "the signal".to_owned(),
                index: vec![1, 4],
                value: "NaN".to_owned(),
                advice: "fill or cut the gaps first",
            },
            true,
            Kind::Data,
        ),
        (path(0.0), true, Kind::Numeric),
        (path(0.5), true, Kind::Numeric),
        (path(1.0), true, Kind::Numeric),
        (
            CdigError::RoundTrip {
                domain: "basis".to_owned(),
                which: "signal",
                error: 0.1,
                tolerance: 1e-6,
            },
            true,
            Kind::Setting,
        ),
        (
            CdigError::PathEnd {
                which: "start",
                joins: "baseline",
                distance: 0.1,
                tolerance: 1e-6,
            },
            true,
            Kind::Setting,
        ),
        (
            CdigError::PathDerivative {
                position: 0.25,
                error: 0.1,
                tolerance: 1e-6,
            },
            true,
            Kind::Setting,
        ),
        (law(None), false, Kind::Model),
        (
            law(Some("return false from has_affine_inverse if it does")),
            true,
            Kind::Model,
        ),
        (
            CdigError::SpectralZero {
                signal: 1,
                frequency: 2.0,
                least: 1e-9,
            },
            true,
            Kind::Data,
        ),
        (
            CdigError::NotConverged {
                what: "the independent component analysis",
                change: 0.1,
                tolerance: 1e-6,
            },
            true,
            Kind::Numeric,
        ),
        (
            CdigError::Cancelled { done: 3, total: 9 },
            false,
            Kind::Interrupted,
        ),
        (domain(None), false, Kind::Model),
        (domain(Some("scale the data")), true, Kind::Model),
        (CdigError::domain("own", overflow()), true, Kind::Numeric),
        (overflow().into(), true, Kind::Numeric),
        (ModelError::Stopped.into(), false, Kind::Interrupted),
        (
            CdigError::domain("own", CdigError::Cancelled { done: 3, total: 9 }),
            false,
            Kind::Interrupted,
        ),
    ];
    for (error, advised, kind) in cases {
        let text = error.to_string();
        assert_eq!(error.kind(), kind, "{text}");
        // the second clause of a setting says what is allowed
        assert!(!text.replace("; expected", "").contains("; "), "{text}");
        let advice = error.advice();
        assert_eq!(advice.is_some(), advised, "{text}");
        assert!(
            advice.is_none_or(|advice| !text.contains(&*advice)),
            "{text}"
        );
    }
}
