// The script of a report: it makes the pictures of a page readable with a pointer and with keys. Each picture is an
// SVG with the numbers behind it in a block of JSON; the script moves and redraws shapes of that SVG, so that what is
// seen is also what is printed and saved. Only clouds of points have a canvas of their own. Nothing is fetched.
"use strict";
(() => {

// ---- small helpers ------------------------------------------------------------------------------------------------

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

const shape = (tag, attributes) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

// A number as the page writes it: four digits that count, a true minus, thin spaces between thousands.
const text = (value) => {
  if (!Number.isFinite(value)) return "no value";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) {
    const [digits, power] = value.toExponential(3).split("e");
    const raised = power.replace("+", "").replace(/./g, (c) => c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]);
    return `${String(Number(digits)).replace("-", "−")}·10${raised}`;
  }
  const digits = Number(value.toPrecision(4));
  const [whole, fraction] = String(Math.abs(digits)).split(".");
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u2009") : whole;
  return (digits < 0 ? "−" : "") + grouped + (fraction ? "." + fraction : "");
};

// A value on an axis whose title may end in a unit: `time 0.5 s` on `time (s)`.
const onAxis = (title, value) => {
  const parts = /^(.*?) \((?!from )(.*)\)$/.exec(title);
  return parts ? `${parts[1]} ${text(value)} ${parts[2]}` : `${title.replace(/ \(from .*/, "")} ${text(value)}`;
};

// Numbers as they were packed: a list, or 65 534 deflated steps from `low` to `high`; the last step is "missing".
const unpack = async (packed) => {
  if (Array.isArray(packed)) return Float64Array.from(packed, (value) => value ?? NaN);
  const bytes = Uint8Array.from(atob(packed.steps), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const steps = new Uint16Array(await new Response(stream).arrayBuffer());
  const { low, high } = packed;
  return Float64Array.from(steps, (step) => {
    const share = step / 65534;
    return step === 65535 ? NaN : low * (1 - share) + high * share;
  });
};

// About `count` round values between two others.
const ticks = (low, high, count) => {
  const raw = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= raw * 0.999);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-6); k * step <= high + step * 1e-6; k++) found.push(k * step);
  return found;
};

// One task a frame, the latest.
const eachFrame = (task) => {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; task(); });
  };
};

const byName = new Intl.Collator("en", { numeric: true }).compare;
const range = (n) => Array.from({ length: n }, (_, i) => i);

// Controls, each with a name that a screen reader says.
const choose = (label, options, changed) => {
  const select = make("select", {}, ...options.map((name, i) => make("option", { value: i, textContent: name })));
  // the words of a label would include those of the options
  select.setAttribute("aria-label", label);
  select.addEventListener("change", () => changed(Number(select.value)));
  return make("label", {}, label, select);
};
const button = (label, title, pressed) => {
  const element = make("button", { type: "button", textContent: label, title });
  element.setAttribute("aria-label", title);
  element.addEventListener("click", pressed);
  return element;
};
const slider = (label, max, value, changed) => {
  const input = make("input", { type: "range", min: 0, max, value });
  input.addEventListener("input", () => changed(Number(input.value)));
  return { input, label: make("label", {}, label, input) };
};

// ---- saving what is seen ------------------------------------------------------------------------------------------

const download = (name, blob) => {
  const url = URL.createObjectURL(blob);
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
};

const inks = ["text", "muted", "grid", "paper", "missing", ...range(7).map((i) => `series-${i}`)];
const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// The picture as a file of its own, in the colours of the page.
const standalone = (svg) => {
  const copy = svg.cloneNode(true);
  const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  const style = shape("style", {});
  style.textContent = "text{font-family:Helvetica,Arial,\"DejaVu Sans\",sans-serif}" +
    inks.map((name) => `.f-${name}{fill:${ink(name)}}.s-${name}{stroke:${ink(name)}}`).join("");
  copy.prepend(style, shape("rect", { class: "f-paper", x: -10, y: -10, width: width + 20, height: height + 20 }));
  copy.setAttribute("viewBox", `-10 -10 ${width + 20} ${height + 20}`);
  copy.setAttribute("width", width + 20);
  copy.setAttribute("height", height + 20);
  copy.querySelectorAll(".cursor").forEach((mark) => mark.remove());
  return new XMLSerializer().serializeToString(copy);
};

const raster = async (svg) => {
  const url = URL.createObjectURL(new Blob([standalone(svg)], { type: "image/svg+xml" }));
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = make("canvas", { width: image.width * 2, height: image.height * 2 });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(url);
  return new Promise((done) => canvas.toBlob(done));
};

const csvLine = (cells) => cells.map((cell) => {
  const value = String(cell ?? "");
  return /[",\n]/.test(value) ? `"${value.replaceAll("\"", "\"\"")}"` : value;
}).join(",");

// The table behind a picture; numbers in a form that programs read.
const csvOfTable = (figure) => [...figure.querySelectorAll(".numbers tr")].map((row) =>
  csvLine([...row.cells].map((cell) => {
    const plain = cell.textContent.replaceAll("−", "-").replaceAll("\u2009", "");
    return /^-?[\d.]+$/.test(plain) ? plain : cell.textContent;
  }))).join("\n");

// ---- maps of cells ------------------------------------------------------------------------------------------------

// Rows in the order in which average linkage joins them, by Euclidean distance.
const clustered = (rows) => {
  let groups = rows.map((_, i) => [i]);
  const distance = rows.map((a) => rows.map((b) =>
    Math.sqrt(a.reduce((sum, value, k) => sum + ((value || 0) - (b[k] || 0)) ** 2, 0))));
  while (groups.length > 1) {
    let best = [Infinity, 0, 1];
    for (let i = 0; i < groups.length; i++) for (let j = i + 1; j < groups.length; j++)
      if (distance[i][j] < best[0]) best = [distance[i][j], i, j];
    const [, i, j] = best;
    const [a, b] = [groups[i].length, groups[j].length];
    for (let k = 0; k < groups.length; k++)
      distance[i][k] = distance[k][i] = (a * distance[i][k] + b * distance[j][k]) / (a + b);
    groups[i] = groups[i].concat(groups[j]);
    groups = groups.filter((_, k) => k !== j);
    distance.splice(j, 1);
    distance.forEach((row) => row.splice(j, 1));
  }
  return groups[0] ?? [];
};

const MOST_CLUSTERED = 400;

const heat = async ({ data, svg, tools, stage, say, mark, point }) => {
  const values = await unpack(data.values);
  const cells = [...svg.querySelectorAll(".cells > rect")];
  const [n, m] = [data.rows.length, data.columns.length];
  const place = cells.map((cell) => [cell.getAttribute("x"), cell.getAttribute("y")]);
  const index = new Map(cells.map((cell, i) => [cell, i]));
  let [rows, columns] = [range(n), range(m)];
  const at = (i, j) => values[rows[i] * m + columns[j]];
  const row = (i) => range(m).map((j) => values[i * m + j]);
  const column = (j) => range(n).map((i) => values[i * m + j]);

  const labels = (group, names, order, every) => {
    const words = [...svg.querySelectorAll(`.${group} text`)];
    const most = Math.max(...words.map((word) => word.textContent.length));
    const show = (name) => name.length > most && most > 2
      ? `${name.slice(0, Math.ceil(most / 2) - 1)}…${name.slice(name.length - Math.floor(most / 2))}` : name;
    const originals = words.map((word) => word.textContent);
    return () => {
      const ordered = order().some((original, i) => original !== i);
      words.forEach((word, k) => {
        word.textContent = ordered ? show(names[order()[k * every]]) : originals[k];
      });
    };
  };
  const nameRows = labels("row-names", data.rows, () => rows, data.every[0]);
  const nameColumns = labels("column-names", data.columns, () => columns, data.every[1]);
  const groups = svg.querySelector(".row-groups");
  const arrange = () => {
    for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) {
      const cell = cells[rows[i] * m + columns[j]];
      const [x, y] = [place[j][0], place[i * m][1]];
      cell.setAttribute("x", x);
      cell.setAttribute("y", y);
    }
    nameRows();
    nameColumns();
    // brackets hold only in the order of the file
    if (groups) groups.setAttribute("visibility", rows.every((r, i) => r === i) ? "visible" : "hidden");
  };
  const orders = (names, lines, count) => {
    const size = (list) => list.reduce((sum, value) => sum + Math.abs(value || 0), 0);
    const falling = (key) => range(count).sort((a, b) => key(b) - key(a) || a - b);
    const found = [
      ["in their order", () => range(count)],
      ["strongest first", () => falling((i) => size(lines(i)))],
      ["by name", () => range(count).sort((a, b) => byName(names[a], names[b]))],
    ];
    if (count <= MOST_CLUSTERED && count > 2) found.push(["clustered", () => clustered(range(count).map(lines))]);
    return found;
  };
  const byRow = orders(data.rows, row, n);
  if (m <= 40) for (let j = 0; j < m; j++) byRow.push([`by ${data.column || "column"} ${data.columns[j]}`,
    () => range(n).sort((a, b) => (values[b * m + j] || 0) - (values[a * m + j] || 0) || a - b)]);
  const byColumn = orders(data.columns, column, m);
  if (n > 1) tools.append(choose("Rows", byRow.map((o) => o[0]), (k) => { rows = byRow[k][1](); arrange(); }));
  if (m > 1) tools.append(choose("Columns", byColumn.map((o) => o[0]), (k) => { columns = byColumn[k][1](); arrange(); }));

  const classOf = (value) => data.classes && Number.isFinite(value) ? data.classes[value] : null;
  const told = (i, j) => {
    const value = at(i, j);
    const what = classOf(value) ?? `${data.value} ${text(value)}`;
    const title = (axis, name, fallback) => `${(axis || fallback).replace(/ \(from .*/, "")} ${name}`;
    say(`${title(data.row, data.rows[rows[i]], "row")}, ${title(data.column, data.columns[columns[j]], "column")}: ${what}`);
    const cell = cells[rows[i] * m + columns[j]];
    mark(...["x", "y", "width", "height"].map((name) => Number(cell.getAttribute(name))));
  };
  svg.addEventListener("pointermove", (event) => {
    const found = index.get(event.target);
    if (found !== undefined) told(rows.indexOf(Math.floor(found / m)), columns.indexOf(found % m));
  });
  let cursor = [-1, 0];
  stage.addEventListener("keydown", (event) => {
    const step = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key];
    if (!step) return;
    event.preventDefault();
    cursor = cursor[0] < 0 ? [0, 0] : [Math.min(n - 1, Math.max(0, cursor[0] + step[0])), Math.min(m - 1, Math.max(0, cursor[1] + step[1]))];
    told(...cursor);
  });
  point.csv = () => [csvLine([data.row || "row", ...columns.map((j) => data.columns[j])]),
    ...range(n).map((i) => csvLine([data.rows[rows[i]], ...range(m).map((j) => classOf(at(i, j)) ?? at(i, j))]))].join("\n");
};

// ---- tiles over two axes of numbers -------------------------------------------------------------------------------

const tiles = async ({ data, svg, stage, say, mark, spot }) => {
  const values = await unpack(data.values);
  const boxes = await Promise.all(data.boxes.map(unpack));
  const [left, top, right, bottom] = data.area;
  const valueX = (x) => data.x[0] + (x - left) / (right - left) * (data.x[1] - data.x[0]);
  const valueY = (y) => {
    const share = data.flipped ? (y - top) / (bottom - top) : (bottom - y) / (bottom - top);
    const value = data.y[0] + share * (data.y[1] - data.y[0]);
    return data.log ? 10 ** value : value;
  };
  const told = (i) => {
    const [x, y, width, height] = boxes.map((list) => list[i]);
    const names = data.names;
    const share = Math.round(valueY(y + height / 2));
    const rowWords = names ? names[share] ?? "" : data.flipped ? `${data.row.replace(/ \(from .*/, "")} ${share}` : onAxis(data.row, valueY(y + height / 2));
    say(`${onAxis(data.column, valueX(x + width / 2))}, ${rowWords}: ${data.value} ${text(values[i])}`);
    mark(x, y, width, height);
  };
  svg.addEventListener("pointermove", (event) => {
    const [x, y] = spot(event);
    const found = values.findIndex((_, i) =>
      x >= boxes[0][i] && x < boxes[0][i] + boxes[2][i] && y >= boxes[1][i] && y < boxes[1][i] + boxes[3][i]);
    if (found >= 0) told(found);
  });
  // by keys from the strongest tile to weaker ones
  const strongest = range(values.length).sort((a, b) => Math.abs(values[b] || 0) - Math.abs(values[a] || 0));
  let cursor = -1;
  stage.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    cursor = Math.min(values.length - 1, Math.max(0, cursor + step));
    told(strongest[cursor]);
  });
};

// ---- maps of the head ----------------------------------------------------------------------------------------------

const scalp = async ({ data, svg, stage, say, mark, spot }) => {
  const heads = await Promise.all(data.heads.map(async (head) => {
    const [x, y, values] = await Promise.all([head.x, head.y, head.values].map(unpack));
    return { name: head.name, x, y, values };
  }));
  const told = (h, i) => {
    const head = heads[h];
    say(`${head.name ? `${head.name}, ` : ""}${data.names[i]}: ${data.value} ${text(head.values[i])}`);
    mark(head.x[i] - 7, head.y[i] - 7, 14, 14);
  };
  svg.addEventListener("pointermove", (event) => {
    const [x, y] = spot(event);
    let [best, h, i] = [30 ** 2, -1, 0];
    heads.forEach((head, k) => head.x.forEach((_, e) => {
      const far = (head.x[e] - x) ** 2 + (head.y[e] - y) ** 2;
      if (far < best) [best, h, i] = [far, k, e];
    }));
    if (h >= 0) told(h, i);
  });
  // left and right from electrode to electrode, up and down from head to head
  let cursor = [0, -1];
  stage.addEventListener("keydown", (event) => {
    const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    if (!step) return;
    event.preventDefault();
    const within = (value, count) => Math.min(count - 1, Math.max(0, value));
    cursor = cursor[1] < 0 ? [0, 0] : [within(cursor[0] + step[0], heads.length), within(cursor[1] + step[1], data.names.length)];
    told(...cursor);
  });
};

// ---- curves and bars over an axis ---------------------------------------------------------------------------------

const lines = async ({ data, figure, svg, tools, stage, say, point, spot }) => {
  const [left, top, right, bottom] = data.area;
  const groups = [...svg.querySelectorAll(".series")];
  const series = await Promise.all(data.series.map(async (one, i) => {
    const values = await unpack(one.values);
    const xs = one.even ? Float64Array.from(values, (_, k) => one.even[0] + one.even[1] * k) : await unpack(one.xs);
    const positions = data.log ? xs.map(Math.log10) : xs;
    const sorted = positions.every((x, k) => k === 0 || !(x < positions[k - 1]));
    const first = groups[i]?.querySelector("path");
    const looks = first ? Object.fromEntries([...first.attributes].filter((a) => a.name !== "d").map((a) => [a.name, a.value])) : null;
    return { ...one, values, xs: positions, sorted, looks, group: groups[i], untouched: groups[i]?.innerHTML };
  }));
  if (!series.every((one) => one.sorted && one.group)) return;
  const axis = svg.querySelector(".x-ticks");
  const axisUntouched = axis.innerHTML;
  let view = [...data.x];
  const whole = () => view[0] === data.x[0] && view[1] === data.x[1];
  const toPixel = (x) => left + (x - view[0]) / (view[1] - view[0]) * (right - left);
  const toValue = (pixel) => view[0] + (pixel - left) / (right - left) * (view[1] - view[0]);
  // the first index whose position is not below `x`
  const search = (xs, x) => {
    let [a, b] = [0, xs.length];
    while (a < b) { const middle = (a + b) >> 1; if (xs[middle] < x) a = middle + 1; else b = middle; }
    return a;
  };
  const height = (one, value) => {
    const y = one.log ? Math.log10(value) : value;
    return one.pixels[0] + (y - one.y[0]) / (one.y[1] - one.y[0]) * (one.pixels[1] - one.pixels[0]);
  };

  // a curve in the window: of many points in a column of pixels the first, the lowest, the highest and the last
  const path = (one) => {
    const from = Math.max(0, search(one.xs, view[0]) - 1);
    const to = Math.min(one.xs.length, search(one.xs, view[1]) + 1);
    const parts = [];
    let pen = "M", column = -1, low = 0, high = 0, last = 0, count = 0;
    const flush = () => {
      if (count > 1) parts.push(`V${low.toFixed(1)}V${high.toFixed(1)}V${last.toFixed(1)}`);
      count = 0;
    };
    for (let k = from; k < to; k++) {
      const y = height(one, one.values[k]);
      if (!Number.isFinite(y)) { flush(); pen = "M"; column = -1; continue; }
      const x = Math.min(right, Math.max(left, toPixel(one.xs[k])));
      const here = Math.floor(x);
      if (here !== column) {
        flush();
        parts.push(`${pen}${x.toFixed(1)} ${y.toFixed(1)}`);
        pen = "L"; column = here; low = high = y;
      }
      if (y < low) low = y;
      if (y > high) high = y;
      last = y;
      count++;
    }
    flush();
    return parts.join("");
  };
  const bars = (one) => {
    const [from, to] = [search(one.xs, view[0]), search(one.xs, view[1] + 1e-12)];
    const zero = height(one, 0);
    const gap = to - from > 1 ? (toPixel(one.xs[to - 1]) - toPixel(one.xs[from])) / (to - from - 1) : 14;
    const width = Math.min(14, Math.max(1, gap * 0.8));
    const columns = new Map();
    for (let k = from; k < to; k++) {
      const [x, value] = [toPixel(one.xs[k]), one.values[k]];
      if (!Number.isFinite(value)) continue;
      const key = gap < 1 ? Math.floor(x) : x;
      const [, low, high] = columns.get(key) ?? [x, 0, 0];
      columns.set(key, [x, Math.min(low, value), Math.max(high, value)]);
    }
    const drawn = [];
    for (const [x, low, high] of columns.values()) for (const [value, series] of [[high, 1], [low, 0]]) {
      const y = height(one, value);
      if (value === 0) continue;
      const start = Math.max(left, x - width / 2);
      drawn.push(shape("rect", { class: `f-series-${series}`, x: start.toFixed(1), y: Math.min(zero, y).toFixed(1),
        width: Math.max(0.5, Math.min(right, x + width / 2) - start).toFixed(1), height: Math.abs(y - zero).toFixed(1) }));
    }
    return drawn;
  };
  const draw = eachFrame(() => {
    const began = performance.now();
    for (const one of series) {
      if (whole()) one.group.innerHTML = one.untouched;
      else if (one.bars) one.group.replaceChildren(...bars(one));
      else if (one.looks) one.group.replaceChildren(shape("path", { ...one.looks, d: path(one) }));
    }
    if (whole()) axis.innerHTML = axisUntouched;
    else {
      const found = ticks(view[0], view[1], Math.max(2, Math.floor((right - left) / 90)));
      axis.replaceChildren(...found.flatMap((value) => {
        const x = toPixel(value);
        const label = shape("text", { class: "f-text", "font-size": 12, "text-anchor": "middle", y: bottom + 18,
          x: Math.min(Math.max(x, left + 12), right - 12) });
        label.textContent = text(data.log ? 10 ** value : Number(value.toPrecision(12)));
        return [shape("path", { class: "s-text", d: `M${x} ${bottom}v5` }), label];
      }));
    }
    figure.dataset.frame = (performance.now() - began).toFixed(1);
    windowTold();
  });
  const plain = (x) => data.log ? 10 ** x : x;
  // the window in words: of bars their sum and their share of all absolute values
  const windowTold = () => {
    if (whole()) { say(""); return; }
    const sums = series.filter((one) => one.bars).map((one) => {
      let [sum, inside, all] = [0, 0, 0];
      one.values.forEach((value, k) => {
        if (!Number.isFinite(value)) return;
        all += Math.abs(value);
        if (one.xs[k] >= view[0] && one.xs[k] <= view[1]) { sum += value; inside += Math.abs(value); }
      });
      return `${one.name}: sum ${text(sum)}, ${(100 * inside / (all || 1)).toFixed(1)} % of the absolute`;
    });
    say([`${onAxis(data.column, plain(view[0]))} to ${text(plain(view[1]))}`, ...sums].join("; "));
  };
  const show = (low, high) => {
    const least = (data.x[1] - data.x[0]) * 1e-5;
    const span = Math.min(data.x[1] - data.x[0], Math.max(least, high - low));
    const start = Math.min(Math.max(data.x[0], low), data.x[1] - span);
    view = span >= data.x[1] - data.x[0] ? [...data.x] : [start, start + span];
    draw();
  };
  const zoom = (factor, centre = (view[0] + view[1]) / 2) =>
    show(centre - (centre - view[0]) * factor, centre + (view[1] - centre) * factor);
  const pan = (share) => show(view[0] + share * (view[1] - view[0]), view[1] + share * (view[1] - view[0]));
  tools.append(
    button("+", "Zoom in", () => zoom(0.5)), button("−", "Zoom out", () => zoom(2)),
    button("◀", "Earlier part", () => pan(-0.5)), button("▶", "Later part", () => pan(0.5)),
    button("Whole", "Show the whole axis", () => show(...data.x)));

  const cross = shape("path", { class: "s-muted cursor", fill: "none", "pointer-events": "none" });
  const brush = shape("rect", { class: "f-series-0 cursor", "fill-opacity": 0.2, "pointer-events": "none", y: top, height: bottom - top, width: 0 });
  svg.append(brush, cross);
  let reader = NaN;
  const told = (x, y) => {
    reader = x;
    cross.setAttribute("d", `M${toPixel(x).toFixed(1)} ${top}V${bottom}`);
    let shown = series;
    if (data.lanes && y !== undefined) shown = series.filter((one) => y <= one.pixels[0] + 5 && y >= one.pixels[1] - 5);
    const words = shown.slice(0, 8).map((one) => {
      const k = search(one.xs, x);
      if (one.each) {
        // of a stretch of samples the lowest and the highest are there
        const low = Math.max(0, (one.xs[k] === x ? k : k - 1) & ~1);
        return `${one.name} ${text(one.values[low])} to ${text(one.values[low + 1])}`;
      }
      const nearest = k > 0 && (k === one.xs.length || x - one.xs[k - 1] < one.xs[k] - x) ? k - 1 : k;
      return `${one.name} ${text(one.values[nearest])}`;
    });
    say(`${onAxis(data.column, plain(x))}: ${words.join(", ")}`);
  };
  let start = null;
  svg.addEventListener("pointerdown", (event) => {
    const [x, y] = spot(event);
    if (event.button !== 0 || x < left || x > right || y < top || y > bottom) return;
    start = { x, view: [...view], pan: event.shiftKey };
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener("pointermove", (event) => {
    const [x, y] = spot(event);
    if (start?.pan) {
      const shift = (start.x - x) / (right - left) * (start.view[1] - start.view[0]);
      show(start.view[0] + shift, start.view[1] + shift);
    } else if (start) {
      const end = Math.min(right, Math.max(left, x));
      brush.setAttribute("x", Math.min(start.x, end));
      brush.setAttribute("width", Math.abs(end - start.x));
    } else if (x >= left && x <= right) told(toValue(x), y);
  });
  svg.addEventListener("pointerup", (event) => {
    if (start && !start.pan) {
      const end = Math.min(right, Math.max(left, spot(event)[0]));
      if (Math.abs(end - start.x) > 4) show(Math.min(toValue(start.x), toValue(end)), Math.max(toValue(start.x), toValue(end)));
    }
    start = null;
    brush.setAttribute("width", 0);
  });
  svg.addEventListener("dblclick", () => show(...data.x));
  svg.addEventListener("wheel", (event) => {
    // a page that scrolls goes on scrolling
    if (!event.ctrlKey && document.activeElement !== stage) return;
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.25 : 0.8, toValue(Math.min(right, Math.max(left, spot(event)[0]))));
  }, { passive: false });
  stage.addEventListener("keydown", (event) => {
    const actions = {
      "+": () => zoom(0.5), "-": () => zoom(2), Escape: () => show(...data.x), Home: () => show(...data.x),
      ArrowLeft: () => event.shiftKey ? pan(-0.25) : read(-1), ArrowRight: () => event.shiftKey ? pan(0.25) : read(1),
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  });
  const read = (step) => {
    const inside = reader >= view[0] && reader <= view[1];
    const next = inside ? reader + step * (view[1] - view[0]) / 100 : (view[0] + view[1]) / 2;
    told(Math.min(view[1], Math.max(view[0], next)));
  };
  point.csv = () => {
    const stretches = series.some((one) => one.each);
    const rows = [csvLine(["curve", data.column, ...(stretches ? ["lowest", "highest"] : ["value"])])];
    for (const one of series) one.xs.forEach((x, k) => {
      if (x < view[0] || x > view[1] || one.each && k % 2) return;
      const values = stretches ? [one.values[k], one.values[one.each ? k + 1 : k]] : [one.values[k]];
      rows.push(csvLine([one.name, plain(x), ...values]));
    });
    return rows.join("\n");
  };
};

// ---- clouds of points ---------------------------------------------------------------------------------------------

const VIRIDIS = [[68, 1, 84], [72, 36, 117], [65, 68, 135], [53, 95, 141], [42, 120, 142], [33, 145, 140], [34, 168, 132], [68, 191, 112], [122, 209, 81], [189, 223, 38], [253, 231, 37]];
const viridis = (share) => {
  const place = Math.min(1, Math.max(0, share)) * (VIRIDIS.length - 1);
  const below = Math.min(VIRIDIS.length - 2, Math.floor(place));
  return VIRIDIS[below].map((c, k) => Math.round(c + (place - below) * (VIRIDIS[below + 1][k] - c)));
};
const rgb = (color) => /^#/.test(color)
  ? [1, 3, 5].map((k) => parseInt(color.slice(k, k + 2), 16)) : color.match(/\d+/g).slice(0, 3).map(Number);

const cloud = async ({ data, figure, svg, tools, stage, say, point, name }) => {
  const points = await unpack(data.points);
  const dims = data.dims;
  const n = points.length / dims;
  const colors = await Promise.all(data.colors.map(async (one) => ({ ...one, values: await unpack(one.values) })));
  const canvas = make("canvas", { className: "cloud", tabIndex: 0 });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${name}: ${n} points; ${dims < 3 ? "" : "arrow keys turn, "}plus and minus zoom`);
  const key = make("div", { className: "key" });
  const more = make("div", { className: "tools" });
  stage.before(canvas, key, more);
  stage.hidden = true;

  let axes = [0, Math.min(1, dims - 1), Math.min(2, dims - 1)];
  let [turn, tilt, scale, colored, trail, now, playing] = [0.6, 0.35, 1, 0, 0, 0, false];
  const flat = dims < 3;
  if (flat) [turn, tilt] = [0, 0];
  // centred, the widest dimension from -1 to 1
  let placed = new Float32Array(3 * n);
  const arrange = () => {
    const ends = axes.map((k) => {
      let [low, high] = [Infinity, -Infinity];
      for (let i = 0; i < n; i++) { const v = points[i * dims + k]; if (v < low) low = v; if (v > high) high = v; }
      return [low, high];
    });
    const half = Math.max(...ends.map(([low, high]) => (high - low) / 2)) || 1;
    for (let i = 0; i < n; i++) for (let a = 0; a < 3; a++)
      placed[3 * i + a] = flat && a === 2 ? 0 : (points[i * dims + axes[a]] - (ends[a][0] + ends[a][1]) / 2) / half;
  };
  let paints = new Uint32Array(n);
  const pack = ([r, g, b]) => (255 << 24 | b << 16 | g << 8 | r) >>> 0;
  const paint = () => {
    const one = colors[colored];
    const series = range(7).map((i) => rgb(ink(`series-${i}`)));
    key.replaceChildren();
    const swatch = (color, words) => {
      const dot = make("i");
      dot.style.background = `rgb(${color})`;
      key.append(make("span", {}, dot, words));
    };
    if (!one) { paints.fill(pack(series[0])); return; }
    if (one.classes) {
      one.values.forEach((value, i) => { paints[i] = pack(series[value % 7] ?? rgb(ink("missing"))); });
      one.classes.forEach((words, i) => swatch(series[i % 7], words));
      return;
    }
    let [low, high] = [Infinity, -Infinity];
    for (const value of one.values) { if (value < low) low = value; if (value > high) high = value; }
    const missing = pack(rgb(ink("missing")));
    one.values.forEach((value, i) => { paints[i] = Number.isFinite(value) ? pack(viridis((value - low) / (high - low || 1))) : missing; });
    for (const share of [0, 0.25, 0.5, 0.75, 1]) swatch(viridis(share), text(low + share * (high - low)));
  };

  // points are squares in a picture that is kept in memory, the nearest in front: fast without a graphics card
  const context = canvas.getContext("2d");
  let image = null, depth = null, pixels = null, screen = new Float32Array(2 * n);
  const resize = () => {
    const width = Math.max(240, Math.min(900, canvas.clientWidth || 600));
    const ratio = Math.min(2, devicePixelRatio || 1);
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(Math.min(width * 0.7, 560) * ratio);
    image = context.createImageData(canvas.width, canvas.height);
    pixels = new Uint32Array(image.data.buffer);
    depth = new Float32Array(pixels.length);
  };
  let fronts = new Float32Array(n);
  const inTrail = (i) => trail !== 0 && i <= now && i > now - trail;
  const pointSize = () => Math.max(2, Math.round((n > 4000 ? 2 : 3) * canvas.width / canvas.clientWidth || 2));
  const camera = () => [scale * Math.min(canvas.width, canvas.height) * (flat ? 0.46 : 0.33),
    Math.cos(turn), Math.sin(turn), Math.cos(tilt), Math.sin(tilt)];
  // the ends of the axes from the centre, and where their names stand
  const axisEnds = (font) => range(flat ? 2 : 3).map((a) => {
    const [zoom, ct, st, cf, sf] = camera();
    const reach = 1.15 * zoom;
    const x = canvas.width / 2 + reach * [ct, 0, st][a];
    const y = canvas.height / 2 - reach * [sf * st, cf, -sf * ct][a];
    return { x, y, name: `dimension ${axes[a]}`, at: [Math.min(canvas.width - 7 * font, Math.max(2, x + 4)), Math.min(canvas.height - 4, Math.max(font, y))] };
  });
  const draw = eachFrame(() => {
    const began = performance.now();
    const [width, high] = [canvas.width, canvas.height];
    const paper = pack(rgb(ink("paper"))), faint = pack(rgb(ink("grid")));
    pixels.fill(paper);
    depth.fill(-Infinity);
    const [zoom, ct, st, cf, sf] = camera();
    const size = pointSize();
    for (let i = 0; i < n; i++) {
      const [x, y, z] = [placed[3 * i], placed[3 * i + 1], placed[3 * i + 2]];
      const across = ct * x + st * z, into = -st * x + ct * z;
      const px = width / 2 + zoom * across, py = high / 2 - zoom * (cf * y - sf * into);
      const near = sf * y + cf * into;
      screen[2 * i] = px;
      screen[2 * i + 1] = py;
      const lit = inTrail(i);
      const color = trail === 0 || lit ? paints[i] : faint;
      const front = lit ? near + 10 : near;
      const side = lit ? size + 1 : size;
      fronts[i] = front;
      const [x0, y0] = [Math.round(px - side / 2), Math.round(py - side / 2)];
      for (let b = Math.max(0, y0); b < Math.min(high, y0 + side); b++)
        for (let a = Math.max(0, x0); a < Math.min(width, x0 + side); a++) {
          const at = b * width + a;
          if (front >= depth[at]) { depth[at] = front; pixels[at] = color; }
        }
    }
    context.putImageData(image, 0, 0);
    if (trail) {
      context.strokeStyle = ink("text");
      context.lineWidth = 1;
      context.beginPath();
      for (let i = Math.max(0, now - trail + 1); i <= now; i++) context.lineTo(screen[2 * i], screen[2 * i + 1]);
      context.stroke();
    }
    // the axes, from the centre
    const font = Math.round(12 * width / (canvas.clientWidth || width));
    context.font = `${font}px sans-serif`;
    context.fillStyle = context.strokeStyle = ink("muted");
    for (const end of axisEnds(font)) {
      context.beginPath();
      context.moveTo(width / 2, high / 2);
      context.lineTo(end.x, end.y);
      context.stroke();
      context.fillText(end.name, ...end.at);
    }
    figure.dataset.frame = (performance.now() - began).toFixed(1);
  });
  const told = (i) => {
    const found = axes.slice(0, flat ? 2 : 3).map((k) => `dimension ${k} ${text(points[i * dims + k])}`);
    const hues = colors.map((one) => `${one.name} ${one.classes ? one.classes[one.values[i]] : text(one.values[i])}`);
    say(`point ${i * data.every}: ${[...found, ...hues].join(", ")}`);
  };

  const names = range(dims).map((k) => `dimension ${k}`);
  if (colors.length > 1) tools.append(choose("Colour", colors.map((one) => one.name), (k) => { colored = k; paint(); draw(); }));
  if (dims > 3) ["x", "y", "z"].forEach((letter, a) => {
    const label = choose(`Axis ${letter}`, names, (k) => { axes[a] = k; arrange(); draw(); });
    label.querySelector("select").value = axes[a];
    tools.append(label);
  });
  tools.append(
    button("+", "Zoom in", () => { scale *= 1.25; draw(); }), button("−", "Zoom out", () => { scale /= 1.25; draw(); }),
    button("Reset", "Reset the view", () => { [turn, tilt, scale] = flat ? [0, 0, 1] : [0.6, 0.35, 1]; draw(); }));
  const time = slider("Time", n - 1, 0, (value) => { now = value; trail ||= setTrail(2); draw(); told(now); });
  const lengths = [0, Math.max(2, n >> 8), Math.max(4, n >> 6), Math.max(8, n >> 4)];
  const trails = choose("Trail", ["all points", "short", "medium", "long"], (k) => { trail = lengths[k]; draw(); });
  const setTrail = (k) => { trails.querySelector("select").value = k; return lengths[k]; };
  const play = button("Play", "Play over time", () => {
    playing = !playing;
    play.textContent = playing ? "Pause" : "Play";
    play.setAttribute("aria-label", playing ? "Pause" : "Play over time");
    trail ||= setTrail(2);
    if (playing) requestAnimationFrame(advance);
  });
  // the whole in twenty seconds at any number of points
  let before = 0;
  const advance = (at) => {
    if (!playing) { before = 0; return; }
    if (before) now = (now + Math.max(1, Math.round(n * (at - before) / 20_000))) % n;
    before = at;
    time.input.value = now;
    draw();
    requestAnimationFrame(advance);
  };
  more.append(play, time.label, trails);

  let held = null;
  canvas.addEventListener("pointerdown", (event) => { held = [event.clientX, event.clientY, turn, tilt]; canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointerup", () => { held = null; });
  canvas.addEventListener("pointermove", (event) => {
    if (held && !flat) {
      turn = held[2] + (event.clientX - held[0]) / 120;
      tilt = Math.max(-1.5, Math.min(1.5, held[3] + (event.clientY - held[1]) / 120));
      draw();
      return;
    }
    const box = canvas.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height];
    let [best, least] = [-1, (12 * canvas.width / box.width) ** 2];
    for (let i = 0; i < n; i++) {
      const far = (screen[2 * i] - x) ** 2 + (screen[2 * i + 1] - y) ** 2;
      if (far < least) [best, least] = [i, far];
    }
    if (best >= 0) told(best);
  });
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && document.activeElement !== canvas) return;
    event.preventDefault();
    scale *= event.deltaY > 0 ? 0.9 : 1.1;
    draw();
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const actions = {
      ArrowLeft: () => { turn -= 0.1; }, ArrowRight: () => { turn += 0.1; }, ArrowUp: () => { tilt -= 0.1; },
      ArrowDown: () => { tilt += 0.1; }, "+": () => { scale *= 1.25; }, "-": () => { scale /= 1.25; },
    };
    if (!actions[event.key] || flat && event.key.startsWith("Arrow")) return;
    event.preventDefault();
    actions[event.key]();
    draw();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { paint(); draw(); });
  addEventListener("resize", () => { resize(); draw(); });
  arrange();
  paint();
  resize();
  draw();

  point.png = () => new Promise((done) => canvas.toBlob(done));
  // what is seen: the nearest points in front, those outside a trail faint, the trail as a line
  point.svg = () => {
    const [width, high] = [canvas.width, canvas.height];
    const hex = (c) => `#${[c & 255, c >> 8 & 255, c >> 16 & 255].map((v) => v.toString(16).padStart(2, "0")).join("")}`;
    const [faint, size] = [pack(rgb(ink("grid"))), pointSize()];
    const order = range(n).sort((a, b) => fronts[a] - fronts[b]);
    const parts = [];
    let last = "";
    for (const i of order) {
      const lit = inTrail(i);
      const look = `stroke="${hex(trail === 0 || lit ? paints[i] : faint)}" stroke-width="${lit ? size + 1 : size}"`;
      if (look !== last) parts.push(`${last ? "\"/>" : ""}<path ${look} d="`);
      parts.push(`M${screen[2 * i].toFixed(1)} ${screen[2 * i + 1].toFixed(1)}h0`);
      last = look;
    }
    if (last) parts.push("\"/>");
    const steps = trail ? range(Math.min(trail, now + 1)).map((k) => now - k).reverse() : [];
    const line = steps.map((i, k) => `${k ? "L" : "M"}${screen[2 * i].toFixed(1)} ${screen[2 * i + 1].toFixed(1)}`).join("");
    const font = Math.round(12 * width / (canvas.clientWidth || width));
    const ends = axisEnds(font);
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${high}" width="${width}" height="${high}">` +
      `<rect width="${width}" height="${high}" fill="${ink("paper")}"/><g stroke-linecap="square">${parts.join("")}</g>` +
      (line ? `<path class="trail" fill="none" stroke="${ink("text")}" d="${line}"/>` : "") +
      `<g fill="${ink("muted")}" stroke="none" font-family="sans-serif" font-size="${font}">` +
      `<path fill="none" stroke="${ink("muted")}" d="${ends.map((end) => `M${width / 2} ${high / 2}L${end.x.toFixed(1)} ${end.y.toFixed(1)}`).join("")}"/>` +
      ends.map((end) => `<text x="${end.at[0].toFixed(1)}" y="${end.at[1].toFixed(1)}">${end.name}</text>`).join("") + "</g></svg>";
  };
  point.csv = () => [csvLine(["point", ...names, ...colors.map((one) => one.name)]), ...range(n).map((i) =>
    csvLine([i * data.every, ...range(dims).map((k) => points[i * dims + k]),
      ...colors.map((one) => one.classes ? one.classes[one.values[i]] : one.values[i])]))].join("\n");
};

// ---- every picture of the page ------------------------------------------------------------------------------------

const kinds = { heat, tiles, scalp, lines, cloud };

const upgrade = async (figure) => {
  const data = JSON.parse(figure.querySelector("script").textContent);
  const [svg, stage] = [figure.querySelector("svg"), figure.querySelector(".stage")];
  const name = stage.getAttribute("aria-label").replace("Picture: ", "");
  const tools = make("div", { className: "tools" });
  tools.setAttribute("role", "group");
  tools.setAttribute("aria-label", `Tools of ${name}`);
  const reading = make("output", { className: "reading" });
  reading.setAttribute("aria-live", "polite");
  // where a reader is, outlined
  const outline = shape("rect", { class: "s-text cursor", fill: "none", "stroke-width": 1.5, "pointer-events": "none", width: 0, height: 0 });
  svg.append(outline);
  const mark = (x, y, width, height) => Object.entries({ x, y, width, height }).forEach(([k, v]) => outline.setAttribute(k, v));
  const spot = (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return [at.x, at.y];
  };
  const point = {};
  stage.before(tools);
  stage.after(reading);
  await kinds[data.kind]?.({ data, figure, svg, tools, stage, mark, spot, point, name, say: (words) => { reading.textContent = words; } });
  const file = name.replace(/[^\p{L}\p{N}]+/gu, "-").toLowerCase();
  tools.append(
    button("SVG", `Save ${name} as SVG`, () => download(`${file}.svg`, new Blob([point.svg?.() ?? standalone(svg)], { type: "image/svg+xml" }))),
    button("PNG", `Save ${name} as PNG`, async () => download(`${file}.png`, await (point.png?.() ?? raster(svg)))),
    button("CSV", `Save the numbers of ${name} as CSV`, () => download(`${file}.csv`, new Blob([(point.csv?.() ?? csvOfTable(figure)) + "\n"], { type: "text/csv" }))));
  figure.dataset.ready = "";
};

// One of several parts at a time, or all of them.
const pick = (section) => {
  const parts = [...section.querySelectorAll(":scope > .option")];
  if (parts.length < 2) return;
  const names = parts.map((part) => part.dataset.name);
  const show = (k) => parts.forEach((part, i) => { part.hidden = k < parts.length && i !== k; });
  const what = section.dataset.choice;
  section.prepend(make("div", { className: "pick" }, choose(what[0].toUpperCase() + what.slice(1), [...names, "all"], show)));
  show(0);
};

// parts that are hidden have no size: pictures first
const figures = [...document.querySelectorAll("figure")].filter((figure) => figure.querySelector("script"));
Promise.all(figures.map(upgrade)).then(() => {
  document.querySelectorAll(".choice").forEach(pick);
  document.documentElement.dataset.ready = "";
});
})();
