//! Steps in their order, run forwards and backwards.

use std::ops::Range;
use std::sync::Arc;

use xcebra_model::Scalar;

use crate::builder::{Builder, Known, Slot};
use crate::error::{OnnxError, Result};
use crate::ops::{Op, Pass};
use crate::tensor::Tensor;

/// One operation on values; its results are numbered on from `first`.
pub(crate) struct Step<A> {
    pub op: Box<dyn Op<A>>,
    pub inputs: Vec<usize>,
    pub first: usize,
    pub outputs: usize,
    /// Name and operator of the node that it belongs to.
    pub at: Arc<(String, String)>,
}

impl<A> Step<A> {
    /// The numbers of its results.
    fn results(&self) -> Range<usize> {
        self.first..self.first + self.outputs
    }
}

/// A computation with fixed shapes.
pub(crate) struct Plan<A> {
    steps: Vec<Step<A>>,
    /// All values; those known in advance are there.
    known: Vec<Option<Tensor<A>>>,
    shapes: Vec<Vec<usize>>,
    varied: Vec<bool>,
    /// The last step that needs each value.
    last_use: Vec<usize>,
    /// Whether the way back reads each value.
    kept: Vec<bool>,
    input: usize,
    output: usize,
    pub output_shape: Vec<usize>,
    /// Numbers in all values that are computed, and in what steps keep besides.
    pub elements: usize,
    /// Whether a step goes from time to time.
    pub serial: bool,
}

/// Values of one evaluation, kept for the way back.
pub(crate) struct Record<A> {
    /// Those that the way back does not read have no numbers.
    values: Vec<Option<Tensor<A>>>,
    /// What each step kept for itself.
    besides: Vec<Vec<Tensor<A>>>,
}

impl<A: Scalar> Plan<A> {
    pub fn new(builder: Builder<A>, input: Slot, output: Slot) -> Self {
        let Builder {
            values, mut steps, ..
        } = builder;
        let mut needed = vec![false; values.len()];
        needed[output.0] = true;
        let mut used = vec![false; steps.len()];
        for (i, step) in steps.iter().enumerate().rev() {
            used[i] = step.results().any(|v| needed[v]);
            if used[i] {
                step.inputs.iter().for_each(|&v| needed[v] = true);
            }
        }
        let mut used = used.into_iter();
        steps.retain(|_| used.next() == Some(true));

        let mut last_use = vec![usize::MAX; values.len()];
        for (i, step) in steps.iter().enumerate() {
            step.inputs.iter().for_each(|&v| last_use[v] = i);
        }
        last_use[output.0] = usize::MAX;
        let mut kept = vec![false; values.len()];
        for step in &steps {
            if !step.results().any(|v| values[v].varied) {
                continue;
            }
            let wanted: Vec<bool> = step.inputs.iter().map(|&v| values[v].varied).collect();
            for (i, &v) in step.inputs.iter().enumerate() {
                kept[v] |= values[v].known.is_some() || step.op.reads_input(i, &wanted);
            }
            if step.op.reads_outputs() {
                step.results().for_each(|v| kept[v] = true);
            }
        }
        let size = |v: usize| values[v].shape.iter().product::<usize>();
        Self {
            elements: steps
                .iter()
                .flat_map(Step::results)
                .map(size)
                .sum::<usize>()
                + steps.iter().map(|step| step.op.kept()).sum::<usize>(),
            serial: steps.iter().any(|step| step.op.is_serial()),
            known: values
                .iter()
                .zip(&needed)
                .map(|(v, &needed)| v.known.as_ref().filter(|_| needed).map(Known::real))
                .collect(),
            shapes: values.iter().map(|v| v.shape.clone()).collect(),
            varied: values.iter().map(|v| v.varied).collect(),
            last_use,
            kept,
            input: input.0,
            output: output.0,
            output_shape: values[output.0].shape.clone(),
            steps,
        }
    }

    /// Nodes through which a change of the input passes in steps or not at all, although their
    /// results are numbers: rounding, quantisation, places of extremes, trees.
    pub fn piecewise_constant(&self) -> Vec<Arc<(String, String)>> {
        let flat = |step: &&Step<A>| {
            step.inputs.iter().any(|&v| self.varied[v]) && step.results().all(|v| !self.varied[v])
        };
        let mut nodes: Vec<_> = self
            .steps
            .iter()
            .filter(flat)
            .map(|s| s.at.clone())
            .collect();
        nodes.dedup();
        nodes
    }

    /// Whether the derivative of the output can differ from zero.
    pub fn has_gradient(&self) -> bool {
        self.varied[self.output]
    }

    /// The output for an input of the shape of the plan.
    ///
    /// # Errors
    /// [`OnnxError::Node`] if a step has no result for these numbers.
    pub fn forward(&self, input: Tensor<A>) -> Result<Tensor<A>> {
        let mut values = self.start(input);
        for i in 0..self.steps.len() {
            self.advance(i, &mut values, false)?;
        }
        Ok(self.finish(values))
    }

    /// The output, with all that the way back needs.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn record(&self, input: Tensor<A>) -> Result<(Tensor<A>, Record<A>)> {
        let mut values = self.start(input);
        let steps = 0..self.steps.len();
        let besides = steps
            .map(|i| self.advance(i, &mut values, true))
            .collect::<Result<_>>()?;
        let output = self.output(&values).clone();
        Ok((output, Record { values, besides }))
    }

    /// Makes a step, and lets go of the numbers that nobody reads any more: with a `record`, those that
    /// the way back does not read either. Returns what the step kept for itself.
    ///
    /// # Errors
    /// [`OnnxError::Node`] if the step has no result for these numbers.
    fn advance(
        &self,
        i: usize,
        values: &mut [Option<Tensor<A>>],
        record: bool,
    ) -> Result<Vec<Tensor<A>>> {
        let step = &self.steps[i];
        let done = |v: usize| self.last_use[v] == i && !(record && self.kept[v]);
        step.check(values)?;
        let mut returned = match self.overwrite(step, values, done) {
            Some(result) => vec![result],
            None => step.op.forward(&arguments(step, values)),
        };
        for &v in &step.inputs {
            if done(v)
                && let Some(value) = values[v].take()
            {
                if record {
                    values[v] = Some(Tensor::hollow(value.shape()));
                }
                value.recycle();
            }
        }
        let besides = returned.split_off(step.outputs);
        for (v, tensor) in step.results().zip(returned) {
            values[v] = Some(tensor);
        }
        if record {
            return Ok(besides);
        }
        besides.into_iter().for_each(Tensor::recycle);
        Ok(Vec::new())
    }

    /// The result of a step in the memory of an input that is `done` with, if both allow it.
    fn overwrite(
        &self,
        step: &Step<A>,
        values: &mut [Option<Tensor<A>>],
        done: impl Fn(usize) -> bool,
    ) -> Option<Tensor<A>> {
        if step.outputs != 1 {
            return None;
        }
        for (i, &v) in step.inputs.iter().enumerate() {
            let once = step.inputs.iter().filter(|&&other| other == v).count() == 1;
            if !once || !done(v) || self.shapes[step.first] != self.shapes[v] {
                continue;
            }
            let mut value = values[v].take()?;
            values[v] = Some(Tensor::hollow(value.shape()));
            let written = match value.owned() {
                Some(data) => step.op.overwrite(i, &arguments(step, values), data),
                None => false,
            };
            if written {
                return Some(value);
            }
            values[v] = Some(value);
        }
        None
    }

    /// Pulls a cotangent of the output's shape back to the input.
    pub fn backward(&self, record: &Record<A>, cotangent: Tensor<A>) -> Tensor<A> {
        let mut gradients: Vec<Option<Tensor<A>>> = vec![None; self.known.len()];
        if self.varied[self.output] {
            gradients[self.output] = Some(cotangent);
        }
        for (step, besides) in self.steps.iter().zip(&record.besides).rev() {
            let incoming: Vec<Option<Tensor<A>>> = step
                .results()
                .map(|v| gradients[v].take().filter(|_| self.varied[v]))
                .collect();
            if incoming.iter().all(Option::is_none) {
                continue;
            }
            let wanted: Vec<bool> = step.inputs.iter().map(|&v| self.varied[v]).collect();
            let mut outputs: Vec<Tensor<A>> = record.values[step.first..][..step.outputs]
                .iter()
                .map(|value| value.clone().expect("every result was computed"))
                .collect();
            outputs.extend(besides.iter().cloned());
            let outgoing = step.op.backward(&Pass {
                inputs: &arguments(step, &record.values),
                outputs: &outputs,
                gradients: &incoming,
                wanted: &wanted,
            });
            for ((&v, wanted), gradient) in step.inputs.iter().zip(wanted).zip(outgoing) {
                let Some(gradient) = gradient.filter(|_| wanted) else {
                    continue;
                };
                match &mut gradients[v] {
                    Some(sum) => {
                        sum.add_assign(&gradient);
                        gradient.recycle();
                    }
                    none => *none = Some(gradient),
                }
            }
            incoming.into_iter().flatten().for_each(Tensor::recycle);
        }
        match gradients[self.input].take() {
            Some(gradient) => gradient,
            None => Tensor::zeros(&self.shapes[self.input]),
        }
    }

    fn start(&self, input: Tensor<A>) -> Vec<Option<Tensor<A>>> {
        let mut values = self.known.clone();
        values[self.input] = Some(input);
        values
    }

    fn output<'a>(&self, values: &'a [Option<Tensor<A>>]) -> &'a Tensor<A> {
        let output = values[self.output].as_ref();
        output.expect("the output is never dropped")
    }

    /// The output; all else is let go.
    fn finish(&self, mut values: Vec<Option<Tensor<A>>>) -> Tensor<A> {
        let output = self.output(&values).clone();
        values[self.output] = None;
        values.into_iter().flatten().for_each(Tensor::recycle);
        output
    }
}

impl<A: Scalar> Record<A> {
    /// Leaves the memory to the next evaluation.
    pub fn recycle(self) {
        let besides = self.besides.into_iter().flatten();
        let all = self.values.into_iter().flatten().chain(besides);
        all.for_each(Tensor::recycle);
    }
}

impl<A: Scalar> Step<A> {
    /// Whether it has a result for these numbers.
    fn check(&self, values: &[Option<Tensor<A>>]) -> Result<()> {
        let checked = self.op.check(&arguments(self, values));
        checked.map_err(|problem| OnnxError::Node {
            node: self.at.0.clone(),
            op: self.at.1.clone(),
            problem,
            advice: Some("check that the input is what the model was trained on"),
        })
    }
}

fn arguments<'a, A: Scalar>(step: &Step<A>, values: &'a [Option<Tensor<A>>]) -> Vec<&'a Tensor<A>> {
    let value = |&v: &usize| {
        let value: Option<&Tensor<A>> = values[v].as_ref();
        value.expect("steps follow those they need")
    };
    step.inputs.iter().map(value).collect()
}
