//! The domains that are asked for, and the bands that fit them.

use crate::explain::{Bands, Built, DomainSpec, Setting};

use super::result::identifier;
use super::settings::{Domains, ExplainSettings};
use crate::{Problem, Result};

impl ExplainSettings {
    /// Bands that no spectrum reaches are a mistake in their unit.
    pub(super) fn check_bands(&self, rate: Option<f64>, place: &str) -> Result<()> {
        let Some(rate) = rate else {
            return Ok(());
        };
        match self.bands.iter().find(|(_, band)| band.start > rate / 2.0) {
            None => Ok(()),
            Some((name, band)) => Err(Problem::setting(
                format!(
                    "--bands {name}={}-{} is above {} Hz, the highest frequency of {place}",
                    band.start,
                    band.end,
                    rate / 2.0
                ),
                "give bands in Hz, below half the sampling rate",
            )),
        }
    }

    /// The domains, with notes about those of `auto` that are left out, and about bands.
    pub(super) fn build(
        &self,
        setting: &Setting<'_>,
        notes: &mut Vec<String>,
    ) -> Result<Vec<Built>> {
        let built = self.build_all(setting, notes)?;
        let named = built.iter();
        let named = named.map(|one| (format!("the domain {}", one.name), one));
        use_bands(&named.collect::<Vec<_>>(), notes)?;
        Ok(built)
    }

    fn build_all(&self, setting: &Setting<'_>, notes: &mut Vec<String>) -> Result<Vec<Built>> {
        let mut built: Vec<Built> = Vec::new();
        match &self.domains {
            Domains::Usual => {
                let channels = setting.shape.iter().product::<usize>()
                    / setting.shape[setting.time_axis].max(1);
                for spec in DomainSpec::usual(channels) {
                    // without a sampling rate a spectrum cannot be read, so there is nothing to choose
                    if spec.needs_sampling_rate() && setting.sampling_rate.is_none() {
                        self.build_one(&spec, setting)?;
                    }
                    match spec.build(setting) {
                        Ok(domain) => built.push(domain),
                        Err(error) => notes.push(format!("the domain {spec} is left out: {error}")),
                    }
                }
            }
            Domains::These(specs) => {
                for spec in specs {
                    built.push(self.build_one(spec, setting)?);
                }
            }
        }
        // their arrays are told apart by name
        let key = |b: &Built| identifier(&b.name);
        for (i, one) in built.iter().enumerate() {
            if let Some(other) = built[..i].iter().find(|other| key(other) == key(one)) {
                return Err(Problem::setting(
                    format!(
                        "--domains names {} and {}, which cannot be distinguished",
                        other.name, one.name
                    ),
                    "explain one of them at a time",
                ));
            }
        }
        Ok(built)
    }

    fn build_one(&self, spec: &DomainSpec, setting: &Setting<'_>) -> Result<Built> {
        if spec.needs_sampling_rate() && setting.sampling_rate.is_none() {
            return Err(Problem::setting(
                format!(
                    "the domain {spec} has frequencies, and {} does not say how fast it was sampled",
                    self.input.place()
                ),
                "pass --fs with the number of samples per second, such as --fs 32; with --fs 1 frequencies are \
                 in cycles a sample and times in samples",
            ));
        }
        Ok(spec.build(setting)?)
    }
}

/// Says in which domains, each with its name, bands are of no use; an error if they are of none at all.
pub(super) fn use_bands(domains: &[(String, &Built)], notes: &mut Vec<String>) -> Result<()> {
    let misfit = |(name, one): &(String, &Built)| {
        let why = one.bands_misfit.as_ref()?;
        Some(format!("--bands cannot be used in {name}: {why}"))
    };
    let misfits: Vec<String> = domains.iter().filter_map(misfit).collect();
    if let [first, ..] = &misfits[..]
        && misfits.len() == domains.len()
    {
        return Err(Problem::setting(
            first.clone(),
            "choose a domain with frequencies, such as rfft; in domains that already have bands, such as \
             wavelet and filter-bank, name bands that end where those end",
        ));
    }
    notes.extend(misfits);
    for (name, one) in domains {
        let empty = one.bands.as_ref().map(Bands::empty).unwrap_or_default();
        if !empty.is_empty() {
            notes.push(format!(
                "no frequency of {name} is in the {} {}: frequencies are too far apart",
                if empty.len() == 1 { "band" } else { "bands" },
                empty.join(", ")
            ));
        }
    }
    Ok(())
}
