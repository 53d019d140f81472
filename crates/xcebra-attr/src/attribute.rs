//! One pass over the samples for all methods.

use std::fmt;
use std::ops::Range;

use rayon::prelude::*;
use xcebra_model::{Model, Scalar};
use xcebra_numeric::{Packer, Unpacker};

use crate::aggregate::{Partial, Totals};
use crate::attributions::Attributions;
use crate::batch::{Batch, Setting};
use crate::catalogue::Methods;
use crate::error::{AttrError, Result};
use crate::map::AttributionMap;
use crate::method::Method;
use crate::options::{Options, Piece};
use crate::overview::{Needs, Overview};
use crate::samples::{self, Samples};

/// Attributes the outputs of `model` to its inputs by each of `methods`, over all `samples`; one
/// map for each method, in their order.
///
/// Samples are read in batches, on all threads of the current rayon pool. Memory does not grow with
/// the number of samples. Methods share what they need of a batch, such as its Jacobians, and of all
/// samples, such as their mean, which costs a separate pass if a method needs it. Batches
/// are summed up in order: the same samples and batch size give the same bits for any number of
/// threads. Means are accumulated in `f64`, plainly within a batch and compensated over batches:
/// their error is below the batch size times 1.1e-16 of the mean absolute value.
///
/// # Errors
/// * [`AttrError::NoSamples`], and [`AttrError::Shape`] if the samples do not fit the model;
/// * [`AttrError::Parameter`] if there are no methods, or a setting of `options` or of a method is out of
///   range;
/// * [`AttrError::NonFiniteSample`] and [`AttrError::NonFinite`] for infinities and NaN in samples
///   and in what is computed of them, naming the sample;
/// * [`AttrError::Cancelled`] if the watch stops the work;
/// * what the samples and the model report.
pub fn attribute<A: Scalar>(
    model: &dyn Model<A>,
    samples: &dyn Samples<A>,
    methods: &Methods<A>,
    options: &Options<'_>,
) -> Result<Vec<AttributionMap>> {
    let work = Work::new(model, samples, methods, options)?;
    let job = work.job()?;
    let all: Vec<usize> = (0..work.blocks()).collect();
    let mut totals = work.empty();
    work.each_block(&job, &all, &mut |_, block| {
        block.add_to(&mut totals);
        Ok(())
    })?;
    work.maps(totals)
}

/// Number of blocks of [`attribute_blocks`]: each holds four batches of samples, the last one perhaps fewer.
///
/// # Errors
/// As [`attribute`], for what can be known before samples are read.
pub fn blocks<A: Scalar>(
    model: &dyn Model<A>,
    samples: &dyn Samples<A>,
    methods: &Methods<A>,
    options: &Options<'_>,
) -> Result<usize> {
    Ok(Work::new(model, samples, methods, options)?.blocks())
}

/// The share of [`attribute`] that belongs to some blocks of samples, in ascending order: each is given to `each` once it
/// is done. [`gather_blocks`] makes maps of all of them.
///
/// # Errors
/// As [`attribute`], [`AttrError::Parameter`] if there is no such block, and what `each` reports.
pub fn attribute_blocks<A: Scalar>(
    model: &dyn Model<A>,
    samples: &dyn Samples<A>,
    methods: &Methods<A>,
    options: &Options<'_>,
    blocks: &[usize],
    each: &mut dyn FnMut(usize, Block) -> Result<()>,
) -> Result<()> {
    let work = Work::new(model, samples, methods, options)?;
    if let Some(beyond) = blocks.iter().find(|&&block| block >= work.blocks()) {
        let expected = format!("below {}, the number of blocks", work.blocks());
        return Err(AttrError::parameter("block", beyond.to_string(), expected));
    }
    work.each_block(&work.job()?, blocks, each)
}

/// The maps of all blocks, in their order: the same as those of [`attribute`] to the last bit.
///
/// # Errors
/// As [`attribute`], what `all` reports, and [`AttrError::Parameter`] if it gives another number of blocks.
pub fn gather_blocks<A: Scalar>(
    model: &dyn Model<A>,
    samples: &dyn Samples<A>,
    methods: &Methods<A>,
    options: &Options<'_>,
    all: impl IntoIterator<Item = Result<Block>>,
) -> Result<Vec<AttributionMap>> {
    let work = Work::new(model, samples, methods, options)?;
    let mut totals = work.empty();
    let mut count = 0;
    for block in all {
        block?.add_to(&mut totals);
        count += 1;
    }
    match count == work.blocks() {
        true => work.maps(totals),
        false => Err(AttrError::parameter(
            "the number of blocks",
            count.to_string(),
            work.blocks().to_string(),
        )),
    }
}

/// Batches in a block.
const BATCHES: usize = 4;

/// What is asked for, checked.
struct Work<'a, A> {
    model: &'a dyn Model<A>,
    samples: &'a dyn Samples<A>,
    methods: &'a Methods<A>,
    options: &'a Options<'a>,
    outputs: usize,
    inputs: usize,
    batch_size: usize,
}

impl<'a, A: Scalar> Work<'a, A> {
    fn new(
        model: &'a dyn Model<A>,
        samples: &'a dyn Samples<A>,
        methods: &'a Methods<A>,
        options: &'a Options<'_>,
    ) -> Result<Self> {
        let (outputs, inputs) = check(model, samples, methods, options)?;
        let evaluations = methods.iter().map(|m| m.evaluations(outputs, inputs));
        let evaluations = evaluations.max().unwrap_or(1);
        Ok(Self {
            model,
            samples,
            methods,
            options,
            outputs,
            inputs,
            batch_size: options.samples_at_once(outputs * inputs, evaluations),
        })
    }

    fn blocks(&self) -> usize {
        self.samples.len().div_ceil(BATCHES * self.batch_size)
    }

    /// The samples of a block.
    fn range(&self, block: usize) -> Range<usize> {
        let size = BATCHES * self.batch_size;
        block * size..((block + 1) * size).min(self.samples.len())
    }

    /// What is known of all samples, and what each batch needs.
    fn job(&self) -> Result<Job<'_, A>> {
        let options = self.options;
        let needs = self.methods.iter();
        let needs = needs.fold(Needs::default(), |all, m| all.or(m.needs()));
        let background = (options.background, options.seed);
        let report = || options.report(0, self.samples.len());
        Ok(Job {
            samples: self.samples,
            methods: self.methods,
            keep: options.sink.is_some(),
            setting: Setting {
                model: self.model,
                tolerance: options.tolerance,
                jacobian_by: options.jacobians,
                seed: options.seed,
                overview: Overview::gather(
                    self.samples,
                    needs,
                    background,
                    self.batch_size,
                    report,
                )?,
            },
        })
    }

    /// Totals of nothing, a method each.
    fn empty(&self) -> Vec<Totals> {
        let columns = self.methods.iter().map(|m| m.columns(self.outputs));
        columns
            .map(|columns| Totals::new(columns * self.inputs))
            .collect()
    }

    /// Gives each block to `each` once it is done.
    fn each_block(
        &self,
        job: &Job<'_, A>,
        blocks: &[usize],
        each: &mut dyn FnMut(usize, Block) -> Result<()>,
    ) -> Result<()> {
        let batches = blocks.iter().flat_map(|&block| {
            let range = self.range(block);
            let end = range.end;
            let firsts = range.step_by(self.batch_size);
            firsts.map(move |first| (block, first..(first + self.batch_size).min(end)))
        });
        let batches: Vec<(usize, Range<usize>)> = batches.collect();
        let total = batches.iter().map(|(_, range)| range.len()).sum();
        let mut done = 0;
        self.options.report(done, total)?;
        let mut totals = self.empty();
        // two batches a thread, so that one slow batch does not stop the others
        for wave in batches.chunks(2 * rayon::current_num_threads()) {
            let partials = wave.par_iter().map(|(_, range)| job.run(range.clone()));
            let partials: Vec<_> = partials.collect();
            for ((block, range), partial) in wave.iter().zip(partials) {
                for (m, (partial, kept)) in partial?.into_iter().enumerate() {
                    totals[m].absorb(&partial);
                    if let (Some(sink), Some((first_sample, found))) = (self.options.sink, kept) {
                        sink(&Piece {
                            method: self.methods[m].name(),
                            first_sample,
                            block: *block,
                            values: found.values.view().permuted_axes([0, 2, 1]),
                        })?;
                    }
                }
                if range.end == self.range(*block).end {
                    let finished = std::mem::replace(&mut totals, self.empty());
                    each(*block, Block(finished))?;
                }
            }
            done += wave.iter().map(|(_, range)| range.len()).sum::<usize>();
            self.options.report(done, total)?;
        }
        Ok(())
    }

    fn maps(&self, totals: Vec<Totals>) -> Result<Vec<AttributionMap>> {
        let maps = self.methods.iter().zip(totals).map(|(method, totals)| {
            let columns = (method.columns(self.outputs), self.outputs);
            AttributionMap::new(method.name(), self.model.input_shape(), columns, totals)
        });
        maps.collect()
    }
}

/// What was found on a block of samples, added up.
#[derive(Clone)]
pub struct Block(Vec<Totals>);

impl Block {
    fn add_to(&self, totals: &mut [Totals]) {
        for (total, own) in totals.iter_mut().zip(&self.0) {
            total.merge(own);
        }
    }

    /// Packs all numbers, so that another process can take them up.
    pub fn pack(&self, packer: &mut Packer) {
        self.0.iter().for_each(|totals| totals.pack(packer));
    }

    /// What was packed of a block of this many methods; `None` if these numbers are not one.
    pub fn unpack(unpacker: &mut Unpacker<'_>, methods: usize) -> Option<Self> {
        let totals = (0..methods).map(|_| Totals::unpack(unpacker));
        Some(Self(totals.collect::<Option<_>>()?))
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block")
            .field("methods", &self.0.len())
            .finish_non_exhaustive()
    }
}

/// Fails unless samples, model and methods fit each other; the numbers of outputs and inputs.
fn check<A: Scalar>(
    model: &dyn Model<A>,
    samples: &dyn Samples<A>,
    methods: &Methods<A>,
    options: &Options<'_>,
) -> Result<(usize, usize)> {
    options.check()?;
    methods.iter().try_for_each(Method::check)?;
    let (input_shape, outputs) = (model.input_shape(), model.output_dim());
    let inputs = input_shape.iter().product();
    if samples.sample_shape() != input_shape {
        return Err(AttrError::Shape {
            what: "one sample",
            found: samples.sample_shape().to_vec(),
            expected: format!("{input_shape:?}, the input shape of the model"),
        });
    }
    if samples.is_empty() {
        return Err(AttrError::NoSamples);
    }
    if methods.is_empty() {
        let expected = format!(
            "at least one of: {}",
            Methods::<A>::all().names().join(", ")
        );
        return Err(AttrError::parameter(
            "the list of methods",
            "empty",
            expected,
        ));
    }
    if inputs == 0 || outputs == 0 {
        return Err(AttrError::Shape {
            what: "the Jacobian of the model",
            found: vec![outputs, inputs],
            expected: "at least one output and one input".to_owned(),
        });
    }
    options.tolerance.cutoff::<A>(outputs, inputs)?;
    Ok((outputs, inputs))
}

/// What each batch needs.
struct Job<'a, A> {
    samples: &'a dyn Samples<A>,
    methods: &'a Methods<A>,
    /// Whether attributions of samples are kept for the sink.
    keep: bool,
    setting: Setting<'a, A>,
}

/// The first sample of a batch, with what was found for it.
type Kept = Option<(usize, Attributions)>;

impl<A: Scalar> Job<'_, A> {
    /// Aggregates of each method over the samples of `range`, and what they are made of.
    fn run(&self, range: Range<usize>) -> Result<Vec<(Partial, Kept)>> {
        let (first, n) = (range.start, range.len());
        let model = self.setting.model;
        let x = self.samples.batch(range)?;
        let expected = [&[n], model.input_shape()].concat();
        if x.shape() != expected {
            return Err(AttrError::Shape {
                what: "a batch of samples",
                found: x.shape().to_vec(),
                expected: format!("{expected:?}"),
            });
        }
        samples::check(&x, model.input_shape(), first)?;
        let batch = Batch::new(&self.setting, x, first);
        let mut partials = Vec::with_capacity(self.methods.len());
        for method in self.methods.iter() {
            let found = method.attribute(&batch)?;
            let shape = (n, method.columns(batch.outputs()), batch.inputs());
            let partial = Partial::new(method.name(), &found, shape, batch.outputs(), first)?;
            partials.push((partial, self.keep.then_some((first, found))));
        }
        Ok(partials)
    }
}
