//! Numbers in files beside the model.

use std::fs;
use std::path::{Path, PathBuf};

use ndarray::array;
use xcebra_model::{Advice, Model};
use xcebra_onnx::{OnnxError, OnnxModel};

use crate::data::{Arrays, error, path};
use crate::write::Dim::{Fixed, Named};
use crate::write::{File, Message, tensor};

/// A folder with one of a model in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("model/inner")).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn model(&self) -> PathBuf {
        self.path("model/m.onnx")
    }

    fn write(&self, name: &str, numbers: &[f32]) {
        let bytes: Vec<u8> = numbers.iter().flat_map(|v| v.to_le_bytes()).collect();
        fs::write(self.path(name), bytes).unwrap();
    }
}

/// `y = x w`, with `w` of three numbers at this place.
fn multiplied(place: &[(&str, &str)]) -> Vec<u8> {
    multiplied_by(place, 3)
}

fn multiplied_by(place: &[(&str, &str)], length: i64) -> Vec<u8> {
    let entry = |(key, value): &(&str, &str)| Message::default().text(1, key).text(2, value);
    let w = tensor("w", 1, &[length]).int(14, 1);
    let w = place.iter().fold(w, |w, pair| w.message(13, &entry(pair)));
    File::new(&[Named("N"), Fixed(3)])
        .constant(&w)
        .node("Mul", &["x", "w"], "y", &[])
        .finish()
}

fn load(path: &Path) -> Result<Vec<f64>, OnnxError> {
    let model = OnnxModel::<f64>::load(path)?;
    let x = array![[1.0, 10.0, 100.0]].into_dyn();
    Ok(model.forward(x.view()).unwrap().into_raw_vec_and_offset().0)
}

#[test]
fn numbers_are_read_from_their_place() {
    let folder = Folder::new();
    folder.write("model/m.onnx.data", &[7.0, 1.0, 2.0, 3.0]);
    folder.write("model/inner/w", &[4.0, 5.0, 6.0]);
    let cases = [
        (
            &[
                ("location", "m.onnx.data"),
                ("offset", "4"),
                ("length", "12"),
            ][..],
            [1.0, 20.0, 300.0],
        ),
        (&[("location", "m.onnx.data")], [7.0, 10.0, 200.0]),
        (
            &[("location", "./inner/w"), ("checksum", "unread")],
            [4.0, 50.0, 600.0],
        ),
    ];
    for (place, expected) in cases {
        fs::write(folder.model(), multiplied(place)).unwrap();
        assert_eq!(load(&folder.model()).unwrap(), expected, "{place:?}");
    }
}

/// Written by onnx, computed by onnxruntime in `f32`: 1e-5 is a few dozen roundings of it.
#[test]
fn values_are_those_of_onnxruntime() {
    let mut arrays = Arrays::open("graphs.npz");
    let (x, y) = (
        arrays.get::<f32>("external.input"),
        arrays.get::<f32>("external.output"),
    );
    let model = OnnxModel::<f32>::load(path("external.onnx")).unwrap();
    assert!(error(&model.forward(x.view()).unwrap(), &y) < 1e-5);
}

/// A file of a stranger must not make us read what is not its own.
#[test]
fn only_files_inside_the_folder_are_read() {
    let folder = Folder::new();
    folder.write("secret", &[1.0, 2.0, 3.0]);
    let absolute = folder.path("secret");
    let mut places = vec![
        "../secret".to_owned(),
        "inner/../../secret".to_owned(),
        absolute.display().to_string(),
        "..\\secret".to_owned(),
        String::new(),
        ".".to_owned(),
        "inner".to_owned(),
        "absent".to_owned(),
        "nul\0".to_owned(),
    ];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&absolute, folder.path("model/link")).unwrap();
        std::os::unix::fs::symlink(folder.0.path(), folder.path("model/out")).unwrap();
        std::os::unix::fs::symlink("m.onnx", folder.path("model/loop")).unwrap();
        places.extend([
            "link".to_owned(),
            "out/secret".to_owned(),
            "/dev/zero".to_owned(),
        ]);
    }
    for place in places {
        fs::write(folder.model(), multiplied(&[("location", &place)])).unwrap();
        let error = load(&folder.model()).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("tensor 'w': its numbers are in"),
            "{place}: {text}"
        );
        assert!(error.advice().is_some(), "{place}: {text}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_within_the_folder_is_followed() {
    let folder = Folder::new();
    folder.write("model/inner/w", &[1.0, 2.0, 3.0]);
    std::os::unix::fs::symlink("inner/w", folder.path("model/w")).unwrap();
    fs::write(folder.model(), multiplied(&[("location", "w")])).unwrap();
    assert_eq!(load(&folder.model()).unwrap(), [1.0, 20.0, 300.0]);
}

#[test]
fn offsets_and_lengths_are_compared_with_the_file() {
    let folder = Folder::new();
    folder.write("model/w", &[1.0, 2.0, 3.0]);
    let cases = [
        (
            &[("offset", "4")][..],
            "12 bytes from byte 4 of w, which has 12",
        ),
        (
            &[("offset", "18446744073709551615")],
            "from byte 18446744073709551615",
        ),
        (&[("offset", "-4")], "offset"),
        (&[("length", "8")], "8 bytes in w, but its shape needs 12"),
        (&[("length", "many")], "length"),
    ];
    for (place, expected) in cases {
        let place = [&[("location", "w")], place].concat();
        fs::write(folder.model(), multiplied(&place)).unwrap();
        let text = load(&folder.model()).unwrap_err().to_string();
        assert!(text.contains("'w'") && text.contains(expected), "{text}");
    }
}

/// Nothing is allocated for numbers that the file does not have.
#[test]
fn a_shape_larger_than_the_file_is_refused() {
    let folder = Folder::new();
    folder.write("model/w", &[1.0, 2.0, 3.0]);
    for length in [4, 1 << 40, i64::MAX] {
        fs::write(folder.model(), multiplied_by(&[("location", "w")], length)).unwrap();
        let text = load(&folder.model()).unwrap_err().to_string();
        let expected = ["which has 12", "limit", "impossible shape"];
        assert!(expected.iter().any(|e| text.contains(e)), "{text}");
    }
}

/// A file whose tensors all are the same bytes of another one: together they are more than the limit.
#[test]
fn the_same_bytes_again_and_again_count_against_the_limit() {
    let folder = Folder::new();
    folder.write("model/w", &vec![0.0; 1000]);
    let entry = Message::default().text(1, "location").text(2, "w");
    let mut file = File::new(&[Named("N"), Fixed(1000)]);
    let mut last = "x".to_owned();
    for i in 0..200 {
        let name = format!("w{i}");
        file = file.constant(&tensor(&name, 1, &[1000]).int(14, 1).message(13, &entry));
        let sum = if i == 199 {
            "y".to_owned()
        } else {
            format!("s{i}")
        };
        file = file.node("Add", &[&last, &name], &sum, &[]);
        last = sum;
    }
    fs::write(folder.model(), file.finish()).unwrap();
    let options = xcebra_onnx::OnnxOptions::new().max_elements(10_000);
    let text = options.load::<f64>(folder.model()).unwrap_err().to_string();
    assert!(text.contains("limit of 26000"), "{text}");
}
