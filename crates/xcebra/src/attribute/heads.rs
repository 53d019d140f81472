//! The columns of a map on the head, where its channels are electrodes.

use ndarray::ArrayView2;

use crate::explain::by_channel::{MOST_HEADS, between};
use crate::report::{Figure, ScalpMap};

/// A head for each column of a map (channels × columns), which are of the kind `column`, and a caption; none if the
/// channels are not electrodes.
pub(crate) fn on_head(
    title: &str,
    values: ArrayView2<'_, f64>,
    column: &str,
    channels: &[String],
) -> Option<(Figure, String)> {
    let heads = ScalpMap::of(channels)?;
    let caption = format!(
        "The attribution of each {column} at the electrodes, seen from above with the nose at the top. {}",
        between(&heads, values.ncols(), &format!("{column}s"))
    );
    let heads = heads
        .title(&format!("{title}: on the head"))
        .value("mean |attribution|");
    let columns = values.columns().into_iter().enumerate().take(MOST_HEADS);
    let heads = columns.fold(heads, |heads, (k, values)| {
        heads.head(&format!("{column} {k}"), &values.to_vec())
    });
    Some((heads.draw(), caption))
}
