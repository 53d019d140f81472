//! The encoders of a training, one for each subject, and where the parameters of each come from.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::masks::Masks;
use crate::config::Shared;
use crate::encoder::Trainable;
use crate::error::{CoreError, Result};
use crate::objective::Batch;
use crate::ops::{self, Element, Embedded, Runs, Stretch, Taped, Vector};
use crate::recording::Recording;
use crate::window::Window;

/// The encoders of a training. One vector holds all parameters that are trained.
pub struct Networks<N> {
    encoders: Vec<N>,
    /// For each encoder the stretches that make up its parameters.
    stretches: Vec<Vec<Stretch>>,
}

/// What a batch shows to one encoder.
pub struct Shown<E> {
    /// Places in the batch.
    places: Vec<usize>,
    seen: Seen<E>,
    /// How many of the first places are references.
    references: usize,
}

/// The windows at some places.
enum Seen<E> {
    /// (place, window, channels)
    Windows(Arc<Vec<E>>),
    Runs(Arc<Runs<E>>),
}

impl<E> Shown<E> {
    /// Number of its references.
    pub fn references(&self) -> usize {
        self.references
    }
}

impl<N> Networks<N> {
    /// Encoders that are all trained, and their parameters in one vector.
    ///
    /// # Errors
    /// [`CoreError::Data`] if they cannot be trained together.
    pub fn new<E: Element>(encoders: Vec<N>, shared: Shared) -> Result<(Self, Vec<E>)>
    where
        N: Trainable<E>,
    {
        require_alike(&encoders)?;
        let mut parameters = Vec::new();
        let mut add = |values: &[E]| {
            let start = parameters.len();
            parameters.extend_from_slice(values);
            Stretch::Trained(start..parameters.len())
        };
        let stretches = match (shared, encoders.len()) {
            (Shared::None, _) | (_, 1) => {
                let whole = encoders.iter().map(|e| vec![add(e.parameters())]);
                whole.collect()
            }
            (Shared::Trunk, _) => {
                require_same_trunk(&encoders)?;
                let mut own = Vec::new();
                for encoder in &encoders {
                    own.push(add(&encoder.parameters()[..encoder.own_parameters()]));
                }
                let trunk = add(trunk(&encoders[0]));
                own.into_iter()
                    .map(|own| vec![own, trunk.clone()])
                    .collect()
            }
        };
        let networks = Self {
            encoders,
            stretches,
        };
        Ok((networks, parameters))
    }

    /// As [`new`](Self::new), of which only the last encoder is trained, or its own layers if there is a
    /// common trunk.
    ///
    /// # Errors
    /// [`CoreError::Data`] as [`new`](Self::new).
    pub fn adapting<E: Element>(encoders: Vec<N>, shared: Shared) -> Result<(Self, Vec<E>)>
    where
        N: Trainable<E>,
    {
        require_alike(&encoders)?;
        if shared == Shared::Trunk {
            require_same_trunk(&encoders)?;
        }
        let last = encoders.len() - 1;
        let mut parameters = Vec::new();
        let stretches = encoders.iter().enumerate().map(|(i, encoder)| {
            let len = encoder.parameters().len();
            let own = match (i == last, shared) {
                (false, _) => 0,
                (true, Shared::None) => len,
                (true, Shared::Trunk) => encoder.own_parameters(),
            };
            parameters.extend_from_slice(&encoder.parameters()[..own]);
            let both = [Stretch::Trained(0..own), Stretch::Fixed(own..len)];
            let both = both
                .into_iter()
                .filter(|stretch| !range(stretch).is_empty());
            both.collect()
        });
        let networks = Self {
            stretches: stretches.collect(),
            encoders,
        };
        Ok((networks, parameters))
    }

    /// Refuses a recording whose subjects are not those of the encoders.
    pub fn require_fitting<E: Element>(&self, recording: &Recording<E>) -> Result<()>
    where
        N: Trainable<E>,
    {
        let (encoders, subjects) = (self.encoders.len(), recording.subjects());
        if encoders != subjects {
            return Err(CoreError::data(
                "the encoders",
                format!("{encoders} for a recording of {subjects} subjects"),
                "pass one for each subject",
            ));
        }
        for (subject, encoder) in self.encoders.iter().enumerate() {
            let (takes, has) = (encoder.channels(), recording.channels_of(subject));
            if takes == has {
                continue;
            }
            return Err(CoreError::data(
                "the encoder",
                match subjects {
                    1 => format!("it takes {takes} channels, the recording has {has}"),
                    _ => format!(
                        "that of subject {subject} takes {takes} channels, the recording has {has}"
                    ),
                },
                "build it for the recording",
            ));
        }
        Ok(())
    }

    /// The encoder of a subject.
    pub fn of(&self, subject: usize) -> &N {
        &self.encoders[subject]
    }

    /// Whether there is one encoder, all of which is trained.
    fn is_whole(&self) -> bool {
        matches!(self.stretches.as_slice(), [one] if matches!(one.as_slice(), [Stretch::Trained(_)]))
    }

    /// Whether an encoder is trained, at least in part.
    pub fn is_trained(&self, subject: usize) -> bool {
        let mut stretches = self.stretches[subject].iter();
        stretches.any(|stretch| matches!(stretch, Stretch::Trained(_)))
    }

    /// Samples that an encoder sees at once.
    pub fn window<E: Element>(&self) -> Window
    where
        N: Trainable<E>,
    {
        self.encoders[0].window()
    }

    /// The windows of a batch for each encoder. Masks hide parts of them at a step; each window is then by itself.
    pub fn show<E: Element>(
        &self,
        recording: &Recording<E>,
        batch: &Batch,
        hidden: Option<(&Masks, usize)>,
    ) -> Vec<Shown<E>>
    where
        N: Trainable<E>,
    {
        let mut places = vec![Vec::new(); self.encoders.len()];
        for (place, &time) in batch.times.iter().enumerate() {
            places[recording.subject_at(time)].push(place);
        }
        let mut hidden = hidden.map(|(masks, step)| (masks, masks.generator(step)));
        let shown = places.into_iter().enumerate().map(|(subject, places)| {
            let times = places.iter().map(|&place| batch.times[place]);
            let runs = match hidden {
                Some(_) => None,
                None => self.runs(subject, recording, times.clone()),
            };
            let seen = match runs {
                Some(runs) => Seen::Runs(Arc::new(runs)),
                None => {
                    let channels = recording.channels_of(subject);
                    let mut windows = recording.gather(times, channels, self.window());
                    if let Some((masks, rng)) = &mut hidden {
                        masks.hide(&mut windows, (self.window().len(), channels), rng);
                    }
                    Seen::Windows(Arc::new(windows))
                }
            };
            Shown {
                seen,
                references: places.partition_point(|place| *place < batch.references.end),
                places,
            }
        });
        shown.collect()
    }

    /// The windows around times of a subject, those that overlap joined, if its encoder gains by that.
    fn runs<E: Element>(
        &self,
        subject: usize,
        recording: &Recording<E>,
        times: impl Iterator<Item = usize>,
    ) -> Option<Runs<E>>
    where
        N: Trainable<E>,
    {
        let left = self.window().left;
        let starts: Vec<usize> = times.map(|time| time - left).collect();
        let mut wide = Vec::new();
        let mut append =
            |range: Range<usize>, out: &mut Vec<E>| recording.append(range, out, &mut wide);
        self.encoders[subject].runs(&starts, &mut append)
    }

    /// The windows of the references that are shown to an encoder.
    pub fn references<'a, E: Element>(&self, subject: usize, shown: &'a Shown<E>) -> Cow<'a, [E]>
    where
        N: Trainable<E>,
    {
        let each = self.window().len() * self.encoders[subject].channels();
        match &shown.seen {
            Seen::Windows(x) => Cow::Borrowed(&x[..shown.references * each]),
            Seen::Runs(runs) => Cow::Owned(runs.windows(0..shown.references)),
        }
    }

    /// Embeds what is shown to an encoder.
    fn encode<E: Element>(
        &self,
        subject: usize,
        trained: &Vector<E>,
        seen: Seen<E>,
    ) -> Taped<(usize, usize), E>
    where
        N: Trainable<E>,
    {
        let (encoder, parameters) = (&self.encoders[subject], self.parameters(subject, trained));
        match seen {
            Seen::Windows(x) => encoder.encode(parameters, x),
            Seen::Runs(runs) => encoder.encode_runs(parameters, runs),
        }
    }

    /// The parameters of an encoder, on the tape of those that are trained.
    pub fn parameters<E: Element>(&self, subject: usize, trained: &Vector<E>) -> Taped<(usize,), E>
    where
        N: Trainable<E>,
    {
        let traced = ops::traced(trained);
        if self.is_whole() {
            return traced;
        }
        let own = self.encoders[subject].parameters();
        ops::gather(traced, own, &self.stretches[subject])
    }

    /// Embeds a batch, in its order.
    pub fn embed<E: Element>(&self, trained: &Vector<E>, mut shown: Vec<Shown<E>>) -> Embedded<E>
    where
        N: Trainable<E>,
    {
        if self.encoders.len() == 1
            && let Some(shown) = shown.pop()
        {
            return Embedded::of(self.encode(0, trained, shown.seen));
        }
        let arrays = shown
            .into_iter()
            .enumerate()
            .filter(|(_, shown)| !shown.places.is_empty());
        let arrays = arrays.map(|(subject, shown)| {
            let rows = self.encode(subject, trained, shown.seen);
            match self.is_trained(subject) {
                true => (shown.places, rows),
                false => (shown.places, ops::untaped(rows)),
            }
        });
        Embedded::of(ops::join(arrays.collect()))
    }

    /// The encoders with other parameters.
    pub fn with<E: Element>(self, trained: Vec<E>) -> Result<Vec<N>>
    where
        N: Trainable<E>,
    {
        let both = self.encoders.into_iter().zip(&self.stretches);
        both.map(|(encoder, stretches)| {
            let own = encoder.parameters();
            let parts = stretches.iter().map(|stretch| match stretch {
                Stretch::Trained(range) => &trained[range.clone()],
                Stretch::Fixed(range) => &own[range.clone()],
            });
            let parameters = parts.collect::<Vec<_>>().concat();
            encoder.with_parameters(parameters)
        })
        .collect()
    }
}

fn range(stretch: &Stretch) -> &Range<usize> {
    match stretch {
        Stretch::Trained(range) | Stretch::Fixed(range) => range,
    }
}

/// The parameters that encoders may share.
fn trunk<E: Element>(encoder: &impl Trainable<E>) -> &[E] {
    &encoder.parameters()[encoder.own_parameters()..]
}

/// Refuses encoders whose embeddings cannot stand in one array, or that see other stretches of time.
fn require_alike<E: Element>(encoders: &[impl Trainable<E>]) -> Result<()> {
    let Some(first) = encoders.first() else {
        return Err(CoreError::data(
            "the encoders",
            "there is none",
            "pass one for each subject",
        ));
    };
    let face = |e: &dyn Trainable<E>| (e.outputs(), e.window(), e.couples_outputs());
    match encoders.iter().position(|e| face(e) != face(first)) {
        None => Ok(()),
        Some(other) => Err(CoreError::data(
            "the encoders",
            format!("that of subject {other} has other outputs or another window than the first"),
            "build all of them from one architecture, but for their channels",
        )),
    }
}

fn require_same_trunk<E: Element>(encoders: &[impl Trainable<E>]) -> Result<()> {
    match encoders
        .iter()
        .position(|e| trunk(e) != trunk(&encoders[0]))
    {
        None => Ok(()),
        Some(other) => Err(CoreError::data(
            "the encoders",
            format!("that of subject {other} has another trunk than the first"),
            "set encoder.shared = \"none\", or begin with encoders that share a trunk",
        )),
    }
}
