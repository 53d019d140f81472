//! Labels and other series of numbers: arrays with a time axis, checked before any work begins.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use xcebra_model::Scalar;
use xcebra_numeric::is_constant;

use crate::array::DataArray;
use crate::error::{FileError, Result, not_finite};
use crate::values::Values;

impl DataArray {
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
        self.require_time_series("a label (time,) or (time, k)")?;
        let values = self.matrix()?;
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
            Values::F32(_) | Values::F64(_) | Values::Recorded(_) => {
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
            // narrower integers, which are exact as f64
            _ => self.vector::<f64>()?.mapv(|v| v as i64),
        };
        self.require_length(samples)?;
        Ok(exact)
    }

    /// Refuses what does not have one or two axes with values.
    pub(crate) fn require_time_series(&self, expected: &str) -> Result<()> {
        let advice = "transpose or reshape it so that rows are moments in time";
        if !matches!(self.shape(), [_] | [_, _]) || self.shape().contains(&0) {
            return Err(self.shape_error(
                &format!("{expected} with at least one row and column"),
                advice,
            ));
        }
        Ok(())
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
        let counts = (bad, values.len());
        Err(not_finite(
            self.place(),
            (row, &columns[column]),
            value,
            counts,
        ))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::source::Source;

    fn sample<D: ndarray::Dimension>(values: ndarray::Array<f64, D>) -> DataArray {
        DataArray::new(Source::new("d.npz", "x"), Values::F64(values.into_dyn()))
    }

    fn message<T: std::fmt::Debug>(result: Result<T>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn values_beyond_single_precision() {
        let array = sample(array![1e300, 0.0]);
        let text = message(array.finite_matrix::<f32>());
        assert!(text.contains("1e300, too large"), "{text}");
        assert!(array.finite_matrix::<f64>().is_ok());
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
