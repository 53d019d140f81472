//! Numbers in the type in which they were stored.

use std::any::Any;
use std::ops::Range;

use xcebra_model::Scalar;

/// Defines [`Values`] over the given types.
macro_rules! values {
    ($($variant:ident($number:ty)),* $(,)?) => {
        /// Numbers in the type in which they were stored.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Values {
            $(
                #[doc = concat!("As `", stringify!($number), "`.")]
                $variant(Vec<$number>),
            )*
        }

        $(
            impl From<Vec<$number>> for Values {
                fn from(values: Vec<$number>) -> Self {
                    Self::$variant(values)
                }
            }
        )*

        impl Values {
            /// How many there are.
            pub fn len(&self) -> usize {
                match self {
                    $(Self::$variant(values) => values.len(),)*
                }
            }

            /// One of them; 64-bit integers are rounded.
            pub(super) fn get(&self, at: usize) -> f64 {
                match self {
                    $(Self::$variant(values) => values[at] as f64,)*
                }
            }

            /// Appends a range of them; 64-bit integers are rounded.
            pub(super) fn append_wide(&self, range: Range<usize>, out: &mut Vec<f64>) {
                match self {
                    $(Self::$variant(values) => out.extend(values[range].iter().map(|&v| v as f64)),)*
                }
            }

            /// Appends a range of them, rounded to `E`.
            pub(super) fn append<E: Scalar>(&self, range: Range<usize>, out: &mut Vec<E>) {
                if let Some(own) = self.as_vec::<E>() {
                    out.extend_from_slice(&own[range]);
                    return;
                }
                match self {
                    $(Self::$variant(values) => {
                        out.extend(values[range].iter().map(|&v| E::of(v as f64)));
                    })*
                }
            }

            /// The vector, if it holds numbers of that type.
            pub(super) fn as_vec<T: 'static>(&self) -> Option<&Vec<T>> {
                match self {
                    $(Self::$variant(values) => (values as &dyn Any).downcast_ref(),)*
                }
            }

            /// The vector to change, if it holds numbers of that type.
            pub(super) fn as_vec_mut<T: 'static>(&mut self) -> Option<&mut Vec<T>> {
                match self {
                    $(Self::$variant(values) => (values as &mut dyn Any).downcast_mut(),)*
                }
            }
        }
    };
}

values! {
    F32(f32),
    F64(f64),
    I8(i8),
    U8(u8),
    I16(i16),
    U16(u16),
    I32(i32),
    U32(u32),
    I64(i64),
    U64(u64),
}

impl Values {
    /// Numbers of a training.
    pub(super) fn of<E: Scalar>(values: Vec<E>) -> Self {
        let values: Box<dyn Any> = Box::new(values);
        let values = match values.downcast::<Vec<f32>>() {
            Ok(single) => return Self::F32(*single),
            Err(other) => other,
        };
        let double = values.downcast::<Vec<f64>>();
        Self::F64(*double.expect("there are two scalars, f32 and f64"))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
