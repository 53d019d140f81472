//! The signals of an explanation that one process explains, and what gathers them.

use std::path::Path;
use std::sync::Arc;

use cdig::{Attribution, Domain};
use ndarray::{ArrayD, Axis};
use xcebra_model::Watch;
use xcebra_numeric::{Packer, Unpacker};

use super::found::{Explained, One, Row, Scored};
use super::work::Job;
use crate::Result;
use crate::explain::OrderCurves;
use crate::share::{self, Share};

impl Job<'_> {
    /// The rows that a share makes; none if it makes only a part of them.
    pub fn shared(&self, share: &Share<'_>, watch: &Watch<'_>) -> Result<Option<Vec<Row>>> {
        match share {
            Share::Whole => Ok(Some(self.run(watch)?)),
            Share::Checked(tell) => {
                tell(self.signals.len());
                Ok(None)
            }
            Share::Part(signals, folder) => {
                let left = share::left(signals, folder)?;
                let keep = |signal: usize, found: &[One]| {
                    Ok(share::keep(folder, signal, self.packed(found))?)
                };
                self.each(&left, keep, watch)?;
                Ok(None)
            }
            Share::Kept(folder) => {
                let signals = 0..self.signals.len();
                let found = signals.map(|signal| self.kept(&folder(signal), signal));
                Ok(Some(self.rows(found.collect::<Result<_>>()?)))
            }
        }
    }

    /// What was found for a signal; outputs share what they have in common.
    fn packed(&self, found: &[One]) -> Packer {
        let mut packer = Packer::new();
        let first = found.first().map_or(&[][..], |one| &one.scored);
        for scored in first {
            scored.all.attribution.pack(&mut packer);
            let error = scored.all.standard_error.as_ref();
            packer.optional(error.map(|error| error.iter().copied()));
        }
        for one in found {
            for scored in &one.scored {
                let curves = scored.curves.as_ref().map(OrderCurves::lists);
                packer.number(f64::from(u8::from(curves.is_some())));
                for list in curves.iter().flatten() {
                    packer.list(list.iter().copied());
                }
            }
            packer.optional(one.in_time.as_ref().map(|array| array.iter().copied()));
        }
        packer
    }

    fn kept(&self, folder: &Path, signal: usize) -> Result<Vec<One>> {
        let numbers = share::kept(folder, signal)?;
        let found = self.unpacked(&numbers);
        found.ok_or_else(|| share::damaged(folder, signal))
    }

    fn unpacked(&self, numbers: &[f64]) -> Option<Vec<One>> {
        let mut unpacker = Unpacker::new(numbers);
        let explained = self.domains.iter().map(|built| {
            let domain: &dyn Domain<f64> = &*built.domain;
            let attribution = Attribution::unpack(&mut unpacker, domain, self.rule)?;
            let standard_error = match unpacker.optional()? {
                Some(error) => {
                    let shape = attribution.attribution.raw_dim();
                    Some(ArrayD::from_shape_vec(shape, error.to_vec()).ok()?)
                }
                None => None,
            };
            Some(Arc::new(Explained {
                attribution,
                standard_error,
            }))
        });
        let explained: Vec<Arc<Explained>> = explained.collect::<Option<_>>()?;
        let rows = self.target.names().len();
        let fits = |one: &Arc<Explained>| one.attribution.attribution.len_of(Axis(0)) == rows;
        if !explained.iter().all(fits) {
            return None;
        }
        let found = (0..rows).map(|row| {
            let scored = explained.iter().map(|one| {
                let curves = match unpacker.count()? {
                    0 => None,
                    1 => Some(OrderCurves::of_lists(|| {
                        unpacker.list().map(<[f64]>::to_vec)
                    })?),
                    _ => return None,
                };
                Some(Scored::new(Arc::clone(one), row, curves))
            });
            let scored = scored.collect::<Option<_>>()?;
            let in_time = match unpacker.optional()? {
                Some(array) => {
                    let shape = self.subject.shape().to_vec();
                    Some(ArrayD::from_shape_vec(shape, array.to_vec()).ok()?)
                }
                None => None,
            };
            Some(One { scored, in_time })
        });
        let found = found.collect::<Option<Vec<One>>>()?;
        unpacker.is_empty().then_some(found)
    }
}
