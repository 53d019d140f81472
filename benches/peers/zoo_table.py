"""The tables of `docs/reports/onnx.md` from the results of `zoo.py`."""

import collections

WRONG = ("refused", "another value", "another attribution")
COUNTED = ("right", *WRONG)


def tables(results):
    counted = [r for r in results if r["status"] in COUNTED]
    right = [r for r in counted if r["status"] == "right"]
    compared = [r for r in counted if r.get("attribution error") is not None]
    networks = {r["network"] for r in counted}
    lines = [f"{len(right)} of {len(counted)} files of {len(networks)} networks are right; "
             f"{sum(r['status'] != 'refused' for r in counted)} load; attributions of {len(compared)} were compared.", "",
             "| library | exporter | files | load | values agree | attributions agree | of |", "|---|---|---:|---:|---:|---:|---:|"]  # fmt: skip
    groups = collections.defaultdict(list)
    for r in counted:
        groups[r["network"].split("/")[0], r["exporter"]].append(r)
    for (library, exporter), some in groups.items():
        loaded = [r for r in some if r["status"] != "refused"]
        values = [r for r in loaded if r["status"] != "another value"]
        known = [r for r in values if r.get("attribution error") is not None]
        same = [r for r in known if r["status"] == "right"]
        lines.append(f"| {library} | {exporter} | {len(some)} | {len(loaded)} | {len(values)} | {len(same)} | {len(known)} |")
    lines += ["", "| network | exporter | loads | value error | attribution error | reason |", "|---|---|---|---:|---:|---|"]
    for r in counted:
        if r["status"] in WRONG:
            loads = "no" if r["status"] == "refused" else "yes"
            reason = r.get("reason", "").replace("|", "\\|").removeprefix("ValueError: ")
            lines.append(f"| {r['network']} | {r['exporter']} | {loads} | {number(r, 'value error')} | {number(r, 'attribution error')} | {reason[:200]} |")
    lines += ["", "Right with all exporters that give a file:", ""]
    names = collections.defaultdict(list)
    for name in sorted({r["network"] for r in right} - {r["network"] for r in counted if r["status"] in WRONG}):
        library, short = name.split("/", 1)
        errors = [r for r in right if r["network"] == name]
        mark = "" if all(r.get("attribution error") is not None for r in errors) else " (values only)"
        names[library].append(short + mark)
    lines += [f"- {library}: {', '.join(some)}." for library, some in names.items()]
    outside = collections.Counter(r["status"] for r in results if r["status"] not in COUNTED)
    lines += ["", "Not counted: " + ", ".join(f"{n} {status}" for status, n in outside.items()) + "."]
    return "\n".join(lines) + "\n"


def number(result, key):
    value = result.get(key)
    return "" if value is None else f"{value:.0e}"
