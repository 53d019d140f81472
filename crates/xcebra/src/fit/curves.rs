//! Training curves as tables.

use std::fmt::Write;

use xcebra_core::History;

/// One row a report; `nan` where a part of the loss was off.
pub fn training(history: &History) -> String {
    let mut table = "step,loss".to_owned();
    for o in 0..history.align.len() {
        let _ = write!(table, ",align_{o},uniform_{o}");
    }
    for part in &history.parts {
        let _ = write!(table, ",{0},{0}_weight", part.name);
    }
    table.push_str(",learning_rate\n");
    for i in 0..history.len() {
        let _ = write!(table, "{},{}", history.step[i], history.loss[i]);
        for (align, uniform) in history.align.iter().zip(&history.uniform) {
            let _ = write!(table, ",{},{}", align[i], uniform[i]);
        }
        for part in &history.parts {
            let value = part.value[i].unwrap_or(f64::NAN);
            let _ = write!(table, ",{value},{}", part.weight[i]);
        }
        let _ = writeln!(table, ",{}", history.learning_rate[i]);
    }
    table
}

/// One row a validation: its loss, and each objective's bits over chance.
pub fn validation(history: &History) -> String {
    let objectives = history.validation.first().map_or(0, |v| v.bits.len());
    let mut table = "step,loss".to_owned();
    for o in 0..objectives {
        let _ = write!(table, ",bits_{o}");
    }
    table.push('\n');
    for validation in &history.validation {
        let _ = write!(table, "{},{}", validation.step, validation.loss);
        for bits in &validation.bits {
            let _ = write!(table, ",{bits}");
        }
        table.push('\n');
    }
    table
}
