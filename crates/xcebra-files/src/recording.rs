//! Recordings and their labels: arrays with a time axis, checked before any work begins.

use std::ops::Range;

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use xcebra_model::Scalar;
use xcebra_numeric::is_constant;

use crate::array::{DataArray, Values};
use crate::error::{FileError, Result, list};

/// A recording as a file holds it: a table `(time, channels)` of finite numbers, with at least one row and one
/// channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Table<A> {
    /// Where it came from, for messages.
    pub place: String,
    /// The values, `(time, channels)`.
    pub values: Array2<A>,
    /// One name for each channel: the file's, or its position.
    pub channels: Vec<String>,
    /// Samples per second, if the file tells.
    pub sampling_rate: Option<f64>,
    /// Rows before which the recording was interrupted, ascending; none if it is in one piece.
    pub breaks: Vec<usize>,
    /// What the reader left out, assumed or repaired, a sentence each.
    pub notes: Vec<String>,
    /// Machine epsilon of the type that the file holds the values in.
    pub epsilon: f64,
}

impl<A: Scalar> Table<A> {
    /// Number of samples in time.
    pub fn samples(&self) -> usize {
        self.values.nrows()
    }

    /// The stretches without interruption: ranges of rows, in order.
    pub fn segments(&self) -> Vec<Range<usize>> {
        let inside = |row: &usize| (1..self.samples()).contains(row);
        let mut edges = vec![0, self.samples()];
        edges.extend(self.breaks.iter().copied().filter(inside));
        edges.sort_unstable();
        edges.dedup();
        edges.windows(2).map(|pair| pair[0]..pair[1]).collect()
    }

    /// Names of the channels that never change by more than rounding; see [`is_constant`].
    pub fn constant_channels(&self) -> Vec<String> {
        let constant = |j: &usize| {
            let column = self.values.column(*j);
            is_constant(column.iter().map(|value| value.as_f64()), self.epsilon)
        };
        let positions = (0..self.values.ncols()).filter(constant);
        positions.map(|j| self.channels[j].clone()).collect()
    }

    /// Refuses channels that never change by more than rounding: nothing can be learned from them, nor
    /// attributed to them.
    ///
    /// # Errors
    /// [`FileError::Value`] with their names.
    pub fn require_varying_channels(&self) -> Result<()> {
        let constant = self.constant_channels();
        if constant.is_empty() {
            return Ok(());
        }
        let exactly = |name: &String| {
            let j = self.channels.iter().position(|c| c == name).unwrap_or(0);
            let column = self.values.column(j);
            column.iter().all(|&value| value == column[0])
        };
        let how = match constant.iter().all(exactly) {
            true => "never change",
            false => "never change by more than rounding",
        };
        let turned = match self.channels.len() > self.samples() {
            true => ", or transpose the array if its rows are channels",
            false => "",
        };
        Err(FileError::Value {
            place: self.place.clone(),
            problem: format!(
                "{} of {} channels {how}: {}",
                constant.len(),
                self.channels.len(),
                list(&constant)
            ),
            advice: format!("leave them out{turned}"),
        })
    }

    /// Refuses a recording of fewer than `needed` samples; `purpose` says what needs them.
    ///
    /// # Errors
    /// [`FileError::Shape`].
    pub fn require_samples(&self, needed: usize, purpose: &str) -> Result<()> {
        if self.samples() >= needed {
            return Ok(());
        }
        Err(FileError::Shape {
            place: self.place.clone(),
            found: self.values.shape().to_vec(),
            expected: format!("at least {needed} rows for {purpose}"),
            advice: "record longer, or transpose the array if its rows are channels",
        })
    }
}

impl DataArray {
    /// The array as the table of a recording, `(time, channels)`; a vector is one channel.
    ///
    /// # Errors
    /// [`FileError::Shape`] unless there are one or two axes with at least one element;
    /// [`FileError::Value`] for the first value that is not finite, with row and channel, and for
    /// channels without any value.
    pub fn recording<A: Scalar>(&self) -> Result<Table<A>> {
        let values = self.time_series("a recording (time, channels)")?;
        let channels = match &self.columns {
            Some(names) => names.clone(),
            None => (0..values.ncols()).map(|j| j.to_string()).collect(),
        };
        self.require_values(values.view(), &channels)?;
        self.require_finite(values.view(), &channels)?;
        Ok(Table {
            place: self.place(),
            values,
            channels,
            sampling_rate: self.sampling_rate,
            breaks: self.breaks.clone(),
            notes: self.notes.clone(),
            epsilon: self.values.epsilon(),
        })
    }

    /// The array as a matrix of finite numbers, such as an attribution map.
    ///
    /// # Errors
    /// As [`matrix`](Self::matrix), and [`FileError::Value`] for the first value that is not finite.
    pub fn finite_matrix<A: Scalar>(&self) -> Result<Array2<A>> {
        let values = self.matrix()?;
        let names: Vec<String> = (0..values.ncols()).map(|j| j.to_string()).collect();
        self.require_finite(values.view(), self.columns.as_ref().unwrap_or(&names))?;
        Ok(values)
    }

    /// The array as a continuous label of `samples` rows, `(time, k)`.
    ///
    /// # Errors
    /// [`FileError::Shape`] for another length; [`FileError::Value`] if a value is not finite or
    /// none of the columns ever changes by more than rounding.
    pub fn label<A: Scalar>(&self, samples: usize) -> Result<Array2<A>> {
        let values: Array2<A> = self.label_of_session(samples)?;
        let epsilon = self.values.epsilon();
        let constant = |column: ArrayView1<'_, A>| {
            is_constant(column.iter().map(|value| value.as_f64()), epsilon)
        };
        if values.columns().into_iter().all(constant) {
            return Err(self.constant_label(&format!("{}", values.row(0))));
        }
        Ok(values)
    }

    /// As [`label`](Self::label), of one session among several, in which it need not change.
    ///
    /// # Errors
    /// [`FileError::Shape`] for another length; [`FileError::Value`] if a value is not finite.
    pub fn label_of_session<A: Scalar>(&self, samples: usize) -> Result<Array2<A>> {
        let values = self.time_series("a label (time,) or (time, k)")?;
        self.require_length(samples)?;
        let names: Vec<String> = (0..values.ncols()).map(|j| j.to_string()).collect();
        self.require_finite(values.view(), &names)?;
        Ok(values)
    }

    /// The array as a label of `samples` classes, `(time,)`; floats must be whole numbers.
    ///
    /// # Errors
    /// [`FileError::Shape`] for another shape; [`FileError::Value`] if a value is not a whole
    /// number or there is only one class.
    pub fn classes(&self, samples: usize) -> Result<Array1<i64>> {
        let classes = self.classes_of_session(samples)?;
        if let Some(&first) = classes.first()
            && classes.iter().all(|&class| class == first)
        {
            return Err(self.constant_label(&first.to_string()));
        }
        Ok(classes)
    }

    /// As [`classes`](Self::classes), of one session among several, which may have but one class.
    ///
    /// # Errors
    /// [`FileError::Shape`] for another shape; [`FileError::Value`] if a value is not a whole
    /// number.
    pub fn classes_of_session(&self, samples: usize) -> Result<Array1<i64>> {
        // every i64 that is exact as f64; class numbers are small
        const LARGEST: f64 = 9_007_199_254_740_992.0;
        let exact = match &self.values {
            Values::F32(_) | Values::F64(_) => {
                let values = self.vector::<f64>()?;
                let whole = |v: &f64| v.fract() == 0.0 && v.abs() <= LARGEST;
                if let Some(row) = values.iter().position(|value| !whole(value)) {
                    return Err(FileError::Value {
                        place: self.place(),
                        problem: format!("row {row} holds {}, not a class number", values[row]),
                        advice: "save whole numbers, or use the label as a continuous one"
                            .to_owned(),
                    });
                }
                values.mapv(|v| v as i64)
            }
            Values::I64(integers) => {
                self.vector::<f64>()?;
                Array1::from_iter(integers.iter().copied())
            }
            Values::Bool(_) => self.vector::<f64>()?.mapv(|v| v as i64),
        };
        self.require_length(samples)?;
        Ok(exact)
    }

    fn time_series<A: Scalar>(&self, expected: &str) -> Result<Array2<A>> {
        let advice = "transpose or reshape it so that rows are moments in time";
        if !matches!(self.shape(), [_] | [_, _]) || self.shape().contains(&0) {
            return Err(self.shape_error(
                &format!("{expected} with at least one row and column"),
                advice,
            ));
        }
        self.matrix()
    }

    fn require_length(&self, samples: usize) -> Result<()> {
        if self.shape().first() == Some(&samples) {
            return Ok(());
        }
        Err(self.shape_error(
            &format!("{samples} rows, one for each sample of the recording"),
            "cut or resample it to the recording's time axis",
        ))
    }

    fn constant_label(&self, value: &str) -> FileError {
        FileError::Value {
            place: self.place(),
            problem: format!("the label is {value} in every row"),
            advice: "leave out the objective that uses it, or choose another label".to_owned(),
        }
    }

    fn require_values<A: Scalar>(
        &self,
        values: ArrayView2<'_, A>,
        channels: &[String],
    ) -> Result<()> {
        let empty: Vec<String> = (0..channels.len())
            .filter(|&j| values.column(j).iter().all(|value| value.is_nan()))
            .map(|j| channels[j].clone())
            .collect();
        if empty.is_empty() {
            return Ok(());
        }
        Err(FileError::Value {
            place: self.place(),
            problem: format!("channels without any value (all NaN): {}", list(&empty)),
            advice: "leave them out".to_owned(),
        })
    }

    fn require_finite<A: Scalar>(
        &self,
        values: ArrayView2<'_, A>,
        columns: &[String],
    ) -> Result<()> {
        let bad = values.iter().filter(|value| !value.is_finite()).count();
        if bad == 0 {
            return Ok(());
        }
        let ((row, column), value) = values
            .indexed_iter()
            .find(|(_, value)| !value.is_finite())
            .expect("there is one");
        let wide = self.matrix::<f64>()?[[row, column]];
        let value = match wide.is_finite() {
            true => format!("{wide:e}, too large for 32-bit floats"),
            false => value.to_string(),
        };
        Err(FileError::Value {
            place: self.place(),
            problem: format!(
                "row {row} (counting from 0), column `{}` is {value} ({bad} of {} values are not finite)",
                columns[column],
                values.len()
            ),
            advice: "fill or cut out such values first".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, array};

    use super::*;
    use crate::source::Source;
    use xcebra_model::Advice;

    fn sample<D: ndarray::Dimension>(values: ndarray::Array<f64, D>) -> DataArray {
        DataArray::new(Source::new("d.npz", "x"), Values::F64(values.into_dyn()))
    }

    fn message<T: std::fmt::Debug>(result: Result<T>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn the_first_value_that_is_not_finite_is_named() {
        let mut x = Array2::<f64>::ones((4, 3));
        x[[2, 1]] = f64::NAN;
        x[[3, 0]] = f64::NEG_INFINITY;
        let mut array = sample(x);
        array.columns = Some(["a", "b", "c"].map(str::to_owned).to_vec());
        let text = message(array.recording::<f64>());
        assert!(
            text.contains("row 2") && text.contains("`b` is NaN"),
            "{text}"
        );
        assert!(text.contains("2 of 12"), "{text}");
    }

    #[test]
    fn empty_and_constant_channels_are_named() {
        let x = array![[1.0, f64::NAN, 2.0], [1.0, f64::NAN, 3.0]];
        let text = message(sample(x).recording::<f64>());
        assert!(text.contains("all NaN") && text.contains("`1`"), "{text}");
        let recording = sample(array![[1.0, 2.0], [1.0, 3.0]])
            .recording::<f32>()
            .unwrap();
        assert_eq!(recording.constant_channels(), ["0"]);
        let text = message(recording.require_varying_channels());
        assert!(
            text.contains("1 of 2 channels") && text.contains("`0`"),
            "{text}"
        );
    }

    #[test]
    fn values_beyond_single_precision() {
        let text = message(sample(array![1e300, 0.0]).recording::<f32>());
        assert!(text.contains("1e300, too large"), "{text}");
        assert!(sample(array![1e300, 0.0]).recording::<f64>().is_ok());
    }

    #[test]
    fn shapes_of_recordings() {
        assert_eq!(
            sample(array![1.0, 2.0])
                .recording::<f64>()
                .unwrap()
                .samples(),
            2
        );
        let text = message(sample(Array2::zeros((0, 3))).recording::<f64>());
        assert!(
            text.contains("[0, 3]") && text.contains("at least one row"),
            "{text}"
        );
        let cube = sample(Array3::zeros((2, 2, 2))).recording::<f64>();
        assert!(cube.unwrap_err().advice().unwrap().contains("transpose"));
        let short = sample(array![1.0, 2.0]).recording::<f64>().unwrap();
        let text = message(short.require_samples(3, "a batch"));
        assert!(text.contains("at least 3 rows for a batch"), "{text}");
    }

    #[test]
    fn labels() {
        let label = sample(array![1.0, 2.0, 3.0]);
        assert_eq!(label.label::<f64>(3).unwrap().dim(), (3, 1));
        let text = message(label.label::<f64>(4));
        assert!(text.contains("[3], expected 4 rows"), "{text}");
        let text = message(sample(array![2.0, 2.0]).label::<f64>(2));
        assert!(text.contains("2] in every row"), "{text}");
        assert!(sample(array![1.0, f64::INFINITY]).label::<f64>(2).is_err());
    }

    #[test]
    fn classes_are_whole_numbers() {
        assert_eq!(sample(array![1.0, -2.0]).classes(2).unwrap(), array![1, -2]);
        for wrong in [
            array![0.0, 0.5],
            array![0.0, f64::NAN],
            array![0.0, 1e20],
            array![3.0, 3.0],
        ] {
            assert!(sample(wrong).classes(2).is_err());
        }
        let mut integers = sample(array![0.0]);
        integers.values = Values::I64(array![[i64::MAX], [0]].into_dyn());
        assert_eq!(integers.classes(2).unwrap(), array![i64::MAX, 0]);
        integers.values = Values::Bool(array![true, false].into_dyn());
        assert_eq!(integers.classes(2).unwrap(), array![1, 0]);
        assert!(integers.classes(3).is_err());
    }
}
