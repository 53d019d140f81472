//! Values of an array in the element type of its file.

use std::ops::Range;

use ndarray::{ArrayD, Axis, Dimension, IxDyn, Slice};
use xcebra_model::Scalar;

use crate::on_disk::OnDisk;
use crate::recorded::{Recorded, blocks};

/// Values of an array in the element type of the file.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Values {
    /// 32-bit floats.
    F32(ArrayD<f32>),
    /// 64-bit floats.
    F64(ArrayD<f64>),
    /// Integers of 8 bits.
    I8(ArrayD<i8>),
    /// Integers of 8 bits without a sign.
    U8(ArrayD<u8>),
    /// Integers of 16 bits.
    I16(ArrayD<i16>),
    /// Integers of 16 bits without a sign.
    U16(ArrayD<u16>),
    /// Integers of 32 bits.
    I32(ArrayD<i32>),
    /// Integers of 32 bits without a sign.
    U32(ArrayD<u32>),
    /// Integers of 64 bits; those without a sign are read as these, too.
    I64(ArrayD<i64>),
    /// Truth values.
    Bool(ArrayD<bool>),
    /// The numbers of a recorder, and how they become physical values.
    Recorded(Recorded),
    /// A matrix that stays in its file until its rows are asked for.
    OnDisk(OnDisk),
}

/// A number of a file in double precision.
pub(crate) trait Number: Copy {
    fn wide(self) -> f64;
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl Number for $number {
            fn wide(self) -> f64 {
                self as f64
            }
        })*
    };
}

numbers!(f32, f64, i8, u8, i16, u16, i32, u32, i64);

impl Number for bool {
    fn wide(self) -> f64 {
        f64::from(u8::from(self))
    }
}

/// The same of the array of any variant but [`Values::Recorded`] and [`Values::OnDisk`], which have arms of their own.
macro_rules! of_array {
    ($values:expr, $array:ident => $same:expr, $recorded:ident => $other:expr, $disk:ident => $on_disk:expr) => {
        match $values {
            Values::F32($array) => $same,
            Values::F64($array) => $same,
            Values::I8($array) => $same,
            Values::U8($array) => $same,
            Values::I16($array) => $same,
            Values::U16($array) => $same,
            Values::I32($array) => $same,
            Values::U32($array) => $same,
            Values::I64($array) => $same,
            Values::Bool($array) => $same,
            Values::Recorded($recorded) => $other,
            Values::OnDisk($disk) => $on_disk,
        }
    };
}

/// As [`of_array`], with an array of the same type for a result. What stays in its file is read.
macro_rules! map_array {
    ($values:expr, $array:ident => $same:expr, $recorded:ident => $other:expr, $disk:ident => $on_disk:expr) => {
        match $values {
            Values::F32($array) => Values::F32($same),
            Values::F64($array) => Values::F64($same),
            Values::I8($array) => Values::I8($same),
            Values::U8($array) => Values::U8($same),
            Values::I16($array) => Values::I16($same),
            Values::U16($array) => Values::U16($same),
            Values::I32($array) => Values::I32($same),
            Values::U32($array) => Values::U32($same),
            Values::I64($array) => Values::I64($same),
            Values::Bool($array) => Values::Bool($same),
            Values::Recorded($recorded) => $other,
            Values::OnDisk($disk) => $on_disk,
        }
    };
}

impl Values {
    /// Shape of the array.
    pub fn shape(&self) -> &[usize] {
        of_array!(self, a => a.shape(), r => r.numbers().shape(), d => d.shape())
    }

    /// Name of the element type, as numpy has it; physical values are `float64`.
    pub fn element_type(&self) -> &'static str {
        match self {
            Self::F32(_) => "float32",
            Self::F64(_) | Self::Recorded(_) => "float64",
            Self::I8(_) => "int8",
            Self::U8(_) => "uint8",
            Self::I16(_) => "int16",
            Self::U16(_) => "uint16",
            Self::I32(_) => "int32",
            Self::U32(_) => "uint32",
            Self::I64(_) => "int64",
            Self::Bool(_) => "bool",
            Self::OnDisk(disk) => disk.like().element_type(),
        }
    }

    /// Machine epsilon of the element type; that of 64-bit floats for everything but 32-bit floats.
    pub fn epsilon(&self) -> f64 {
        match self {
            Self::F32(_) => f64::from(f32::EPSILON),
            Self::OnDisk(disk) => disk.like().epsilon(),
            _ => f64::EPSILON,
        }
    }

    /// Bytes that the values take in memory; none if they stay in their file.
    pub fn bytes(&self) -> usize {
        fn of<T>(array: &ArrayD<T>) -> usize {
            array.len() * size_of::<T>()
        }
        of_array!(self, a => of(a), r => r.numbers().bytes(), _d => 0)
    }

    /// The values with their axes in reverse order.
    #[must_use]
    pub fn transposed(self) -> Self {
        map_array!(self, a => a.reversed_axes(),
            r => Self::F64(Self::Recorded(r).to_float().reversed_axes()),
            d => Self::F64(Self::OnDisk(d).to_float().reversed_axes()))
    }

    /// The same with one axis, if it is a row or a column of a matrix.
    pub(crate) fn squeezed(self) -> Self {
        fn of<T>(array: ArrayD<T>) -> ArrayD<T> {
            match *array.shape() {
                [1, 1] => array,
                [_, 1] => array.remove_axis(Axis(1)),
                [1, _] => array.remove_axis(Axis(0)),
                _ => array,
            }
        }
        map_array!(self, a => of(a), r => Self::Recorded(r), d => Self::OnDisk(d))
    }

    /// The columns of a matrix at these places.
    pub(crate) fn columns(self, places: &[usize]) -> Self {
        map_array!(self, a => a.select(Axis(1), places),
            r => Self::F64(r.to_float::<f64>().select(Axis(1), places)),
            d => Self::F64(Self::OnDisk(d).to_float::<f64>().select(Axis(1), places)))
    }

    /// Some of the rows; those that are not there are left out.
    pub(crate) fn rows(self, rows: Range<usize>) -> Self {
        fn of<T: Clone>(array: &ArrayD<T>, rows: &Range<usize>) -> ArrayD<T> {
            let Some(&all) = array.shape().first() else {
                return array.clone();
            };
            let (from, to) = (rows.start.min(all), rows.end.min(all));
            let slice = array.slice_axis(Axis(0), Slice::from(from..to.max(from)));
            slice.to_owned()
        }
        map_array!(self, a => of(&a, &rows),
            r => Self::F64(of(&Self::Recorded(r).to_float(), &rows)),
            d => Self::F64(of(&Self::OnDisk(d).to_float(), &rows)))
    }

    /// All values as floats of type `A`, rounded where `A` is narrower.
    pub fn to_float<A: Scalar>(&self) -> ArrayD<A> {
        of_array!(self, a => a.mapv(|v| A::of(v.wide())), r => r.to_float(), d => {
            let mut wide = Vec::new();
            d.append(0..d.shape()[0], &mut wide);
            let values = wide.into_iter().map(A::of).collect();
            ArrayD::from_shape_vec(d.shape(), values).expect("whole rows")
        })
    }

    /// Whether the second of two axes is the slower one in memory, as in Fortran.
    pub(crate) fn is_by_columns(&self) -> bool {
        fn of<T>(array: &ArrayD<T>) -> bool {
            let ordered = array.as_slice_memory_order().is_some();
            matches!(*array.strides(), [row, column] if ordered && row.abs() < column.abs())
        }
        of_array!(self, a => of(a), _r => false, _d => false)
    }

    /// The values as a matrix whose rows follow each other in memory; a vector is one column. Nothing is
    /// copied that has that order.
    ///
    /// There are one or two axes.
    pub(crate) fn into_rows(self) -> Self {
        fn of<T: Clone>(array: ArrayD<T>) -> ArrayD<T> {
            let array = match array.is_standard_layout() {
                true => array,
                false => array.as_standard_layout().into_owned(),
            };
            match *array.shape() {
                [rows] => array
                    .into_shape_with_order(IxDyn(&[rows, 1]))
                    .expect("as many values"),
                _ => array,
            }
        }
        map_array!(self, a => of(a), r => Self::Recorded(r), d => Self::OnDisk(d))
    }

    /// A value of a matrix.
    pub(crate) fn at(&self, row: usize, column: usize) -> f64 {
        of_array!(self, a => a[[row, column]].wide(), r => r.at(row, column), d => {
            let mut wide = Vec::new();
            d.append(row..row + 1, &mut wide);
            wide[column]
        })
    }

    /// Makes `out` hold some rows of a matrix [by rows](Self::into_rows), one after another.
    pub(crate) fn widen(&self, rows: Range<usize>, out: &mut Vec<f64>) {
        out.clear();
        self.append(rows, out);
    }

    /// As [`widen`](Self::widen), behind what `out` holds.
    pub(crate) fn append(&self, rows: Range<usize>, out: &mut Vec<f64>) {
        fn of<T: Number>(array: &ArrayD<T>, rows: Range<usize>, out: &mut Vec<f64>) {
            let columns = array.raw_dim().last_elem();
            let values = array.as_slice().expect("rows follow each other");
            let values = &values[rows.start * columns..rows.end * columns];
            out.extend(values.iter().map(|value| value.wide()));
        }
        of_array!(self, a => of(a, rows, out), r => r.append(rows, out), d => d.append(rows, out));
    }

    /// Number of values that are not finite; none if the type has no such numbers.
    pub(crate) fn not_finite(&self) -> Option<usize> {
        match self {
            Self::F32(a) => Some(a.iter().filter(|v| !v.is_finite()).count()),
            Self::F64(a) => Some(a.iter().filter(|v| !v.is_finite()).count()),
            Self::Recorded(r) => Some(r.not_finite()),
            Self::OnDisk(d) => {
                d.like().not_finite()?;
                let [rows, columns] = [d.shape()[0], d.shape()[1]];
                let (mut count, mut block) = (0, Vec::new());
                for rows in blocks(rows, columns) {
                    self.widen(rows, &mut block);
                    count += block.iter().filter(|v| !v.is_finite()).count();
                }
                Some(count)
            }
            _ => None,
        }
    }

    /// Whether all values are whole numbers by their type.
    pub fn is_whole(&self) -> bool {
        match self {
            Self::F32(_) | Self::F64(_) | Self::Recorded(_) => false,
            Self::OnDisk(disk) => disk.like().is_whole(),
            _ => true,
        }
    }

    /// What stays in its file; none if the values are in memory.
    pub fn on_disk(&self) -> Option<&OnDisk> {
        match self {
            Self::OnDisk(disk) => Some(disk),
            Self::Recorded(recorded) => recorded.numbers().on_disk(),
            _ => None,
        }
    }
}
