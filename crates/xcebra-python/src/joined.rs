//! Questions to one model, joined into fewer calls.

use ndarray::{Array, ArrayView, Axis, Dimension, RemoveAxis, Slice, concatenate};
use xcebra::model::ModelError;

use crate::model::{Answer, Asked};

/// Questions that ask for the same, and which they are. Never empty.
type Kind = Vec<(usize, Asked)>;

/// The answers to several questions, in their order, from calls of at most `batch` samples.
///
/// Questions of one kind are put behind each other and cut where a call is full. One that fills a call by itself
/// is asked alone.
pub(crate) fn evaluate_joined(
    asked: Vec<Asked>,
    batch: usize,
    mut call: impl FnMut(Asked) -> Result<Answer, ModelError>,
) -> Result<Vec<Answer>, ModelError> {
    let mut answers: Vec<Answer> = Vec::new();
    answers.resize_with(asked.len(), Answer::default);
    let mut kinds: Vec<Kind> = Vec::new();
    for (i, one) in asked.into_iter().enumerate() {
        if samples(&one) >= batch {
            answers[i] = call(one)?;
            continue;
        }
        let alike = |kind: &&mut Kind| {
            let first = &kind[0].1;
            (first.value, first.cotangent.is_some()) == (one.value, one.cotangent.is_some())
        };
        match kinds.iter_mut().find(alike) {
            Some(kind) => kind.push((i, one)),
            None => kinds.push(vec![(i, one)]),
        }
    }
    for mut questions in kinds {
        if questions.len() == 1 {
            let (i, one) = questions.remove(0);
            answers[i] = call(one)?;
            continue;
        }
        let mut parts: Vec<Vec<Answer>> = Vec::new();
        parts.resize_with(questions.len(), Vec::new);
        for cuts in calls(questions.iter().map(|(_, one)| samples(one)), batch) {
            let answer = call(join(&cuts, &questions))?;
            let mut first = 0;
            for cut in &cuts {
                let rows = first..first + cut.rows.len();
                first = rows.end;
                parts[cut.question].push(Answer {
                    value: answer.value.as_ref().map(|all| part(all, rows.clone())),
                    gradient: answer.gradient.as_ref().map(|all| part(all, rows)),
                });
            }
        }
        for ((i, _), parts) in questions.iter().zip(parts) {
            answers[*i] = Answer {
                value: together(parts.iter().map(|part| part.value.as_ref())),
                gradient: together(parts.iter().map(|part| part.gradient.as_ref())),
            };
        }
    }
    Ok(answers)
}

fn samples(asked: &Asked) -> usize {
    asked.x.len_of(Axis(0))
}

/// Samples of a question that go into one call.
struct Cut {
    question: usize,
    rows: std::ops::Range<usize>,
}

/// For each call what it takes from questions of this many samples.
fn calls(samples: impl Iterator<Item = usize>, batch: usize) -> Vec<Vec<Cut>> {
    let mut calls: Vec<Vec<Cut>> = Vec::new();
    let mut room = 0;
    for (question, n) in samples.enumerate() {
        let mut first = 0;
        while first < n {
            if room == 0 {
                calls.push(Vec::new());
                room = batch;
            }
            let rows = first..n.min(first + room);
            room -= rows.len();
            first = rows.end;
            let call = calls.last_mut().expect("one was begun");
            call.push(Cut { question, rows });
        }
    }
    calls
}

/// One question of what the cuts take.
fn join(cuts: &[Cut], questions: &[(usize, Asked)]) -> Asked {
    let of = |cut: &Cut| &questions[cut.question].1;
    let xs = cuts.iter().map(|cut| rows(&of(cut).x, cut.rows.clone()));
    let cotangents = cuts.iter().map(|cut| {
        let cotangent = of(cut).cotangent.as_ref();
        cotangent.map(|cotangent| rows(cotangent, cut.rows.clone()))
    });
    let cotangents: Option<Vec<_>> = cotangents.collect();
    Asked {
        x: stacked(&xs.collect::<Vec<_>>()),
        cotangent: cotangents.map(|cotangents| stacked(&cotangents)),
        value: of(&cuts[0]).value,
    }
}

fn rows<D: Dimension>(
    array: &Array<f64, D>,
    rows: std::ops::Range<usize>,
) -> ArrayView<'_, f64, D> {
    array.slice_axis(Axis(0), Slice::from(rows))
}

fn part<D: Dimension>(array: &Array<f64, D>, range: std::ops::Range<usize>) -> Array<f64, D> {
    rows(array, range).to_owned()
}

fn stacked<D: RemoveAxis>(parts: &[ArrayView<'_, f64, D>]) -> Array<f64, D> {
    concatenate(Axis(0), parts).expect("samples of one model have one shape")
}

/// Parts of one answer behind each other, if all have it.
fn together<'a, D: RemoveAxis + 'a>(
    parts: impl Iterator<Item = Option<&'a Array<f64, D>>>,
) -> Option<Array<f64, D>> {
    let views: Vec<_> = parts
        .map(|part| part.map(|part| part.view()))
        .collect::<Option<_>>()?;
    Some(stacked(&views))
}
