//! An array as a file holds it, and its conversion to what a computation needs.

use std::ops::Range;

use ndarray::{Array1, Array2, ArrayD, Dimension, Ix1, Ix2};
use xcebra_model::Scalar;

use crate::clock::Clock;
use crate::error::{FileError, Result};
use crate::source::Source;
use crate::values::Values;

/// An array that was read, with where it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct DataArray {
    /// The file and the name of the array.
    pub source: Source,
    /// The values.
    pub values: Values,
    /// Names of the columns, where the file has them.
    pub columns: Option<Vec<String>>,
    /// Samples per second, where the file says so.
    pub sampling_rate: Option<f64>,
    /// Rows before which the recording was interrupted, ascending; none if it is in one piece.
    pub breaks: Vec<usize>,
    /// What the reader left out, assumed or repaired, a sentence each.
    pub notes: Vec<String>,
    /// Physical units of the columns, where the file has them; empty for a column without one.
    pub units: Option<Vec<String>>,
    /// When the rows were measured, where the file tells more than a sampling rate.
    pub clock: Option<Clock>,
}

impl DataArray {
    /// Values from a place, with nothing else known of them.
    pub fn new(source: Source, values: Values) -> Self {
        Self {
            source,
            values,
            columns: None,
            sampling_rate: None,
            breaks: Vec::new(),
            notes: Vec::new(),
            units: None,
            clock: None,
        }
    }

    /// Values that no file holds; the name is for messages.
    pub fn in_memory(name: impl Into<String>, values: Values) -> Self {
        Self::new(Source::new("", name), values)
    }

    /// When the rows were measured: the file's clock, or else the sampling rate from second 0 on.
    pub fn clock(&self) -> Option<Clock> {
        let rows = self.shape().first().copied().unwrap_or(0);
        let steady = || Some(Clock::steady(self.sampling_rate?, rows));
        self.clock.clone().or_else(steady)
    }

    /// The array in words, for messages: ``array `x` of data.npz``.
    pub fn place(&self) -> String {
        place(&self.source)
    }

    /// Shape of the array.
    pub fn shape(&self) -> &[usize] {
        self.values.shape()
    }

    /// The array with its axes in reverse order, without what belonged to other axes: names and units of
    /// columns, breaks in time and the clock.
    #[must_use]
    pub fn transposed(self) -> Self {
        Self {
            values: self.values.transposed(),
            columns: None,
            units: None,
            breaks: Vec::new(),
            clock: None,
            ..self
        }
    }

    /// The columns of a matrix with these names, in this order.
    ///
    /// # Errors
    /// [`FileError::Shape`] unless it is a matrix; [`FileError::Value`] if a name is not that of a column.
    pub fn columns_named(self, names: &[String]) -> Result<Self> {
        if self.shape().len() != 2 {
            return Err(self.shape_error("(rows, columns)", "reshape it or name another array"));
        }
        let own = self.columns.as_deref().unwrap_or_default();
        let places = names.iter().map(|name| {
            let place = own.iter().position(|own| own == name);
            place.ok_or_else(|| FileError::Value {
                place: self.place(),
                problem: format!("it has no column `{name}`"),
                advice: "give it the columns that are asked for".to_owned(),
            })
        });
        let places: Vec<usize> = places.collect::<Result<_>>()?;
        let units = |units: Vec<String>| places.iter().map(|&i| units[i].clone()).collect();
        Ok(Self {
            values: self.values.columns(&places),
            columns: Some(names.to_vec()),
            units: self.units.map(units),
            ..self
        })
    }

    /// Some of its rows, without breaks in time and the clock.
    #[must_use]
    pub fn rows(self, rows: Range<usize>) -> Self {
        Self {
            values: self.values.rows(rows),
            breaks: Vec::new(),
            clock: None,
            ..self
        }
    }

    /// The array as a matrix `(rows, columns)`; a vector `(n,)` becomes `(n, 1)`.
    ///
    /// # Errors
    /// [`FileError::Shape`] for other numbers of axes.
    pub fn matrix<A: Scalar>(&self) -> Result<Array2<A>> {
        self.as_matrix(self.values.to_float())
    }

    /// The array as a vector `(n,)`; a single column `(n, 1)` counts as one.
    ///
    /// # Errors
    /// [`FileError::Shape`] for anything else.
    pub fn vector<A: Scalar>(&self) -> Result<Array1<A>> {
        let values = self.values.to_float();
        match *self.shape() {
            [_] => Ok(values.into_dimensionality::<Ix1>().expect("one axis")),
            [_, 1] => {
                let matrix = values.into_dimensionality::<Ix2>().expect("two axes");
                Ok(matrix.column(0).to_owned())
            }
            _ => Err(self.shape_error("(n,)", "name an array with one value a row")),
        }
    }

    /// The array as a matrix of truth values, such as a true attribution map; numbers must be 0 or 1.
    ///
    /// # Errors
    /// [`FileError::Shape`] for more than two axes, [`FileError::Value`] for other numbers.
    pub fn mask(&self) -> Result<Array2<bool>> {
        if let Values::Bool(mask) = &self.values {
            return self.as_matrix(mask.clone());
        }
        let numbers = self.values.to_float::<f64>();
        if let Some((index, value)) = numbers
            .indexed_iter()
            .find(|(_, value)| **value != 0.0 && **value != 1.0)
        {
            return Err(FileError::Value {
                place: self.place(),
                problem: format!(
                    "the value at {:?} is {value}, neither 0 nor 1",
                    index.as_array_view().to_vec()
                ),
                advice: "save truth values, for example with (map > 0)".to_owned(),
            });
        }
        self.as_matrix(numbers.mapv(|value| value == 1.0))
    }

    fn as_matrix<T: Clone>(&self, values: ArrayD<T>) -> Result<Array2<T>> {
        match *self.shape() {
            [rows] => Ok(values
                .into_shape_with_order((rows, 1))
                .expect("same length")),
            [_, _] => Ok(values.into_dimensionality::<Ix2>().expect("two axes")),
            _ => Err(self.shape_error("(rows, columns)", "reshape it or name another array")),
        }
    }

    pub(crate) fn shape_error(&self, expected: &str, advice: &'static str) -> FileError {
        FileError::Shape {
            place: self.place(),
            found: self.shape().to_vec(),
            expected: expected.to_owned(),
            advice,
        }
    }
}

/// An array in words.
pub(crate) fn place(source: &Source) -> String {
    match &source.array {
        Some(name) if source.path.as_os_str().is_empty() => format!("array `{name}`"),
        Some(name) => format!("array `{name}` of {}", source.path.display()),
        None => source.path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, array};

    use super::*;

    fn sample(values: Values) -> DataArray {
        DataArray::new(Source::new("d.npz", "m"), values)
    }

    #[test]
    fn vectors_and_columns_are_interchangeable() {
        let vector = sample(Values::F32(array![1.5f32, 2.5].into_dyn()));
        assert_eq!(vector.matrix::<f64>().unwrap(), array![[1.5], [2.5]]);
        let column = sample(Values::I64(array![[1i64], [2]].into_dyn()));
        assert_eq!(column.vector::<f32>().unwrap(), array![1.0f32, 2.0]);
    }

    #[test]
    fn three_axes_are_refused_by_name() {
        let cube = sample(Values::F64(Array3::zeros((2, 3, 4)).into_dyn()));
        let message = cube.matrix::<f64>().unwrap_err().to_string();
        assert!(
            message.contains("`m` of d.npz") && message.contains("[2, 3, 4]"),
            "{message}"
        );
        assert!(cube.vector::<f64>().is_err());
    }

    #[test]
    fn masks_from_bools_and_numbers() {
        let mask = array![[true, false]];
        assert_eq!(
            sample(Values::Bool(mask.clone().into_dyn()))
                .mask()
                .unwrap(),
            mask
        );
        assert_eq!(
            sample(Values::F64(array![[1.0, 0.0]].into_dyn()))
                .mask()
                .unwrap(),
            mask
        );
        let message = sample(Values::F64(array![[1.0, 0.3]].into_dyn()))
            .mask()
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("[0, 1]") && message.contains("0.3"),
            "{message}"
        );
    }

    #[test]
    fn fortran_order_is_not_transposed() {
        use ndarray::ShapeBuilder;
        let mut matrix = Array2::<f64>::zeros((2, 3).f());
        matrix[[0, 2]] = 7.0;
        let read = sample(Values::F64(matrix.clone().into_dyn()));
        assert_eq!(read.matrix::<f64>().unwrap(), matrix);
    }
}
