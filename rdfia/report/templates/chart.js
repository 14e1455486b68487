// Curves of runs over the epochs. What a chart shows is its state; whoever changes the state calls `draw` again.
// Everything that is written into the page is text, never markup.
const dark = matchMedia("(prefers-color-scheme: dark)");
const PARTS = {
  validation: { label: "validation", dash: [] },
  frozen: { label: "train, frozen weights", dash: [7, 4] },
  train: { label: "train, running", dash: [2, 3] },
};
const UNITS = { accuracy: "accuracy (%)", loss: "loss" };
const BANDED = 6; // runs whose bands can be told apart
const WHOLE = [1, 2, 5].flatMap((first) => [0, 1, 2, 3, 4].map((power) => first * 10 ** power)).sort((a, b) => a - b);
const TIPS = 8; // lines of a tip, at most
const GAP = 14; // pixels between the pointer and a tip

/** The colour of a run, the same wherever it is drawn: neighbours lie far apart on the wheel, in three depths. */
function colourOf(run) {
  const depth = [0, 0.12, -0.12][run.place % 3];
  return `oklch(${(dark.matches ? 0.76 : 0.54) + depth} 0.15 ${((run.place * 137.508) % 360).toFixed(1)})`;
}

/** An element with attributes and children; children that are words become text. */
function element(name, attributes = {}, ...children) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children);
  return made;
}

function swatch(run) {
  const made = element("span", { className: "swatch", ariaHidden: "true" });
  made.style.background = colourOf(run);
  return made;
}

/** The lowest, mean and highest value over the seeds, at each epoch where one has a value. */
function band(lines) {
  const at = lines[0].map((_, place) => lines.map((line) => line[place]).filter((value) => value !== null));
  const each = (reduce) => at.map((values) => (values.length ? reduce(values) : null));
  const mean = each((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
  return { low: each((values) => Math.min(...values)), mean, high: each((values) => Math.max(...values)) };
}

/** The lines of a chart: for each run that is on and each part its mean, and its band or its seeds. */
function linesOf(runs, state, measure) {
  const on = runs.filter((run) => !state.off.has(run.key));
  return on.flatMap((run) => state.parts.filter((part) => run[measure]?.[part]).map((part) => {
    const seeds = run[measure][part];
    return { run, part, seeds, ...band(seeds), banded: !state.seeds && on.length * state.parts.length <= BANDED };
  }));
}

/** The numbers of the lines that are shown, heads first. */
function numbersOf(runs, state, measure) {
  const rows = linesOf(runs, state, measure).flatMap(({ run, part, low, mean, high }) => run.epochs.map((epoch, at) => (
    [run.label, part, epoch, ...[low, mean, high].map((values) => values[at] && Number(values[at].toPrecision(6)))]
  )));
  return [["run", "data", "epoch", "low", "mean", "high"], ...rows.filter((row) => row[4] !== null).map((row) => row.map(String))];
}

/** What uPlot draws: one x for all runs, and for each line its mean, then its band's ends or its seeds. */
function series(lines, state) {
  const tables = [], looks = [{}], bands = [], means = new Map();
  for (const line of lines) {
    const colour = colourOf(line.run), dash = PARTS[line.part].dash, columns = [line.mean];
    means.set(looks.length, line);
    looks.push({ stroke: colour, width: 2, dash, spanGaps: true, points: { show: line.run.epochs.length < 2 } });
    const ends = state.seeds ? line.seeds : line.banded ? [line.high, line.low] : [];
    if (line.banded) bands.push({ series: [looks.length, looks.length + 1], fill: colour.replace(")", " / .16)") });
    for (const values of ends) {
      columns.push(values);
      looks.push({ stroke: colour, width: state.seeds ? 0.8 : 0, dash, spanGaps: true, points: { show: false } });
    }
    tables.push([line.run.epochs, ...columns]);
  }
  return { data: tables.length ? uPlot.join(tables) : [[]], looks, bands, means };
}

/** How far the axis goes: a run that diverges does not flatten the others, and no accuracy is above 100. */
function limits(lines, measure, low, high) {
  if (low === null) return [0, 1];
  const starts = lines.map((line) => line.high.find((value) => value !== null) ?? 0);
  const top = measure === "accuracy" ? 100 : 3 * Math.max(...starts, Number.MIN_VALUE);
  const room = Math.max(high - low, 1e-3) * 0.05;
  return [Math.max(low - room, 0), Math.min(high + room, Math.max(top, low + room))];
}

/** A chart of one measure in `box`; returns how to draw it again after a change of the state. */
function curveChart(box, runs, state, measure) {
  const ink = (name) => getComputedStyle(box).getPropertyValue(name).trim();
  const plot = element("div", { className: "plot", tabIndex: 0, role: "group" });
  const tip = element("div", { className: "tip", hidden: true });
  const said = element("p", { className: "said", ariaLive: "polite" });
  box.replaceChildren(plot, said);
  let chart = null, means = new Map(), nearest = null;

  function tell(shown) {
    const { left, top, idxs } = shown.cursor;
    const found = left < 0 ? [] : [...means].filter(([at]) => idxs[at] != null).map(([at, line]) => {
      const value = shown.data[at][idxs[at]];
      return { at, line, value, epoch: shown.data[0][idxs[at]], away: Math.abs(shown.valToPos(value, "y") - top) };
    });
    found.sort((one, other) => (other.at === nearest) - (one.at === nearest) || one.away - other.away);
    tip.hidden = !found.length;
    if (!found.length) return;
    const rows = found.slice(0, TIPS).map(rowOf);
    const more = found.length > TIPS ? [element("p", {}, `and ${found.length - TIPS} more`)] : [];
    tip.replaceChildren(element("p", {}, `epoch ${found[0].epoch}`), ...rows, ...more, seedsOf(found[0]));
    const side = left > shown.over.clientWidth / 2 ? left - tip.offsetWidth - GAP : left + GAP;
    const first = -shown.over.offsetLeft, last = first + plot.clientWidth - tip.offsetWidth;
    tip.style.left = `${Math.max(first, Math.min(side, last))}px`;
  }

  function rowOf({ line, value }) {
    return element("p", { className: "row" }, swatch(line.run), `${name(line)}: `, element("b", {}, number(value)));
  }

  const name = ({ run, part }) => (state.parts.length > 1 ? `${run.label}, ${PARTS[part].label}` : run.label);

  function seedsOf({ line, epoch }) {
    const place = line.run.epochs.indexOf(epoch);
    const values = line.run.seeds.map((seed, at) => [seed, line.seeds[at][place]]).filter(([, value]) => value !== null);
    const words = values.map(([seed, value]) => `${seed}: ${number(value)}`).join(", ");
    return element("p", { className: "seeds" }, `seeds of ${name(line)}: ${words}`);
  }

  const number = (value) => (measure === "accuracy" ? `${value.toFixed(2)} %` : value.toPrecision(4));

  function draw() {
    const lines = linesOf(runs, state, measure), drawn = series(lines, state);
    const axis = { stroke: ink("--muted"), font: "13px system-ui, sans-serif", ticks: { stroke: ink("--line") } };
    const axes = [
      { ...axis, label: "epoch", labelSize: 20, labelFont: axis.font, grid: { show: false }, incrs: WHOLE },
      { ...axis, label: UNITS[measure], labelSize: 22, labelFont: axis.font, size: 52, grid: { stroke: ink("--line") } },
    ];
    means = drawn.means;
    nearest = null;
    chart?.destroy();
    chart = new uPlot({
      width: Math.max(plot.clientWidth, 200), height: 320, legend: { show: false }, axes,
      scales: { x: { time: false }, y: { range: (_, low, high) => limits(lines, measure, low, high) } },
      series: drawn.looks, bands: drawn.bands, focus: { alpha: 0.25 },
      cursor: {
        focus: { prox: 24, dist: (_, at, __, value, pointer) => (means.has(at) ? value - pointer : Infinity) },
        points: { show: (_, at) => (means.has(at) ? undefined : false) },
        sync: { key: state.sync ?? null },
      },
      hooks: {
        setCursor: [tell],
        setSeries: [(shown, at) => { nearest = at; tell(shown); }],
        setScale: [(shown, scale) => { if (scale === "x" && shown === chart) zoomed(); }],
      },
    }, drawn.data, plot);
    chart.over.append(tip);
    if (state.zoom) chart.setScale("x", state.zoom);
    describe();
  }

  /** Keep which part of the epochs is shown, for the next drawing; null where all are. */
  function zoomed() {
    const { data: [epochs], scales: { x } } = chart;
    state.zoom = x.min == null || (x.min <= epochs[0] && x.max >= epochs.at(-1)) ? null : { min: x.min, max: x.max };
    describe();
  }

  function describe() {
    const part = state.zoom ? ` ${state.zoom.min.toFixed(1)} to ${state.zoom.max.toFixed(1)}` : "";
    const count = means.size === 1 ? "1 line" : `${means.size} lines`;
    plot.setAttribute("aria-label", `${UNITS[measure]} by epoch${part}, ${count}. Arrow keys walk, + zooms in, Escape shows all.`);
  }

  function walk(event) {
    const epochs = chart.data[0], last = epochs.length - 1, at = chart.cursor.idx;
    const goals = { ArrowLeft: Math.max((at ?? 1) - 1, 0), ArrowRight: Math.min((at ?? -1) + 1, last), Home: 0, End: last };
    if (event.key in goals) {
      chart.setCursor({ left: chart.valToPos(epochs[goals[event.key]], "x"), top: chart.over.clientHeight / 2 });
      said.textContent = [...tip.children].map((line) => line.textContent).join("; ");
    } else if (event.key === "+") {
      const { min, max } = chart.scales.x, middle = epochs[at ?? Math.floor(last / 2)], half = (max - min) / 4;
      chart.setScale("x", { min: Math.max(middle - half, epochs[0]), max: Math.min(middle + half, epochs[last]) });
    } else if (event.key === "Escape") {
      chart.setScale("x", { min: epochs[0], max: epochs[last] });
      chart.setCursor({ left: -10, top: -10 });
    } else return;
    event.preventDefault();
  }

  plot.addEventListener("keydown", walk);
  dark.addEventListener("change", draw);
  new ResizeObserver(() => {
    if (chart && plot.clientWidth && plot.clientWidth !== chart.width) chart.setSize({ width: plot.clientWidth, height: 320 });
  }).observe(plot);
  draw();
  return draw;
}

/** A box with a name that can be ticked. */
function tick(words, checked, change) {
  const box = element("input", { type: "checkbox", checked });
  box.addEventListener("change", () => change(box.checked));
  return element("label", {}, box, ...words);
}

/** The switches above charts: which parts of the data, and each seed. */
function partSwitches(runs, measures, state, changed) {
  const known = Object.keys(PARTS).filter((part) => runs.some((run) => measures.some((m) => run[m]?.[part])));
  const turn = (part) => (on) => {
    state.parts = known.filter((other) => (other === part ? on : state.parts.includes(other)));
    changed();
  };
  const parts = known.map((part) => tick([PARTS[part].label], state.parts.includes(part), turn(part)));
  return [...parts, tick(["each seed"], state.seeds, (on) => { state.seeds = on; changed(); })];
}

/** The legend: a switch for each run, in its colour; `more` gives what else stands beside a run. */
function runSwitches(runs, state, changed, more = () => []) {
  const list = element("ul", { className: "runs" }, ...runs.map((run) => {
    const turn = (on) => { state.off[on ? "delete" : "add"](run.key); changed(); };
    return element("li", {}, tick([swatch(run), run.label], !state.off.has(run.key), turn), ...more(run));
  }));
  const every = (words, off) => {
    const button = element("button", { type: "button" }, words);
    button.addEventListener("click", () => {
      state.off = new Set(off ? runs.map((run) => run.key) : []);
      list.querySelectorAll("input").forEach((box) => { box.checked = !off; });
      changed();
    });
    return button;
  };
  return runs.length > 2 ? [list, every("all runs", false), every("none", true)] : [list];
}
