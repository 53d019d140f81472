//! Going on with encoders that were trained before, on data in memory.

use xcebra_model::Watch;

use super::begin::{going_on, require_subjects};
use super::data::{Arrays, Data};
use super::fit_file::FitFile;
use super::known::Known;
use super::result::Fitted;
use super::training::train;
use super::unfinished::Effort;
use super::{note_all, require_trainable};
use crate::{Result, Run};

/// Encoders that were trained before.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// The encoder of each subject.
    pub runs: Vec<Run>,
    /// The subject of each session they were trained on; none if the sessions are told apart by their channels.
    pub subjects: Option<Vec<usize>>,
}

/// As [`fit_so_far`](crate::fit_so_far), but all encoders go on from where an earlier training left them. Channels keep
/// their scales.
///
/// # Errors
/// As [`fit_so_far`](crate::fit_so_far), and [`Problem`](crate::Problem) if the sessions have other channels than
/// those of the encoders, or the settings describe other encoders.
pub fn fit_further(
    settings: &FitFile,
    arrays: Arrays,
    earlier: Earlier,
    watch: &Watch<'_>,
) -> Result<Fitted> {
    let (count, by) = (arrays.sessions.len(), settings.data.subjects);
    let known = Known::of_same_subjects(&earlier.runs, earlier.subjects, count, by);
    go_on(settings, arrays, (earlier.runs, known), false, watch)
}

/// Adds a new subject to encoders that were trained before, which keep their bits: the sessions are those of the earlier
/// training in their order, and after them those of the new subject. [`Fitted::answer`] says whether the basis held.
///
/// # Errors
/// As [`fit_further`].
pub fn adapt(
    settings: &FitFile,
    arrays: Arrays,
    earlier: Earlier,
    watch: &Watch<'_>,
) -> Result<Fitted> {
    let count = arrays.sessions.len();
    let known = Known::of_new_subject(&earlier.runs, earlier.subjects, count);
    let mut fitted = go_on(settings, arrays, (earlier.runs, known), true, watch)?;
    fitted.judge_basis()?;
    Ok(fitted)
}

fn go_on(
    settings: &FitFile,
    arrays: Arrays,
    (runs, known): (Vec<Run>, Known),
    adapts: bool,
    watch: &Watch<'_>,
) -> Result<Fitted> {
    let data = Data::of_arrays_as(arrays, settings, &known)?;
    require_subjects(&data, &runs, adapts)?;
    let trainer = going_on(settings, &data, (runs, adapts), "the earlier training")?;
    require_trainable(&data, &settings.config())?;
    let mut before = Effort::default();
    note_all(settings, &data, watch, &mut before);
    let trained = train(watch, trainer, before, |_, _| Ok(watch.flow()))?;
    let mut fitted = Fitted::new(settings.clone(), data, trained)?;
    fitted.goes_on = true;
    Ok(fitted)
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use xcebra_files::{DataArray, Values};
    use xcebra_model::Kind;

    use super::*;
    use crate::{compare, fit, goodness_of_fit};

    fn settings() -> FitFile {
        let sets = ["train.steps=3", "train.batch=16", "encoder.outputs=2"].map(str::to_owned);
        FitFile::parse("", &sets).unwrap()
    }

    /// Whole numbers, so that powers of ten are exact.
    fn session(names: [&str; 2], unit: Option<&str>, gain: f64) -> DataArray {
        let values = Array2::from_shape_fn((80, 2), |(t, c)| {
            gain * ((7 * t * (c + 1)) % (31 + c)) as f64
        });
        DataArray {
            columns: Some(names.map(str::to_owned).to_vec()),
            units: unit.map(|unit| vec![unit.to_owned(); 2]),
            ..DataArray::in_memory("x", Values::F64(values.into_dyn()))
        }
    }

    fn arrays(sessions: &[DataArray]) -> Arrays {
        Arrays {
            sessions: sessions.to_vec(),
            ..Arrays::default()
        }
    }

    fn trained(unit: Option<&str>) -> Run {
        let arrays = arrays(&[session(["u", "v"], unit, 1.0)]);
        let data = Data::of_arrays(arrays, &settings()).unwrap();
        let fitted = fit(&settings(), data, &Watch::new()).unwrap();
        fitted.run().clone()
    }

    fn further(run: &Run, sessions: &[DataArray]) -> Result<Fitted> {
        let earlier = Earlier {
            runs: vec![run.clone()],
            subjects: Some(vec![0]),
        };
        fit_further(&settings(), arrays(sessions), earlier, &Watch::new())
    }

    #[test]
    fn every_session_must_have_the_channels_of_the_encoder_in_their_order() {
        let run = trained(None);
        let own = session(["u", "v"], None, 1.0);
        let turned = session(["v", "u"], None, 1.0);
        let other = session(["u", "w"], None, 1.0);
        further(&run, std::slice::from_ref(&own)).unwrap();
        for (sessions, words) in [
            (vec![turned.clone()], "in another order"),
            (vec![own.clone(), turned], "in another order"),
            (vec![own.clone(), other.clone()], "the channels u,w"),
            (vec![other], "the channels u,w"),
        ] {
            for problem in [
                further(&run, &sessions).unwrap_err(),
                goodness_of_fit(&run, arrays(&sessions), &Watch::new()).unwrap_err(),
            ] {
                assert!(problem.to_string().contains(words), "{problem}");
                assert_eq!(problem.kind(), Kind::Data);
            }
        }
    }

    #[test]
    fn sessions_in_other_units_are_brought_to_those_of_the_encoder() {
        let run = trained(Some("µV"));
        let [same, finer] = [("µV", 1.0), ("nV", 1000.0)];
        let of = |(unit, gain): (&str, f64)| session(["u", "v"], Some(unit), gain);
        let fitted = [same, finer].map(|unit| further(&run, &[of(unit)]).unwrap());
        let [same_encoder, finer_encoder] = fitted.map(|f| f.run().encoder.parameters().to_vec());
        assert_eq!(same_encoder, finer_encoder);
        let bits = |unit| goodness_of_fit(&run, arrays(&[of(unit)]), &Watch::new()).unwrap();
        assert_eq!(bits(same), bits(finer));
        let problem = further(&run, &[of(("°C", 1.0))]).unwrap_err();
        assert!(problem.to_string().contains("°C"), "{problem}");
    }

    #[test]
    fn a_new_subject_has_its_own_channels_and_units_and_no_other_seeds() {
        let (run, own) = (trained(Some("µV")), session(["u", "v"], Some("µV"), 1.0));
        let new = session(["one", "two"], Some("°C"), 1.0);
        for subjects in [Some(vec![0]), None] {
            let earlier = Earlier {
                runs: vec![run.clone()],
                subjects,
            };
            let both = arrays(&[own.clone(), new.clone()]);
            let fitted = adapt(&settings(), both, earlier, &Watch::new()).unwrap();
            let units = fitted.runs()[1].channels.units.clone();
            assert_eq!(units, Some(vec!["°C".to_owned(); 2]));
            assert_eq!(fitted.runs()[0].channels, run.channels);
            let problem = compare(&fitted, 2, &Watch::new()).unwrap_err();
            assert!(
                problem.to_string().contains("earlier training"),
                "{problem}"
            );
            assert_eq!(problem.kind(), Kind::Setting);
        }
    }
}
