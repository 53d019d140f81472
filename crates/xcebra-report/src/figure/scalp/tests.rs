//! Maps of the head against MNE, and what is drawn.

use serde_json::Value;
use xcebra_numeric::{Point, Triangulation};

use super::*;

/// Positions, triangles and values as MNE and SciPy have them; see the script beside the file.
fn reference() -> Value {
    serde_json::from_str(include_str!("../../../tests/data/scalp.json")).expect("JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().expect("a list").iter();
    list.map(|v| v.as_f64().expect("a number")).collect()
}

fn points(value: &Value) -> Vec<Point> {
    let list = value.as_array().expect("a list").iter();
    list.map(|pair| numbers(pair).try_into().expect("two"))
        .collect()
}

fn channels(set: &Value) -> Vec<String> {
    let names = set["names"].as_array().expect("a list").iter();
    names
        .map(|name| name.as_str().expect("a name").to_owned())
        .collect()
}

/// The largest difference from the reference's values.
fn difference(field: &Field, set: &Value) -> f64 {
    let found = points(&set["at"])
        .into_iter()
        .map(|p| field.at(p).expect("on the head"));
    let expected = numbers(&set["found"]).into_iter();
    found
        .zip(expected)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max)
}

#[test]
fn electrodes_are_where_mne_has_them() {
    for set in reference().as_object().expect("sets").values() {
        let found = electrodes(&channels(set)).expect("electrodes");
        for (electrode, expected) in found.iter().zip(points(&set["positions"])) {
            let [x, y] = electrode.at;
            // the table has four digits, and MNE scales it by the median radius
            let far = (x - expected[0]).hypot(y - expected[1]);
            assert!(far < 1e-4, "{electrode:?} {expected:?}");
        }
    }
}

#[test]
fn values_on_the_same_triangles_are_those_of_mne() {
    for (name, set) in reference().as_object().expect("sets") {
        let triangles = set["triangles"].as_array().expect("a list").iter();
        let triangles: Vec<[usize; 3]> = triangles
            .map(|t| {
                let corners: Vec<usize> = numbers(t).into_iter().map(|i| i as usize).collect();
                corners.try_into().expect("three")
            })
            .collect();
        let triangulation = Triangulation::of(&points(&set["points"]), &triangles).expect("areas");
        let field = Field::on(triangulation, &numbers(&set["values"])).expect("values");
        // SciPy ends its search for gradients at a change of 1e-6
        let far = difference(&field, set);
        assert!(far < 1e-6, "{name}: {far}");
    }
}

/// Without mirror images there is one triangulation. With them, MNE and we may join four points on a circle differently,
/// which values of between −1 and 3 hardly show.
#[test]
fn whole_maps_are_those_of_mne() {
    for (name, set) in reference().as_object().expect("sets") {
        let map = ScalpMap::of(&channels(set)).expect("electrodes");
        let values = numbers(&set["values"]);
        let at = points(&set["positions"]);
        let border = set["border"].as_f64().expect("a number");
        assert!((map.field(&values).expect("known").1 - border).abs() < 1e-4);
        let distance = set["distance"].as_f64().expect("a number");
        let field = Field::with_distance(&at, &values, border, distance).expect("a plane");
        let far = difference(&field, set);
        let limit = if name == "odd" { 1e-6 } else { 0.15 };
        assert!(far < limit, "{name}: {far}");
        // MNE takes the median of two edges of each triangle, in no certain order; we take all three
        let (field, _) = map.field(&values).expect("known");
        let far = difference(&field, set);
        assert!(far < 0.15, "{name}: {far}");
    }
}

fn map() -> ScalpMap {
    let names = ["Fp1", "Fp2", "F3", "F4", "C3", "C4", "O1", "O2", "EOG"];
    ScalpMap::of(&names.map(str::to_owned)).expect("electrodes")
}

#[test]
fn heads_have_outlines_electrodes_and_numbers() {
    let values = [-1.0, -0.5, 0.0, 0.25, 0.5, 0.75, 1.0, 2.0, 99.0];
    let map = map().title("Attribution").value("attribution").signed();
    assert_eq!(map.left_out(), ["EOG"]);
    let figure = map.clone().head("", &values).draw();
    assert_eq!(
        figure.alt(),
        "Attribution: attribution at 8 electrodes, values from −1 to 2; largest at O2."
    );
    let svg = figure.svg();
    // a single head names its electrodes
    assert!(
        svg.contains(">Fp1<") && svg.contains(">O2<") && !svg.contains(">EOG<"),
        "{svg}"
    );
    assert_eq!(figure.numbers().expect("a table").len(), 8);
    let two = map
        .head("slow", &values)
        .head("fast", &[f64::NAN; 9])
        .draw();
    assert!(
        two.alt().contains("in 2 maps; largest at O2 in slow."),
        "{}",
        two.alt()
    );
    assert_eq!(two.data()["heads"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_head_is_small_enough_for_pages_of_many() {
    let values: Vec<f64> = (0..9).map(|i| f64::from(i * i % 7) - 3.0).collect();
    let one = map().signed().head("", &values).draw().svg().len();
    let heads = (0..8).fold(map().signed(), |map, i| map.head(&i.to_string(), &values));
    let eight = heads.draw().svg().len();
    assert!(one < 60_000 && eight < 180_000, "{one} and {eight} bytes");
}

#[test]
fn without_known_values_there_is_only_a_head() {
    let figure = map().head("", &[f64::NAN; 9]).draw();
    assert!(figure.svg().contains("no data"));
    let few = map().head("", &[1.0, 2.0]).draw();
    assert!(few.svg().ends_with("</svg>\n"));
}
