//! The cells of a column by its type: numbers, times, text and lists.

use std::sync::Arc;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_schema::{DataType, TimeUnit};

use crate::container::Role;

pub(super) fn is_moment(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Timestamp(..)
            | DataType::Date32
            | DataType::Date64
            | DataType::Time32(_)
            | DataType::Time64(_)
            | DataType::Duration(_)
    )
}

/// Whether each cell is a list of numbers.
pub(super) fn is_list(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
            let inner = field.data_type();
            role(inner) == Role::Numbers && !is_moment(inner) && !is_list(inner)
        }
        _ => false,
    }
}

pub(super) fn role(data_type: &DataType) -> Role {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Role::Text,
        DataType::Dictionary(_, values) if role(values) == Role::Text => Role::Text,
        DataType::Boolean
        | DataType::Float16
        | DataType::Float32
        | DataType::Float64
        | DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..) => Role::Numbers,
        other if other.is_integer() || is_moment(other) || is_list(other) => Role::Numbers,
        DataType::Null => Role::Unusable("it has no values".to_owned()),
        _ => Role::Unusable("neither numbers nor text".to_owned()),
    }
}

pub(super) fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "bool".to_owned(),
        DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
            format!("lists of {}", type_name(field.data_type()))
        }
        other => match role(other) {
            Role::Text => "text".to_owned(),
            _ => other.to_string().to_lowercase(),
        },
    }
}

/// The numbers of a column so far.
#[derive(Debug, Default)]
pub(super) struct Column {
    pub(super) values: Vec<f64>,
    /// Values of each cell, if the cells are lists.
    pub(super) width: Option<usize>,
    /// The first moment, in the unit of the file: moments are seconds from it.
    first: Option<i64>,
}

/// Why a column cannot be read as numbers.
pub(super) enum NotNumbers {
    /// It holds something else than was announced.
    Other,
    /// A list has another length than the first.
    Uneven(usize, usize),
}

impl Column {
    /// Appends the cells of an array; a null is NaN.
    pub(super) fn append(&mut self, array: &dyn Array) -> Result<(), NotNumbers> {
        match array.data_type() {
            DataType::List(_) => {
                let lists = array.as_list_opt::<i32>().ok_or(NotNumbers::Other)?;
                return self.append_lists(lists.iter());
            }
            DataType::LargeList(_) => {
                let lists = array.as_list_opt::<i64>().ok_or(NotNumbers::Other)?;
                return self.append_lists(lists.iter());
            }
            DataType::FixedSizeList(..) => {
                let lists = array.as_fixed_size_list_opt().ok_or(NotNumbers::Other)?;
                return self.append_lists(lists.iter());
            }
            other if is_moment(other) => self.append_moments(array),
            _ => append(array, &mut self.values),
        }
        .ok_or(NotNumbers::Other)?;
        Ok(())
    }

    fn append_lists(
        &mut self,
        lists: impl Iterator<Item = Option<arrow_array::ArrayRef>>,
    ) -> Result<(), NotNumbers> {
        for list in lists {
            let before = self.values.len();
            if let Some(list) = &list {
                append(list.as_ref(), &mut self.values).ok_or(NotNumbers::Other)?;
            }
            let found = self.values.len() - before;
            match (&list, self.width) {
                (Some(_), None) => self.width = Some(found),
                (Some(_), Some(width)) if width != found => {
                    return Err(NotNumbers::Uneven(width, found));
                }
                // a list that is missing has missing values
                (None, Some(width)) => self.values.resize(before + width, f64::NAN),
                (None, None) => return Err(NotNumbers::Uneven(1, 0)),
                _ => {}
            }
        }
        Ok(())
    }

    fn append_moments(&mut self, array: &dyn Array) -> Option<()> {
        macro_rules! moments {
            ($kind:ty, $a_second:expr) => {
                array.as_primitive_opt::<$kind>().map(|values| {
                    for value in values {
                        // differences of whole numbers, which are exact
                        self.values.push(value.map_or(f64::NAN, |value| {
                            let value = i64::from(value);
                            let first = *self.first.get_or_insert(value);
                            (value as i128 - first as i128) as f64 / $a_second
                        }));
                    }
                })
            };
        }
        match array.data_type() {
            DataType::Timestamp(TimeUnit::Second, _) => moments!(TimestampSecondType, 1.0),
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                moments!(TimestampMillisecondType, 1e3)
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                moments!(TimestampMicrosecondType, 1e6)
            }
            DataType::Timestamp(TimeUnit::Nanosecond, _) => moments!(TimestampNanosecondType, 1e9),
            DataType::Duration(TimeUnit::Second) => moments!(DurationSecondType, 1.0),
            DataType::Duration(TimeUnit::Millisecond) => moments!(DurationMillisecondType, 1e3),
            DataType::Duration(TimeUnit::Microsecond) => moments!(DurationMicrosecondType, 1e6),
            DataType::Duration(TimeUnit::Nanosecond) => moments!(DurationNanosecondType, 1e9),
            DataType::Time32(TimeUnit::Second) => moments!(Time32SecondType, 1.0),
            DataType::Time32(_) => moments!(Time32MillisecondType, 1e3),
            DataType::Time64(TimeUnit::Microsecond) => moments!(Time64MicrosecondType, 1e6),
            DataType::Time64(_) => moments!(Time64NanosecondType, 1e9),
            DataType::Date32 => moments!(Date32Type, 1.0 / 86_400.0),
            DataType::Date64 => moments!(Date64Type, 1e3),
            _ => None,
        }
    }
}

/// Appends an array of single numbers; none if it holds something else.
fn append(array: &dyn Array, out: &mut Vec<f64>) -> Option<()> {
    macro_rules! numbers {
        ($kind:ty) => {
            numbers!($kind, |value| value as f64)
        };
        ($kind:ty, $of:expr) => {
            array.as_primitive_opt::<$kind>().map(|values| {
                out.extend(values.iter().map(|value| value.map_or(f64::NAN, $of)));
            })
        };
    }
    let decimal = |scale: i8| move |value: f64| value / 10f64.powi(scale.into());
    match array.data_type() {
        DataType::Float64 => numbers!(Float64Type),
        DataType::Float32 => numbers!(Float32Type, f64::from),
        DataType::Float16 => numbers!(Float16Type, f64::from),
        DataType::Int8 => numbers!(Int8Type),
        DataType::Int16 => numbers!(Int16Type),
        DataType::Int32 => numbers!(Int32Type),
        DataType::Int64 => numbers!(Int64Type),
        DataType::UInt8 => numbers!(UInt8Type),
        DataType::UInt16 => numbers!(UInt16Type),
        DataType::UInt32 => numbers!(UInt32Type),
        DataType::UInt64 => numbers!(UInt64Type),
        DataType::Decimal32(_, scale) => {
            let of = decimal(*scale);
            numbers!(Decimal32Type, |value| of(f64::from(value)))
        }
        DataType::Decimal64(_, scale) => {
            let of = decimal(*scale);
            numbers!(Decimal64Type, |value| of(value as f64))
        }
        DataType::Decimal128(_, scale) => {
            let of = decimal(*scale);
            numbers!(Decimal128Type, |value| of(value as f64))
        }
        DataType::Boolean => array.as_boolean_opt().map(|values| {
            let truth = |truth: bool| f64::from(u8::from(truth));
            out.extend(values.iter().map(|value| value.map_or(f64::NAN, truth)));
        }),
        _ => None,
    }
}

/// Appends a column of text; a null is an empty text.
pub(super) fn append_text(array: &dyn Array, out: &mut Vec<Arc<str>>) -> Option<()> {
    let text = |value: Option<&str>| Arc::from(value.unwrap_or_default());
    match array.data_type() {
        DataType::Utf8 => out.extend(array.as_string_opt::<i32>()?.iter().map(text)),
        DataType::LargeUtf8 => out.extend(array.as_string_opt::<i64>()?.iter().map(text)),
        DataType::Utf8View => out.extend(array.as_string_view_opt()?.iter().map(text)),
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary_opt()?;
            let mut words = Vec::new();
            append_text(dictionary.values().as_ref(), &mut words)?;
            if words.is_empty() {
                out.extend((0..array.len()).map(|_| Arc::from("")));
                return Some(());
            }
            for (row, key) in dictionary.normalized_keys().into_iter().enumerate() {
                let word = (!array.is_null(row))
                    .then(|| words.get(key).cloned())
                    .flatten();
                out.push(word.unwrap_or_else(|| Arc::from("")));
            }
        }
        _ => return None,
    }
    Some(())
}
