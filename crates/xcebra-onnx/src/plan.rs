//! Steps in their order, run forwards and backwards.

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

/// A computation with fixed shapes.
pub(crate) struct Plan<A> {
    steps: Vec<Step<A>>,
    /// All values; those known in advance are there.
    known: Vec<Option<Tensor<A>>>,
    varied: Vec<bool>,
    /// The last step that needs each value.
    last_use: Vec<usize>,
    input: usize,
    output: usize,
    pub output_shape: Vec<usize>,
    /// Numbers in all values that are computed.
    pub elements: usize,
}

/// Values of one evaluation, kept for the way back.
pub(crate) struct Record<A> {
    values: Vec<Option<Tensor<A>>>,
    /// What each step returned: its results and what it kept for itself.
    returned: Vec<Vec<Tensor<A>>>,
}

impl<A: Scalar> Plan<A> {
    pub fn new(builder: Builder<A>, input: Slot, output: Slot) -> Self {
        let Builder {
            values, mut steps, ..
        } = builder;
        let mut needed = vec![false; values.len()];
        needed[output.0] = true;
        let mut kept = vec![false; steps.len()];
        for (i, step) in steps.iter().enumerate().rev() {
            kept[i] = (step.first..step.first + step.outputs).any(|v| needed[v]);
            if kept[i] {
                step.inputs.iter().for_each(|&v| needed[v] = true);
            }
        }
        let mut kept = kept.into_iter();
        steps.retain(|_| kept.next() == Some(true));

        let mut last_use = vec![usize::MAX; values.len()];
        for (i, step) in steps.iter().enumerate() {
            step.inputs.iter().for_each(|&v| last_use[v] = i);
        }
        last_use[output.0] = usize::MAX;
        let computed = |step: &Step<A>| step.first..step.first + step.outputs;
        let size = |v: usize| values[v].shape.iter().product::<usize>();
        Self {
            elements: steps.iter().flat_map(computed).map(size).sum(),
            known: values
                .iter()
                .zip(&needed)
                .map(|(v, &needed)| v.known.as_ref().filter(|_| needed).map(Known::real))
                .collect(),
            varied: values.iter().map(|v| v.varied).collect(),
            last_use,
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
            step.inputs.iter().any(|&v| self.varied[v])
                && (step.first..step.first + step.outputs).all(|v| !self.varied[v])
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
        for (i, step) in self.steps.iter().enumerate() {
            let returned = step.run(&values)?;
            for &v in &step.inputs {
                if self.last_use[v] == i {
                    values[v] = None;
                }
            }
            store(step, &mut values, returned);
        }
        Ok(self.output(&values))
    }

    /// The output, with all that the way back needs.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn record(&self, input: Tensor<A>) -> Result<(Tensor<A>, Record<A>)> {
        let mut values = self.start(input);
        let mut all = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let returned = step.run(&values)?;
            all.push(returned.clone());
            store(step, &mut values, returned);
        }
        let output = self.output(&values);
        let record = Record {
            values,
            returned: all,
        };
        Ok((output, record))
    }

    /// Pulls a cotangent of the output's shape back to the input.
    pub fn backward(&self, record: &Record<A>, cotangent: Tensor<A>) -> Tensor<A> {
        let mut gradients: Vec<Option<Tensor<A>>> = vec![None; self.known.len()];
        if self.varied[self.output] {
            gradients[self.output] = Some(cotangent);
        }
        for (step, returned) in self.steps.iter().zip(&record.returned).rev() {
            let incoming: Vec<Option<Tensor<A>>> = (step.first..step.first + step.outputs)
                .map(|v| gradients[v].take().filter(|_| self.varied[v]))
                .collect();
            if incoming.iter().all(Option::is_none) {
                continue;
            }
            let wanted: Vec<bool> = step.inputs.iter().map(|&v| self.varied[v]).collect();
            let outgoing = step.op.backward(&Pass {
                inputs: &arguments(step, &record.values),
                outputs: returned,
                gradients: &incoming,
                wanted: &wanted,
            });
            for ((&v, wanted), gradient) in step.inputs.iter().zip(wanted).zip(outgoing) {
                let Some(gradient) = gradient.filter(|_| wanted) else {
                    continue;
                };
                match &mut gradients[v] {
                    Some(sum) => sum.add_assign(&gradient),
                    none => *none = Some(gradient),
                }
            }
        }
        let shape = || {
            record.values[self.input]
                .as_ref()
                .map(|x| x.shape().to_vec())
        };
        match gradients[self.input].take() {
            Some(gradient) => gradient,
            None => Tensor::zeros(&shape().unwrap_or_default()),
        }
    }

    fn start(&self, input: Tensor<A>) -> Vec<Option<Tensor<A>>> {
        let mut values = self.known.clone();
        values[self.input] = Some(input);
        values
    }

    fn output(&self, values: &[Option<Tensor<A>>]) -> Tensor<A> {
        let output = values[self.output].as_ref();
        output.expect("the output is never dropped").clone()
    }
}

impl<A: Scalar> Step<A> {
    fn run(&self, values: &[Option<Tensor<A>>]) -> Result<Vec<Tensor<A>>> {
        let inputs = arguments(self, values);
        match self.op.check(&inputs) {
            Ok(()) => Ok(self.op.forward(&inputs)),
            Err(problem) => Err(OnnxError::Node {
                node: self.at.0.clone(),
                op: self.at.1.clone(),
                problem,
                advice: Some("check that the input is what the model was trained on"),
            }),
        }
    }
}

fn arguments<'a, A: Scalar>(step: &Step<A>, values: &'a [Option<Tensor<A>>]) -> Vec<&'a Tensor<A>> {
    let value = |&v: &usize| {
        let value: Option<&Tensor<A>> = values[v].as_ref();
        value.expect("steps follow those they need")
    };
    step.inputs.iter().map(value).collect()
}

fn store<A: Scalar>(step: &Step<A>, values: &mut [Option<Tensor<A>>], returned: Vec<Tensor<A>>) {
    let slots = step.first..step.first + step.outputs;
    for (v, tensor) in slots.zip(returned) {
        values[v] = Some(tensor);
    }
}
