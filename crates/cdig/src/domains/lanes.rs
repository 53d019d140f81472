//! Applying a one-dimensional transform along one axis of a batch.

use ndarray::{ArrayD, ArrayViewD, CowArray, IxDyn};
use rayon::prelude::*;

/// Lanes handed to one thread at a time: enough work to pay for the hand-over.
const LANES_PER_TASK: usize = 16;

/// Maps every lane of `input` along `axis` to a lane of `length` entries.
///
/// `scratch` makes the working memory of one thread. Lanes are independent, so the result does not
/// depend on the number of threads. `length` and the length of the lanes are positive.
pub(super) fn map_lanes<S, T, W>(
    input: ArrayViewD<'_, S>,
    axis: usize,
    length: usize,
    fill: T,
    scratch: impl Fn() -> W + Sync + Send,
    lane: impl Fn(&[S], &mut [T], &mut W) + Sync + Send,
) -> ArrayD<T>
where
    S: Clone + Send + Sync,
    T: Clone + Send + Sync,
{
    let moved = to_last(input, axis);
    let shape = with_last(moved.shape(), length);
    let lane_length = *moved.shape().last().expect("a lane axis");
    let source = moved.as_slice().expect("standard layout is contiguous");
    let mut target = vec![fill; shape.iter().product()];
    target
        .par_chunks_mut(length)
        .zip(source.par_chunks(lane_length))
        .with_min_len(LANES_PER_TASK)
        .for_each_init(scratch, |work, (to, from)| lane(from, to, work));
    from_last(target, &shape, axis)
}

/// As [`map_lanes`], for pairs of lanes of two arrays that differ in the length of `axis` only.
pub(super) fn map_lane_pairs<R, S, T, W>(
    (first, second): (ArrayViewD<'_, R>, ArrayViewD<'_, S>),
    axis: usize,
    length: usize,
    fill: T,
    scratch: impl Fn() -> W + Sync + Send,
    lane: impl Fn(&[R], &[S], &mut [T], &mut W) + Sync + Send,
) -> ArrayD<T>
where
    R: Clone + Send + Sync,
    S: Clone + Send + Sync,
    T: Clone + Send + Sync,
{
    let (first, second) = (to_last(first, axis), to_last(second, axis));
    let shape = with_last(first.shape(), length);
    let lengths = [first.shape(), second.shape()].map(|shape| *shape.last().expect("a lane axis"));
    let sources = (
        first.as_slice().expect("standard layout is contiguous"),
        second.as_slice().expect("standard layout is contiguous"),
    );
    let mut target = vec![fill; shape.iter().product()];
    target
        .par_chunks_mut(length)
        .zip(sources.0.par_chunks(lengths[0]))
        .zip(sources.1.par_chunks(lengths[1]))
        .with_min_len(LANES_PER_TASK)
        .for_each_init(scratch, |work, ((to, first), second)| {
            lane(first, second, to, work);
        });
    from_last(target, &shape, axis)
}

/// The array with `axis` moved to the end, contiguous.
fn to_last<S: Clone>(input: ArrayViewD<'_, S>, axis: usize) -> CowArray<'_, S, IxDyn> {
    let mut order: Vec<usize> = (0..input.ndim()).filter(|&i| i != axis).collect();
    order.push(axis);
    let moved = input.permuted_axes(IxDyn(&order));
    if moved.is_standard_layout() {
        moved.into()
    } else {
        moved.as_standard_layout().into_owned().into()
    }
}

fn with_last(shape: &[usize], length: usize) -> Vec<usize> {
    let mut shape = shape.to_vec();
    *shape.last_mut().expect("a lane axis") = length;
    shape
}

/// Lanes in the order of [`to_last`], with the last axis back in its place.
fn from_last<T: Clone>(lanes: Vec<T>, shape: &[usize], axis: usize) -> ArrayD<T> {
    let lanes = ArrayD::from_shape_vec(IxDyn(shape), lanes).expect("shape counts the lanes");
    let mut back: Vec<usize> = (0..shape.len() - 1).collect();
    back.insert(axis, shape.len() - 1);
    let lanes = lanes.permuted_axes(IxDyn(&back));
    if lanes.is_standard_layout() {
        lanes
    } else {
        lanes.as_standard_layout().into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array3, Axis, array};

    #[test]
    fn lanes_run_along_the_chosen_axis() {
        let input = Array3::from_shape_fn((2, 3, 4), |(i, j, k)| (100 * i + 10 * j + k) as f64);
        for axis in 0..3 {
            let sums = map_lanes(
                input.view().into_dyn(),
                axis,
                1,
                0.0,
                || (),
                |from, to, ()| to[0] = from.iter().sum(),
            );
            let expected = input.sum_axis(Axis(axis)).insert_axis(Axis(axis));
            assert_eq!(sums, expected.into_dyn());
            assert!(sums.is_standard_layout());
        }
    }

    #[test]
    fn an_empty_batch_gives_an_empty_batch() {
        let input = ArrayD::<f64>::zeros(IxDyn(&[0, 5]));
        let output = map_lanes(input.view(), 1, 2, 0.0, || (), |_, _, ()| ());
        assert_eq!(output.shape(), &[0, 2]);
    }

    #[test]
    fn order_within_a_lane_is_kept() {
        let input = array![[1.0, 2.0], [3.0, 4.0]].into_dyn();
        let copy = map_lanes(
            input.t(),
            0,
            2,
            0.0,
            || (),
            |from, to, ()| to.copy_from_slice(from),
        );
        assert_eq!(copy, input.t());
    }
}
