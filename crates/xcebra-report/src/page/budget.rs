//! A page that stays small: pictures of many numbers are drawn more coarsely, long tables are shortened, and what is left
//! over is left out from the end, with words that say so.

use crate::figure::Figure;
use crate::page::blocks::{Block, body};

/// Most bytes of the parts of a page; with style and script it stays below 2 MB.
pub(super) const MOST: usize = 1_880_000;

/// Bytes to which pictures are brought, if all are too many: first the largest.
const CAPS: [usize; 4] = [500_000, 250_000, 120_000, 60_000];
/// Rows of tables, behind pictures and of the page, and bytes of code, if pictures are small and all are still too many.
const FEW_NUMBERS: usize = 40;
const FEW_ROWS: usize = 200;
const MOST_CODE: usize = 40_000;
/// A picture is drawn again at most so often to bring it to a size.
const MOST_TRIES: usize = 4;
/// Bytes kept for the words about what is left out.
const WORDS: usize = 4_000;

/// What was done to a page to keep it small.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kept {
    /// Pictures of fewer numbers than there are.
    pub coarser: usize,
    /// Tables and listings that are shortened.
    pub shortened: usize,
    /// Pictures, tables and listings that are left out.
    pub left_out: usize,
}

impl Kept {
    /// A sentence for readers; empty if everything is there.
    pub fn words(self) -> String {
        let some = |count: usize, one: &str, many: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            n => Some(format!("{n} {many}")),
        };
        let parts = [
            some(
                self.coarser,
                "picture shows fewer of its numbers",
                "pictures show fewer of their numbers",
            ),
            some(self.shortened, "table is shortened", "tables are shortened"),
            some(self.left_out, "part is left out", "parts are left out"),
        ];
        match parts.into_iter().flatten().collect::<Vec<_>>()[..] {
            [] => String::new(),
            [ref only] => format!("To keep this page below 2 MB, {only}."),
            [ref first, ref second] => {
                format!("To keep this page below 2 MB, {first}, and {second}.")
            }
            ref all => format!(
                "To keep this page below 2 MB, {}, and {}.",
                all[..2].join(", "),
                all[2]
            ),
        }
    }
}

/// The parts in at most `most` bytes, and what was done for it.
pub(super) fn fitted(mut blocks: Vec<Block>, most: usize) -> (Vec<Block>, Kept) {
    let mut kept = Kept::default();
    let mut size = size_of(&blocks);
    let enough: &[usize] = if size > most {
        caps(&mut blocks, size, most)
    } else {
        &[]
    };
    for &cap in enough {
        if size <= most {
            break;
        }
        each(&mut blocks, &mut |block| {
            if let Block::Figures(figures) = block {
                for (figure, _) in figures {
                    coarsen(figure, cap);
                }
            }
        });
        size = size_of(&blocks);
    }
    if size > most {
        each(&mut blocks, &mut |block| kept.shortened += shorten(block));
        size = size_of(&blocks);
    }
    if size > most {
        let mut over = size - most + WORDS;
        leave_out(&mut blocks, &mut over, &mut kept.left_out);
    }
    each(&mut blocks, &mut |block| {
        if let Block::Figures(figures) = block {
            kept.coarser += figures.iter().filter(|one| one.0.is_coarser()).count();
        }
    });
    (blocks, kept)
}

/// The caps from the largest on that may be enough for pages of `most` bytes instead of `size`; only the smallest if none
/// is. Drawing again takes time.
fn caps(blocks: &mut [Block], size: usize, most: usize) -> &'static [usize] {
    let mut sizes = Vec::new();
    each(blocks, &mut |block| {
        if let Block::Figures(figures) = block {
            sizes.extend(figures.iter().map(|one| size_of_figure(&one.0)));
        }
    });
    let saved = |cap: usize| -> usize { sizes.iter().map(|size| size.saturating_sub(cap)).sum() };
    let first = CAPS
        .iter()
        .position(|&cap| size.saturating_sub(saved(cap)) <= most);
    &CAPS[first.unwrap_or(CAPS.len() - 1)..]
}

fn size_of_figure(figure: &Figure) -> usize {
    figure.inline_svg().len() + figure.data().to_string().len()
}

fn size_of(blocks: &[Block]) -> usize {
    body(blocks).0.len()
}

/// Changes every part, also those within others.
fn each(blocks: &mut [Block], change: &mut impl FnMut(&mut Block)) {
    for block in blocks {
        change(block);
        match block {
            Block::Choice(_, parts) => parts.iter_mut().for_each(|part| each(&mut part.1, change)),
            Block::Details(_, parts) | Block::Several(parts) => each(parts, change),
            _ => {}
        }
    }
}

/// Brings a picture to this many bytes, as far as it can be drawn more coarsely.
fn coarsen(figure: &mut Figure, cap: usize) {
    let (mut now, mut share) = (size_of_figure(figure), 1.0);
    for _ in 0..MOST_TRIES {
        if now <= cap {
            return;
        }
        share *= (0.9 * cap as f64 / now as f64).min(0.7);
        let drawn = figure.coarser(share);
        let size = size_of_figure(&drawn);
        // what has no coarser form does not get smaller
        if size >= now {
            return;
        }
        (*figure, now) = (drawn, size);
    }
}

/// Shortens tables and listings, and says how many.
fn shorten(block: &mut Block) -> usize {
    match block {
        Block::Figures(figures) => {
            let is_long = |figure: &Figure| figure.numbers().is_some_and(|n| n.len() > FEW_NUMBERS);
            let long = figures.iter_mut().filter(|one| is_long(&one.0));
            let shortened = long.map(|(figure, _)| {
                *figure = figure.clone().with_fewer_numbers(FEW_NUMBERS);
            });
            shortened.count()
        }
        Block::Table(table) if table.len() > FEW_ROWS => {
            *table = table.clone().first(FEW_ROWS);
            1
        }
        Block::Code(text) if text.len() > MOST_CODE => {
            let mut end = MOST_CODE;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
            text.push_str("\n…");
            1
        }
        _ => 0,
    }
}

/// Leaves out parts from the end on, until `over` bytes are saved.
fn leave_out(blocks: &mut Vec<Block>, over: &mut usize, count: &mut usize) {
    for block in blocks.iter_mut().rev() {
        if *over == 0 {
            break;
        }
        match block {
            Block::Choice(_, parts) => {
                for (_, part) in parts.iter_mut().rev() {
                    leave_out(part, over, count);
                }
            }
            Block::Details(_, part) | Block::Several(part) => leave_out(part, over, count),
            Block::Figures(figures) => {
                let mut names = Vec::new();
                while *over > 0
                    && let Some((figure, caption)) = figures.pop()
                {
                    let name = figure.short_name().to_owned();
                    let one = Block::Figures(vec![(figure, caption)]);
                    *over = over.saturating_sub(size_of(&[one]).saturating_sub(name.len() + 2));
                    names.insert(0, name);
                }
                *count += names.len();
                let left_out = Block::LeftOut(names);
                *block = match figures.is_empty() {
                    true => left_out,
                    false => Block::Several(vec![block.clone(), left_out]),
                };
            }
            Block::Table(_) | Block::Code(_) => {
                let name = match &*block {
                    Block::Table(table) => table.name(),
                    _ => "a listing".to_owned(),
                };
                *over = over.saturating_sub(size_of(std::slice::from_ref(block)));
                *count += 1;
                *block = Block::LeftOut(vec![name]);
            }
            _ => {}
        }
    }
    // neighbours in one sentence
    blocks.dedup_by(|later, earlier| match (later, earlier) {
        (Block::LeftOut(later), Block::LeftOut(earlier)) => {
            earlier.append(later);
            true
        }
        _ => false,
    });
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::{HeatMap, LineChart, PointCloud, Report, ScalpMap, Table, TileMap, TimeSeries};

    /// Numbers that cannot be packed well.
    fn noise(i: usize) -> f64 {
        let mixed = (i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (mixed >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    const NAMES: &str = "Fp1 Fp2 F7 F3 Fz F4 F8 T7 C3 Cz C4 T8 P7 P3 Pz P4";

    /// Electrodes × bands × groups × outputs, beside an embedding with labels and a recording: a tenth of what
    /// `examples/gallery.rs` has, since tests are not optimised.
    fn large() -> Report {
        let names: Vec<String> = NAMES.split(' ').map(str::to_owned).collect();
        let n = 2_000;
        let points = Array2::from_shape_fn((n, 8), |(t, k)| noise(8 * t + k));
        let mut cloud = PointCloud::new(points.view());
        for k in 0..6 {
            let label: Vec<f64> = (0..n).map(|t| noise(k * n + t)).collect();
            cloud = cloud.colored_by(&format!("label {k}"), &label);
        }
        let mut recording = TimeSeries::new("time (s)", 0.001);
        for c in 0..10 {
            let wave: Vec<f64> = (0..4_000).map(|t| noise(4_000 * c + t)).collect();
            recording = recording.channel(&format!("unit {c}"), &wave);
        }
        let at = |n: usize| (0..n).map(|i| i as f64).collect::<Vec<_>>();
        let part = |seed: usize| {
            let plane = Array2::from_shape_fn((16, 40), |(c, f)| noise(seed + 40 * c + f));
            let map = TileMap::new("frequency (Hz)", "channel").row_names(&names);
            let bands = Array2::from_shape_fn((16, 2), |(c, f)| noise(seed + 2 * c + f));
            let heads = bands.columns().into_iter();
            let heads = heads.fold(ScalpMap::of(&names).unwrap(), |heads, column| {
                heads.head("band", &column.to_vec())
            });
            vec![
                (
                    map.grid(&at(40), &at(16), plane.view()).draw(),
                    "One.".to_owned(),
                ),
                (
                    HeatMap::new(bands.view()).row_names(&names).draw(),
                    "Two.".to_owned(),
                ),
                (heads.title("On the head").draw(), "Three.".to_owned()),
            ]
        };
        let outputs = (0..2).map(|k| {
            let groups = (0..3).map(|g| {
                let figures = part(1_000_000 * (3 * k + g)).into_iter();
                figures.fold(
                    Report::new(&format!("group {g}")),
                    |report, (figure, caption)| report.figure(figure, &caption),
                )
            });
            Report::new(&format!("output {k}")).choice("group", groups)
        });
        let rows = (0..1_000).fold(Table::new(&["channel", "value"]), |table, i| {
            table.row([format!("unit {i}"), noise(i).to_string()])
        });
        Report::new("Large")
            .elsewhere("The file holds all numbers.")
            .figure(cloud.draw(), "An embedding.")
            .figure(recording.draw(), "A recording.")
            .choice("output", outputs)
            .heading("Values")
            .table(rows)
            .code(&"a line of a log\n".repeat(3_000))
    }

    #[test]
    fn a_large_page_is_brought_to_any_size_and_says_how() {
        let report = large();
        let whole = size_of(&report.blocks);
        let mut before = Kept::default();
        for share in [0.9, 0.5, 0.25, 0.1] {
            let most = (share * whole as f64) as usize;
            let (blocks, kept) = fitted(report.blocks.clone(), most);
            let page = body(&blocks).0;
            assert!(
                page.len() <= most,
                "{share}: {} {most} {kept:?}",
                page.len()
            );
            // at a tenth the recording alone is larger than what is left, so it goes as a whole
            let least = if share > 0.2 { most / 2 } else { most / 4 };
            assert!(
                page.len() > least,
                "{share}: {} {most} {kept:?}",
                page.len()
            );
            assert!(
                kept.left_out >= before.left_out,
                "{share}: {kept:?} {before:?}"
            );
            assert!(kept != Kept::default(), "{share}");
            // the answer comes first and stays
            assert!(page.contains("An embedding."), "{share}");
            // as many ends as beginnings
            for tag in ["figure", "svg", "details", "table", "div", "p"] {
                let begins = [">", " "].map(|end| page.matches(&format!("<{tag}{end}")).count());
                let ends = page.matches(&format!("</{tag}>")).count();
                assert_eq!(begins[0] + begins[1], ends, "{tag}");
            }
            before = kept;
        }
        assert!(before.left_out > 0 && before.shortened > 2 && before.coarser > 0);
    }

    /// Tables alone can be too many; the page says what was done, and where everything is.
    #[test]
    fn a_page_stays_below_two_megabytes() {
        let row = |i: usize| [format!("unit {i}"), noise(i).to_string()];
        let rows = (0..20_000).fold(Table::new(&["channel", "value"]), |table, i| {
            table.row(row(i))
        });
        let report = Report::new("t").elsewhere("The file holds all numbers.");
        let report = report.table(rows.clone()).paragraph("The end.");
        assert!(size_of(&report.blocks) < MOST);
        let report = report.table(rows);
        let page = report.html();
        assert!(page.len() < 2_000_000, "{}", page.len());
        let said =
            "To keep this page below 2 MB, 2 tables are shortened. The file holds all numbers.";
        assert!(page.contains(said) && page.contains("The first 200 of 20\u{2009}000 rows."));
        assert!(page.contains("The end."));
    }

    #[test]
    fn a_small_page_is_as_it_was() {
        let line = LineChart::new("t", "v").series("a", (0..500).map(|t| (f64::from(t), 1.0)));
        let report = Report::new("t").figure(line.draw(), "c");
        let (blocks, kept) = fitted(report.blocks.clone(), MOST);
        assert_eq!(kept, Kept::default());
        assert_eq!(body(&blocks).0, body(&report.blocks).0);
        assert_eq!(kept.words(), "");
    }

    /// Even if nothing can be drawn more coarsely.
    #[test]
    fn any_number_of_pictures_fits() {
        let figures = |k: usize| {
            let names: Vec<String> = (0..40).map(|i| format!("bar {i} of {k}")).collect();
            let bars = names
                .iter()
                .enumerate()
                .fold(crate::BarChart::new("v"), |bars, (i, name)| {
                    bars.bar(name, noise(i + 40 * k))
                });
            (bars.title(&format!("Chart {k}")).draw(), "c".to_owned())
        };
        let report = Report::new("t").figures((0..60).map(figures)).details(
            Report::new("more")
                .figures((60..120).map(figures))
                .paragraph("The end."),
        );
        let most = size_of(&report.blocks) / 3;
        let (blocks, kept) = fitted(report.blocks, most);
        let page = body(&blocks).0;
        assert!(page.len() <= most, "{} {most}", page.len());
        assert!(kept.left_out > 70 && kept.coarser == 0, "{kept:?}");
        assert!(page.contains("Chart 0") && page.contains("The end."));
        assert!(page.contains("Left out: Chart 60"), "{page}");
        assert_eq!(
            Kept {
                coarser: 1,
                shortened: 2,
                left_out: 3
            }
            .words(),
            "To keep this page below 2 MB, 1 picture shows fewer of its numbers, 2 tables are shortened, and 3 parts \
             are left out."
        );
    }
}
