//! What result files show.

use std::fs;

use ndarray::{Array, Array1, Array2, Array3};
use num_complex::Complex;
use xcebra_files::NpzOutput;

use super::view;

fn npz(
    folder: &tempfile::TempDir,
    name: &str,
    add: impl FnOnce(&mut NpzOutput),
) -> std::path::PathBuf {
    let path = folder.path().join(name);
    let mut output = NpzOutput::create(&path).unwrap();
    add(&mut output);
    output.commit().unwrap();
    path
}

#[test]
fn maps_are_shown_by_method_with_their_verdicts() {
    let folder = tempfile::tempdir().unwrap();
    let map = Array2::from_shape_fn((4, 2), |(i, j)| if (i, j) == (2, 1) { 5.0 } else { 0.5 });
    let path = npz(&folder, "map.npz", |output| {
        for method in ["ing", "neuron-gradient"] {
            output.add(method, &map).unwrap();
            output.add(&format!("{method}_signed"), &(-&map)).unwrap();
            output.add(&format!("{method}_max"), &(&map * 2.0)).unwrap();
        }
        let verdicts = Array2::from_shape_fn((4, 2), |(i, _)| i as i8 % 3 - 1);
        output.add("ing_verdict", &verdicts).unwrap();
        output.add("ing_comparable", &map).unwrap();
        output.add("ing_effect", &map).unwrap();
    });
    let page = view(&path).unwrap().html();
    assert_eq!(page.matches("class=\"option\"").count(), 2);
    assert_eq!(
        page.matches("The strongest entry is input 2 for latent 1: 5.")
            .count(),
        2
    );
    // rows 0 and 3 are -1, row 1 is 0 and row 2 is 1, in two columns each
    let counts = "“connected” in 2 of 8 cells, “undecided” in 2 of 8 cells";
    assert!(page.contains(counts), "{counts}");
    assert!(!page.contains("Other arrays"));
    for part in ["Inverted neuron gradient, comparable", ": effects"] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn attributions_are_shown_by_signal_over_their_axes() {
    let folder = tempfile::tempdir().unwrap();
    let mut attribution = Array3::<f64>::zeros((3, 2, 5));
    // opposite signs in two channels: the sum over channels would hide it
    attribution[[1, 0, 3]] = 4.0;
    attribution[[1, 1, 3]] = -4.0;
    let path = npz(&folder, "explained.npz", |output| {
        output.add("attribution", &attribution).unwrap();
        output
            .add("frequency_hz", &Array1::linspace(0.0, 2.0, 5))
            .unwrap();
        output.add("value", &Array1::<f64>::ones(3)).unwrap();
        // as `xcebra explain` writes them; they cannot be drawn
        let coefficients = Array3::from_elem((3, 2, 5), Complex::new(1.0, 2.0));
        output.add("coefficients", &coefficients).unwrap();
    });
    let page = view(&path).unwrap().html();
    assert!(page.contains("mean of absolute values over 3 signals"));
    assert!(
        page.contains("largest value 4 around frequency 1.5 Hz and 0")
            || page.contains("largest value −4 around frequency 1.5 Hz and 1")
    );
    assert!(page.contains("The values add up to 0."));
    assert!(page.contains("Not shown: array `coefficients`"));
}

fn words(names: &str) -> Vec<String> {
    names.split(' ').map(str::to_owned).collect()
}

#[test]
fn names_of_channels_are_shown_and_electrodes_are_on_the_head() {
    let folder = tempfile::tempdir().unwrap();
    let map = Array2::from_shape_fn((5, 2), |(i, j)| if (i, j) == (3, 1) { 5.0 } else { 0.5 });
    let names = words("Fp1 Cz C3 EEG_gain O1");
    let path = npz(&folder, "map.npz", |output| {
        output.add("ing", &map).unwrap();
        output.add("ing_signed", &map).unwrap();
        output.add_text("channel_names", &names).unwrap();
        output
            .add_text("map_axes", &words("channel output"))
            .unwrap();
    });
    let page = view(&path).unwrap().html();
    assert!(page.contains("The strongest entry is EEG_gain for output 1: 5."));
    assert!(
        page.contains("\"kind\":\"scalp\"") && page.contains("EEG_gain has no place on the head.")
    );
    assert!(page.contains("inputs × outputs, the latter counted from 0"));
    assert!(!page.contains("Other arrays"), "names are no picture");

    // names of another number of channels are not used
    let path = npz(&folder, "other.npz", |output| {
        output.add("ing", &map).unwrap();
        output.add("ing_signed", &map).unwrap();
        output
            .add_text("channel_names", &words("Fp1 Cz C3 O1"))
            .unwrap();
    });
    let page = view(&path).unwrap().html();
    assert!(page.contains("The strongest entry is input 3 for latent 1: 5."));
    assert!(!page.contains("\"kind\":\"scalp\""));
}

/// Arrays as `xcebra explain --bands slow=0-1,fast=1-3 --group-by predicted` writes them.
#[test]
fn bands_groups_and_channels_of_an_explanation_have_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let attribution = Array3::from_shape_fn((3, 4, 5), |(s, c, f)| {
        if (c, f) == (2, 3) {
            -(s as f64) - 1.0
        } else {
            0.01
        }
    });
    // frequencies 0 and 0.5 Hz, and 1 to 2 Hz
    let sums = Array3::from_shape_fn((3, 4, 2), |(s, c, b)| {
        let part = if b == 0 { 0..2 } else { 2..5 };
        part.map(|f| attribution[[s, c, f]]).sum::<f64>()
    });
    let write = |output: &mut NpzOutput| {
        let at = Array1::linspace(0.0, 2.0, 5);
        output.add("frequency_hz", &at).unwrap();
        output.add("attribution", &attribution).unwrap();
        output.add("band_attribution", &sums).unwrap();
        output
            .add("group", &Array1::from(vec![0_i64, 1, 1]))
            .unwrap();
        let groups = Array3::from_shape_fn((2, 4, 5), |(g, c, f)| match g {
            0 => attribution[[0, c, f]],
            _ => f64::midpoint(attribution[[1, c, f]], attribution[[2, c, f]]),
        });
        output.add("group_attribution", &groups).unwrap();
        output.add_text("group_names", &words("rest task")).unwrap();
        output
            .add_text("channel_names", &words("Fz C3 C4 Oz"))
            .unwrap();
        output.add_text("band_names", &words("slow fast")).unwrap();
    };
    let path = npz(&folder, "named.npz", |output| {
        write(output);
        let axes = words("signal channel frequency");
        output.add_text("attribution_axes", &axes).unwrap();
    });
    let page = view(&path).unwrap().html();
    // a mean, two groups and three signals have heads: all, slow and fast
    assert_eq!(page.matches("\"kind\":\"scalp\"").count(), 1 + 6);
    for part in [
        "data-name=\"task\"",
        "Channels and bands",
        "altogether and in each band",
        "around frequency 1.5 Hz and C4",
        // −2 and two of 0.01 in the mean, of which another two stand in the slow band
        "largest at C4 in fast",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("channel (from 0)"));
    assert!(
        page.contains("<td>fast</td><td class=\"number\">−2.39"),
        "{page}"
    );

    // axes that do not fit are not believed
    for axes in ["channel", "a b", "signal channel frequency time", "é é é"] {
        let path = npz(&folder, "odd.npz", |output| {
            write(output);
            output.add_text("attribution_axes", &words(axes)).unwrap();
        });
        assert!(
            view(&path).unwrap().html().contains("The values add up to"),
            "{axes}"
        );
    }
}

/// An array that is only named is not read: the numbers of this one are not all there.
#[test]
fn what_is_only_named_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = npz(&folder, "named.npz", |output| {
        output
            .add("cube", &Array3::<u8>::zeros((40, 40, 40)))
            .unwrap();
        output.add("line", &Array1::linspace(0.0, 1.0, 7)).unwrap();
    });
    // the header claims more than the file holds
    let mut bytes = fs::read(&path).unwrap();
    let shape = b"'shape': (40, 40, 40)";
    let at = bytes.windows(shape.len()).position(|w| w == shape).unwrap();
    bytes[at..at + shape.len()].copy_from_slice(b"'shape': (40, 40, 99)");
    fs::write(&path, &bytes).unwrap();
    let page = view(&path).unwrap().html();
    assert!(page.contains("cube has the shape [40, 40, 99].") && page.contains("line"));
}

/// Arrays as `xcebra explain --output 4,7 --group-by LABEL` writes them.
#[test]
fn outputs_and_groups_are_not_taken_for_channels_or_signals() {
    let folder = tempfile::tempdir().unwrap();
    // the only entry of output 7 of signal 2, and of its group
    let mut attribution = Array::<f64, _>::zeros((3, 2, 5));
    attribution[[2, 1, 3]] = 4.0;
    let mut groups = Array::<f64, _>::zeros((2, 2, 5));
    groups[[1, 1, 3]] = 4.0;
    let write = |output: &mut NpzOutput| {
        let at = Array1::linspace(0.0, 2.0, 5);
        output.add("frequency_hz", &at).unwrap();
        output.add("output", &Array1::from(vec![4_i64, 7])).unwrap();
    };
    let path = npz(&folder, "batch.npz", |output| {
        write(output);
        output.add("attribution", &attribution).unwrap();
        output.add("group_attribution", &groups).unwrap();
        output.add("group_absolute_attribution", &groups).unwrap();
        output.add("value", &Array2::<f64>::ones((3, 2))).unwrap();
    });
    let page = view(&path).unwrap().html();
    // a domain, two groups of two outputs, and two means and three signals of two outputs
    assert_eq!(page.matches("class=\"option\"").count(), 1 + 2 * 3 + 5 * 3);
    for part in [
        "group 1",
        "signal 2",
        "output 4",
        "output 7",
        "over 3 signals",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("channel (from 0)"));
    assert_eq!(page.matches("The values add up to 4.").count(), 2);

    let path = npz(&folder, "one.npz", |output| {
        write(output);
        let one = attribution.index_axis(ndarray::Axis(0), 2);
        output.add("attribution", &one).unwrap();
        output.add("value", &Array2::<f64>::ones((1, 2))).unwrap();
    });
    let page = view(&path).unwrap().html();
    assert_eq!(page.matches("class=\"option\"").count(), 1 + 2);
    assert!(
        page.contains("output 7") && !page.replace("the signals", "").contains("signal"),
        "outputs are not signals"
    );
}

#[test]
fn embeddings_are_coloured_by_what_has_a_value_for_each_sample() {
    let folder = tempfile::tempdir().unwrap();
    let points = Array2::from_shape_fn((50, 4), |(t, k)| (t as f32 * 0.1 + k as f32).sin());
    let path = npz(&folder, "embedding.npz", |output| {
        output.add("embedding", &points).unwrap();
        output
            .add("speed", &Array1::linspace(0.0, 1.0, 50))
            .unwrap();
    });
    let page = view(&path).unwrap().html();
    assert!(page.contains("50 points in 4 dimensions"));
    assert!(page.contains("\"name\":\"speed\""));
}

#[test]
fn other_arrays_are_drawn_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = npz(&folder, "any.npz", |output| {
        output.add("line", &Array1::linspace(0.0, 1.0, 7)).unwrap();
        output.add("cells", &Array2::<f64>::eye(3)).unwrap();
        output
            .add("channels", &Array2::<f64>::zeros((500, 3)))
            .unwrap();
        output
            .add("cube", &Array3::<f64>::zeros((2, 2, 2)))
            .unwrap();
        output.add("number", &Array::from_elem((1,), 2.5)).unwrap();
    });
    let page = view(&path).unwrap().html();
    assert_eq!(page.matches("<figure>").count(), 3);
    assert!(page.contains("cube has the shape [2, 2, 2].") && page.contains("number is 2.5."));
}

#[test]
fn a_folder_shows_its_training_and_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let missing = view(&folder.path().join("none")).unwrap_err().to_string();
    assert!(missing.contains("none does not exist"), "{missing}");
    let empty = view(folder.path()).unwrap_err().to_string();
    assert!(empty.contains("nothing to show in the folder"), "{empty}");
    fs::write(
        folder.path().join("curves.csv"),
        "step,loss,jacobian,jacobian_weight\n0,3.0,nan,0\n1,2.5,0.1,1\n2,x,0.2,1\n3,2,0.3,1\n",
    )
    .unwrap();
    fs::write(folder.path().join("log.txt"), "a log").unwrap();
    npz(&folder, "any.npz", |output| {
        output.add("line", &Array1::linspace(0.0, 1.0, 7)).unwrap();
    });
    let page = view(folder.path()).unwrap().html();
    assert!(page.contains("After step 4 of the training, the loss is 2."));
    assert!(page.contains("<summary>Log</summary>") && page.contains(">any.npz</h2>"));
    assert!(!page.contains("jacobian_weight"));
}

#[test]
fn damaged_files_are_refused_with_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("map.npz");
    fs::write(&path, b"PK\x03\x04 and then nothing").unwrap();
    assert!(view(&path).unwrap_err().to_string().contains("map.npz"));
    let other = folder.path().join("notes.txt");
    fs::write(&other, "words").unwrap();
    let words = view(&other).unwrap_err().to_string();
    assert!(words.contains("there are no numbers in"), "{words}");
}

/// The channels of a training, as `xcebra fit` writes them.
const CHANNELS: &str =
    r#"{"names":["left","right"],"mean":[1.5,-2],"scale":[0.25,1],"units":["V","mV"]}"#;

#[test]
fn a_file_in_the_folder_of_a_training_has_the_names_of_its_channels() {
    let folder = tempfile::tempdir().unwrap();
    let map = ndarray::array![[0.5, 0.5, 0.5], [0.5, 5.0, 0.5]];
    let write = |name: &str, map: &Array2<f64>| {
        npz(&folder, name, |output| {
            output.add("ing", map).unwrap();
            output.add("ing_signed", map).unwrap();
        })
    };
    let path = write("map.npz", &map);
    let strongest = |path: &std::path::Path| {
        let page = view(path).unwrap().html();
        let (_, rest) = page.split_once("The strongest entry is ").unwrap();
        rest.split_once(':').unwrap().0.to_owned()
    };
    assert_eq!(strongest(&path), "input 1 for latent 1");
    fs::write(folder.path().join("channels.json"), CHANNELS).unwrap();
    assert_eq!(strongest(&path), "right for latent 1");
    // a map of something else
    let other = write("other.npz", &Array2::ones((3, 2)));
    assert!(strongest(&other).starts_with("input "));
    fs::remove_file(other).unwrap();

    fs::write(folder.path().join("curves.csv"), "step,loss\n0,3\n1,2\n").unwrap();
    let page = view(folder.path()).unwrap().html();
    assert!(page.contains("Channels (2)") && page.contains("right for latent 1"));
    let cells = "<td>left</td><td class=\"number\">1.5</td><td class=\"number\">0.25</td>";
    assert!(page.contains(cells), "{page}");
    // what is damaged is not believed
    fs::write(folder.path().join("channels.json"), "{").unwrap();
    assert_eq!(strongest(&path), "input 1 for latent 1");
}

#[test]
fn the_signals_of_a_file_are_shown_and_their_absence_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let attribution = Array::<f64, _>::ones((8, 2, 5));
    let write = |name: &str, signals: bool| {
        npz(&folder, name, |output| {
            output.add("attribution", &attribution).unwrap();
            let axes = words("signal channel frequency");
            output.add_text("attribution_axes", &axes).unwrap();
            output
                .add_text("channel_names", &words("left right"))
                .unwrap();
            if signals {
                let signal = Array3::from_shape_fn((8, 9, 2), |(i, t, c)| (i + t * c) as f64);
                output.add("signal", &signal).unwrap();
                let axes = words("signal time channel");
                output.add_text("signal_axes", &axes).unwrap();
                let rate = ndarray::arr0(4.0);
                output.add("signal_sampling_rate_hz", &rate).unwrap();
            }
        })
    };
    let page = view(&write("with.npz", true)).unwrap().html();
    for part in [
        ">Signals<",
        "These are the first 6 of 8 signals.",
        "time (s)",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("does not hold the signals") && !page.contains("Other arrays"));
    // eight steps of a quarter of a second
    assert!(page.contains("0 to 2 s") || page.contains(">2<"), "{page}");
    // the samples of an encoder that sees one at a time
    let moments = npz(&folder, "moments.npz", |output| {
        output
            .add("attribution", &Array3::<f64>::ones((3, 4, 1)))
            .unwrap();
        output
            .add("signal", &Array3::<f64>::ones((3, 4, 1)))
            .unwrap();
        let axes = words("signal channel time");
        output.add_text("signal_axes", &axes).unwrap();
    });
    let page = view(&moments).unwrap().html();
    assert!(!page.contains(">Signals<") && !page.contains("does not hold the signals"));
    let page = view(&write("without.npz", false)).unwrap().html();
    assert!(page.contains("does not hold the signals") && !page.contains(">Signals<"));
}

#[test]
fn arrays_have_the_names_of_channels_and_latents_along_axes_of_their_lengths() {
    let folder = tempfile::tempdir().unwrap();
    let write = |latents: &str| {
        npz(&folder, "data.npz", |output| {
            output.add("x", &Array2::<f64>::zeros((500, 3))).unwrap();
            output.add("map", &Array2::<f64>::ones((3, 2))).unwrap();
            output
                .add_text("channel_names", &words("left mitte right"))
                .unwrap();
            output.add_text("latent_names", &words(latents)).unwrap();
        })
    };
    let page = view(&write("z1.0 z2.0")).unwrap().html();
    for part in ["mitte", "z2.0"] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("column 1"));
    // three of each: nobody knows which is meant
    let page = view(&write("z1.0 z2.0 z2.1")).unwrap().html();
    assert!(!page.contains("mitte") && page.contains("column 1"));
}
