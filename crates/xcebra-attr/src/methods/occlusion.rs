//! Occlusion by moving windows.

use xcebra_model::Scalar;

use super::replace::replace;
use crate::attributions::Attributions;
use crate::baseline::Baseline;
use crate::batch::Batch;
use crate::error::{AttrError, Result};
use crate::method::Method;
use crate::overview::Needs;
use crate::parameters::Parameters;

/// Occlusion, `"occlusion"`: `f(x) − f(x with a window replaced)`, averaged over the windows that contain an
/// input (Zeiler, Fergus 2014; captum: `Occlusion`).
///
/// Windows run along the last axis of the input shape, `[…, time]`, for each channel (each index of
/// the other axes) or each group of channels. The last window is cut off at the end. Defaults: a
/// quarter of the last axis, in steps of half a window, each channel on its own, zero baseline. In
/// text: `window`, `stride`, `baseline` = `zero`, `mean` or `shuffle`.
#[derive(Clone, Debug, Default)]
pub struct Occlusion<A> {
    window: Option<usize>,
    stride: Option<usize>,
    channels: Option<Vec<usize>>,
    baseline: Baseline<A>,
}

impl<A: Scalar> Occlusion<A> {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how many successive inputs of a channel are replaced together, at least 1.
    #[must_use]
    pub fn window(mut self, window: usize) -> Self {
        self.window = Some(window);
        self
    }

    /// Sets the distance from one window to the next, at least 1 and at most a window: inputs between
    /// windows would have no attribution.
    #[must_use]
    pub fn stride(mut self, stride: usize) -> Self {
        self.stride = Some(stride);
        self
    }

    /// Sets groups of channels that are replaced together: those with the same label.
    #[must_use]
    pub fn channels(mut self, labels: Vec<usize>) -> Self {
        self.channels = Some(labels);
        self
    }

    /// Sets what windows are replaced by.
    #[must_use]
    pub fn baseline(mut self, baseline: Baseline<A>) -> Self {
        self.baseline = baseline;
        self
    }

    pub(crate) fn parse(parameters: &mut Parameters) -> Result<Self> {
        let mut made = Self::new();
        made.window = parameters.number("window")?;
        made.stride = parameters.number("stride")?;
        made.baseline = parameters.baseline()?.unwrap_or_default();
        Ok(made)
    }

    /// Sets of flattened inputs.
    fn windows(&self, input_shape: &[usize]) -> Result<Vec<Vec<usize>>> {
        let time = input_shape.last().copied().unwrap_or(1);
        let channels = input_shape.iter().rev().skip(1).product();
        let window = self.window.unwrap_or((time / 4).max(1)).min(time);
        let stride = self.stride.unwrap_or((window / 2).max(1));
        if stride > window {
            let expected = format!("at most {window}, the window");
            return Err(AttrError::parameter("stride", stride.to_string(), expected));
        }
        let mut groups: Vec<Vec<usize>> = (0..channels).map(|channel| vec![channel]).collect();
        if let Some(labels) = &self.channels {
            groups = crate::methods::Groups::Labels(labels.clone()).members(&[channels])?;
        }
        let starts = 0..1 + (time - window).div_ceil(stride);
        let windows = groups.iter().flat_map(|group| {
            starts.clone().map(|i| {
                let lags = i * stride..(i * stride + window).min(time);
                let inputs = |&channel| lags.clone().map(move |lag| channel * time + lag);
                group.iter().flat_map(inputs).collect()
            })
        });
        Ok(windows.collect())
    }
}

impl<A: Scalar> Method<A> for Occlusion<A> {
    fn name(&self) -> &str {
        "occlusion"
    }

    fn check(&self) -> Result<()> {
        AttrError::positive("window", self.window.unwrap_or(1))?;
        AttrError::positive("stride", self.stride.unwrap_or(1))
    }

    fn attribute(&self, batch: &Batch<'_, A>) -> Result<Attributions> {
        let windows = self.windows(batch.model().input_shape())?;
        replace(batch, &windows, &self.baseline, "occlusion")
    }

    fn needs(&self) -> Needs {
        self.baseline.needs()
    }

    fn evaluations(&self, _: usize, inputs: usize) -> usize {
        // at most one window an input
        1 + self.baseline.count() * inputs.div_ceil(self.stride.unwrap_or(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_cover_every_input() {
        let windows = |o: Occlusion<f64>, shape: &[usize]| o.windows(shape);
        let three = Occlusion::new().window(3).stride(2);
        assert_eq!(
            windows(three.clone(), &[2, 4]).unwrap(),
            [vec![0, 1, 2], vec![2, 3], vec![4, 5, 6], vec![6, 7]]
        );
        assert_eq!(
            windows(three.clone().channels(vec![5, 5]), &[2, 4]).unwrap(),
            [vec![0, 1, 2, 4, 5, 6], vec![2, 3, 6, 7]]
        );
        assert_eq!(windows(Occlusion::new(), &[3]).unwrap(), [[0], [1], [2]]);
        assert_eq!(windows(three.clone(), &[2]).unwrap(), [[0, 1]]);
        assert_eq!(windows(Occlusion::new(), &[1, 16]).unwrap().len(), 7);
        assert!(windows(three.clone().channels(vec![0]), &[2, 4]).is_err());
        assert!(windows(three.stride(4), &[9]).is_err());
    }
}
