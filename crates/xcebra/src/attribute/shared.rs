//! The blocks of samples of which one process makes maps, and what gathers them.

use std::ops::Range;
use std::path::Path;

use xcebra_attr::comparable::{Effects, TangentIng};
use xcebra_attr::{
    AttrError, AttributionMap, Block, Methods, Options, Piece, Samples, attribute_blocks, blocks,
    gather_blocks,
};
use xcebra_model::{Model, Scalar, Watch};
use xcebra_numeric::{Packer, Unpacker};

use super::comparable::{self, ComparableMap};
use crate::share::{self, Share};
use crate::{Problem, Result, Run, Windows};

/// The maps of an encoder, with the comparable one if the inverted neuron gradient is among them; none if only a part
/// of them is made.
pub fn shared_maps(
    run: &Run,
    windows: &Windows<'_>,
    methods: &Methods<f32>,
    share: &Share<'_>,
    watch: &Watch<'_>,
) -> Result<Option<(Vec<AttributionMap>, Option<ComparableMap>)>> {
    if let Share::Whole = share {
        return super::maps(run, windows, methods, None, watch).map(Some);
    }
    let model = watch.over(&run.encoder);
    let failed = |error| Problem::from(error).nothing_written();
    let frame = comparable::frame_of(run, windows, methods).map_err(failed)?;
    let effects = frame.as_ref().map(Effects::new);
    let methods = match &frame {
        Some(frame) => methods.clone().with(TangentIng::new(frame.clone())),
        None => methods.clone(),
    };
    let asked = Asked {
        model: &model,
        samples: windows,
        methods: &methods,
        effects: effects.as_ref(),
    };
    let Some(mut maps) = asked.share(share, watch)? else {
        return Ok(None);
    };
    let (Some(frame), Some(effects)) = (&frame, &effects) else {
        return Ok(Some((maps, None)));
    };
    let tangents = maps.pop();
    let map = effects.finish(&comparable::deviations(run));
    let comparable = ComparableMap::new(map.map_err(failed)?, frame, tangents.as_ref());
    Ok(Some((maps, Some(comparable))))
}

/// The maps that several processes share.
pub struct Asked<'a, A> {
    pub model: &'a dyn Model<A>,
    pub samples: &'a dyn Samples<A>,
    pub methods: &'a Methods<A>,
    /// Effects of blocks of latents, if they are among them.
    pub effects: Option<&'a Effects<'a>>,
}

impl<A: Scalar> Asked<'_, A> {
    /// A share of the maps; none if it makes only a part of them.
    pub fn share(
        &self,
        share: &Share<'_>,
        watch: &Watch<'_>,
    ) -> Result<Option<Vec<AttributionMap>>> {
        let failed = |error| Problem::from(error).nothing_written();
        let options = Options::new().watch(*watch);
        match share {
            Share::Whole => {
                let found =
                    xcebra_attr::attribute(self.model, self.samples, self.methods, &options);
                Ok(Some(found.map_err(failed)?))
            }
            Share::Checked(tell) => {
                let count = blocks(self.model, self.samples, self.methods, &options);
                tell(count.map_err(failed)?);
                Ok(None)
            }
            Share::Part(part, folder) => {
                self.part(part, folder, options)?;
                Ok(None)
            }
            Share::Kept(folder) => {
                let count = blocks(self.model, self.samples, self.methods, &options);
                let mut damaged = None;
                let all = (0..count.map_err(failed)?).map(|block| {
                    let found = self.kept(&folder(block), block);
                    found.map_err(|problem| {
                        damaged = Some(problem);
                        AttrError::NoSamples
                    })
                });
                let found = gather_blocks(self.model, self.samples, self.methods, &options, all);
                match damaged {
                    Some(problem) => Err(problem),
                    None => Ok(Some(found.map_err(failed)?)),
                }
            }
        }
    }

    /// Makes the blocks of a part that are not kept yet, and keeps them.
    fn part(&self, part: &Range<usize>, folder: &Path, options: Options<'_>) -> Result<()> {
        let left = share::left(part, folder)?;
        let add = |piece: &Piece<'_>| match self.effects {
            Some(effects) => effects.add(piece),
            None => Ok(()),
        };
        let options = match self.effects {
            Some(_) => options.sink(&add),
            None => options,
        };
        let mut keep = |block: usize, found: Block| {
            let mut packer = Packer::new();
            found.pack(&mut packer);
            if let Some(effects) = self.effects {
                effects.pack(&mut packer);
            }
            share::keep(folder, block, packer).map_err(AttrError::sink)
        };
        let made = attribute_blocks(
            self.model,
            self.samples,
            self.methods,
            &options,
            &left,
            &mut keep,
        );
        Ok(made?)
    }

    fn kept(&self, folder: &Path, block: usize) -> Result<Block> {
        let numbers = share::kept(folder, block)?;
        let mut unpacker = Unpacker::new(&numbers);
        let found = Block::unpack(&mut unpacker, self.methods.len());
        let inputs = self.model.input_shape().iter().product();
        let effects = match self.effects {
            Some(effects) => effects.unpack(&mut unpacker, inputs),
            None => Some(()),
        };
        found
            .zip(effects)
            .filter(|_| unpacker.is_empty())
            .map(|(found, ())| found)
            .ok_or_else(|| share::damaged(folder, block))
    }
}
