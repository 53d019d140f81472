//! Words about ranks and dimensions, and the numbers at which they change. They are decided here and
//! nowhere else.

/// From this mean condition number of the Jacobians on, small errors of the gradient grow too much
/// in its inverse.
pub const ILL_CONDITIONED: f64 = 100.0;
/// Below this share of outputs that are used, fewer might do.
pub const FEW_DIRECTIONS: f64 = 0.5;
/// Above this share of Jacobians of lower rank than possible, it is mentioned as a weakness of the map.
pub const OFTEN_SHORT: f64 = 0.5;

/// Ranks and condition numbers of Jacobians, a sentence without its full stop.
///
/// `counts` are the numbers of Jacobians of rank 0, 1, …; `possible` is the largest rank that the outputs
/// allow, one less than there are if they are normalised. `condition` is the mean and the largest condition
/// number; none if all Jacobians are zero.
pub fn ranks(counts: &[usize], possible: usize, condition: Option<[f64; 2]>) -> String {
    let all: usize = counts.iter().sum();
    let full = counts.len().saturating_sub(1);
    let possible = possible.min(full);
    let short: usize = counts.iter().take(possible).sum();
    let most = match possible < full {
        true => ", the most that normalised outputs allow",
        false => "",
    };
    let ranks = match short {
        0 if possible < full => format!("Every Jacobian has rank {possible}{most}"),
        0 => format!("Every Jacobian has full rank {full}"),
        _ => {
            let share = short as f64 / all.max(1) as f64;
            let lowest = counts.iter().position(|&count| count > 0).unwrap_or(0);
            let weak = match share > OFTEN_SHORT {
                true => ": outputs are clipped or redundant there",
                false => "",
            };
            format!(
                "{} of the Jacobians have rank below {possible}{most} (the lowest is {lowest}){weak}",
                percent(share)
            )
        }
    };
    let condition = match condition {
        None => "none of them can be inverted".to_owned(),
        Some([mean, most]) if mean >= ILL_CONDITIONED => format!(
            "condition number {mean:.0} on average, at most {most:.0}: ill-conditioned; train with \
             the Jacobian regulariser, or with fewer outputs"
        ),
        Some([mean, most]) => {
            format!("condition number {mean:.1} on average, at most {most:.1}")
        }
    };
    format!("{ranks}; {condition}")
}

/// In how many of its `outputs` dimensions an embedding varies, a sentence without its full stop.
pub fn directions(used: f64, outputs: usize) -> String {
    let verdict = match used < FEW_DIRECTIONS * outputs as f64 {
        true => ": fewer outputs might do, or some have collapsed",
        false => "",
    };
    format!(
        "{:.0} of {outputs} embedding directions are used (effective dimension {used:.1}){verdict}",
        used.round()
    )
}

/// A share that is neither none nor all never looks like it.
fn percent(share: f64) -> String {
    match 100.0 * share {
        p if p > 0.0 && p < 0.1 => "less than 0.1 %".to_owned(),
        p if p > 99.9 && p < 100.0 => "more than 99.9 %".to_owned(),
        p if p.round() == p => format!("{p:.0} %"),
        p => format!("{p:.1} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::{directions, ranks};

    #[test]
    fn ranks_are_judged_by_what_is_possible() {
        let well = Some([4.8, 59.04]);
        for (counts, possible, condition, words) in [
            (
                &[0, 0, 0, 90][..],
                3,
                well,
                "Every Jacobian has full rank 3; condition number 4.8 on average, at most 59.0",
            ),
            (
                &[0, 0, 90, 0],
                2,
                well,
                "Every Jacobian has rank 2, the most that normalised outputs allow; condition number 4.8 \
                 on average, at most 59.0",
            ),
            // rounding may leave a direction that is none
            (
                &[0, 0, 80, 10],
                2,
                well,
                "Every Jacobian has rank 2, the most",
            ),
            (
                &[0, 10, 80, 0],
                2,
                well,
                "11.1 % of the Jacobians have rank below 2, the most",
            ),
            (
                &[0, 10, 0, 90],
                3,
                well,
                "10 % of the Jacobians have rank below 3 (the lowest is 1);",
            ),
            (
                &[0, 0, 80, 10],
                3,
                well,
                "lowest is 2): outputs are clipped or redundant there;",
            ),
            (
                &[1, 0, 0, 9999],
                3,
                well,
                "less than 0.1 % of the Jacobians",
            ),
            (&[90, 0, 0, 0], 3, None, "100 % of the Jacobians"),
            (&[90, 0, 0, 0], 3, None, "none of them can be inverted"),
            (&[0, 0, 0, 9], 3, Some([100.0, 1e4]), "ill-conditioned"),
        ] {
            let found = ranks(counts, possible, condition);
            assert!(found.contains(words), "{found}");
            assert_eq!(
                found.contains("ill-conditioned"),
                condition == Some([100.0, 1e4])
            );
        }
    }

    #[test]
    fn few_directions_are_said_to_be_few() {
        assert!(directions(1.2, 6).ends_with("collapsed"));
        assert_eq!(
            directions(3.6, 6),
            "4 of 6 embedding directions are used (effective dimension 3.6)"
        );
    }
}
