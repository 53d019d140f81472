//! Attributions of several encoders at the same moments, to the same latents.

use std::cell::RefCell;

use ndarray::{Array2, Array3, ArrayD, Axis, Slice};
use xcebra_attr::inverse::{Tolerance, pseudo_inverse};
use xcebra_attr::{AttrError, Methods, Options, Piece, attribute};
use xcebra_core::{Config, Encoder, Recording};
use xcebra_model::Model;

use super::{RetrainError, columns, times};

/// No more attributions than these are kept of one training.
const MOST_ENTRIES: usize = 4 << 20;
/// Fewer samples say too little.
const FEWEST: usize = 20;

/// Windows at moments that are evenly spread over a recording.
pub struct Probe {
    windows: ArrayD<f32>,
    centers: Vec<usize>,
}

/// How the latents of two encoders go together.
pub struct Alignment {
    /// `f' ≈ f A`: outputs of the other encoder from those of the first (first × other).
    onto: Array2<f64>,
    /// `f ≈ f' B` (other × first).
    back: Array2<f64>,
    /// Share of the variance of each first output that `f' B` explains.
    pub r2: Vec<f64>,
}

impl Probe {
    /// At most `samples` windows; fewer if attributions would not fit into memory.
    pub fn new(
        recording: &Recording<f32>,
        config: &Config,
        samples: usize,
    ) -> Result<Self, RetrainError> {
        let channels = recording.channels();
        let window = config.encoder.architecture(channels).window;
        let centers: Vec<usize> = recording
            .sessions()
            .iter()
            .flat_map(|s| s.start + window.left..(s.end + 1).saturating_sub(window.right))
            .collect();
        let entries = channels * window.len() * config.encoder.outputs;
        let wanted = samples.min(MOST_ENTRIES / entries).max(FEWEST);
        if centers.is_empty() {
            return Err(RetrainError::unfit(
                format!("no session is as long as the window of {}", window.len()),
                "pass a longer recording",
            ));
        }
        let wanted = wanted.min(centers.len());
        let centers: Vec<usize> = (0..wanted)
            .map(|i| centers[i * centers.len() / wanted])
            .collect();
        let shape = match window.len() {
            1 => vec![wanted, channels],
            len => vec![wanted, channels, len],
        };
        let mut windows = Vec::with_capacity(shape.iter().product());
        for center in &centers {
            let first = center - window.left;
            // channels come before lags
            windows.extend(recording.rows(first..first + window.len()).t());
        }
        let windows = ArrayD::from_shape_vec(shape, windows).expect("whole windows");
        Ok(Self { windows, centers })
    }

    /// Fails if there are too few windows to compare maps over.
    pub fn require_enough(&self) -> Result<(), RetrainError> {
        let found = self.centers.len();
        if found >= FEWEST {
            return Ok(());
        }
        Err(RetrainError::unfit(
            format!("{found} windows are too few to compare maps"),
            format!("pass a recording with {FEWEST} more samples at least"),
        ))
    }

    /// The windows, `(n, channels)` or `(n, channels, window)`.
    pub fn windows(&self) -> &ArrayD<f32> {
        &self.windows
    }

    /// The time of each.
    pub fn centers(&self) -> &[usize] {
        &self.centers
    }

    /// The embedding of the windows.
    pub fn embed(&self, encoder: &Encoder<f32>) -> Result<Array2<f64>, RetrainError> {
        let values = encoder.forward(self.windows.view());
        let values = values.map_err(|source| AttrError::Model {
            first: 0,
            end: self.windows.len_of(Axis(0)),
            source,
        })?;
        Ok(values.mapv(f64::from))
    }

    /// Attributions `samples × inputs × outputs` by each method; to the first encoder's outputs if this
    /// one is aligned to it.
    pub fn attribute(
        &self,
        encoder: &Encoder<f32>,
        methods: &Methods<f32>,
        alignment: Option<&Alignment>,
    ) -> Result<Vec<(String, Array3<f64>)>, RetrainError> {
        let samples = self.windows.len_of(Axis(0));
        let found: RefCell<Vec<(String, Array3<f64>)>> = RefCell::default();
        let sink = |piece: &Piece<'_>| {
            let mut found = found.borrow_mut();
            let at = found.iter().position(|(name, _)| name == piece.method);
            let at = at.unwrap_or_else(|| {
                let (_, inputs, outputs) = piece.values.dim();
                let zeros = Array3::zeros((samples, inputs, outputs));
                found.push((piece.method.to_owned(), zeros));
                found.len() - 1
            });
            let place = Slice::from(piece.first_sample..piece.first_sample + piece.values.dim().0);
            let mut rows = found[at].1.slice_axis_mut(Axis(0), place);
            rows.assign(&piece.values);
            Ok(())
        };
        let options = Options::new().sink(&sink);
        let maps = attribute(encoder, &self.windows, methods, &options)?;
        let mut found = found.into_inner();
        if let Some(alignment) = alignment {
            for ((_, values), map) in found.iter_mut().zip(&maps) {
                // x changes with f through f' = f A; f changes with x through f = f' B
                *values = match map.inverses() {
                    Some(_) => times(values, &alignment.onto.t().to_owned()),
                    None => times(values, &alignment.back),
                };
            }
        }
        Ok(found)
    }
}

/// Regresses embeddings on each other by least squares, group by group: a linear map within a group is
/// what trainings leave open, one across groups is not.
pub fn align(
    own: &Array2<f64>,
    other: &Array2<f64>,
    groups: &[[usize; 2]],
) -> Result<Alignment, AttrError> {
    let outputs = own.ncols();
    let [mut onto, mut back] = [(); 2].map(|()| Array2::zeros((outputs, outputs)));
    let mut r2 = Vec::new();
    for &group in groups {
        let own = centred(columns(own, group));
        let other = centred(columns(other, group));
        let range = Slice::from(group[0]..group[1]);
        let place = |matrix: &mut Array2<f64>, part: &Array2<f64>| {
            let mut rows = matrix.slice_axis_mut(Axis(0), range);
            rows.slice_axis_mut(Axis(1), range).assign(part);
        };
        // outputs may be constant or redundant: the pseudo-inverse leaves out what is not there
        place(
            &mut onto,
            &pseudo_inverse(&own, Tolerance::Auto)?.matrix.dot(&other),
        );
        let part = pseudo_inverse(&other, Tolerance::Auto)?.matrix.dot(&own);
        let left = &own - &other.dot(&part);
        place(&mut back, &part);
        for (left, all) in left.columns().into_iter().zip(own.columns()) {
            let (left, all) = (left.dot(&left), all.dot(&all));
            r2.push(if all > 0.0 { 1.0 - left / all } else { 1.0 });
        }
    }
    Ok(Alignment { onto, back, r2 })
}

fn centred(mut a: Array2<f64>) -> Array2<f64> {
    if let Some(mean) = a.mean_axis(Axis(0)) {
        a -= &mean;
    }
    a
}
