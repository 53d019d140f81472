//! Two numbers to one, with broadcasting: arithmetic, comparisons, logic; and choosing.

use pulp::Arch;
use xcebra_model::Scalar;

use super::functions::{Function, apply};
use super::select::expand_to;
use super::{Call, Op, Pass};
use crate::buffer;
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::shape::{broadcast, broadcast_strides, for_each_row, strides};
use crate::tensor::{Kind, Tensor};

/// A function of two numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pair {
    Add,
    And,
    Div,
    /// Division of integers, towards zero.
    DivWhole,
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    /// Equal numbers share the derivative.
    Max,
    /// Equal numbers share the derivative.
    Min,
    /// With the sign of the divisor.
    Mod,
    /// With the sign of the dividend.
    ModFloat,
    Mul,
    Or,
    Pow,
    /// The slope of negative numbers is the second argument.
    PRelu,
    Sub,
    Xor,
}

/// `Pair` with what it needs to know of the shapes.
struct Elementwise {
    pair: Pair,
    shape: Vec<usize>,
}

/// Takes the second input where the first is not 0, else the third.
struct Choose;

/// The operators of ONNX that take two numbers, or many of which two at a time are taken.
pub(crate) fn named(op: &str) -> Option<Pair> {
    Some(match op {
        "Add" | "Sum" => Pair::Add,
        "And" => Pair::And,
        "Div" => Pair::Div,
        "Equal" => Pair::Equal,
        "Greater" => Pair::Greater,
        "GreaterOrEqual" => Pair::GreaterOrEqual,
        "Less" => Pair::Less,
        "LessOrEqual" => Pair::LessOrEqual,
        "Max" => Pair::Max,
        "Min" => Pair::Min,
        "Mod" => Pair::Mod,
        "Mul" => Pair::Mul,
        "Or" => Pair::Or,
        "Pow" => Pair::Pow,
        "Sub" => Pair::Sub,
        "Xor" => Pair::Xor,
        _ => return None,
    })
}

pub(crate) fn lower<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>, pair: Pair) -> Result<Slot> {
    let pair = match pair {
        Pair::Mod if call.node.flag("fmod") => Pair::ModFloat,
        other => other,
    };
    let inputs = call.all(b)?;
    let many = matches!(call.node.op.as_str(), "Sum" | "Mean" | "Max" | "Min");
    if !many && inputs.len() != 2 {
        return b.refuse(format!("{} inputs, expected 2", inputs.len()));
    }
    let mut result = inputs[0];
    for &next in &inputs[1..] {
        result = binary(b, pair, result, next)?;
    }
    Ok(result)
}

pub(crate) fn mean<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let inputs = call.all(b)?;
    let sum = lower(b, call, Pair::Add)?;
    let n = b.constant(&[], Kind::Real, vec![inputs.len() as f64])?;
    binary(b, Pair::Div, sum, n)
}

/// One step that combines two values of shapes that broadcast.
pub(crate) fn binary<A: Scalar>(b: &mut Builder<A>, pair: Pair, x: Slot, y: Slot) -> Result<Slot> {
    use Pair as P;
    let Some(shape) = broadcast(b.shape(x), b.shape(y)) else {
        return b.inconsistent(format!(
            "shapes {:?} and {:?} cannot be broadcast together",
            b.shape(x),
            b.shape(y)
        ));
    };
    let both = b.kind(x).with(b.kind(y));
    let kind = match pair {
        P::Equal
        | P::Greater
        | P::GreaterOrEqual
        | P::Less
        | P::LessOrEqual
        | P::And
        | P::Or
        | P::Xor => Kind::Bool,
        P::Pow => b.kind(x),
        _ => both,
    };
    let pair = match pair {
        P::Div if both.is_whole() => P::DivWhole,
        pair => pair,
    };
    let op = Elementwise {
        pair,
        shape: shape.clone(),
    };
    if pair == P::Pow && kind.is_whole() && b.kind(y) == Kind::Real {
        // an integer to the power of a real number is cut off to an integer
        let power = b.emit(op, &[x, y], &shape)?;
        return super::values::as_kind(b, power, kind);
    }
    b.emit_as(kind, op, &[x, y], &shape)
}

/// `x` times a known number.
pub(crate) fn scaled<A: Scalar>(b: &mut Builder<A>, x: Slot, factor: f64) -> Result<Slot> {
    if factor == 1.0 {
        return Ok(x);
    }
    let factor = b.constant(&[], Kind::Real, vec![factor])?;
    binary(b, Pair::Mul, x, factor)
}

pub(crate) fn clip<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let end = |i: usize, name: &str, default: f64| match call.optional(i) {
        Some(slot) => b.number(slot, name),
        None => Ok(call.node.float(name).unwrap_or(default)),
    };
    let low = end(1, "min", f64::NEG_INFINITY)?;
    let high = end(2, "max", f64::INFINITY)?;
    apply(b, Function::Clip { low, high }, x)
}

pub(crate) fn prelu<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, slope) = (call.required(b, 0)?, call.required(b, 1)?);
    if broadcast(b.shape(x), b.shape(slope)).as_deref() != Some(b.shape(x)) {
        return b.refuse(format!(
            "slopes of shape {:?} for an input of shape {:?}",
            b.shape(slope),
            b.shape(x)
        ));
    }
    binary(b, Pair::PRelu, x, slope)
}

pub(crate) fn choose<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (condition, x, y) = (
        call.required(b, 0)?,
        call.required(b, 1)?,
        call.required(b, 2)?,
    );
    where_(b, condition, x, y)
}

/// `x` where the condition is not 0, else `y`.
pub(crate) fn where_<A: Scalar>(
    b: &mut Builder<A>,
    condition: Slot,
    x: Slot,
    y: Slot,
) -> Result<Slot> {
    let inputs = [condition, x, y];
    let shapes = inputs.map(|i| b.shape(i).to_vec());
    let shape = broadcast(&shapes[0], &shapes[1]).and_then(|s| broadcast(&s, &shapes[2]));
    let Some(shape) = shape else {
        return b.inconsistent(format!("shapes {shapes:?} cannot be broadcast together"));
    };
    let mut expanded = Vec::new();
    for input in inputs {
        expanded.push(expand_to(b, input, &shape)?);
    }
    let kind = b.kind(inputs[1]).with(b.kind(inputs[2]));
    b.emit_as(kind, Choose, &expanded, &shape)
}

impl<A: Scalar> Op<A> for Choose {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let zero = A::zero();
        let pairs = inputs[0]
            .data()
            .iter()
            .zip(inputs[1].data().iter().zip(inputs[2].data()));
        let data = pairs
            .map(|(&c, (&x, &y))| if c == zero { y } else { x })
            .collect();
        vec![Tensor::new(inputs[0].shape(), data)]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let (g, zero) = (pass.gradient(), A::zero());
        let condition = pass.inputs[0];
        let first = condition.zip(g, |c, g| if c == zero { zero } else { g });
        let second = condition.zip(g, |c, g| if c == zero { g } else { zero });
        vec![None, Some(first), Some(second)]
    }

    fn reads_input(&self, i: usize, _: &[bool]) -> bool {
        i == 0
    }

    fn reads_outputs(&self) -> bool {
        false
    }
}

impl Elementwise {
    fn combine<A: Scalar>(&self, x: &Tensor<A>, y: &Tensor<A>, f: impl Fn(A, A) -> A) -> Tensor<A> {
        if x.shape() == y.shape() {
            return x.zip(y, f);
        }
        let (a, b) = (x.data(), y.data());
        match (a, b) {
            (_, &[b]) if x.shape() == self.shape => return x.map(|a| f(a, b)),
            (&[a], _) if y.shape() == self.shape => return y.map(|b| f(a, b)),
            _ => {}
        }
        let from_x = broadcast_strides(x.shape(), &self.shape);
        let from_y = broadcast_strides(y.shape(), &self.shape);
        let width = self.shape.last().copied().unwrap_or(1);
        let steps = (
            from_x.last().copied().unwrap_or(0),
            from_y.last().copied().unwrap_or(0),
        );
        let mut data = buffer::of_any_value(self.shape.iter().product());
        let mut rows = data.chunks_exact_mut(width.max(1));
        Arch::new().dispatch(
            #[inline(always)]
            || {
                for_each_row(&self.shape, [&from_x, &from_y], |[i, j]| {
                    let row = rows
                        .next()
                        .expect("as many rows as the shape has")
                        .iter_mut();
                    match steps {
                        (0, 0) => row.for_each(|y| *y = f(a[i], b[j])),
                        (0, _) => row
                            .zip(&b[j..j + width])
                            .for_each(|(y, &b)| *y = f(a[i], b)),
                        (_, 0) => row
                            .zip(&a[i..i + width])
                            .for_each(|(y, &a)| *y = f(a, b[j])),
                        _ => row
                            .zip(a[i..i + width].iter().zip(&b[j..j + width]))
                            .for_each(|(y, (&a, &b))| *y = f(a, b)),
                    }
                });
            },
        );
        Tensor::new(&self.shape, data)
    }

    /// Replaces every number of the shape of the result by `f` of it and one of `other`.
    fn merge<A: Scalar>(&self, data: &mut [A], other: &Tensor<A>, f: impl Fn(A, A) -> A) {
        let from = broadcast_strides(other.shape(), &self.shape);
        let step = from.last().copied().unwrap_or(0);
        let other = other.data();
        let width = self.shape.last().copied().unwrap_or(1);
        Arch::new().dispatch(
            #[inline(always)]
            || {
                if other.len() == data.len() {
                    data.iter_mut().zip(other).for_each(|(x, &y)| *x = f(*x, y));
                    return;
                }
                let mut rows = data.chunks_exact_mut(width.max(1));
                for_each_row(&self.shape, [&from], |[at]| {
                    let row = rows
                        .next()
                        .expect("as many rows as the shape has")
                        .iter_mut();
                    match step {
                        0 => row.for_each(|x| *x = f(*x, other[at])),
                        _ => row.zip(&other[at..]).for_each(|(x, &y)| *x = f(*x, y)),
                    }
                });
            },
        );
    }

    /// The cotangent times a slope, added up where `to` was broadcast.
    fn pull<A: Scalar>(
        &self,
        pass: &Pass<'_, A>,
        slope: impl Fn(A, A) -> A,
        to: usize,
    ) -> Option<Tensor<A>> {
        if !pass.wanted[to] {
            return None;
        }
        let slopes = self.combine(pass.inputs[0], pass.inputs[1], slope);
        let gradient = pass.gradient().zip(&slopes, |g, s| g * s);
        slopes.recycle();
        Some(self.folded(gradient, pass.inputs[to].shape()))
    }

    /// The same for a slope that follows from the other input alone.
    fn pull_by<A: Scalar>(
        &self,
        pass: &Pass<'_, A>,
        slope: impl Fn(A) -> A,
        to: usize,
    ) -> Option<Tensor<A>> {
        if !pass.wanted[to] {
            return None;
        }
        let gradient = self.combine(pass.gradient(), pass.inputs[1 - to], |g, x| g * slope(x));
        Some(self.folded(gradient, pass.inputs[to].shape()))
    }

    fn folded<A: Scalar>(&self, g: Tensor<A>, to: &[usize]) -> Tensor<A> {
        let sum = self.fold(&g, to);
        g.recycle();
        sum
    }

    /// Adds up the axes along which a tensor of shape `to` was broadcast.
    fn fold<A: Scalar>(&self, g: &Tensor<A>, to: &[usize]) -> Tensor<A> {
        if to == self.shape {
            return g.clone();
        }
        let into = broadcast_strides(to, &self.shape);
        let width = self.shape.last().copied().unwrap_or(1);
        let step = into.last().copied().unwrap_or(0);
        let mut data = buffer::zeros(to.iter().product());
        for_each_row(&self.shape, [&strides(&self.shape), &into], |[from, at]| {
            let row = &g.data()[from..from + width];
            match step {
                0 => data[at] += row.iter().copied().sum(),
                _ => data[at..at + width]
                    .iter_mut()
                    .zip(row)
                    .for_each(|(sum, &g)| *sum += g),
            }
        });
        Tensor::new(to, data)
    }
}

impl<A: Scalar> Op<A> for Elementwise {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        use Pair as P;
        let (x, y) = (inputs[0], inputs[1]);
        let (zero, one) = (A::zero(), A::one());
        let truth = |is: bool| if is { one } else { zero };
        vec![match self.pair {
            P::Add => self.combine(x, y, |a, b| a + b),
            P::And => self.combine(x, y, |a, b| truth(a != zero && b != zero)),
            P::Div => self.combine(x, y, |a, b| a / b),
            P::DivWhole => self.combine(x, y, |a, b| (a / b).trunc()),
            P::Equal => self.combine(x, y, |a, b| truth(a == b)),
            P::Greater => self.combine(x, y, |a, b| truth(a > b)),
            P::GreaterOrEqual => self.combine(x, y, |a, b| truth(a >= b)),
            P::Less => self.combine(x, y, |a, b| truth(a < b)),
            P::LessOrEqual => self.combine(x, y, |a, b| truth(a <= b)),
            P::Max => self.combine(x, y, |a, b| if a > b || a.is_nan() { a } else { b }),
            P::Min => self.combine(x, y, |a, b| if a < b || a.is_nan() { a } else { b }),
            P::Mod => self.combine(x, y, |a, b| {
                let rest = a % b;
                if rest != zero && (rest < zero) != (b < zero) {
                    rest + b
                } else {
                    rest
                }
            }),
            P::ModFloat => self.combine(x, y, |a, b| a % b),
            P::Mul => self.combine(x, y, |a, b| a * b),
            P::Or => self.combine(x, y, |a, b| truth(a != zero || b != zero)),
            P::Pow => self.combine(x, y, power),
            P::PRelu => self.combine(x, y, |a, b| if a < zero { a * b } else { a }),
            P::Sub => self.combine(x, y, |a, b| a - b),
            P::Xor => self.combine(x, y, |a, b| truth((a != zero) != (b != zero))),
        }]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        use Pair as P;
        let (zero, one, half) = (A::zero(), A::one(), A::of(0.5));
        let first = |is: bool, tie: bool| match (is, tie) {
            (_, true) => half,
            (true, _) => one,
            (false, _) => zero,
        };
        let pull = |slope: &dyn Fn(A, A) -> A, to| self.pull(pass, slope, to);
        let g = pass.gradient();
        let fold = |to: usize| pass.wanted[to].then(|| self.fold(g, pass.inputs[to].shape()));
        match self.pair {
            P::Add => vec![fold(0), fold(1)],
            P::Sub => vec![fold(0), fold(1).map(|g| g.map(|g| -g))],
            P::Mul => vec![self.pull_by(pass, |b| b, 0), self.pull_by(pass, |a| a, 1)],
            P::Div => vec![
                self.pull_by(pass, A::recip, 0),
                pull(&|a, b| -a / (b * b), 1),
            ],
            P::Max => vec![
                pull(&|a, b| first(a > b, a == b), 0),
                pull(&|a, b| first(a < b, a == b), 1),
            ],
            P::Min => vec![
                pull(&|a, b| first(a < b, a == b), 0),
                pull(&|a, b| first(a > b, a == b), 1),
            ],
            P::ModFloat => vec![fold(0), pull(&|a, b| -(a / b).trunc(), 1)],
            P::Mod => vec![fold(0), pull(&|a, b| -(a / b).floor(), 1)],
            P::Pow => vec![
                pull(
                    &|a, b| {
                        if b == zero {
                            zero
                        } else {
                            b * power(a, b - one)
                        }
                    },
                    0,
                ),
                pull(
                    &|a, b| {
                        if a == zero {
                            zero
                        } else {
                            power(a, b) * a.ln()
                        }
                    },
                    1,
                ),
            ],
            P::PRelu => vec![
                pull(&|a, b| if a > zero { one } else { b }, 0),
                pull(&|a, _| if a < zero { a } else { zero }, 1),
            ],
            P::And
            | P::DivWhole
            | P::Equal
            | P::Greater
            | P::GreaterOrEqual
            | P::Less
            | P::LessOrEqual
            | P::Or
            | P::Xor => vec![None, None],
        }
    }

    fn reads_input(&self, i: usize, wanted: &[bool]) -> bool {
        match self.pair {
            Pair::Add | Pair::Sub => false,
            Pair::Mul => wanted[1 - i],
            Pair::Div => wanted[1] || i == 1,
            _ => true,
        }
    }

    fn reads_outputs(&self) -> bool {
        false
    }

    fn overwrite(&self, i: usize, inputs: &[&Tensor<A>], data: &mut [A]) -> bool {
        let other = inputs[1 - i];
        match (self.pair, i) {
            (Pair::Add, _) => self.merge(data, other, |x, y| x + y),
            (Pair::Mul, _) => self.merge(data, other, |x, y| x * y),
            (Pair::Sub, 0) => self.merge(data, other, |x, y| x - y),
            (Pair::Sub, _) => self.merge(data, other, |x, y| y - x),
            (Pair::Div, 0) => self.merge(data, other, |x, y| x / y),
            _ => return false,
        }
        true
    }
}

fn power<A: Scalar>(a: A, b: A) -> A {
    if b == A::of(2.0) { a * a } else { a.powf(b) }
}
