//! One pass over the samples for all methods.

use std::ops::Range;

use rayon::prelude::*;
use xcebra_model::{Model, Scalar};

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
    let (outputs, inputs) = check(model, samples, methods, options)?;
    let total = samples.len();
    let evaluations = methods.iter().map(|m| m.evaluations(outputs, inputs));
    let batch_size = options.samples_at_once(outputs * inputs, evaluations.max().unwrap_or(1));
    let needs = methods
        .iter()
        .fold(Needs::default(), |all, m| all.or(m.needs()));
    let background = (options.background, options.seed);
    let report = || options.report(0, total);
    let job = Job {
        samples,
        methods,
        keep: options.sink.is_some(),
        setting: Setting {
            model,
            tolerance: options.tolerance,
            jacobian_by: options.jacobians,
            seed: options.seed,
            overview: Overview::gather(samples, needs, background, batch_size, report)?,
        },
    };

    let columns: Vec<_> = methods.iter().map(|m| m.columns(outputs)).collect();
    let sizes = columns.iter().map(|columns| columns * inputs);
    let mut totals: Vec<_> = sizes.map(Totals::new).collect();
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
            for (m, (partial, kept)) in partial?.into_iter().enumerate() {
                totals[m].absorb(&partial);
                if let (Some(sink), Some((first_sample, found))) = (options.sink, kept) {
                    sink(&Piece {
                        method: methods[m].name(),
                        first_sample,
                        values: found.values.view().permuted_axes([0, 2, 1]),
                    })?;
                }
            }
        }
        done = wave.last().map_or(total, |last| last.end);
        options.report(done, total)?;
    }
    let maps = methods.iter().zip(totals).zip(columns);
    let maps = maps.map(|((method, totals), columns)| {
        let columns = (columns, outputs);
        AttributionMap::new(method.name(), model.input_shape(), columns, totals)
    });
    maps.collect()
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
