//! Inputs that are present or absent together.

use crate::error::{AttrError, Result};

/// A partition of the inputs. Each input of a group carries the attribution of the whole group, as
/// with captum's `feature_mask`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Groups {
    /// Each input on its own.
    #[default]
    Each,
    /// All lags of a channel together: inputs that share the first index.
    Channels,
    /// All channels at one lag together: inputs that share the last index, of two or more.
    Lags,
    /// Inputs with the same label together; one label an input, flattened.
    Labels(Vec<usize>),
}

impl Groups {
    /// Flattened inputs of each group, for samples of this shape.
    ///
    /// # Errors
    /// [`AttrError::Parameter`] unless there is one label an input, or for lags of an input shape
    /// with one axis.
    pub fn members(&self, input_shape: &[usize]) -> Result<Vec<Vec<usize>>> {
        let inputs: usize = input_shape.iter().product();
        let label: Box<dyn Fn(usize) -> usize + '_> = match self {
            Self::Each => Box::new(|input| input),
            Self::Channels => {
                let channels = input_shape.first().copied().unwrap_or(1).max(1);
                let size = (inputs / channels).max(1);
                Box::new(move |input| input / size)
            }
            Self::Lags => match input_shape {
                [_, .., time] => Box::new(move |input| input % time),
                _ => {
                    let expected = "an input shape [channels, time]";
                    let found = format!("lags, of the input shape {input_shape:?}");
                    return Err(AttrError::parameter("the groups", found, expected));
                }
            },
            Self::Labels(labels) if labels.len() == inputs => Box::new(|input| labels[input]),
            Self::Labels(labels) => {
                let found = format!("{} labels", labels.len());
                let expected = format!("{inputs}, one an input");
                return Err(AttrError::parameter("the groups", found, expected));
            }
        };
        let mut labels: Vec<_> = (0..inputs).map(&label).collect();
        labels.sort_unstable();
        labels.dedup();
        let mut members = vec![Vec::new(); labels.len()];
        for input in 0..inputs {
            let group = labels.binary_search(&label(input));
            members[group.expect("every label is listed")].push(input);
        }
        Ok(members)
    }

    /// The number of groups, or of inputs if they do not fit.
    pub(crate) fn count(&self, inputs: usize) -> usize {
        match self {
            Self::Each => inputs,
            // an upper bound: the input shape is not known here
            Self::Channels | Self::Lags => inputs.div_ceil(2).max(1),
            Self::Labels(labels) => {
                let mut labels = labels.clone();
                labels.sort_unstable();
                labels.dedup();
                labels.len()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_partition_the_inputs() {
        let members = |groups: Groups| groups.members(&[2, 3]).unwrap();
        assert_eq!(members(Groups::Each).len(), 6);
        assert_eq!(members(Groups::Channels), [[0, 1, 2], [3, 4, 5]]);
        assert_eq!(members(Groups::Lags), [[0, 3], [1, 4], [2, 5]]);
        let labels = Groups::Labels(vec![7, 0, 7, 7, 0, 9]);
        assert_eq!(
            members(labels.clone()),
            [vec![1, 4], vec![0, 2, 3], vec![5]]
        );
        assert_eq!(labels.count(6), 3);
        assert_eq!(Groups::Channels.members(&[3]).unwrap(), [[0], [1], [2]]);
        assert!(Groups::Lags.members(&[3]).is_err());
        assert!(labels.members(&[5]).is_err());
        assert!(Groups::Channels.members(&[0, 4]).unwrap().is_empty());
    }
}
