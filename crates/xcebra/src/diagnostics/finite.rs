//! Numbers that JSON does not have are refused: a file would hold nulls in their place.

use ndarray::ArrayView1;
use xcebra_numeric::{NonFinite, ensure_finite};

use super::Diagnostics;
use crate::retraining::SeedAgreement;

impl Diagnostics {
    /// Refuses infinite numbers and NaN.
    ///
    /// # Errors
    /// [`NonFinite`] with the name of the field.
    pub fn ensure_finite(&self) -> Result<(), NonFinite> {
        // no `..`: a new field has to be looked at
        let Self {
            bits,
            bits_held_out: _,
            loss_held_out,
            possible_bits,
            label_r2,
            label_accuracy,
            outputs: _,
            effective_dimension,
            ranks: _,
            possible_rank: _,
            condition,
            seeds,
            other_subjects,
        } = self;
        let check = |what: &str, values: &[f64]| ensure_finite(what, &ArrayView1::from(values));
        check("`bits`", bits)?;
        check("`loss_held_out`", loss_held_out.as_slice())?;
        check("`possible_bits`", possible_bits.as_slice())?;
        for (name, r2) in label_r2 {
            let what = format!("`label_r2` of `{name}`");
            check(&what, &[r2.training])?;
            check(&what, r2.held_out.as_slice())?;
        }
        for (name, accuracy) in label_accuracy {
            let what = format!("`label_accuracy` of `{name}`");
            check(&what, &[accuracy.training, accuracy.chance])?;
            check(&what, accuracy.held_out.as_slice())?;
        }
        for (name, found) in other_subjects {
            check(&format!("`other_subjects` of `{name}`"), found)?;
        }
        check("`effective_dimension`", &[*effective_dimension])?;
        check("`condition`", condition.as_ref().map_or(&[], |c| c))?;
        let Some(SeedAgreement {
            seeds: _,
            embeddings,
            maps,
        }) = seeds
        else {
            return Ok(());
        };
        check("`seeds.embeddings`", embeddings.as_ref().map_or(&[], |e| e))?;
        check("`seeds.maps`", maps.as_ref().map_or(&[], |m| m))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::example;
    use super::super::{DIAGNOSTICS, LabelAccuracy, LabelR2};
    use super::*;

    fn r2(d: &mut Diagnostics) -> &mut LabelR2 {
        d.label_r2.get_mut("z2").unwrap()
    }

    fn accuracy(d: &mut Diagnostics) -> &mut LabelAccuracy {
        d.label_accuracy.get_mut("state").unwrap()
    }

    fn agreement(d: &mut Diagnostics) -> &mut SeedAgreement {
        d.seeds.as_mut().unwrap()
    }

    /// Each number in turn is set to one that JSON does not have.
    #[test]
    fn a_number_that_json_does_not_have_is_refused_by_name() {
        type Place = (&'static str, fn(&mut Diagnostics) -> &mut f64);
        let places: [Place; 12] = [
            ("`bits`", |d| &mut d.bits[1]),
            ("`loss_held_out`", |d| d.loss_held_out.as_mut().unwrap()),
            ("`possible_bits`", |d| d.possible_bits.as_mut().unwrap()),
            ("`label_r2` of `z2`", |d| &mut r2(d).training),
            ("`label_r2` of `z2`", |d| r2(d).held_out.as_mut().unwrap()),
            ("`label_accuracy` of `state`", |d| &mut accuracy(d).training),
            ("`label_accuracy` of `state`", |d| &mut accuracy(d).chance),
            ("`label_accuracy` of `state`", |d| {
                accuracy(d).held_out.insert(0.9)
            }),
            ("`effective_dimension`", |d| &mut d.effective_dimension),
            ("`condition`", |d| &mut d.condition.as_mut().unwrap()[1]),
            ("`seeds.embeddings`", |d| {
                &mut agreement(d).embeddings.as_mut().unwrap()[0]
            }),
            ("`seeds.maps`", |d| {
                &mut agreement(d).maps.as_mut().unwrap()[1]
            }),
        ];
        let folder = tempfile::tempdir().unwrap();
        for (name, place) in places {
            for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                let mut wrong = example();
                *place(&mut wrong) = value;
                let error = wrong.save(folder.path()).unwrap_err().to_string();
                let said = format!("{name} is {value}");
                assert!(error.starts_with(&said), "{error}");
                assert!(!folder.path().join(DIAGNOSTICS).exists());
            }
        }
        example().save(folder.path()).unwrap();
        assert_eq!(Diagnostics::load(folder.path()), Some(example()));
    }
}
