//! Architectures: by name, by configuration, in files, and those that cannot be.

use rand::distributions::Uniform;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_core::encoder::{Layer, Sizes};
use xcebra_core::ops::Head;
use xcebra_core::{Architecture, Config, Encoder, EncoderConfig, EncoderName, Window};

fn named(name: &str) -> Architecture {
    let name = EncoderName::parse(name).unwrap();
    Architecture::named(name, 10, 3, &Sizes::default())
}

/// Windows as CEBRA's `get_offset` gives them, parameters as many as its `state_dict` has numbers, for
/// 10 channels, 32 units and 3 outputs.
#[test]
fn names_mean_what_they_mean_in_cebra() {
    for (name, left, right, parameters) in [
        ("offset1", 0, 1, 1987),
        ("offset1-mse", 0, 1, 12003),
        ("offset1-v2", 0, 1, 2563),
        ("offset1-v3", 0, 1, 2563),
        ("offset1-v4", 0, 1, 4675),
        ("offset1-v5", 0, 1, 4675),
        ("offset1-mse-v2", 0, 1, 3043),
        ("offset1-mse-resnet", 0, 1, 3043),
        ("offset5", 2, 3, 3971),
        ("offset10", 5, 5, 10275),
        ("offset10-mse", 5, 5, 10275),
        ("offset15", 7, 8, 19491),
        ("offset20", 10, 10, 25795),
        ("offset36", 18, 18, 50627),
        ("offset40", 20, 20, 56835),
        ("offset50", 25, 25, 72355),
    ] {
        let architecture = named(name);
        assert_eq!(architecture.window, Window { left, right }, "{name}");
        assert_eq!(architecture.receptive_field(), left + right);
        let normalised = !name.contains("-mse");
        assert_eq!(architecture.head == Head::Normalize, normalised, "{name}");
        let encoder = Encoder::<f32>::new(architecture, 0).unwrap();
        assert_eq!(encoder.parameters().len(), parameters, "{name}");
    }
    assert_eq!(named("offset18").window, Window { left: 9, right: 9 });
    assert_eq!(named("offset1-mse-tanh").head, Head::Tanh);
    assert_eq!(named("offset1-mse-clip").head, Head::Clip { limit: 5.0 });
    assert_eq!(named("offset1-mse-v2").widths(), [10, 32, 32, 32, 16, 3]);
    assert_eq!(
        named("offset1-mse-resnet").widths(),
        [10, 32, 32, 32, 16, 3]
    );
    let error = EncoderName::parse("offset11").unwrap_err().to_string();
    assert!(
        error.contains("`offset11`") && error.contains("`offset10`, `offset10-mse`"),
        "{error}"
    );
}

fn config(json: &str) -> Result<EncoderConfig, serde_json::Error> {
    serde_json::from_str(json)
}

#[test]
fn a_configuration_lists_its_own_layers() {
    let config = config(
        r#"{ "name": "custom", "outputs": 6, "left": 3, "head": { "kind": "tanh" }, "layers": [
            { "outputs": 64, "kernel": 2 },
            { "outputs": 64, "kernel": 3, "skip": true },
            { "outputs": 6 } ] }"#,
    )
    .unwrap();
    config.check().unwrap();
    let architecture = config.architecture(9);
    assert_eq!(
        architecture.layers,
        [
            Layer::convolution(64, 2),
            Layer::convolution(64, 3).skip(),
            Layer::dense(6)
        ]
    );
    assert_eq!(architecture.head, Head::Tanh);
    assert_eq!(architecture.window, Window { left: 3, right: 1 });
    let again = serde_json::to_string(&config).unwrap();
    assert_eq!(
        serde_json::from_str::<EncoderConfig>(&again).unwrap(),
        config
    );
}

#[test]
fn a_head_can_replace_that_of_the_name() {
    let json = r#"{ "name": "offset10", "head": { "kind": "clip", "limit": 2.0 } }"#;
    let architecture = config(json).unwrap().architecture(4);
    assert_eq!(architecture.head, Head::Clip { limit: 2.0 });
    assert_eq!(architecture.window.len(), 10);
}

#[test]
fn default_configurations_are_written_as_before() {
    assert_eq!(
        serde_json::to_string(&EncoderConfig::default()).unwrap(),
        r#"{"name":"offset1-mse-clip","outputs":6,"hidden":32,"clip":5.0}"#
    );
}

#[test]
fn architectures_of_dense_files_are_read() {
    let old = r#"{"inputs":7,"hidden":[8,8,4],"outputs":3,"head":{"kind":"normalize"}}"#;
    let architecture: Architecture = serde_json::from_str(old).unwrap();
    assert_eq!(
        architecture,
        Architecture::dense(7, &[8, 8, 4], 3, Head::Normalize)
    );
    let new = serde_json::to_string(&architecture).unwrap();
    assert_eq!(
        new,
        r#"{"inputs":7,"layers":[{"outputs":8},{"outputs":8},{"outputs":4},{"outputs":3}],"head":{"kind":"normalize"},"window":{"left":0,"right":1}}"#
    );
    assert_eq!(
        serde_json::from_str::<Architecture>(&new).unwrap(),
        architecture
    );
    for bad in [
        r#"{"inputs":7,"head":{"kind":"normalize"}}"#,
        r#"{"inputs":7,"hidden":[8],"layers":[],"outputs":3,"head":{"kind":"normalize"}}"#,
        r#"{"inputs":7,"layers":[],"head":{"kind":"normalize"}}"#,
    ] {
        let error = serde_json::from_str::<Architecture>(bad).unwrap_err();
        assert!(
            error.to_string().contains("`layers` and `window`"),
            "{error}"
        );
    }
}

#[test]
fn impossible_architectures_are_refused() {
    let refused = |architecture: Architecture, words: &str| {
        let error = Encoder::<f32>::new(architecture, 0)
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains(words), "{error}");
    };
    let with = |layers: Vec<Layer>| Architecture::new(3, layers, Head::Identity);
    let conv = Layer::convolution;
    let last = Layer::dense(2);
    refused(with(vec![]), "encoder.layers is empty");
    refused(with(vec![conv(4, 0), last]), "encoder.layers.0.kernel is 0");
    refused(
        with(vec![conv(0, 2), last]),
        "encoder.layers.0.outputs is 0",
    );
    refused(with(vec![conv(4, 2), conv(0, 1)]), "encoder.outputs");
    refused(
        with(vec![conv(4, 3).skip(), last]),
        "3 inputs and 4 outputs",
    );
    refused(with(vec![last, last.skip()]), "no GELU");
    refused(with(vec![conv(4, 6000), conv(4, 4002)]), "10001 samples");
    refused(
        with(vec![conv(4, usize::MAX), conv(4, usize::MAX)]),
        "weights",
    );
    refused(with(vec![conv(1 << 20, 1), conv(1 << 9, 1)]), "2^28");
    refused(with(vec![conv(1 << 14, 1); 4]), "2^29 in all");
    refused(with(vec![last; 1001]), "at most 1000");
    refused(
        with(vec![conv(4, 3), last]).left(3),
        "encoder.left is 3, but must be from 0 to 2",
    );
    refused(with(vec![last]).left(usize::MAX), "but must be from 0 to 0");
    let depth = Sizes {
        depth: usize::MAX,
        ..Sizes::default()
    };
    refused(
        Architecture::named(EncoderName::Offset1MseV2, 3, 2, &depth),
        "encoder.layers is a list of 2003",
    );
    let clip = Sizes {
        clip: f64::NAN,
        ..Sizes::default()
    };
    refused(
        Architecture::named(EncoderName::Offset1MseClip, 3, 2, &clip),
        "encoder.clip",
    );
    let one = Sizes {
        units: 1,
        ..Sizes::default()
    };
    refused(
        Architecture::named(EncoderName::Offset1, 3, 2, &one),
        "encoder.layers.2.outputs is 0",
    );
    // the widest window there may be
    assert!(Encoder::<f32>::new(with(vec![conv(2, 10_000)]), 0).is_ok());
}

#[test]
fn impossible_configurations_are_refused() {
    let refused = |json: &str, words: &str| {
        let error = config(json).unwrap().check().err().unwrap().to_string();
        assert!(error.contains(words), "{error}");
    };
    refused(r#"{ "name": "custom" }"#, "encoder.layers is empty");
    refused(
        r#"{ "name": "custom", "layers": [{ "outputs": 5 }] }"#,
        "encoder.outputs = 6",
    );
    refused(r#"{ "layers": [{ "outputs": 6 }] }"#, "custom");
    refused(
        r#"{ "name": "offset5", "left": 5 }"#,
        "encoder.left is 5, but must be from 0 to 4",
    );
    // encoders that have a name have no list of layers: the settings that make it are named
    for (json, words) in [
        (
            r#"{ "name": "offset1", "hidden": 1 }"#,
            "encoder.hidden is 1",
        ),
        (
            r#"{ "name": "offset5", "hidden": 0 }"#,
            "encoder.hidden is 0",
        ),
        (
            r#"{ "name": "offset1-mse-v2", "depth": 5000 }"#,
            "encoder.depth is 5000",
        ),
        (
            r#"{ "name": "offset1", "hidden": 100000 }"#,
            "encoder.hidden is 100000",
        ),
        (
            r#"{ "name": "offset1-mse", "outputs": 10000000 }"#,
            "encoder.outputs is 10000000",
        ),
        (
            r#"{ "name": "custom", "layers": [{ "outputs": 6 }], "head": { "kind": "clip", "limit": 0.0 } }"#,
            "encoder.head.limit is 0",
        ),
        (
            r#"{ "name": "custom", "layers": [{ "outputs": 5 }] }"#,
            "encoder.layers.0.outputs is 5",
        ),
    ] {
        refused(json, words);
    }
    // as many channels as units are possible, though the default of one channel is not
    let first =
        r#"{ "name": "custom", "layers": [{ "outputs": 4, "skip": true }, { "outputs": 6 }] }"#;
    assert!(config(first).unwrap().check().is_ok());
    assert!(config(r#"{ "name": "offset11" }"#).is_err());
    assert!(config(r#"{ "layers": [{ "outputs": 6, "kernels": 3 }] }"#).is_err());
    let mut whole = Config::default();
    whole.encoder.left = Some(9);
    assert!(whole.check().is_err());
}

/// Weights of a layer with `identity` are those of the same seed without it, plus the identity.
#[test]
fn identities_are_added_to_the_first_weights() {
    let layers = |identity: bool| {
        let layer = Layer::convolution(2, 4);
        let layer = if identity { layer.identity() } else { layer };
        Architecture::new(3, vec![layer, Layer::dense(2)], Head::Identity)
    };
    let plain = Encoder::<f64>::new(layers(false), 4).unwrap();
    let around = Encoder::<f64>::new(layers(true), 4).unwrap();
    assert_eq!(around.layout()[0].1, [4, 2, 3]);
    for (i, (p, a)) in plain
        .parameters()
        .iter()
        .zip(around.parameters())
        .enumerate()
    {
        // the first of both middle taps is 6..12, (out, in) row-major
        let one = if i == 6 || i == 10 { 1.0 } else { 0.0 };
        assert_eq!(*a, p + one, "{i}");
    }
    // ±1/√(inputs · kernel), all of it used
    let bound = 1.0 / 12.0_f64.sqrt();
    let largest = plain.parameters()[..26]
        .iter()
        .fold(0.0_f64, |m, p| m.max(p.abs()));
    assert!(largest <= bound && largest > 0.7 * bound);
    // from a stream of their own
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    rng.set_stream(1);
    let uniform = Uniform::new_inclusive(-bound, bound);
    for &p in &plain.parameters()[..26] {
        assert_eq!(p, rng.sample(uniform));
    }
}
