//! Where bars, their values and their colours are.

use super::*;

fn texts(values: &[f64]) -> Vec<String> {
    let chart = BarChart::new("");
    let bar = |chart: BarChart, value: &f64| chart.bar("", *value);
    values.iter().fold(chart, bar).texts()
}

#[test]
fn values_have_no_more_digits_than_count() {
    assert_eq!(texts(&[0.96, 0.9]), ["0.96", "0.90"]);
    assert_eq!(texts(&[1.0, 10.8, -3.0]), ["1.0", "10.8", "−3.0"]);
    assert_eq!(texts(&[231.3, 148.0, 4.147]), ["231.3", "148.0", "4.147"]);
    assert_eq!(texts(&[1024.0, 0.5]), ["1024", "0.5"]);
}

#[test]
fn values_stand_beyond_the_ends_of_their_bars() {
    let mut scene = Scene::new(720.0, 200.0);
    let chart = BarChart::new("")
        .bar("a", 2.25)
        .interval("b", -1.25, -1.875, -0.625);
    chart.draw_in(&mut scene, 28.0);
    let text = |wanted: &str| {
        scene.shapes.iter().find_map(|shape| match shape {
            crate::figure::scene::Shape::Text {
                at,
                content,
                anchor,
                ..
            } if content == wanted => Some((at.0, *anchor)),
            _ => None,
        })
    };
    let bars: Vec<(f64, f64)> = scene
        .shapes
        .iter()
        .filter_map(|shape| match shape {
            crate::figure::scene::Shape::Rect { corner, size, .. } => {
                Some((corner.0, corner.0 + size.0))
            }
            _ => None,
        })
        .collect();
    let (positive, negative) = (text("2.25").unwrap(), text("−1.25").unwrap());
    assert!(positive.0 > bars[0].1 && matches!(positive.1, Anchor::Start));
    // left of the bar and of its interval, which is half as long as the bar again
    let interval = (bars[1].1 - bars[1].0) / 2.0;
    assert!(negative.0 < bars[1].0 - interval && matches!(negative.1, Anchor::End));
    // and right of the name
    assert!(negative.0 - text_width("−1.25", SMALL) > text("b").unwrap().0);
}

#[test]
fn signs_have_colours_where_they_mean_something() {
    let inks = |chart: BarChart| {
        let mut scene = Scene::new(720.0, 200.0);
        chart.bar("a", 1.0).bar("b", -1.0).draw_in(&mut scene, 28.0);
        let rects = scene.shapes.iter().filter_map(|shape| match shape {
            crate::figure::scene::Shape::Rect { ink, .. } => Some(*ink),
            _ => None,
        });
        rects.collect::<Vec<Ink>>()
    };
    assert_eq!(inks(BarChart::new("").signed()), [POSITIVE, NEGATIVE]);
    assert_eq!(inks(BarChart::new("")), [NEGATIVE, NEGATIVE]);
}
