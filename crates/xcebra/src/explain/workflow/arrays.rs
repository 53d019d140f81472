//! What an explanation found, as arrays of a file.

use std::ops::Range;
use std::path::Path;

use cdig::axes::Role;
use ndarray::{Array1, ArrayD, ArrayViewD, Axis, stack};
use xcebra_files::NpzOutput;

use super::found::Scored;
use super::means::{Place, mean_over};
use super::result::{Explanation, identifier};
use crate::Result;
use crate::explain::{Bands, Built, axis_arrays, axis_names};

impl Explanation {
    /// Writes the arrays to an `.npz` file.
    ///
    /// # Errors
    /// [`Kind::File`](xcebra_model::Kind::File).
    pub fn write(&self, path: &Path) -> Result<()> {
        Ok(self.arrays(path)?.commit()?)
    }

    /// Writes the arrays beside an `.npz` file, which appears when they are committed.
    ///
    /// # Errors
    /// [`Kind::File`](xcebra_model::Kind::File).
    pub fn arrays(&self, path: &Path) -> Result<NpzOutput> {
        let mut output = NpzOutput::create(path)?;
        self.add_domains(&mut output, "")?;
        self.add_common(&mut output)?;
        Ok(output)
    }

    /// The arrays of each domain; all names begin with `outer`.
    pub(super) fn add_domains(&self, output: &mut NpzOutput, outer: &str) -> Result<()> {
        let channels = self
            .domains
            .first()
            .and_then(|built| built.channels.as_ref());
        if let Some(names) = channels {
            output.add_text(&format!("{outer}channel_names"), names)?;
        }
        self.add_signals(output, outer)?;
        for (i, built) in self.domains.iter().enumerate() {
            let prefix = match self.domains.len() {
                1 => outer.to_owned(),
                _ => format!("{outer}{}_", identifier(&built.name)),
            };
            let attribution =
                self.stacked(|row, i_signal| row_of(self, row, i_signal, i).attribution());
            output.add(&format!("{prefix}attribution"), &attribution)?;
            self.add_words(output, &prefix, built)?;
            let mut add =
                |name: &str, array: ArrayD<f64>| output.add(&format!("{prefix}{name}"), &array);
            let (unit, factor) = self.unit.factor();
            let mut add_hz = |name: &str, array: ArrayD<f64>| -> Result<()> {
                // in Hz whatever the unit of words, so that programs need not ask
                if let (Some(stem), true) = (name.strip_suffix("_hz"), unit != "Hz") {
                    add(&format!("{stem}_{unit}"), &array * factor)?;
                }
                Ok(add(name, array)?)
            };
            for (name, array) in axis_arrays(&built.axes) {
                add_hz(&name, array)?;
            }
            if let Some(bands) = built.bands.as_ref().and_then(named) {
                let edge = |edge: fn(&Range<f64>) -> f64| {
                    let limits = bands.bands.iter().filter_map(|band| band.limits.as_ref());
                    Array1::from_iter(limits.map(edge)).into_dyn()
                };
                // no spectrum reaches further
                let most = self.sampling_rate.unwrap_or(1.0) / 2.0;
                add_hz("band_low_hz", edge(|limits| limits.start))?;
                add_hz(
                    "band_high_hz",
                    edge(|limits| limits.end).mapv(|f| f.min(most.max(0.0))),
                )?;
                let sums = bands.sums(&attribution, self.leading());
                output.add(&format!("{prefix}band_attribution"), &sums)?;
            }
            let residuals = self.scalars(i, Scored::residual);
            output.add(&format!("{prefix}residual"), &residuals)?;
            let coefficients = self.of_signals(|signal| {
                let found = &row_of(self, 0, signal, i).all.attribution;
                found.coefficients.view()
            });
            output.add(&format!("{prefix}coefficients"), &coefficients)?;
            if row_of(self, 0, 0, i).standard_error().is_some() {
                let errors = self.stacked(|row, signal| {
                    let error = row_of(self, row, signal, i).standard_error();
                    error.expect("of all signals or of none")
                });
                output.add(&format!("{prefix}standard_error"), &errors)?;
            }
            self.add_groups(output, &prefix, i)?;
        }
        Ok(())
    }

    /// The signals, for reports that are made of the file alone; the coefficients of every domain take as much room.
    fn add_signals(&self, output: &mut NpzOutput, outer: &str) -> Result<()> {
        let signals = self.of_signals(|i| self.signals.values.index_axis(Axis(0), i));
        let batch = (!self.is_single()).then_some("signal");
        let own = (0..self.signal_shape.len()).map(|axis| match axis == self.time_axis {
            true => "time",
            false => "channel",
        });
        let axes: Vec<String> = batch.into_iter().chain(own).map(str::to_owned).collect();
        output.add(&format!("{outer}signal"), &signals)?;
        output.add_text(&format!("{outer}signal_axes"), &axes)?;
        if let Some(rate) = self.sampling_rate {
            let name = format!("{outer}signal_sampling_rate_hz");
            output.add(&name, &ndarray::arr0(rate))?;
        }
        Ok(())
    }

    /// What the axes of the attributions are, and the names of what is along them.
    fn add_words(&self, output: &mut NpzOutput, prefix: &str, built: &Built) -> Result<()> {
        let leading = [
            (!self.is_single()).then_some("signal"),
            self.outputs.as_ref().map(|_| "output"),
        ];
        let leading = leading.into_iter().flatten().map(str::to_owned);
        let own = built.axes.iter().map(|axis| axis.role.to_string());
        let axes: Vec<String> = leading.chain(own).collect();
        output.add_text(&format!("{prefix}attribution_axes"), &axes)?;
        for (role, names) in axis_names(&built.axes) {
            // limits of bands are numbers, and names of channels the same in every domain
            if matches!(role, Role::Component | Role::Part) {
                output.add_text(&format!("{prefix}{role}_names"), &names)?;
            }
        }
        if let Some(bands) = built.bands.as_ref().and_then(named) {
            let names: Vec<String> = bands.bands.into_iter().map(|band| band.name).collect();
            output.add_text(&format!("{prefix}band_names"), &names)?;
        }
        Ok(())
    }

    /// The arrays that are the same for all domains.
    pub(super) fn add_common(&self, output: &mut NpzOutput) -> Result<()> {
        output.add("value", &self.scalars(0, Scored::value))?;
        output.add("baseline_value", &self.scalars(0, Scored::baseline_value))?;
        let whole = |list: &[usize]| list.iter().map(|&k| k as i64).collect::<Array1<i64>>();
        if let Some(outputs) = self.outputs.as_ref().or(self.predicted.as_ref()) {
            output.add("output", &whole(outputs))?;
        }
        if let Some(groups) = &self.groups {
            output.add("group", &whole(&groups.of))?;
            let counts: Vec<usize> = self.groups().map(|(_, members)| members.len()).collect();
            output.add("group_signals", &whole(&counts))?;
            output.add_text("group_names", &groups.names)?;
            if let Some(values) = &groups.values {
                output.add("group_label", &Array1::from(values.clone()))?;
            }
        }
        if let Some(starts) = &self.signals.starts {
            output.add("first_sample", &whole(starts))?;
        }
        Ok(())
    }

    /// Mean, mean of absolute values and standard deviation of the attributions of each group.
    fn add_groups(&self, output: &mut NpzOutput, prefix: &str, domain: usize) -> Result<()> {
        let members: Vec<Vec<usize>> = self.groups().map(|(_, members)| members).collect();
        if members.is_empty() {
            return Ok(());
        }
        let names = ["attribution", "absolute_attribution", "standard_deviation"];
        let mut all: [Vec<ArrayD<f64>>; 3] = Default::default();
        for members in &members {
            let mut parts: [Vec<ArrayD<f64>>; 3] = Default::default();
            for row in 0..self.rows.len() {
                let view = mean_over(self, Place { row, domain }, members);
                let spread = view
                    .spread
                    .unwrap_or_else(|| ArrayD::zeros(view.attribution.raw_dim()));
                let found = [view.attribution, view.absolute, spread];
                parts
                    .iter_mut()
                    .zip(found)
                    .for_each(|(to, found)| to.push(found));
            }
            for (to, parts) in all.iter_mut().zip(parts) {
                to.push(match self.outputs {
                    None => parts.into_iter().next().expect("one output"),
                    Some(_) => joined(&parts.iter().map(|p| p.view()).collect::<Vec<_>>()),
                });
            }
        }
        for (name, groups) in names.iter().zip(all) {
            let groups = joined(&groups.iter().map(|g| g.view()).collect::<Vec<_>>());
            output.add(&format!("{prefix}group_{name}"), &groups)?;
        }
        Ok(())
    }

    /// Whether there is no axis of signals.
    fn is_single(&self) -> bool {
        self.signals.single && self.signals.len() == 1
    }

    /// Axes before those of the coefficients: of a batch, and of several outputs.
    fn leading(&self) -> usize {
        usize::from(!self.signals.single) + usize::from(self.outputs.is_some())
    }

    /// One number for each signal `(n,)`, or for each output of each signal `(n, outputs)`.
    fn scalars(&self, domain: usize, value: fn(&Scored) -> f64) -> ArrayD<f64> {
        let n = self.signals.len();
        let at = |signal: usize, row: usize| value(row_of(self, row, signal, domain));
        match &self.outputs {
            None => ArrayD::from_shape_fn(vec![n], |at_signal| at(at_signal[0], 0)),
            Some(outputs) => ArrayD::from_shape_fn(vec![n, outputs.len()], |i| at(i[0], i[1])),
        }
    }

    /// Arrays of each output of each signal, with leading axes for a batch and for several outputs.
    fn stacked<'a>(&'a self, part: impl Fn(usize, usize) -> ArrayViewD<'a, f64>) -> ArrayD<f64> {
        let of_signal = |signal: usize| match &self.outputs {
            None => part(0, signal).to_owned(),
            Some(outputs) => {
                let rows: Vec<_> = (0..outputs.len()).map(|row| part(row, signal)).collect();
                joined(&rows)
            }
        };
        let all: Vec<ArrayD<f64>> = (0..self.signals.len()).map(of_signal).collect();
        self.of_signals(|signal| all[signal].view())
    }

    /// Arrays of each signal, with a leading axis for a batch.
    fn of_signals<'a, T: Clone + 'a>(
        &self,
        part: impl Fn(usize) -> ArrayViewD<'a, T>,
    ) -> ArrayD<T> {
        if self.is_single() {
            return part(0).to_owned();
        }
        let all: Vec<_> = (0..self.signals.len()).map(part).collect();
        joined(&all)
    }
}

fn row_of(explained: &Explanation, row: usize, signal: usize, domain: usize) -> &Scored {
    &explained.rows[row].found[signal].scored[domain]
}

fn joined<T: Clone>(all: &[ArrayViewD<'_, T>]) -> ArrayD<T> {
    stack(Axis(0), all).expect("one shape")
}

/// The bands without what is in none of them, if there are some.
fn named(bands: &Bands) -> Option<Bands> {
    let mut bands = bands.clone();
    bands.bands.retain(|band| band.limits.is_some());
    (!bands.bands.is_empty()).then_some(bands)
}
