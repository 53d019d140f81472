//! Null maps of an encoder, from one training after another.

use ndarray::{Array2, Axis};
use xcebra_attr::comparable::Frame;
use xcebra_attr::map::mean_over_lags;
use xcebra_attr::significance::Deviations;
use xcebra_attr::{AttrError, Methods};
use xcebra_core::{Config, Encoder};

use super::attributions::{Probe, align};
use super::compared::Compared;
use super::{Null, NullMaps, RetrainError, Retrained, Retraining, groups};

/// The maps of an encoder, and what trainings that were added so far differ by.
pub struct Nulls<'a> {
    null: Null,
    trainings: usize,
    channels: usize,
    probe: Probe,
    groups: Vec<[usize; 2]>,
    compared: Compared<'a>,
    /// Its embedding, and where the blocks of that lie.
    own: Array2<f64>,
    frame: Frame,
    maps: Vec<(String, Deviations)>,
    shifted: Vec<Vec<Array2<f64>>>,
    agreement: Vec<f64>,
}

impl<'a> Nulls<'a> {
    pub fn new(
        retraining: &Retraining,
        encoder: &Encoder<f32>,
        (probe, channels): (Probe, usize),
        (config, methods): (&'a Config, &'a Methods<f32>),
    ) -> Result<Self, RetrainError> {
        let own = probe.embed(encoder)?;
        let compared = Compared::new(methods, config);
        let frame = compared.frame(&own)?;
        let mut maps = Vec::new();
        for (name, values) in probe.attribute(encoder, &compared.methods(&frame), None)? {
            maps.push((name.clone(), compared.deviations(&name, &values, &frame)?));
        }
        Ok(Self {
            null: retraining.null,
            trainings: retraining.trainings,
            channels,
            groups: groups(config),
            shifted: vec![Vec::new(); maps.len()],
            agreement: vec![0.0; own.ncols()],
            probe,
            compared,
            own,
            frame,
            maps,
        })
    }

    /// Adds the encoder of the next training.
    pub fn add(&mut self, other: &Encoder<f32>) -> Result<(), RetrainError> {
        let embedding = self.probe.embed(other)?;
        let alignment = align(&self.own, &embedding, &self.groups)?;
        for (sum, r2) in self.agreement.iter_mut().zip(&alignment.r2) {
            *sum += r2 / self.trainings as f64;
        }
        let aligned = (self.null == Null::Resampled).then_some(&alignment);
        let others = self.compared.frame(&embedding)?;
        let methods = self.compared.methods(&others);
        let found = self.probe.attribute(other, &methods, aligned)?;
        for (i, (name, values)) in found.into_iter().enumerate() {
            match self.null {
                Null::Resampled => self.maps[i].1.add(&values)?,
                Null::ShiftedLabels => {
                    let map = self.compared.deviations(&name, &values, &others)?.map();
                    self.shifted[i].push(map);
                }
            }
        }
        Ok(())
    }

    /// The null maps of all trainings.
    pub fn finish(self) -> Result<Retrained, RetrainError> {
        let maps = self.maps.into_iter().zip(self.shifted);
        let maps = maps.map(|((method, deviations), shifted)| {
            let nulls = match self.null {
                Null::Resampled => deviations.nulls().to_vec(),
                Null::ShiftedLabels => shifted,
            };
            let pooled = |map: &Array2<f64>| {
                let one = mean_over_lags(map.view().insert_axis(Axis(0)), self.channels)?;
                Ok(one.index_axis_move(Axis(0), 0))
            };
            Ok(NullMaps {
                columns: self.compared.columns(&method, &self.frame),
                method: self.compared.name_of(method),
                map: pooled(&deviations.map())?,
                nulls: nulls.iter().map(pooled).collect::<Result<_, AttrError>>()?,
            })
        });
        Ok(Retrained {
            maps: maps.collect::<Result<_, AttrError>>()?,
            agreement: self.agreement,
        })
    }
}
