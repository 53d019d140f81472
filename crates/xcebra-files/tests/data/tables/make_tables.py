"""Writes the tables of this folder as other programs write them, and what is right to read from them.

python3 make_tables.py    # needs numpy, pandas, polars; README.md says which versions
"""
import csv
import io
import json
import pathlib

import numpy as np
import pandas as pd
import polars as pl

HERE = pathlib.Path(__file__).parent
N = 14
X = np.random.default_rng(0).normal(size=(N, 3)).round(4)
X[0] = [0.5, -0.5, 1.25]
ABC = ["a", "b", "c"]
FRAME = pd.DataFrame(X, columns=ABC)
EXPECTED = []


def case(name, data, values=X, columns=ABC, notes=(), rate=None, breaks=(), selection="*", options="",
         text=None, error=(), newline=None):
    """A file, with what is read from it or what the error says; `data` is text, bytes or a writer."""
    path = HERE / name
    if callable(data):
        data(path)
    elif data is not None:
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
    if options == "" or data is not None:
        assert path.exists(), name
    values = [[None if np.isnan(v) else float(v) for v in row] for row in np.asarray(values, float)]
    EXPECTED.append({"file": name, "options": options, "selection": selection, "columns": list(columns),
                     "values": values, "notes": list(notes), "rate": rate, "breaks": list(breaks),
                     "text": text, "error": list(error)})


def again(name, **expected):
    """The same file, read in another way."""
    case(name, None, **expected)


def to_csv(frame, **options):
    return lambda path: frame.to_csv(path, **options)


INDEX = ["counts the rows (0 to 13)"]
NUMBERS = ["first row (0, 1, 2) is read as names"]

# pandas
case("pandas.csv", to_csv(FRAME, index=False))
case("pandas_index.csv", to_csv(FRAME), notes=INDEX)
again("pandas_index.csv", selection="Unnamed: 0,b", columns=["Unnamed: 0", "b"],
      values=np.column_stack([np.arange(N), X[:, 1]]))
again("pandas_index.csv", selection="*,!b", columns=["a", "c"], values=X[:, [0, 2]], notes=INDEX)
case("pandas_numbers.csv", to_csv(pd.DataFrame(X), index=False), columns=["0", "1", "2"], notes=NUMBERS)
case("pandas_numbers_index.csv", to_csv(pd.DataFrame(X)), columns=["0", "1", "2"],
     notes=INDEX + ["first row (, 0, 1, 2) is read as names"])
case("pandas_one_column.csv", to_csv(pd.DataFrame(X[:, 0]), index=False), columns=["0"], values=X[:, :1],
     notes=["first row (0) is read as names"])
case("pandas_slice.csv", to_csv(FRAME.set_axis(np.arange(100, 100 + N))), notes=["counts the rows (100 to 113)"])
case("pandas_gap.csv", to_csv(FRAME.set_axis(list(range(7)) + list(range(9, 9 + 7)))),
     notes=["counts the rows, with gaps", "makes 1 jump"], breaks=[7])
case("pandas_every_second.csv", to_csv(FRAME.set_axis(range(0, 2 * N, 2))), notes=["rises by 2 from row to row"])
case("pandas_shuffled.csv", to_csv(FRAME.set_axis([3, 1, 2, 0] + list(range(4, N)))),
     columns=["Unnamed: 0"] + ABC, values=np.column_stack([[3, 1, 2, 0] + list(range(4, N)), X]),
     notes=["column 0 has no name"])
case("pandas_twice.csv", to_csv(pd.read_csv(io.StringIO(FRAME.to_csv()))),
     notes=INDEX + ["column `Unnamed: 0` counts the rows"])
case("pandas_reset_index.csv", to_csv(FRAME.reset_index(), index=False), notes=["column `index` counts the rows"])
case("pandas_german.csv", to_csv(FRAME, sep=";", decimal=",", index=False), notes=["decimal comma"])
case("pandas_comma_in_quotes.csv", to_csv(FRAME, decimal=",", index=False), notes=["decimal comma"])
case("pandas_quote_all.csv", to_csv(FRAME, index=False, quoting=csv.QUOTE_ALL))
case("pandas_quote_names.csv", to_csv(pd.DataFrame(X, columns=["5", "7", "9"]), index=False,
     quoting=csv.QUOTE_NONNUMERIC), columns=["5", "7", "9"], notes=["it alone is in quotes"])
case("pandas_utf16.csv", to_csv(FRAME.set_axis(["ä", "b", "ü"], axis=1), index=False, encoding="utf-16"),
     columns=["ä", "b", "ü"])
case("pandas_utf16be.csv", to_csv(FRAME, index=False, encoding="utf-16-be"))
case("pandas_latin1.csv", to_csv(FRAME.set_axis(["ä", "b", "µV"], axis=1), index=False, encoding="latin-1"),
     columns=["ä", "b", "µV"], notes=["Windows-1252"])
case("pandas_shift_jis.csv", to_csv(FRAME.set_axis(["加速度", "b", "c"], axis=1), index=False,
     encoding="shift_jis"), columns=["加速度", "b", "c"], options=",encoding=shift_jis")
case("pandas_names.csv", to_csv(FRAME.set_axis(["a; x", "b, y", 'c "z"'], axis=1), index=False),
     columns=["a; x", "b, y", 'c "z"'])
case("pandas_newline.csv", to_csv(FRAME.set_axis(["a\nb", "c", "d"], axis=1), index=False),
     columns=["a\nb", "c", "d"])
case("pandas_dates.csv", to_csv(FRAME.set_index(pd.date_range("2024-02-28 23:59:59", periods=N, freq="250ms"))),
     rate=4.0, notes=["is the clock (4 samples per second)"])
again("pandas_dates.csv", selection="Unnamed: 0", columns=["Unnamed: 0"], rate=4.0,
      values=np.arange(N)[:, None] / 4)
case("pandas_days.csv", to_csv(FRAME.assign(date=pd.date_range("2024-02-20", periods=N))[["date"] + ABC], index=False),
     rate=1 / 86400, notes=["column `date` is the clock"])
case("pandas_zones.csv", to_csv(FRAME.set_index(pd.date_range("2024-01-01", periods=N, freq="10ms", tz="Europe/Berlin"))),
     rate=100.0, notes=["100 samples per second"])
case("pandas_deltas.csv", to_csv(FRAME.set_index(pd.to_timedelta(np.arange(N) * 8, unit="ms"))),
     rate=125.0, notes=["125 samples per second"])
case("pandas_seconds.csv", to_csv(FRAME.set_index(pd.Index(np.arange(N) / 50))), rate=50.0,
     notes=["column `Unnamed: 0` is the clock (50 samples per second, its numbers are taken for seconds)"])
case("pandas_epoch.csv", to_csv(FRAME.assign(timestamp=1_700_000_000_000 + 4 * np.arange(N)), index=False),
     rate=250.0, notes=["250 samples per second, its numbers are counted from 1970"])
GAPS = np.concatenate([np.arange(6), 40 + np.arange(N - 6)]) / 100
case("pandas_gaps.csv", to_csv(FRAME.assign(time=GAPS.round(4)), index=False), rate=100.0, breaks=[6],
     notes=["makes 1 jump, the first before row 6", "100 samples per second"])
UNEVEN = np.array([0, .3, .4, .9, 1, 1.1, 1.9, 2, 2.2, 2.9, 3, 3.5, 3.6, 4.1])
case("pandas_uneven.csv", to_csv(FRAME.assign(time=UNEVEN), index=False), notes=["not evenly spaced"])
case("pandas_missing.csv", to_csv(FRAME.where(FRAME > -1), index=False), values=FRAME.where(FRAME > -1))
for missing in ["NA", "N/A", "null", "#N/A", "-", "NaN"]:
    word = missing.strip("#").replace("/", "").replace("-", "dash")
    case(f"pandas_missing_{word}.csv" if missing[0] != "#" else "pandas_missing_excel.csv",
         to_csv(FRAME.where(FRAME > -1), index=False, na_rep=missing), values=FRAME.where(FRAME > -1))
case("pandas_levels.csv", to_csv(FRAME.set_axis(pd.MultiIndex.from_tuples([("p", "x"), ("p", "y"), ("q", "x")]), axis=1),
     index=False), columns=["p", "p.1", "q"], notes=["taken for units: x, y, x", "several columns are called `p`"])
CLASSES = ["none", "true", "false", "none"] + ["none"] * (N - 4)
case("pandas_classes.csv", to_csv(FRAME.assign(k=CLASSES), index=False), selection="*,!k", text={"k": CLASSES})
again("pandas_classes.csv", error=["column `k`", '"none"', "*,!k"])
case("pandas_months.csv", to_csv(FRAME.assign(date=pd.date_range("2024-01-01", periods=N).strftime("%m/%d/%Y"))[:12],
     index=False), values=X[:12], rate=1 / 86400, notes=["month/day, which makes them more even", "every 86400 s"])
TRUTHS = [True, False] * (N // 2)
case("pandas_truths.csv", to_csv(FRAME.assign(k=TRUTHS), index=False), columns=ABC + ["k"],
     values=np.column_stack([X, TRUTHS]), text={"k": None})
case("pandas_long.csv", to_csv(FRAME.rename_axis("ds").reset_index().melt("ds", var_name="unique_id", value_name="y"),
     index=False), error=["long table", 'df.pivot(index="ds", columns="unique_id", values="y")'])
case("pandas_text.csv", to_csv(FRAME.assign(k=["left", "right"] * 7), index=False),
     error=["column `k`", "row 0", '"left"', "*,!k"])

# polars
POLARS = pl.DataFrame(X, schema=ABC)
case("polars.csv", lambda p: POLARS.write_csv(p))
case("polars_german.csv", lambda p: POLARS.write_csv(p, separator=";", decimal_comma=True), notes=["decimal comma"])
case("polars_mark.csv", lambda p: POLARS.write_csv(p, include_bom=True))
case("polars_no_names.csv", lambda p: POLARS.write_csv(p, include_header=False), columns=["0", "1", "2"])
case("polars_times.csv", lambda p: POLARS.with_columns(time=pl.datetime_range(
    pl.datetime(2024, 1, 1), pl.datetime(2024, 1, 1, 0, 0, N - 1), "1s")).write_csv(p), rate=1.0,
    notes=["column `time` is the clock (1 sample per second)"])
case("polars_blank.csv", lambda p: pl.DataFrame({"a": [1.5, None, 2.5]}).write_csv(p), error=["line 3 is blank", "NaN"])

# numpy
POSITIONS = ["0", "1", "2"]
case("numpy.txt", lambda p: np.savetxt(p, X), columns=POSITIONS)
case("numpy_spaces.csv", lambda p: np.savetxt(p, X), columns=POSITIONS)
case("numpy.csv", lambda p: np.savetxt(p, X, delimiter=","), columns=POSITIONS)
case("numpy_names.csv", lambda p: np.savetxt(p, X, delimiter=",", header="made by hand\na,b,c", footer="end"),
     notes=["names of the columns are those of the comment", "3 lines that begin with `#`"])
case("numpy_percent.txt", lambda p: np.savetxt(p, X, header="a b c", comments="% "), notes=["names of the columns"])
case("numpy_wide.txt", lambda p: np.savetxt(p, X, fmt="%12.4f"), columns=POSITIONS)
COUNTS = np.random.default_rng(1).integers(3, 900, size=(N, 3))
case("numpy_integers.csv", lambda p: np.savetxt(p, COUNTS, fmt="%d", delimiter=","), values=COUNTS, columns=POSITIONS)
case("numpy_arange.csv", lambda p: np.savetxt(p, np.arange(12).reshape(4, 3), fmt="%d", delimiter=","),
     error=["can be names of columns or values", "header=yes", "header=no"])
again("numpy_arange.csv", options=",header=no", values=np.arange(12).reshape(4, 3), columns=POSITIONS)
again("numpy_arange.csv", options=",header=yes", values=np.arange(3, 12).reshape(3, 3), columns=POSITIONS)
case("numpy_ramp.csv", lambda p: np.savetxt(p, np.column_stack([np.arange(N) / 20, X]), delimiter=","),
     columns=["1", "2", "3"], rate=20.0, notes=["column `0` is the clock (20 samples per second"])

# Python's csv
def python_csv(**options):
    def write(path):
        with open(path, "w", newline="", encoding="utf-8") as file:
            csv.writer(file, **options).writerows([ABC, *X.tolist()])
    return write


case("python.csv", python_csv())
case("python_tab.tsv", python_csv(dialect="excel-tab"))
case("python_unix.csv", python_csv(dialect="unix"))
case("python_pipe.csv", python_csv(delimiter="|"))


# by hand, as the programs document it
def lines(rows, separator=",", end="\n", decimal="."):
    cells = ([str(c).replace(".", decimal) if isinstance(c, float) else str(c) for c in row] for row in rows)
    return "".join(separator.join(row) + end for row in cells)


def numbered(start=1):
    return [[f'"{i}"', *row] for i, row in enumerate(X.tolist(), start)]


QUOTED = ['"a"', '"b"', '"c"']
ROWS = X.tolist()
# R 4: write.csv, write.csv2, write.table, each with and without row.names
case("r.csv", lines([['""', *QUOTED], *numbered()]), notes=["counts the rows (1 to 14)"])
case("r_no_rows.csv", lines([QUOTED, *ROWS]))
case("r2.csv", lines([['""', *QUOTED], *numbered()], ";", decimal=","), notes=["counts the rows", "decimal comma"])
case("r_table.txt", lines([QUOTED, *numbered()], " "), notes=["counts the rows (1 to 14)"])
case("r_table_plain.csv", lines([ABC, *[[i + 1, *row] for i, row in enumerate(ROWS)]]),
     notes=["counts the rows (1 to 14)"])
case("r_names.csv", lines([['""', *QUOTED], *[[f'"Mazda {i}"', *row] for i, row in enumerate(ROWS)]]),
     notes=["names of rows"])
case("r_numbers.csv", lines([['"0"', '"1"', '"2"'], *ROWS]), columns=POSITIONS, notes=["it alone is in quotes"])
case("r_truths.csv", lines([['"a"', '"k"'], *[[row[0], ["TRUE", "FALSE"][i % 2]] for i, row in enumerate(ROWS)]]),
     columns=["a", "k"], values=np.column_stack([X[:, 0], np.arange(N) % 2 == 0]), text={"k": None})
# Excel: German and English, "CSV", "CSV UTF-8", "Unicode text"
GERMAN = lines([["Größe", "b", "c"], *ROWS], ";", "\r\n", ",")
case("excel_german.csv", GERMAN.encode("cp1252"), columns=["Größe", "b", "c"], notes=["Windows-1252", "decimal comma"])
case("excel_german_utf8.csv", GERMAN.encode("utf-8-sig"), columns=["Größe", "b", "c"], notes=["decimal comma"])
case("excel_unicode.txt", lines([ABC, *ROWS], "\t", "\r\n", ",").encode("utf-16"), notes=["decimal comma"])
case("excel_sep.csv", "sep=;\r\n" + lines([ABC, *ROWS], ";", "\r\n"))
case("excel_empty.csv", lines([[*ABC, "", ""], *[[*row, "", ""] for row in ROWS], *[[""] * 5] * 3], ",", "\r\n"),
     notes=["the last 3 rows are empty", "2 columns without a name and without values"])
THOUSANDS = [[f'"{1000 + 7 * i:,}"', f"{i * 50}"] for i in range(N)]
case("excel_thousands.csv", lines([["a", "b"], *THOUSANDS], ",", "\r\n"),
     error=["\"1,000\"", "decimal=comma", "thousands=comma"])
again("excel_thousands.csv", options=",thousands=comma", columns=["a", "b"],
      values=[[1000 + 7 * i, 50 * i] for i in range(N)])
case("excel_groups.csv", lines([["a", "b"], *[[f"{1000.25 + i:,.2f}".translate(str.maketrans(",.", ".,")), i * i]
     for i in range(N)]], ";", "\r\n"), error=["thousands"])
again("excel_groups.csv", options=",decimal=comma,thousands=point", columns=["a", "b"],
      values=[[1000.25 + i, i * i] for i in range(N)])
case("excel_times.csv", lines([["Datum", "Uhrzeit", *ABC], *[["31.12.2023", f"23:59:{50 + i}" if i < 10 else
     f"00:00:{i - 10:02}", *row] for i, row in enumerate(ROWS)]], ";", "\r\n", ","), rate=1.0,
     notes=["column `Uhrzeit` is the clock (1 sample per second)", "column `Datum`"])
case("excel_one_column.csv", "1,5\r\n2,75\r\n-0,3\r\n0,05\r\n", values=[[1.5], [2.75], [-.3], [.05]], columns=["0"],
     notes=["decimal comma"])
case("excel_two_columns.csv", "1,5\r\n2,75\r\n4,3\r\n", values=[[1, 5], [2, 75], [4, 3]], columns=["0", "1"],
     notes=["read as two columns"])
# MATLAB: writetable, writematrix, dlmwrite, save -ascii, writetimetable
case("matlab.csv", lines([["Time", *ABC], *[[f"{i * 0.002:.5g}", *row] for i, row in enumerate(ROWS)]]), rate=500.0,
     notes=["column `Time` is the clock (500 samples per second"])
case("matlab_matrix.csv", lines(ROWS, end="\r\n"), columns=POSITIONS)
case("matlab_ascii.txt", "".join("".join(f"  {v:14.7e}" for v in row) + "\n" for row in ROWS), columns=POSITIONS)
case("matlab_timetable.csv", lines([["Time", *ABC], *[[f"{i * 0.01:.5g} sec", *row] for i, row in enumerate(ROWS)]]),
     rate=100.0, notes=["column `Time` is the clock (100 samples per second)"])
case("matlab_start.csv", lines([[0, 1], *[[f"{i * 0.1:.5g}", f"{np.cos(i):.5g}"] for i in range(1, N)]]),
     error=["(0, 1) can be names"])
# Fortran, and loggers
case("fortran.txt", "".join("".join(f" {v:.4E}".replace("E", "D") for v in row) + "\n" for row in ROWS), columns=POSITIONS)
case("logger.csv", "# recorded with device\n# fs=100\n" + lines([ABC, *ROWS]), notes=["2 lines that begin with `#`"])
case("logger_units.csv", lines([["t", *ABC], ["ms", "mV", "mV", "mV"], *[[i * 5, *row] for i, row in enumerate(ROWS)]]),
     rate=200.0, notes=["taken for units: ms, mV", "200 samples per second"])
case("logger_title.csv", "Device 7\nSerial 12\n" + lines([ABC, *ROWS]), error=["first row has 1 cells", "skip=2"])
again("logger_title.csv", options=",skip=2")
case("logger_trailing.csv", lines([[*row, ""] for row in [ABC, *ROWS]], end="\r"),
     notes=["without a name and without values"])
case("logger_spaces.csv", lines([[f" {c} " for c in row] for row in [ABC, *ROWS]], ", ", end="\n\n"))
case("logger_hex.csv", lines([["a", "b"], *[[hex(i), i] for i in range(4)]]), error=["hexadecimal"])
case("logger_copies.csv", lines([["a", "a", "b"], *ROWS]), columns=["a", "a.1", "b"],
     notes=["several columns are called `a`"])
case("logger_gap_in_names.csv", lines([["a", "", "c"], *ROWS]), columns=["a", "Unnamed: 1", "c"],
     notes=["column 1 has no name"])
case("logger_ramp.csv", lines([["position", *ABC], *[[i * 5, *row] for i, row in enumerate(ROWS)]]),
     columns=["position", *ABC], values=np.column_stack([np.arange(N) * 5, X]))

(HERE / "expected.json").write_text(json.dumps(EXPECTED, ensure_ascii=False, separators=(",", ":")) + "\n")
print(len(EXPECTED), "cases,", sum(p.stat().st_size for p in HERE.iterdir()), "bytes")
