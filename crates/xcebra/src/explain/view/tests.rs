//! Every domain has pictures, and they say what they show.

use super::*;
use crate::explain::{DomainSpec, Setting};
use cdig::axes::AxisLabels;
use cdig::domains::{LaneTransform, Lanewise};

fn view<'a>(built: &'a Built, shape: &[usize]) -> View<'a> {
    let coefficients = built.domain.coefficient_shape().to_vec();
    let mut k: f64 = 0.0;
    let wave = |shape: &[usize]| {
        ArrayD::from_shape_simple_fn(shape, || {
            k += 1.0;
            (k * 0.37_f64).sin()
        })
    };
    let mut wave = wave;
    let attribution = wave(&coefficients);
    let in_time = wave(shape);
    View {
        built,
        sampling_rate: Some(8.0),
        frequency: ("Hz", 1.0),
        time_axis: shape.len() - 1,
        signal: wave(shape),
        sizes: wave(&coefficients).mapv(f64::abs),
        signals: 1,
        absolute: attribution.mapv(f64::abs),
        attribution,
        spread: None,
        in_time: Some([in_time.clone(), in_time.mapv(f64::abs)]),
    }
}

/// Every domain has pictures with something in them, whatever the shape.
#[test]
fn every_domain_is_drawn() {
    for shape in [&[32][..], &[1, 32], &[3, 32]] {
        let mut k: f64 = 0.0;
        let data = ArrayD::from_shape_simple_fn([&[4], shape].concat(), || {
            k += 1.0;
            (k * k * 0.3_f64).sin() + (k * 0.9_f64).cos().powi(3)
        });
        let mut setting = Setting::new(shape, data.view());
        setting.sampling_rate = Some(8.0);
        setting.bands = vec![("slow".to_owned(), 0.0..1.0), ("fast".to_owned(), 1.0..4.0)];
        for spec in [
            "time",
            "fourier",
            "rfft",
            "dct",
            "cepstrum",
            "analytic",
            "stft:8:2",
            "wavelet:haar:2",
            "packets:db2:2",
            "filter-bank:1:2",
            "seasonal-trend:4",
            "filter-bank:1+rfft",
            "pca",
            "ica",
            "pca:2",
            "pca+rfft",
            "pca+wavelet:haar:2",
        ] {
            let spec: DomainSpec = spec.parse().unwrap();
            let Ok(built) = spec.build(&setting) else {
                let name = spec.to_string();
                assert!(
                    ["pca", "ica", "filter-bank:1+rfft"]
                        .iter()
                        .any(|may| name.starts_with(may)),
                    "{spec}"
                );
                continue;
            };
            for picture in view(&built, shape).pictures("s") {
                let (figure, _): (Figure, String) = picture.into();
                assert!(
                    !figure.svg().contains("no data"),
                    "{spec} {shape:?}: {}",
                    figure.alt()
                );
                assert!(!figure.svg().contains("NaN"), "{spec}");
            }
        }
    }
}

/// Samples as they are, along an axis of any role.
struct Called(Role);

impl LaneTransform for Called {
    type Coefficient = f64;
    type Work = ();

    fn name(&self) -> &str {
        "called"
    }

    fn shape(&self) -> Vec<usize> {
        vec![8]
    }

    fn work(&self) {}

    fn forward(&self, x: &[f64], z: &mut [f64], (): &mut ()) {
        z.copy_from_slice(x);
    }

    fn inverse(&self, z: &[f64], x: &mut [f64], (): &mut ()) {
        x.copy_from_slice(z);
    }

    fn adjoint(&self, g: &[f64], z: &mut [f64], (): &mut ()) {
        z.copy_from_slice(g);
    }

    fn axes(&self) -> Vec<AxisLabels> {
        let values = (0..8).map(f64::from).collect();
        vec![AxisLabels::numbers(self.0.clone(), "Hz", values)]
    }
}

/// A domain that no catalogue knows is drawn by the role of its axis.
#[test]
fn roles_choose_the_pictures_of_any_domain() {
    for (role, title, channels) in [
        (
            Role::Frequency,
            "Spectrum",
            Some("Channels and frequencies"),
        ),
        (
            Role::Quefrency,
            "Cepstrum",
            Some("Channels and quefrencies"),
        ),
        (Role::Other("lag".into()), "lag", None),
    ] {
        let data = ArrayD::zeros(vec![1, 2, 8]);
        let setting = Setting::new(&[2, 8], data.view());
        let domain = Lanewise::of(&[2, 8], 1, 8.0, |_, _| Ok(Called(role.clone()))).unwrap();
        let built = Built::new("called", Box::new(domain), &setting);
        let mut pictures = view(&built, &[2, 8]).in_domain("s");
        assert_eq!(pictures.len(), 1 + usize::from(channels.is_some()));
        if let Some(channels) = channels {
            let (figure, _): (Figure, String) = pictures.remove(1).into();
            assert!(figure.alt().starts_with(channels), "{}", figure.alt());
        }
        let (figure, _): (Figure, String) = pictures.remove(0).into();
        for other in ["Spectrum", "Cepstrum", "lag"] {
            assert_eq!(figure.svg().contains(other), other == title, "{role}");
        }
    }
}

/// Cycles of weeks and months.
#[test]
fn slow_frequencies_have_names_that_differ() {
    let data = ArrayD::zeros(vec![1, 8]);
    let mut setting = Setting::new(&[8], data.view());
    setting.sampling_rate = Some(8e-7);
    let built = "rfft".parse::<DomainSpec>().unwrap();
    let built = built.build(&setting).unwrap();
    let (title, names, _) = view(&built, &[8]).by_first_axis();
    assert_eq!(title, "frequency (Hz)");
    let expected = ["0", "0.0000001", "0.0000002", "0.0000003", "0.0000004"];
    assert_eq!(names, expected);
}

#[test]
fn frequencies_of_both_signs_are_one_bar() {
    let data = ArrayD::zeros(vec![1, 8]);
    let mut setting = Setting::new(&[8], data.view());
    setting.sampling_rate = Some(8.0);
    let built = "fourier"
        .parse::<DomainSpec>()
        .unwrap()
        .build(&setting)
        .unwrap();
    let mut view = view(&built, &[8]);
    view.attribution.fill(0.0);
    view.attribution[[2]] = 1.5;
    view.attribution[[6]] = 1.5;
    view.absolute = view.attribution.clone();
    let (figure, caption): (Figure, String) = view.pictures("s").remove(1).into();
    assert!(caption.contains("Most comes from 2 Hz: 3."), "{caption}");
    assert!(
        figure
            .alt()
            .contains("attribution with its largest value 3 at 2"),
        "{}",
        figure.alt()
    );
}

#[test]
fn other_axes_are_added_up() {
    let array = ArrayD::from_shape_fn(vec![2, 3, 4], |i| (i[0] * 12 + i[1] * 4 + i[2]) as f64);
    let sums = reduced(&array, &[2, 0], |sum, a| sum + a);
    assert_eq!(sums.shape(), [4, 2]);
    assert_eq!(sums[[1, 1]], 13.0 + 17.0 + 21.0);
}

/// Components that are fewer than channels run over time, and an axis of length 1 that has no name is
/// not mentioned.
#[test]
fn coefficients_are_told_by_what_they_are() {
    let words = |spec: &str, shape: &[usize], names: Option<Vec<String>>| {
        let mut k: f64 = 0.0;
        let data = ArrayD::from_shape_simple_fn([&[1], shape].concat(), || {
            k += 1.0;
            (k * k * 0.3_f64).sin()
        });
        let mut setting = Setting::new(shape, data.view());
        setting.sampling_rate = Some(8.0);
        setting.channels = names;
        let built = spec.parse::<DomainSpec>().unwrap().build(&setting).unwrap();
        let mut view = view(&built, shape);
        view.absolute.fill(0.0);
        let mut last = vec![0; view.absolute.ndim()];
        *last.last_mut().unwrap() = 1;
        view.absolute[&last[..]] = 1.0;
        let strongest = view.strongest(3);
        assert_eq!(strongest.len(), 1);
        assert_eq!(strongest[0].index, last);
        strongest[0].words.clone()
    };
    assert_eq!(words("pca:1", &[2, 32], None), "component 0, time 0.125 s");
    assert_eq!(
        words("rfft", &[1, 3, 32], None),
        "channel 0, frequency 0.25 Hz"
    );
    let names = vec!["C3".to_owned(), "C4".to_owned()];
    assert_eq!(
        words("rfft", &[2, 32], Some(names)),
        "channel C3, frequency 0.25 Hz"
    );
    assert_eq!(
        words("wavelet:haar:2", &[32], None),
        "wavelet a2 at 0.6875 s"
    );
}

/// Signals that differ in sign: the means cancel, the ranking does not.
#[test]
fn means_are_ranked_by_absolute_attribution() {
    let data = ArrayD::zeros(vec![1, 2, 8]);
    let mut setting = Setting::new(&[2, 8], data.view());
    setting.sampling_rate = Some(8.0);
    let built = "rfft"
        .parse::<DomainSpec>()
        .unwrap()
        .build(&setting)
        .unwrap();
    let mut view = view(&built, &[2, 8]);
    view.signals = 2;
    view.attribution.fill(0.0);
    view.absolute.fill(0.0);
    // 2 Hz: +1 and −1 in the first channel; 1 Hz: ½ and ½ in the second
    view.absolute[[0, 2]] = 1.0;
    view.absolute[[1, 1]] = 0.5;
    view.attribution[[1, 1]] = 0.5;
    let words: Vec<String> = view.strongest(5).into_iter().map(|one| one.words).collect();
    assert_eq!(
        words,
        ["channel 0, frequency 2 Hz", "channel 1, frequency 1 Hz"]
    );
    let (_, caption): (Figure, String) = view.in_domain("s").remove(0).into();
    for part in [
        "The largest sum is 0.5, at 1 Hz; most absolute attribution is at 2 Hz.",
        "averaged over 2 signals and summed over 2 channels; 67 % of the absolute",
    ] {
        assert!(caption.contains(part), "{caption}");
    }
}

fn of_electrodes<'a>(spec: &str, built: &'a mut Option<Built>) -> View<'a> {
    let shape = [4, 32];
    let mut k: f64 = 0.0;
    let data = ArrayD::from_shape_simple_fn(vec![3, 4, 32], || {
        k += 1.0;
        (k * k * 0.3_f64).sin()
    });
    let mut setting = Setting::new(&shape, data.view());
    setting.sampling_rate = Some(8.0);
    setting.bands = vec![("slow".to_owned(), 0.0..1.0), ("fast".to_owned(), 1.0..4.0)];
    let names = ["EEG Fz-REF", "EEG C3-REF", "EEG C4-REF", "EEG Oz-REF"];
    setting.channels = Some(names.map(str::to_owned).to_vec());
    view(
        built.insert(spec.parse::<DomainSpec>().unwrap().build(&setting).unwrap()),
        &shape,
    )
}

/// Channels against what coefficients are read by, with their names, and electrodes on the head.
#[test]
fn channels_have_maps_and_electrodes_heads() {
    for (spec, titles) in [
        (
            "rfft",
            [
                "Channels and frequencies",
                "On the head: attribution at 4 electrodes",
            ],
        ),
        ("stft:8:2", ["Channels and frequencies", "in 4 maps"]),
        ("filter-bank:1:2", ["Channels and bands", "in "]),
        ("wavelet:haar:2", ["Channels and wavelets", "On the head"]),
        ("cepstrum", ["Channels and quefrencies", "On the head"]),
        ("time", ["In time", "On the head"]),
        (
            "pca",
            [
                "Components on the head: weight at 4 electrodes",
                "in 4 maps",
            ],
        ),
    ] {
        let mut built = None;
        let pictures = of_electrodes(spec, &mut built).pictures("s");
        let figures: Vec<Figure> = pictures
            .into_iter()
            .map(|picture| <(Figure, String)>::from(picture).0)
            .collect();
        for title in titles {
            assert!(
                figures.iter().any(|f| f.alt().contains(title)),
                "{spec}: {title}"
            );
        }
        let named =
            |f: &&Figure| f.alt().starts_with("Channels and") || f.alt().starts_with("In time");
        for figure in figures.iter().filter(named) {
            assert!(
                figure.svg().contains(">EEG Fz-REF<"),
                "{spec}: {}",
                figure.alt()
            );
        }
    }
}

/// 2 and −1 at one frequency, 1 at another: of 4, 2 are lost where channels are added up.
#[test]
fn captions_say_what_cancels_between_channels() {
    let mut built = None;
    let mut view = of_electrodes("rfft", &mut built);
    view.attribution.fill(0.0);
    view.attribution[[0, 2]] = 2.0;
    view.attribution[[1, 2]] = -1.0;
    view.attribution[[2, 3]] = 1.0;
    view.absolute = view.attribution.mapv(f64::abs);
    let captions: Vec<String> = view
        .in_domain("s")
        .into_iter()
        .map(|picture| <(Figure, String)>::from(picture).1)
        .collect();
    let said = |words: &str| captions.iter().filter(|c| c.contains(words)).count();
    assert_eq!(
        said("50 % of the absolute attribution shown here cancels where channels are added up."),
        2,
        "{captions:#?}"
    );
    assert_eq!(said("Values between electrodes are interpolated."), 1);
}
