//! Functions of one number: activations, elementary functions, rounding.

use xcebra_model::Scalar;

use super::{Call, Op, Pass};
use crate::buffer;
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::kernels::{self, each};
use crate::tensor::{Kind, Tensor};

/// A function of one number, with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Function {
    Abs,
    Acos,
    Acosh,
    Asin,
    Asinh,
    Atan,
    Atanh,
    Ceil,
    Celu {
        alpha: f64,
    },
    /// Its derivative is 1 on the ends of the interval, as in PyTorch.
    Clip {
        low: f64,
        high: f64,
    },
    Cos,
    Cosh,
    Elu {
        alpha: f64,
    },
    Erf,
    Exp,
    Floor,
    Gelu,
    GeluTanh,
    HardSigmoid {
        alpha: f64,
        beta: f64,
    },
    HardSwish,
    IsInf,
    IsNaN,
    LeakyRelu {
        alpha: f64,
    },
    Log,
    Mish,
    Neg,
    /// 1 where the number is 0.
    Not,
    /// 1 where the number is not 0.
    NonZero,
    Reciprocal,
    Relu,
    /// Halves go to the even neighbour.
    Round,
    Selu {
        alpha: f64,
        gamma: f64,
    },
    Sigmoid,
    Sign,
    Sin,
    Sinh,
    Softplus,
    Softsign,
    Sqrt,
    /// `x σ(alpha x)`.
    Swish {
        alpha: f64,
    },
    Tan,
    Tanh,
    ThresholdedRelu {
        alpha: f64,
    },
    /// Towards zero, of the number in single precision if the file computes in it: 8 · log 2 / log 16 is then 2, not a
    /// little less.
    Truncate {
        single: bool,
    },
}

/// The functions that are operators of ONNX.
pub(crate) fn named(call: &Call<'_>) -> Option<Function> {
    use Function as F;
    let number = |name, default| call.node.float(name).unwrap_or(default);
    Some(match call.node.op.as_str() {
        "Abs" => F::Abs,
        "Acos" => F::Acos,
        "Acosh" => F::Acosh,
        "Asin" => F::Asin,
        "Asinh" => F::Asinh,
        "Atan" => F::Atan,
        "Atanh" => F::Atanh,
        "Ceil" => F::Ceil,
        "Celu" => F::Celu {
            alpha: number("alpha", 1.0),
        },
        "Cos" => F::Cos,
        "Cosh" => F::Cosh,
        "Elu" => F::Elu {
            alpha: number("alpha", 1.0),
        },
        "Erf" => F::Erf,
        "Exp" => F::Exp,
        "Floor" => F::Floor,
        "Gelu" if call.node.text("approximate") == Some("tanh") => F::GeluTanh,
        "Gelu" => F::Gelu,
        "HardSigmoid" => F::HardSigmoid {
            alpha: number("alpha", 0.2),
            beta: number("beta", 0.5),
        },
        "HardSwish" => F::HardSwish,
        "IsNaN" => F::IsNaN,
        "LeakyRelu" => F::LeakyRelu {
            alpha: number("alpha", 0.01),
        },
        "Log" => F::Log,
        "Mish" => F::Mish,
        "Neg" => F::Neg,
        "Not" => F::Not,
        "Reciprocal" => F::Reciprocal,
        "Relu" => F::Relu,
        "Round" => F::Round,
        "Selu" => F::Selu {
            alpha: number("alpha", 1.673_263_192_176_818_8),
            gamma: number("gamma", 1.050_701_022_148_132_3),
        },
        "Sigmoid" => F::Sigmoid,
        "Sign" => F::Sign,
        "Sin" => F::Sin,
        "Sinh" => F::Sinh,
        "Softplus" => F::Softplus,
        "Softsign" => F::Softsign,
        "Sqrt" => F::Sqrt,
        "Swish" => F::Swish {
            alpha: number("alpha", 1.0),
        },
        "Tan" => F::Tan,
        "Tanh" => F::Tanh,
        "ThresholdedRelu" => F::ThresholdedRelu {
            alpha: number("alpha", 1.0),
        },
        _ => return None,
    })
}

pub(crate) fn lower<A: Scalar>(
    b: &mut Builder<A>,
    call: &Call<'_>,
    function: Function,
) -> Result<Slot> {
    let x = call.required(b, 0)?;
    apply(b, function, x)
}

/// One step that applies `function` to every number.
pub(crate) fn apply<A: Scalar>(b: &mut Builder<A>, function: Function, x: Slot) -> Result<Slot> {
    use Function as F;
    let kind = match function {
        F::IsInf | F::IsNaN | F::Not | F::NonZero => Kind::Bool,
        F::Truncate { .. } => Kind::Whole,
        F::Abs | F::Neg | F::Sign | F::Clip { .. } | F::Relu => b.kind(x),
        _ => Kind::Real,
    };
    let shape = b.shape(x).to_vec();
    let y = b.emit_as(kind, function, &[x], &shape)?;
    if matches!(function, F::Ceil | F::Floor | F::Round | F::Sign) {
        b.flatten_derivative(y);
    }
    Ok(y)
}

// a column of closures reads better than one interrupted by paths
#[allow(clippy::redundant_closure_for_method_calls)]
impl<A: Scalar> Op<A> for Function {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let mut data = buffer::copied(inputs[0].data());
        self.run(&mut data);
        vec![Tensor::new(inputs[0].shape(), data)]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        use Function as F;
        let (zero, one) = (A::zero(), A::one());
        let step = |on: bool| if on { one } else { zero };
        let gradient = match *self {
            F::Abs => by_x(pass, |x| if x == zero { zero } else { x.signum() }),
            F::Acos => by_x(pass, |x| -(one - x * x).sqrt().recip()),
            F::Acosh => by_x(pass, |x| (x * x - one).sqrt().recip()),
            F::Asin => by_x(pass, |x| (one - x * x).sqrt().recip()),
            F::Asinh => by_x(pass, |x| (x * x + one).sqrt().recip()),
            F::Atan => by_x(pass, |x| (x * x + one).recip()),
            F::Atanh => by_x(pass, |x| (one - x * x).recip()),
            F::Celu { alpha } => {
                let a = A::of(alpha);
                by_x(pass, |x| if x > zero { one } else { (x / a).exp() })
            }
            F::Clip { low, high } => {
                let (low, high) = (A::of(low), A::of(high));
                by_x(pass, |x| step(x >= low && x <= high))
            }
            F::Cos => by_x(pass, |x| -x.sin()),
            F::Cosh => by_x(pass, |x| x.sinh()),
            F::Elu { alpha } => {
                let a = A::of(alpha);
                by_x(pass, |x| if x > zero { one } else { a * x.exp() })
            }
            F::Erf => {
                let mut slopes = pass.inputs[0].map(|x| -x * x);
                if let Some(slopes) = slopes.owned() {
                    kernels::exp(slopes);
                }
                let scale = A::of(std::f64::consts::FRAC_2_SQRT_PI);
                let gradient = pass.gradient().zip(&slopes, |g, slope| g * (scale * slope));
                slopes.recycle();
                gradient
            }
            F::Exp => by_y(pass, |y| y),
            F::Gelu => by_x(pass, |x| {
                let density = A::of(0.398_942_280_401_432_7) * (-x * x * A::of(0.5)).exp();
                normal(x) + x * density
            }),
            F::GeluTanh => by_x(pass, |x| {
                let t = gelu_angle(x).tanh();
                let slope = A::of(GELU_SCALE) * (one + A::of(3.0 * GELU_CUBE) * x * x);
                A::of(0.5) * (one + t + x * (one - t * t) * slope)
            }),
            F::HardSigmoid { alpha, .. } => {
                let a = A::of(alpha);
                by_y(pass, |y| if y > zero && y < one { a } else { zero })
            }
            F::HardSwish => by_x(pass, |x| {
                let three = A::of(3.0);
                if x <= -three {
                    zero
                } else if x >= three {
                    one
                } else {
                    x / three + A::of(0.5)
                }
            }),
            F::LeakyRelu { alpha } => {
                let a = A::of(alpha);
                by_x(pass, |x| if x > zero { one } else { a })
            }
            F::Log => by_x(pass, |x| x.recip()),
            F::Mish => by_x(pass, |x| {
                let t = softplus(x).tanh();
                t + x * (one - t * t) * sigmoid(x)
            }),
            F::Neg => pass.gradient().map(|g| g * -one),
            F::Reciprocal => by_y(pass, |y| -y * y),
            F::Relu => by_y(pass, |y| step(y > zero)),
            F::Selu { alpha, gamma } => {
                let (a, g) = (A::of(alpha), A::of(gamma));
                by_x(pass, |x| g * if x > zero { one } else { a * x.exp() })
            }
            F::Sigmoid => by_y(pass, |y| y * (one - y)),
            F::Sin => by_x(pass, |x| x.cos()),
            F::Sinh => by_x(pass, |x| x.cosh()),
            F::Softplus => by_x(pass, sigmoid),
            F::Softsign => by_x(pass, |x| (one + x.abs()).powi(-2)),
            F::Sqrt => by_y(pass, |y| A::of(0.5) / y),
            F::Swish { alpha } => by_x(pass, |x| {
                let (a, s) = (A::of(alpha), sigmoid(A::of(alpha) * x));
                s + a * x * s * (one - s)
            }),
            F::Tan => by_y(pass, |y| one + y * y),
            F::Tanh => by_y(pass, |y| one - y * y),
            F::ThresholdedRelu { alpha } => {
                let a = A::of(alpha);
                by_x(pass, |x| step(x > a))
            }
            F::Ceil | F::Floor | F::Round | F::Sign | F::Truncate { .. } => return vec![None],
            F::IsInf | F::IsNaN | F::Not | F::NonZero => return vec![None],
        };
        vec![Some(gradient)]
    }

    fn reads_input(&self, _: usize, _: &[bool]) -> bool {
        !self.has_slope_by_value() && !self.has_constant_slope()
    }

    fn reads_outputs(&self) -> bool {
        self.has_slope_by_value()
    }

    fn overwrite(&self, _: usize, _: &[&Tensor<A>], data: &mut [A]) -> bool {
        self.run(data);
        true
    }
}

// a column of closures reads better than one interrupted by paths
#[allow(clippy::redundant_closure_for_method_calls)]
impl Function {
    /// The values of numbers in their place.
    fn run<A: Scalar>(self, x: &mut [A]) {
        use Function as F;
        let (zero, one) = (A::zero(), A::one());
        let truth = |is: bool| if is { one } else { zero };
        match self {
            F::Abs => each(x, |v| v.abs()),
            F::Acos => each(x, |v| v.acos()),
            F::Acosh => each(x, |v| v.acosh()),
            F::Asin => each(x, |v| v.asin()),
            F::Asinh => each(x, |v| v.asinh()),
            F::Atan => each(x, |v| v.atan()),
            F::Atanh => each(x, |v| v.atanh()),
            F::Ceil => each(x, |v| v.ceil()),
            F::Celu { alpha } => {
                let a = A::of(alpha);
                each(x, |v| if v > zero { v } else { a * (v / a).exp_m1() });
            }
            F::Clip { low, high } => {
                let (low, high) = (A::of(low), A::of(high));
                // the upper end wins where the two cross, as ONNX says
                each(x, |v| {
                    let v = if v < low { low } else { v };
                    if v > high { high } else { v }
                });
            }
            F::Cos => each(x, |v| v.cos()),
            F::Cosh => each(x, |v| v.cosh()),
            F::Elu { alpha } => {
                let a = A::of(alpha);
                each(x, |v| if v > zero { v } else { a * v.exp_m1() });
            }
            F::Erf => kernels::erf(x),
            F::Exp => kernels::exp(x),
            F::Floor => each(x, |v| v.floor()),
            F::Gelu => each(x, |v| v * normal(v)),
            F::GeluTanh => each(x, |v| A::of(0.5) * v * (one + gelu_angle(v).tanh())),
            F::HardSigmoid { alpha, beta } => {
                let (a, b) = (A::of(alpha), A::of(beta));
                each(x, |v| (a * v + b).max(zero).min(one));
            }
            F::HardSwish => each(x, |v| v * (v / A::of(6.0) + A::of(0.5)).max(zero).min(one)),
            F::IsInf => each(x, |v| truth(v.is_infinite())),
            F::IsNaN => each(x, |v| truth(v.is_nan())),
            F::LeakyRelu { alpha } => {
                let a = A::of(alpha);
                each(x, |v| if v < zero { a * v } else { v });
            }
            F::Log => each(x, |v| v.ln()),
            F::Mish => each(x, |v| v * softplus(v).tanh()),
            F::Neg => each(x, |v| -v),
            F::Not => each(x, |v| truth(v == zero)),
            F::NonZero => each(x, |v| truth(v != zero)),
            F::Reciprocal => each(x, |v| v.recip()),
            // not `max`, which would turn NaN into 0
            F::Relu => each(x, |v| if v < zero { zero } else { v }),
            F::Round => each(x, round),
            F::Selu { alpha, gamma } => {
                let (a, g) = (A::of(alpha), A::of(gamma));
                each(x, |v| g * if v > zero { v } else { a * v.exp_m1() });
            }
            F::Sigmoid => kernels::sigmoid(x),
            F::Sign => each(x, |v| if v == zero { zero } else { v.signum() }),
            F::Sin => each(x, |v| v.sin()),
            F::Sinh => each(x, |v| v.sinh()),
            F::Softplus => each(x, softplus),
            F::Softsign => each(x, |v| v / (one + v.abs())),
            F::Sqrt => each(x, |v| v.sqrt()),
            F::Swish { alpha } => each(x, |v| v * sigmoid(A::of(alpha) * v)),
            F::Tan => each(x, |v| v.tan()),
            F::Tanh => kernels::tanh(x),
            F::ThresholdedRelu { alpha } => {
                let a = A::of(alpha);
                each(x, |v| if v > a { v } else { zero });
            }
            F::Truncate { single: false } => each(x, |v| v.trunc()),
            F::Truncate { single: true } => {
                each(x, |v| A::of(f64::from(v.as_f64() as f32)).trunc());
            }
        }
    }

    /// Whether its slope follows from its value; otherwise it follows from the number itself.
    fn has_slope_by_value(self) -> bool {
        use Function as F;
        matches!(
            self,
            F::Exp
                | F::HardSigmoid { .. }
                | F::Reciprocal
                | F::Relu
                | F::Sigmoid
                | F::Sqrt
                | F::Tan
                | F::Tanh
        )
    }

    /// Whether its slope is the same everywhere or zero wherever it exists.
    fn has_constant_slope(self) -> bool {
        use Function as F;
        matches!(
            self,
            F::Ceil
                | F::Floor
                | F::IsInf
                | F::IsNaN
                | F::Neg
                | F::Not
                | F::NonZero
                | F::Round
                | F::Sign
                | F::Truncate { .. }
        )
    }
}

/// The cotangent times a slope given by the input.
fn by_x<A: Scalar>(pass: &Pass<'_, A>, slope: impl Fn(A) -> A) -> Tensor<A> {
    pass.gradient().zip(pass.inputs[0], |g, x| g * slope(x))
}

/// The cotangent times a slope given by the result.
fn by_y<A: Scalar>(pass: &Pass<'_, A>, slope: impl Fn(A) -> A) -> Tensor<A> {
    pass.gradient().zip(&pass.outputs[0], |g, y| g * slope(y))
}

const GELU_SCALE: f64 = 0.797_884_560_802_865_4; // √(2/π)
const GELU_CUBE: f64 = 0.044715;

fn gelu_angle<A: Scalar>(x: A) -> A {
    A::of(GELU_SCALE) * (x + A::of(GELU_CUBE) * x * x * x)
}

/// Distribution function of the normal distribution, without cancellation far to the left.
fn normal<A: Scalar>(x: A) -> A {
    A::of(0.5 * libm::erfc(-x.as_f64() * std::f64::consts::FRAC_1_SQRT_2))
}

/// Without overflow on either side.
pub(crate) fn sigmoid<A: Scalar>(x: A) -> A {
    if x >= A::zero() {
        (A::one() + (-x).exp()).recip()
    } else {
        let e = x.exp();
        e / (A::one() + e)
    }
}

fn softplus<A: Scalar>(x: A) -> A {
    x.max(A::zero()) + (-x.abs()).exp().ln_1p()
}

fn round<A: Scalar>(x: A) -> A {
    A::of(x.as_f64().round_ties_even())
}
