//! Element by element, for the instruction sets found at run time.

use pulp::Arch;

use crate::ops::Element;

/// `out += more`.
pub fn add<E: Element>(out: &mut [E], more: &[E]) {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for (o, &m) in out.iter_mut().zip(more) {
                *o += m;
            }
        },
    );
}

/// `out *= factors`.
pub fn multiply<E: Element>(out: &mut [E], factors: &[E]) {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for (o, &f) in out.iter_mut().zip(factors) {
                *o *= f;
            }
        },
    );
}

/// `out = a b`.
pub fn product<E: Element>(out: &mut [E], a: &[E], b: &[E]) {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for ((o, &a), &b) in out.iter_mut().zip(a).zip(b) {
                *o = a * b;
            }
        },
    );
}

/// `out += a b c`.
pub fn add_product<E: Element>(out: &mut [E], a: &[E], b: &[E], c: &[E]) {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for (((o, &a), &b), &c) in out.iter_mut().zip(a).zip(b).zip(c) {
                *o += a * b * c;
            }
        },
    );
}

/// `out += Σ_r rows[r]`, where `rows` holds rows of `out`'s length one after another.
pub fn add_rows<E: Element>(out: &mut [E], rows: &[E]) {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for row in rows.chunks_exact(out.len()) {
                for (o, &r) in out.iter_mut().zip(row) {
                    *o += r;
                }
            }
        },
    );
}
