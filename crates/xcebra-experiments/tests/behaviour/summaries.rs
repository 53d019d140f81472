//! Tables and tests against numbers computed by hand.

use std::collections::BTreeMap;

use xcebra_experiments::statistics::{Estimate, compare};
use xcebra_experiments::table1::{
    Encoder, Measured, Outcome, Protocol, Seconds, Summary, Training, markdown, verdict,
};
use xcebra_experiments::{Scale, Table, animal};

/// Four data sets; the score of an encoder's map is made of what it is.
fn measured() -> Vec<Measured> {
    let mut protocol = Protocol::at(Scale::Smoke);
    protocol.dims = vec![4, 6];
    protocol.methods = vec!["ing".to_owned(), "smooth-grad(draws=3)".to_owned()];
    let mut cells = Vec::new();
    for seed in 0..2 {
        for dims in [4, 6] {
            for encoder in Encoder::all() {
                let base = match encoder.training {
                    Training::Hybrid if encoder.regularized => 0.9,
                    Training::Supervised => 0.7,
                    _ => 0.6,
                };
                let ing = base + 0.01 * seed as f64 + if dims == 6 { 0.02 } else { 0.0 };
                let auroc = [("ing", ing), ("smooth-grad", 0.5), ("ing-aligned", 1.0)];
                let outcome = Outcome {
                    r2: 0.9 + 0.01 * dims as f64,
                    auroc: auroc.map(|(m, s)| (m.to_owned(), s)).into(),
                    mean_rank: dims as f64 - 1.0,
                    at_limit: 0.25,
                    loss: 1.0,
                    maps: BTreeMap::new(),
                    seconds: Seconds::default(),
                };
                cells.push((protocol.settings(seed, dims, encoder), outcome));
            }
        }
    }
    cells
}

#[test]
fn means_ranks_and_comparisons_are_those_of_a_hand_computation() {
    let summary = Summary::of(&measured()).unwrap();
    assert_eq!(summary.data_sets, 4);
    assert_eq!(summary.methods, ["ing", "ing-aligned", "smooth-grad"]);
    let claim = summary.claim().unwrap();
    assert_eq!(claim.scores, [0.9, 0.91, 0.92, 0.93], "seeds within dims");
    // sums of four numbers
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    near(claim.auroc.mean, 0.915);
    assert!(claim.claim_less_this.is_none());
    let supervised = summary.pair("supervised", "ing").unwrap();
    let comparison = supervised.claim_less_this.unwrap();
    near(comparison.difference.mean, 0.2);
    near(comparison.difference.low, 0.2);
    assert_eq!((comparison.wins, comparison.ties), (4, 0));
    // four of four the same way: 1 / 2⁴; all eleven rivals alike, so that nothing is adjusted
    assert_eq!(comparison.p_value, 1.0 / 16.0);
    near(comparison.adjusted, 1.0 / 16.0);
    let compared = summary.pairs.iter().filter(|p| p.claim_less_this.is_some());
    assert_eq!(
        compared.count(),
        11,
        "6 encoders × 2 methods less the claim; no oracle"
    );

    let encoder = &summary.encoders[0];
    near(encoder.r2.mean, 0.95);
    near(encoder.lowest_r2, 0.94);
    near(encoder.rank_share, (3.0 / 4.0 + 5.0 / 6.0) / 2.0);
    near(encoder.at_limit, 0.25);
    let by_dims: Vec<usize> = encoder.ing_by_dims.iter().map(|(d, _)| *d).collect();
    assert_eq!(by_dims, [4, 6]);
    near(encoder.ing_by_dims[1].1, 0.725);
    assert!(verdict(&summary).contains("0 of 11 other pairs score higher"));
}

#[test]
fn the_markdown_holds_the_numbers() {
    let text = markdown(&Summary::of(&measured()).unwrap());
    assert!(text.contains("| method | supervised | supervised + reg | time-contrastive |"));
    let row = text.lines().find(|l| l.starts_with("| ing |")).unwrap();
    assert!(row.ends_with("| 0.915 [0.905, 0.925] |"), "{row}");
    assert!(text.contains("| supervised | ing | 0.715 | 0.200 [0.200, 0.200] | 4 of 4 | 0.0625 |"));
}

#[test]
fn missing_cells_are_refused() {
    let mut cells = measured();
    cells.pop();
    let message = Summary::of(&cells).unwrap_err().to_string();
    assert!(message.contains("hybrid + reg"), "{message}");
    assert!(Summary::of(&[]).is_err());
    let mut cells = measured();
    cells[3].1.auroc.remove("smooth-grad");
    assert!(Summary::of(&cells).is_err());
}

#[test]
fn equal_scores_are_no_discovery() {
    let same = [0.9, 0.8];
    let found = compare(&same, &[&same, &[0.1, 0.2]]).unwrap();
    assert_eq!((found[0].p_value, found[0].ties), (1.0, 2));
    assert_eq!(found[1].p_value, 0.25);
    // Benjamini and Hochberg: the smaller of two is doubled
    assert_eq!((found[0].adjusted, found[1].adjusted), (1.0, 0.5));
    assert!(compare(&same, &[]).unwrap().is_empty());
    assert!(compare(&same, &[&[1.0]]).is_err());
    assert!(Estimate::of(&[]).is_err());
}

#[test]
fn tables_quote_what_would_break_them() {
    let mut table = Table::new(["a", "b"]);
    table.push(["x|y", "1,5"]);
    table.push(["say \"z\""]);
    let expected = "| a | b |\n| --- | ---: |\n| x\\|y | 1,5 |\n| say \"z\" |  |\n";
    assert_eq!(table.markdown(), expected);
    assert_eq!(table.csv(), "a,b\nx|y,\"1,5\"\n\"say \"\"z\"\"\",\n");
}

#[test]
fn every_scale_has_cells_with_names_of_their_own() {
    for scale in Scale::ALL {
        let cells = Protocol::at(scale).cells();
        let mut names: Vec<&str> = cells.iter().map(|c| c.name.as_str()).collect();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        assert!(
            names.iter().all(|name| name.chars().all(plain)),
            "{names:?}"
        );
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), cells.len());
        assert!(
            cells
                .iter()
                .all(|c| c.cost > 0.0 && c.settings.config.check().is_ok())
        );
    }
    assert_eq!(Protocol::at(Scale::Paper).cells().len(), 10 * 6 * 6);
    assert!(animal::Protocol::at(Scale::Paper).is_none());
    for cell in animal::Protocol::at(Scale::Small).unwrap().cells() {
        assert!(cell.settings.config.check().is_ok(), "{}", cell.name);
    }
}
