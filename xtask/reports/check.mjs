// Opens reports in a real browser and uses them: node check.mjs BROWSER SCREENSHOTS PAGE...
// It fails if a page asks for anything but itself, complains, is hard to reach, is too slow or does not react.
import { AsyncLocalStorage } from "node:async_hooks";
import { readFileSync, statSync, mkdirSync } from "node:fs";
import { basename, relative } from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [browserPath, shots, ...pages] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
mkdirSync(`${shots}/small`, { recursive: true });

// Of a page in a folder, both names: several folders hold a report.html.
const nameOf = (file) => relative(".", file).replace(/\.html$/, "").replaceAll("/", "-");

// limits; times are of the processor
const LARGEST_PAGE = 2_000_000;
const SLOWEST_OPENING_MS = 1_000;
const SLOWEST_FRAME_MS = 100;
const SMALLEST_LETTERING_PX = 11;

// Pages that are open at the same time: one core waits while a browser draws.
const TOGETHER = 2;

let failures = 0;
// what is said of the page that is being checked
const said = new AsyncLocalStorage();
const check = (fine, what) => {
  if (fine) return;
  failures++;
  said.getStore().push(`  FAILED: ${what}`);
};

const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox", "--disable-gpu"] });

// Opens a page and notes what it asks for and complains about.
const open = async (file, options = {}) => {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, acceptDownloads: true, ...options });
  const page = await context.newPage();
  const [asked, complaints] = [[], []];
  page.on("request", (request) => asked.push(request.url()));
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) complaints.push(message.text()); });
  page.on("pageerror", (error) => complaints.push(String(error)));
  const session = await context.newCDPSession(page);
  // time of the processor, not of the clock, since other work may share the machine
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const busy = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return 1000 * metrics.find((metric) => metric.name === "TaskDuration").value;
  };
  await page.goto(pathToFileURL(file).href);
  if (options.javaScriptEnabled !== false) await page.waitForSelector("html[data-ready]", { timeout: 60_000 });
  return { context, page, asked, complaints, busy };
};

const settled = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

// Processor time of a frame over several changes.
const frame = async ({ page, busy }, change, times = 10) => {
  await change();
  await settled(page);
  const before = await busy();
  for (let i = 0; i < times; i++) {
    await change(i);
    await settled(page);
  }
  return (await busy() - before) / times;
};

// What axe finds wrong; of rules with these tags, or of all.
const accessible = async (page, where, tags) => {
  const options = tags ? { runOnly: { type: "tag", values: tags } } : {};
  const { violations } = await page.evaluate((options) => window.axe.run(options), options);
  for (const violation of violations) {
    check(false, `${where}: axe: ${violation.id}: ${violation.help}: ${violation.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
  }
};

// In a window of this width, first light, then dark: what is not a matter of colour is the same in both.
const looks = async (file, width) => {
  const tab = await open(file, { viewport: { width, height: 900 }, colorScheme: "light" });
  const { page } = tab;
  const opening = await tab.busy();
  const where = `${width} px`;
  check(opening < SLOWEST_OPENING_MS, `${where}: opening takes ${opening.toFixed(0)} ms of the processor`);
  const others = tab.asked.filter((url) => !url.startsWith("blob:") && url !== pathToFileURL(file).href);
  check(others.length === 0, `${where}: asks for ${others}`);
  await page.evaluate(axe);
  await accessible(page, `${where}, light`);
  const [smallest, sideways, unreachable] = await page.evaluate(() => {
    const scale = (element) => element.ownerSVGElement.getScreenCTM()?.a ?? 1;
    const seen = [...document.querySelectorAll("svg text")].filter((element) => element.getClientRects().length);
    const sizes = seen.map((element) => scale(element) * Number(element.getAttribute("font-size")));
    const controls = [...document.querySelectorAll("a, button, select, input, summary, .stage, .wide, canvas.cloud")];
    return [Math.min(...sizes), document.documentElement.scrollWidth > innerWidth, controls.filter((control) => control.tabIndex < 0 || control.disabled).length];
  });
  check(smallest >= SMALLEST_LETTERING_PX, `${where}: lettering of ${smallest.toFixed(1)} px`);
  check(!sideways, `${where}: the page scrolls sideways`);
  check(unreachable === 0, `${where}: keys do not reach ${unreachable} controls`);
  const picture = (scheme) => page.screenshot({ path: `${shots}/${nameOf(file)}-${width}-${scheme}.png`, fullPage: true });
  if (width > 1000) await picture("light");
  await page.emulateMedia({ colorScheme: "dark" });
  await settled(page);
  await accessible(page, `${where}, dark`, ["cat.color"]);
  if (width < 1000) await picture("dark");
  else {
    // for the book
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width: 1000, height: 620 });
    await page.evaluate(() => {
      const figures = [...document.querySelectorAll("figure")].filter((figure) => figure.getClientRects().length);
      const head = figures.find((figure) => figure.querySelector("script")?.textContent.includes('"kind":"scalp"'));
      (head ?? figures[0])?.scrollIntoView();
    });
    await settled(page);
    await page.screenshot({ path: `${shots}/small/${nameOf(file)}.jpg`, type: "jpeg", quality: 70 });
  }
  check(tab.complaints.length === 0, `${where}: says ${tab.complaints}`);
  await tab.context.close();
  return opening;
};

const saved = async (page, figure, kind) => {
  const [download] = await Promise.all([page.waitForEvent("download"), figure.getByRole("button", { name: new RegExp(` as ${kind}$`) }).click()]);
  return readFileSync(await download.path());
};

const uses = async (file) => {
  const tab = await open(file);
  const { page } = tab;
  const times = {};
  for (const figure of await page.locator("figure").filter({ visible: true }).all()) {
    const data = await figure.locator("script").first().textContent().catch(() => null);
    if (!data) continue;
    const { kind } = JSON.parse(data);
    await figure.scrollIntoViewIfNeeded();
    const stage = figure.locator(".stage");
    const reading = () => figure.locator(".reading").textContent();
    const svg = (await saved(page, figure, "SVG")).toString();
    check(svg.startsWith("<svg") && svg.includes("xmlns"), `${kind}: the saved SVG`);
    const csv = (await saved(page, figure, "CSV")).toString();
    check(csv.trim().split("\n").length > 1, `${kind}: the saved CSV is empty`);
    const png = await saved(page, figure, "PNG");
    check(png.subarray(1, 4).toString() === "PNG", `${kind}: the saved PNG`);
    if (kind === "heat" || kind === "tiles") {
      const { area } = JSON.parse(data);
      await figure.locator("svg").hover({ position: { x: (area[0] + area[2]) / 2, y: area[1] + 5 } });
      check((await reading()).includes(":"), `${kind}: pointing at a cell says nothing`);
      await stage.focus();
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowDown");
      check((await reading()).includes(":"), `${kind}: keys say nothing`);
    }
    if (kind === "scalp") {
      const { heads, names, value } = JSON.parse(data);
      const [x, y] = [heads[0].x[1], heads[0].y[1]];
      await figure.locator("svg").hover({ position: { x, y } });
      check((await reading()).includes(`${names[1]}: ${value}`), `scalp: pointing at ${names[1]} says ${await reading()}`);
      await stage.focus();
      await page.keyboard.press("ArrowRight");
      const first = await reading();
      check(first.includes(`${names[0]}: `), `scalp: keys say ${first}`);
      await page.keyboard.press(heads.length > 1 ? "ArrowDown" : "ArrowRight");
      check(await reading() !== first, "scalp: keys do not move on");
      check(csv.trim().split("\n").length === 1 + names.length, "scalp: the saved CSV has not one row an electrode");
    }
    const rows = figure.getByLabel("Rows", { exact: true });
    if (kind === "heat" && JSON.parse(data).rows.length > 1) {
      check(await rows.count() === 1, "heat: there is no control for the order of rows");
      const order = () => figure.evaluate((f) => [...f.querySelectorAll(".cells > rect")].map((cell) => cell.getAttribute("y")).join());
      const values = (await saved(page, figure, "CSV")).toString().trim().split("\n").slice(1).map((line) => line.split(",").slice(1).reduce((sum, v) => sum + Math.abs(Number(v) || 0), 0));
      const before = await order();
      await rows.selectOption({ label: "strongest first" });
      const sorted = (await saved(page, figure, "CSV")).toString().trim().split("\n").slice(1).map((line) => line.split(",").slice(1).reduce((sum, v) => sum + Math.abs(Number(v) || 0), 0));
      check(sorted.every((v, i) => i === 0 || v <= sorted[i - 1] + 1e-9), "heat: rows are not sorted");
      check(sorted.length === values.length, "heat: rows are lost in sorting");
      const named = (await saved(page, figure, "CSV")).toString().trim().split("\n").slice(1).map((line) => line.split(",")[0]);
      const words = await figure.evaluate((f) => [...f.querySelectorAll(".row-names text")].map((word) => word.textContent));
      const { every } = JSON.parse(data);
      check(words.every((word, k) => word.includes("…") || word === named[k * every[0]]), "heat: labels are not those of the sorted rows");
      const cluster = await rows.locator("option", { hasText: "clustered" }).count();
      if (cluster) {
        await rows.selectOption({ label: "clustered" });
        const places = (await order()).split(",");
        check(new Set(places).size === new Set(before.split(",")).size, "heat: rows are lost in clusters");
      }
      times["map sorted"] = Math.max(times["map sorted"] ?? 0, await frame(tab, (i = 0) => rows.selectOption({ index: i % 3 })));
      await rows.selectOption({ index: 0 });
      check(await order() === before, "heat: the order of the file does not come back");
    }
    if (kind === "lines") {
      const axis = () => figure.locator(".x-ticks").evaluate((g) => g.innerHTML);
      const before = await axis();
      await stage.focus();
      await page.keyboard.press("ArrowRight");
      check((await reading()).length > 0, "lines: keys say nothing");
      await page.keyboard.press("+");
      await settled(page);
      check(await axis() !== before, "lines: zooming changes nothing");
      await page.keyboard.press("Shift+ArrowRight");
      await page.keyboard.press("Escape");
      await settled(page);
      check(await axis() === before, "lines: the whole axis does not come back");
      const box = await figure.locator("svg").boundingBox();
      const area = JSON.parse(data).area;
      const y = box.y + (area[1] + area[3]) / 2;
      if (y < 880 && y > 0) {
        await page.mouse.move(box.x + area[0] + 0.3 * (area[2] - area[0]), y);
        check((await reading()).length > 0, "lines: pointing says nothing");
        if (JSON.parse(data).series.some((one) => one.each)) check(/ to /.test(await reading()), "lines: a stretch of samples is told as one value");
        await page.mouse.down();
        await page.mouse.move(box.x + area[0] + 0.5 * (area[2] - area[0]), y);
        await page.mouse.up();
        await settled(page);
        check(await axis() !== before && / to /.test(await reading()), "lines: brushing does not zoom");
      }
      const name = JSON.parse(data).lanes ? "recording zoomed" : "curves zoomed";
      await stage.focus();
      times[name] = Math.max(times[name] ?? 0, await frame(tab, (i = 0) => page.keyboard.press(i % 2 ? "-" : "+")));
      await page.keyboard.press("Escape");
    }
    if (kind === "cloud") {
      const canvas = figure.locator("canvas.cloud");
      const picture = () => canvas.evaluate((c) => c.toDataURL());
      const before = await picture();
      await canvas.focus();
      await page.keyboard.press("ArrowRight");
      await settled(page);
      const flat = JSON.parse(data).dims < 3;
      check(flat || await picture() !== before, "cloud: keys do not turn it");
      if (!flat) times["cloud turned"] = await frame(tab, () => page.keyboard.press("ArrowRight"));
      const color = figure.getByLabel("Colour", { exact: true });
      if (JSON.parse(data).colors.length > 1) {
        check(await color.count() === 1, "cloud: there is no control for the colour");
        const turned = await picture();
        await color.selectOption({ index: 1 });
        await settled(page);
        check(await picture() !== turned, "cloud: the colour does not change");
      }
      const time = figure.getByLabel("Time", { exact: true });
      const start = await time.inputValue();
      await figure.getByRole("button", { name: "Play over time" }).click();
      await page.waitForTimeout(400);
      await figure.getByRole("button", { name: "Pause" }).click();
      check(await time.inputValue() !== start, "cloud: nothing plays");
      const trail = (await saved(page, figure, "SVG")).toString();
      check(/class="trail"[^>]* d="M[^"]*L/.test(trail) && trail.includes(">dimension 0<"), "cloud: the saved SVG has no trail");
      await figure.getByLabel("Trail", { exact: true }).selectOption({ index: 0 });
      await settled(page);
      check(!(await saved(page, figure, "SVG")).toString().includes("class=\"trail\""), "cloud: the saved SVG has a trail that is not seen");
    }
  }
  for (const section of await page.locator(".choice").all()) {
    const select = section.locator(":scope > .pick select");
    if (!await select.count()) continue;
    await select.selectOption({ index: 1 });
    check(await section.locator(":scope > .option:not([hidden])").count() === 1, "a choice shows one part");
    await select.selectOption({ label: "all" });
    // choices inside are made by themselves
    check(await section.locator(":scope > .option[hidden]").count() === 0, "`all` shows every part");
  }
  for (const [what, time] of Object.entries(times)) check(time < SLOWEST_FRAME_MS, `${what}: ${time.toFixed(0)} ms of the processor a frame`);
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  const paper = await page.evaluate(() => [getComputedStyle(document.body).backgroundColor,
    [...document.querySelectorAll(".tools, .pick, canvas.cloud")].filter((element) => element.getClientRects().length).length,
    [...document.querySelectorAll("svg.figure")].filter((element) => !element.getClientRects().length).length]);
  check(paper[0] === "rgb(255, 255, 255)" && paper[1] === 0 && paper[2] === 0, `on paper: ${paper}`);
  check(tab.complaints.length === 0, `in use it says ${tab.complaints}`);
  await tab.context.close();
  return times;
};

// Without a script every picture and every part is there.
const plain = async (file) => {
  const tab = await open(file, { javaScriptEnabled: false });
  const drawn = await tab.page.locator("svg.figure").filter({ visible: true }).count();
  const disclosed = await tab.page.locator("details:not([open]) svg.figure").count();
  check(drawn + disclosed === await tab.page.locator("svg.figure").count(), `without a script ${drawn} pictures are seen`);
  check(await tab.page.locator(".tools, .pick").count() === 0, "without a script there are controls");
  await tab.context.close();
};

// In a frame as the Python package makes it: the policy lets the script run there too.
const framed = async (file) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => { if (message.type() === "error") complaints.push(message.text()); });
  await page.setContent("<iframe sandbox=\"allow-scripts allow-downloads\" width=1000 height=700></iframe>");
  await page.evaluate((html) => { document.querySelector("iframe").srcdoc = html; }, readFileSync(file, "utf8"));
  const ready = await page.frameLocator("iframe").locator("html[data-ready]").waitFor({ state: "attached", timeout: 30_000 }).then(() => true, () => false);
  check(ready, "in a notebook's frame the script does not run");
  check(complaints.length === 0, `in a notebook's frame it says ${complaints}`);
  await context.close();
};

const checkPage = async (file) => {
  const size = statSync(file).size;
  said.getStore().push(`${basename(file)}, ${(size / 1000).toFixed(0)} kB`);
  check(size < LARGEST_PAGE, `it has ${size} bytes`);
  let opening = 0;
  // what can be used on it is used on other pages
  if (basename(file) === "large.html") {
    opening = await looks(file, 1400);
    check(readFileSync(file, "utf8").includes("To keep this page below 2 MB"), "it does not say that it was made smaller");
    said.getStore().push(`  processor time: opened ${opening.toFixed(0)} ms`);
    return;
  }
  for (const width of [1400, 390]) opening = Math.max(opening, await looks(file, width));
  await plain(file);
  await framed(file);
  const times = await uses(file);
  const told = Object.entries(times).map(([what, time]) => `${what} ${time.toFixed(0)} ms`);
  said.getStore().push(`  processor time: opened ${opening.toFixed(0)} ms${told.length ? `; a frame: ${told.join(", ")}` : ""}`);
};

// the largest first, so that nobody waits for it alone
const waiting = [...pages].sort((a, b) => statSync(b).size - statSync(a).size);
const lane = async () => {
  for (let file = waiting.shift(); file; file = waiting.shift()) {
    await said.run([], async () => {
      try {
        await checkPage(file);
      } catch (error) {
        check(false, `${basename(file)}: ${error}`);
      }
      console.log(said.getStore().join("\n"));
    });
  }
};
await Promise.all(Array.from({ length: TOGETHER }, lane));
await browser.close();
console.log(failures ? `${failures} failed` : "no failures");
process.exit(failures ? 1 : 0);
