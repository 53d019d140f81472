//! The command `view` as a user meets it.

use ndarray::Array2;

use crate::common::{Folder, SHORT, assert_self_contained};

#[test]
fn result_files_become_pages_without_model_or_data() {
    let folder = Folder::new();
    folder.succeeds("synth --dims 2 --samples 300 --seed 1 --out data.npz");
    let json = folder.json("view data.npz");
    assert_eq!(json["out"], "data-view.html");
    let page = folder.text("data-view.html");
    assert_self_contained(&page);
    assert!(page.contains("<h1>data.npz</h1>"));
    folder.succeeds("view data.npz --out other.html");
    assert_eq!(folder.text("other.html"), page);
}

#[test]
fn an_embedding_is_drawn_in_the_colours_of_labels() {
    let folder = Folder::new();
    folder.succeeds("synth --dims 2 --samples 300 --seed 1 --out data.npz");
    let side = Array2::from_shape_fn((300, 1), |(t, _)| ((t / 100) % 2) as f64);
    folder.write_npz("side.npz", &[("side", side)]);
    folder.write(
        "fit.toml",
        "encoder.outputs = 3\n[[objective]]\npositives = { kind = 'time' }\n[train]\nsteps = 5\nbatch = 32\n",
    );
    folder.succeeds("fit --data data.npz --config fit.toml --out run");
    let embed = "embed --model run --data data.npz --out e.npz --report e.html";
    folder.succeeds(embed);
    // the quote cannot be in the numbers of the page
    assert!(!folder.text("e.html").contains("\"z1"));
    folder.succeeds(&format!("{embed} --label z1 --label arm=side.npz:side"));
    let page = folder.text("e.html");
    assert_self_contained(&page);
    // whole numbers are classes
    for data in ["\"z1", r#""classes":["0","1"],"name":"arm""#] {
        assert!(page.contains(data), "{data}");
    }
    // in the width of a column of a journal, 7 pt: 12 of 427 pixels and margins are 7 of 249 points
    folder.succeeds(&format!(
        "{embed} --label z1 --label arm=side.npz:side --figures f --figure-width 88"
    ));
    for name in ["embedding", "embedding-z1", "embedding-arm"] {
        let svg = folder.text(&format!("f/{name}.svg"));
        assert!(svg.contains("width=\"88mm\""), "{name}");
        let (_, view) = svg.split_once("viewBox=\"-10 -10 ").unwrap();
        let width: f64 = view.split(' ').next().unwrap().parse().unwrap();
        let points = 12.0 / width * 88.0 * 72.0 / 25.4;
        assert!(
            (points - 7.0).abs() < 1e-6,
            "{name}: letters of {points} pt"
        );
        assert!(folder.path(&format!("f/{name}.pdf")).exists());
    }
    // without the first samples, which the label has
    folder.succeeds(&format!("{embed} --edges drop --label z1"));

    for file in ["e.npz", "e.html"] {
        std::fs::remove_file(folder.path(file)).unwrap();
    }
    let error = folder.fails("embed --model run --data data.npz --out e.npz --label z1");
    assert!(
        error.contains("--label colours a page") && error.contains("--figures"),
        "{error}"
    );
    let error = folder.fails(&format!("{embed} --label height"));
    assert!(error.contains("height"), "{error}");
    folder.write_npz("short.npz", &[("side", Array2::<f64>::zeros((200, 1)))]);
    let error = folder.fails(&format!("{embed} --label side=short.npz:side"));
    assert!(error.contains("200"), "{error}");
    assert!(!folder.path("e.npz").exists() && !folder.path("e.html").exists());
}

#[test]
fn every_encoder_of_several_animals_is_judged() {
    let folder = Folder::new();
    for channels in [3, 4] {
        let x = Array2::from_shape_fn((300, channels), |(t, c)| ((t * (c + 3)) % 17) as f64);
        folder.write_npz(&format!("{channels}.npz"), &[("x", x)]);
    }
    folder.write(
        "fit.toml",
        "encoder.outputs = 2\n[[objective]]\npositives = { kind = 'time' }\n[train]\nsteps = 5\nbatch = 32\n",
    );
    folder.succeeds("fit --data 3.npz --data 4.npz --config fit.toml --out run");
    folder.succeeds("view run");
    let page = folder.text("run-view.html");
    for subject in [0, 1] {
        let heading = format!("Can the encoder of subject {subject} be trusted?");
        assert!(page.contains(&heading), "{heading}");
    }
}

/// What a report shows of a training and of an explanation is in their files.
#[test]
fn results_of_a_training_have_the_names_of_its_channels_and_the_signals() {
    let folder = Folder::new();
    let mut table = "left,right\n".to_owned();
    for t in 0..400 {
        let t = f64::from(t);
        table += &format!("{:.4},{:.4}\n", (0.3 * t).sin(), 5.0 + (0.1 * t).cos());
    }
    folder.write("x.csv", table);
    let settings = format!("{SHORT} --set encoder.name=offset10-mse");
    folder.succeeds(&format!("fit --data x.csv --out run {settings}"));
    folder.succeeds("attribute --model run --data x.csv --out run/map.npz");
    folder.succeeds("view run");
    let page = folder.text("run-view.html");
    assert_self_contained(&page);
    for part in [
        "Channels (2)",
        "<td>left</td>",
        "<td>right</td>",
        ">map.npz</h2>",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let explain = "explain --model run --input x.csv --fs 32 --domain rfft --signals 0..3";
    folder.succeeds(&format!("{explain} --out e.npz"));
    folder.succeeds("view e.npz");
    let page = folder.text("e-view.html");
    assert_self_contained(&page);
    for part in [">Signals<", "time (s)", "left"] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("does not hold the signals"));
}

#[test]
fn what_cannot_be_shown_is_refused_and_nothing_is_written() {
    let folder = Folder::new();
    std::fs::write(folder.path("words.txt"), "no arrays").unwrap();
    std::fs::create_dir(folder.path("empty")).unwrap();
    for (arguments, said) in [
        ("view none.npz", "none.npz does not exist"),
        ("view empty", "there is nothing to show in the folder empty"),
        ("view words.txt", "there are no numbers in words.txt"),
    ] {
        let error = folder.fails(arguments);
        assert!(error.contains(said), "{error}");
    }
    assert_eq!(folder.entries(), ["empty", "words.txt"]);
}
