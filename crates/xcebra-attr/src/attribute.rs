//! One pass over the samples for all methods.

use std::ops::Range;

use rayon::prelude::*;
use xcebra_model::{Model, Scalar};

use crate::aggregate::{Partial, Totals};
use crate::error::{AttrError, Result};
use crate::inverse::Tolerance;
use crate::map::AttributionMap;
use crate::method::{Batch, Methods};
use crate::options::Options;
use crate::samples::Samples;

/// Attributes the outputs of `model` to its inputs by each of `methods`, over all `samples`; one
/// map a method, in their order.
///
/// Samples are read in batches, on all threads of the current rayon pool. Memory does not grow with
/// the number of samples. Methods share what they need of a batch, such as its Jacobians. Batches
/// are summed up in order: the same samples and batch size give the same bits for any number of
/// threads. Means are accumulated in `f64`, plainly within a batch and compensated over batches:
/// their error is below the batch size times 1.1e-16 of the mean absolute value.
///
/// # Errors
/// * [`AttrError::NoSamples`], and [`AttrError::Shape`] if the samples do not fit the model;
/// * [`AttrError::Parameter`] if there are no methods or the tolerance is out of range;
/// * [`AttrError::NonFinite`] for infinities and NaN, naming the sample;
/// * [`AttrError::Cancelled`] if the observer breaks;
/// * what the samples and the model report.
pub fn attribute<A: Scalar>(
    model: &dyn Model<A>,
    samples: &dyn Samples<A>,
    methods: &Methods<A>,
    options: &Options<'_>,
) -> Result<Vec<AttributionMap>> {
    let job = Job::new(model, samples, methods, options)?;
    let total = samples.len();
    let batch_size = options.batch_size(job.outputs * job.inputs);

    let mut totals = vec![Totals::new(job.outputs * job.inputs); methods.len()];
    let mut done = 0;
    options.report(done, total)?;
    while done < total {
        // two batches a thread, so that one slow batch does not stop the others
        let wave: Vec<_> = (done..total)
            .step_by(batch_size)
            .map(|first| first..(first + batch_size).min(total))
            .take(2 * rayon::current_num_threads())
            .collect();
        let partials: Vec<_> = wave
            .par_iter()
            .map(|range| job.run(range.clone()))
            .collect();
        for partial in partials {
            for (totals, partial) in totals.iter_mut().zip(partial?) {
                totals.absorb(&partial);
            }
        }
        done = wave.last().map_or(total, |last| last.end);
        options.report(done, total)?;
    }
    let maps = methods.iter().zip(totals).map(|(method, totals)| {
        AttributionMap::new(method.name(), model.input_shape(), job.outputs, totals)
    });
    Ok(maps.collect())
}

/// What each batch needs.
struct Job<'a, A> {
    model: &'a dyn Model<A>,
    samples: &'a dyn Samples<A>,
    methods: &'a Methods<A>,
    tolerance: Tolerance,
    outputs: usize,
    inputs: usize,
}

impl<'a, A: Scalar> Job<'a, A> {
    fn new(
        model: &'a dyn Model<A>,
        samples: &'a dyn Samples<A>,
        methods: &'a Methods<A>,
        options: &Options<'_>,
    ) -> Result<Self> {
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
        options.tolerance().cutoff::<A>(outputs, inputs)?;
        Ok(Self {
            model,
            samples,
            methods,
            tolerance: options.tolerance(),
            outputs,
            inputs,
        })
    }

    /// Aggregates of each method over the samples of `range`.
    fn run(&self, range: Range<usize>) -> Result<Vec<Partial>> {
        let (first, n) = (range.start, range.len());
        let x = self.samples.batch(range)?;
        let expected = [&[n], self.model.input_shape()].concat();
        if x.shape() != expected {
            return Err(AttrError::Shape {
                what: "a batch of samples",
                found: x.shape().to_vec(),
                expected: format!("{expected:?}"),
            });
        }
        let batch = Batch::new(self.model, x, first, self.tolerance);
        let shape = (n, self.outputs, self.inputs);
        let mut partials = Vec::with_capacity(self.methods.len());
        for method in self.methods.iter() {
            let found = method.attribute(&batch)?;
            partials.push(Partial::new(method.name(), found, shape, first)?);
        }
        Ok(partials)
    }
}
