//! Any table in any way of writing tables is read back: values, names, classes, clock and notes.

use std::collections::BTreeSet;
use std::fs;

use ndarray::Array2;
use proptest::prelude::*;
use proptest::sample::select;
use xcebra_files::{DataFile, Source, read};

/// What stands before the channels.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Lead {
    Nothing,
    /// A count from this number on, without a name.
    Index(usize),
    /// The same, its name left out of the header as R does.
    RowNames,
    /// Times with this name, and how many of its units a second has.
    Clock(&'static str, f64),
    /// Dates and times of ISO 8601.
    Dates,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Encoding {
    Utf8 { mark: bool },
    Utf16 { mark: bool, little: bool },
    Latin1,
}

#[derive(Debug, Clone)]
struct Table {
    names: Vec<String>,
    /// Rows of numbers with four decimals.
    values: Vec<Vec<f64>>,
    classes: Option<Vec<&'static str>>,
    separator: char,
    decimal: char,
    end: &'static str,
    encoding: Encoding,
    lead: Lead,
    rate: u32,
    quote_all: bool,
    sep_line: bool,
    comments: usize,
    units: bool,
    trailing: bool,
}

fn names(count: usize) -> impl Strategy<Value = Vec<String>> {
    // letters of Latin-1, and all that needs quotes
    let name = "[a-z]{3}[ äµ;,\"|]{1,3}[b-d]{4}";
    proptest::collection::btree_set(name, count)
        .prop_map(|names: BTreeSet<String>| names.into_iter().collect())
}

fn tables() -> impl Strategy<Value = Table> {
    let sizes = (1..4_usize, 4..12_usize);
    sizes.prop_flat_map(|(columns, rows)| {
        let value = (-99_999_999..99_999_999_i64).prop_map(|v| v as f64 / 1e4);
        let row = proptest::collection::vec(value, columns);
        let content = (
            names(columns),
            proptest::collection::vec(row, rows),
            proptest::option::of(proptest::collection::vec(
                select(vec!["left", "none", "true", "NA", "1"]),
                rows,
            )),
        );
        let dialect = (
            select(vec![',', ';', '\t', '|', ' ']),
            select(vec!['.', ',']),
            select(vec!["\n", "\r\n", "\r"]),
            select(vec![
                Encoding::Utf8 { mark: false },
                Encoding::Utf8 { mark: true },
                Encoding::Utf16 {
                    mark: true,
                    little: true,
                },
                Encoding::Utf16 {
                    mark: true,
                    little: false,
                },
                Encoding::Utf16 {
                    mark: false,
                    little: true,
                },
                Encoding::Utf16 {
                    mark: false,
                    little: false,
                },
                Encoding::Latin1,
            ]),
        );
        let lead = select(vec![
            Lead::Nothing,
            Lead::Index(0),
            Lead::Index(1),
            Lead::RowNames,
            Lead::Clock("time", 1.0),
            Lead::Clock("Time (ms)", 1e3),
            Lead::Clock("t_us", 1e6),
            Lead::Clock("timestamp [ns]", 1e9),
            Lead::Clock("seconds", 1.0),
            Lead::Dates,
        ]);
        let rate = select(vec![1_u32, 2, 4, 50, 100, 125, 250, 1000]);
        let more = (
            any::<bool>(),
            any::<bool>(),
            0..3_usize,
            any::<bool>(),
            any::<bool>(),
        );
        (content, dialect, lead, rate, more).prop_map(|(content, dialect, lead, rate, more)| {
            let (names, values, mut classes) = content;
            let (separator, decimal, end, encoding) = dialect;
            let (quote_all, sep_line, comments, units, trailing) = more;
            if let Some(classes) = &mut classes {
                classes[0] = "left";
            }
            // a single name that holds `;` and is not in quotes may as well be two names
            let single = names.len() == 1 && classes.is_none() && lead == Lead::Nothing;
            let quote_all = quote_all || single;
            Table {
                names,
                values,
                classes,
                separator,
                decimal,
                end,
                encoding,
                lead,
                rate,
                quote_all,
                sep_line,
                comments,
                // below a single name, units make it two rows of text above numbers
                units: units && lead != Lead::RowNames,
                // spaces at the end of a line separate nothing
                trailing: trailing && separator != ' ',
            }
        })
    })
}

impl Table {
    fn quoted(&self, cell: &str) -> String {
        let special = [self.separator, '"', ' '];
        match self.quote_all || cell.is_empty() || cell.contains(special) {
            true => format!("\"{}\"", cell.replace('"', "\"\"")),
            false => cell.to_owned(),
        }
    }

    fn number(&self, value: f64) -> String {
        format!("{value:.4}").replace('.', &self.decimal.to_string())
    }

    fn line(&self, cells: &[String]) -> String {
        let cells: Vec<String> = cells.iter().map(|cell| self.quoted(cell)).collect();
        let mut line = cells.join(&self.separator.to_string());
        if self.trailing {
            line.push(self.separator);
        }
        line + self.end
    }

    fn lead(&self, row: usize) -> Option<String> {
        let seconds = row as f64 / f64::from(self.rate);
        match self.lead {
            Lead::Nothing => None,
            Lead::Index(start) => Some((row + start).to_string()),
            Lead::RowNames => Some((row + 1).to_string()),
            Lead::Clock(_, units) => Some(self.number(seconds * units)),
            Lead::Dates => {
                let (minutes, seconds) = (59 + row / self.rate as usize / 60, seconds % 60.0);
                Some(format!(
                    "2024-02-28 {:02}:{:02}:{seconds:06.3}",
                    22 + minutes / 60,
                    minutes % 60
                ))
            }
        }
    }

    fn written(&self) -> String {
        let mut text = String::new();
        if self.sep_line {
            text += &format!("sep={}{}", self.separator, self.end);
        }
        for line in 0..self.comments {
            text += &format!("# comment {line}: made by hand{}", self.end);
        }
        let mut header = match self.lead {
            Lead::Nothing | Lead::RowNames => vec![],
            Lead::Index(_) => vec![String::new()],
            Lead::Clock(name, _) => vec![name.to_owned()],
            Lead::Dates => vec!["date".to_owned()],
        };
        header.extend(self.names.iter().cloned());
        header.extend(self.classes.as_ref().map(|_| "class".to_owned()));
        text += &self.line(&header);
        if self.units {
            let unit = |name: &String| if self.names.contains(name) { "mV" } else { "" };
            let units: Vec<String> = header.iter().map(|name| unit(name).to_owned()).collect();
            text += &self.line(&units);
        }
        for (row, values) in self.values.iter().enumerate() {
            let mut cells: Vec<String> = self.lead(row).into_iter().collect();
            cells.extend(values.iter().map(|&value| self.number(value)));
            cells.extend(self.classes.as_ref().map(|classes| classes[row].to_owned()));
            text += &self.line(&cells);
        }
        text
    }

    fn bytes(&self) -> Vec<u8> {
        let text = self.written();
        match self.encoding {
            Encoding::Utf8 { mark } => {
                let mark = if mark { "\u{feff}" } else { "" };
                format!("{mark}{text}").into_bytes()
            }
            Encoding::Utf16 { mark, little } => {
                let units = mark
                    .then_some(0xfeff)
                    .into_iter()
                    .chain(text.encode_utf16());
                let bytes = |unit: u16| {
                    if little {
                        unit.to_le_bytes()
                    } else {
                        unit.to_be_bytes()
                    }
                };
                units.flat_map(bytes).collect()
            }
            Encoding::Latin1 => text.chars().map(|c| u8::try_from(c).unwrap()).collect(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn any_dialect_is_read_back(table in tables()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d.csv");
        fs::write(&path, table.bytes()).unwrap();
        let selection = if table.classes.is_some() { "*,!class" } else { "x" };
        let array = read(&Source::new(&path, selection));
        prop_assert!(array.is_ok(), "{}\n{}", array.unwrap_err(), table.written());
        let array = array.unwrap();
        prop_assert_eq!(array.columns.as_ref(), Some(&table.names), "{}", table.written());
        let expected = Array2::from_shape_fn((table.values.len(), table.names.len()), |(i, j)| table.values[i][j]);
        prop_assert_eq!(array.matrix::<f64>().unwrap(), expected, "{}", table.written());
        prop_assert!(array.breaks.is_empty());
        let rate = match table.lead {
            // counted in one unit: a count, or a unit that is not told
            Lead::Clock("time", _) if table.rate == 1 => None,
            Lead::Clock(..) | Lead::Dates => Some(f64::from(table.rate)),
            _ => None,
        };
        match (array.sampling_rate, rate) {
            (Some(found), Some(rate)) => prop_assert!((found / rate - 1.0).abs() < 1e-9, "{} {}", found, rate),
            (found, rate) => prop_assert_eq!(found, rate, "{}", table.written()),
        }
        let noted = |part: &str| array.notes.iter().any(|note| note.contains(part));
        prop_assert_eq!(noted("it is left out") || noted("without values is left out"), table.lead != Lead::Nothing || table.trailing);
        prop_assert_eq!(noted("decimal comma"), table.decimal == ',');
        prop_assert_eq!(noted("taken for units"), table.units);
        prop_assert_eq!(noted("left out as"), table.comments > 0, "{:?}", array.notes);
        let text = DataFile::open(&path).unwrap().read_text("class", None).unwrap();
        let text: Option<Vec<String>> =
            text.map(|label| label.texts.iter().map(ToString::to_string).collect());
        let classes = table.classes.as_ref().map(|classes| classes.iter().map(|&c| c.to_owned()).collect());
        prop_assert_eq!(text, classes);
    }

    #[test]
    fn noise_that_looks_like_a_table_is_survived(
        text in "([0-9,;.\t \"#%\n\r=:a-z-]|NA|1\\.5|2024-01-0|12:00:0|sep=|\u{fe}ä){0,200}",
        extension in select(vec!["csv", "tsv", "txt"]),
        options in select(vec!["", ",header=yes", ",header=no", ",skip=1", ",separator=space", ",thousands=point"]),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("d.{extension}"));
        fs::write(&path, &text).unwrap();
        let source: Source = format!("{}{options}", path.display()).parse().unwrap();
        if let Ok(mut file) = DataFile::of(&source) {
            for info in file.arrays().unwrap() {
                let _ = file.read(&info.name);
                let _ = file.read_text(&info.name, None);
            }
            if let Ok(array) = file.read_only() {
                prop_assert_eq!(array.shape().len(), 2);
                let rows = array.shape()[0];
                prop_assert!(array.breaks.iter().all(|&row| row > 0 && row < rows));
            }
        }
    }
}
