//! How an array of indices names blocks of numbers of a tensor: the arithmetic of gathering and scattering.

use xcebra_model::Scalar;

use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::shape::{around, strides};

/// Blocks of a tensor, each named by an index of one or more numbers.
pub(crate) struct Indexing {
    /// For each block, where it would start if its index were zero.
    starts: Vec<usize>,
    /// Number of indices; the blocks use them again and again.
    indices: usize,
    /// Length and stride of each axis that a number of an index counts on.
    axes: Vec<(usize, usize)>,
    /// Numbers of a block.
    pub block: usize,
    /// Shape of the blocks together.
    pub shape: Vec<usize>,
    /// Where each block starts, if the indices are known.
    fixed: Option<Vec<usize>>,
}

impl Indexing {
    /// Indices on one axis; what follows it is copied whole (`Gather`).
    pub fn along<A: Scalar>(
        b: &Builder<A>,
        axis: i64,
        from: &[usize],
        to: &[usize],
    ) -> Result<Self> {
        let axis = b.axis(axis, from.len())?;
        let shape = [&from[..axis], to, &from[axis + 1..]].concat();
        b.check(&shape)?;
        let (outer, length, inner) = around(from, axis);
        let indices = to.iter().product();
        Ok(Self {
            starts: (0..outer)
                .flat_map(|i| std::iter::repeat_n(i * length * inner, indices))
                .collect(),
            indices,
            axes: vec![(length, inner)],
            block: inner,
            shape,
            fixed: None,
        })
    }

    /// An index for each number of the result, on one axis (`GatherElements`, `ScatterElements`).
    pub fn elements<A: Scalar>(
        b: &Builder<A>,
        axis: i64,
        from: &[usize],
        to: &[usize],
    ) -> Result<Self> {
        let axis = b.axis(axis, from.len())?;
        let fits = from.len() == to.len() && (0..from.len()).all(|a| a == axis || to[a] <= from[a]);
        if !fits {
            return b.refuse(format!(
                "indices of shape {to:?} into a tensor of shape {from:?}"
            ));
        }
        let (own, stride) = (strides(to), strides(from));
        let count: usize = to.iter().product();
        let start = |i: usize| {
            let along = |a: usize| i / own[a] % to[a] * stride[a];
            (0..from.len()).filter(|&a| a != axis).map(along).sum()
        };
        Ok(Self {
            starts: (0..count).map(start).collect(),
            indices: count,
            axes: vec![(from[axis], stride[axis])],
            block: 1,
            shape: to.to_vec(),
            fixed: None,
        })
    }

    /// The last axis of the indices names places on the axes that follow the first `shared`
    /// (`GatherND`, `ScatterND`).
    pub fn places<A: Scalar>(
        b: &Builder<A>,
        shared: i64,
        from: &[usize],
        at: &[usize],
    ) -> Result<Self> {
        let shared = usize::try_from(shared).unwrap_or(usize::MAX);
        let wrong = || {
            b.refuse(format!(
                "indices of shape {at:?} into a tensor of shape {from:?}"
            ))
        };
        let Some((&named, outer)) = at.split_last() else {
            return wrong();
        };
        let whole = shared.saturating_add(named);
        if shared > outer.len() || whole > from.len() || outer[..shared] != from[..shared] {
            return wrong();
        }
        let shape = [outer, &from[whole..]].concat();
        b.check(&shape)?;
        let stride = strides(from);
        let indices: usize = outer.iter().product();
        // indices that belong to one entry of the shared axes
        let each = outer[shared..].iter().product::<usize>().max(1);
        let span: usize = from[shared..].iter().product();
        Ok(Self {
            starts: (0..indices).map(|i| i / each * span).collect(),
            indices,
            axes: (shared..whole).map(|a| (from[a], stride[a])).collect(),
            block: from[whole..].iter().product(),
            shape,
            fixed: None,
        })
    }

    /// Looks the indices up once, if they are known.
    pub fn resolve<A: Scalar>(mut self, b: &Builder<A>, indices: Slot) -> Result<Self> {
        if b.known(indices).is_some() {
            let numbers = b.numbers(indices, "the indices")?;
            if let Err(problem) = self.check(&numbers) {
                return b.refuse(problem);
            }
            self.fixed = Some(self.found(&numbers).collect());
        }
        Ok(self)
    }

    /// Whether the indices are among the inputs of the step.
    pub fn varies(&self) -> bool {
        self.fixed.is_none()
    }

    /// Whether every index is on its axis.
    pub fn check<A: Scalar>(&self, indices: &[A]) -> Result<(), String> {
        for (i, &index) in indices.iter().enumerate() {
            let (length, _) = self.axes[i % self.axes.len()];
            let index = index.as_f64();
            let length_ = length as f64;
            if !(-length_..length_).contains(&index) {
                return Err(format!("index {index} on an axis of length {length}"));
            }
        }
        Ok(())
    }

    /// Where each block starts. `indices` are not looked at if they are known.
    pub fn blocks<'a, A: Scalar>(&'a self, indices: Option<&'a [A]>) -> Vec<usize> {
        match (&self.fixed, indices) {
            (Some(fixed), _) => fixed.clone(),
            (None, Some(indices)) => self.found(indices).collect(),
            (None, None) => Vec::new(),
        }
    }

    /// The known starts of blocks, without a copy.
    pub fn into_fixed(self) -> Option<Vec<usize>> {
        self.fixed
    }

    fn found<'a, A: Scalar>(&'a self, indices: &'a [A]) -> impl Iterator<Item = usize> + 'a {
        let named = self.axes.len();
        self.starts.iter().enumerate().map(move |(i, start)| {
            let i = i % self.indices.max(1);
            let index = &indices[i * named..(i + 1) * named];
            let along = |(&index, &(length, stride)): (&A, &(usize, usize))| {
                let index = index.as_f64();
                let index = if index < 0.0 {
                    index + length as f64
                } else {
                    index
                };
                index as usize * stride
            };
            start + index.iter().zip(&self.axes).map(along).sum::<usize>()
        })
    }
}
