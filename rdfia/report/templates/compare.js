// Any runs beside each other. What is chosen is the address: it changes with every choice, and is read when it changes.
{
  const all = Object.entries(known).map(([key, run]) => ({ ...run, key, label: key }));
  const state = { parts: ["validation"], seeds: false, off: new Set(), zoom: null, sync: "compare" };
  const MEASURES = ["loss", "accuracy"], MOST = 12; // proposals below the search
  let chosen = [], strangers = [];

  const search = element("input", { type: "search", id: "search", autocomplete: "off", placeholder: "zca, dropout, vit/…" });
  const list = element("ul", { id: "found", role: "listbox", hidden: true, ariaLabel: "Runs that were found" });
  const label = element("label", { htmlFor: "search" }, "Add a run");
  const said = element("p", { className: "hint", role: "status" });
  const results = element("div", { className: "results" });
  for (const [name, value] of Object.entries({ role: "combobox", "aria-controls": "found", "aria-autocomplete": "list", "aria-expanded": "false" })) {
    search.setAttribute(name, value);
  }

  /** The runs in whose name, title or change each word of the search stands: in the name counts most. */
  function found() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const inside = (text) => words.filter((word) => text.toLowerCase().includes(word)).length;
    const fit = all.filter((run) => !chosen.includes(run.key) && inside(`${run.key} ${run.title} ${run.changes}`) === words.length);
    const weight = (run) => inside(run.key) + (run.key.split("/")[1] === search.value.trim() ? 1 : 0);
    return fit.sort((one, other) => weight(other) - weight(one)).slice(0, MOST);
  }

  function propose() {
    const options = found().map((run, place) => {
      const words = [swatch(run), element("code", {}, run.key), ` ${run.title}`];
      const option = element("li", { role: "option", id: `option-${place}`, ariaSelected: String(place === 0) }, ...words);
      option.dataset.key = run.key;
      option.addEventListener("mousedown", (event) => { event.preventDefault(); add(run.key); });
      return option;
    });
    list.replaceChildren(...options);
    open(options.length > 0);
  }

  function open(wide) {
    list.hidden = !wide;
    search.setAttribute("aria-expanded", String(wide));
    const current = wide && list.querySelector("[aria-selected=true]");
    if (current) search.setAttribute("aria-activedescendant", current.id);
    else search.removeAttribute("aria-activedescendant");
  }

  function move(step) {
    const options = [...list.children], at = options.findIndex((option) => option.ariaSelected === "true");
    const next = options[(at + step + options.length) % options.length];
    options.forEach((option) => { option.ariaSelected = String(option === next); });
    next?.scrollIntoView({ block: "nearest" });
    open(options.length > 0);
  }

  function press(event) {
    if (list.hidden && event.key.startsWith("Arrow")) propose();
    else if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else if (event.key === "Escape") open(false);
    else if (event.key === "Enter" && !list.hidden) add(list.querySelector("[aria-selected=true]").dataset.key);
    else return;
    event.preventDefault();
  }

  function add(key) {
    chosen = [...chosen, key];
    search.value = "";
    open(false);
    write();
    show();
  }

  function drop(key) {
    chosen = chosen.filter((other) => other !== key);
    state.off.delete(key);
    write();
    show();
    search.focus();
  }

  /** The address holds the runs, which are switched off, the parts of the data, and whether each seed is shown. */
  function write() {
    const parts = { runs: chosen.join(","), off: [...state.off].join(","), parts: state.parts.join(","), seeds: state.seeds ? "1" : "" };
    const words = Object.entries(parts).filter(([, value]) => value).map(([name, value]) => `${name}=${encodeURI(value)}`);
    history.replaceState(null, "", `#${words.join("&")}`);
  }

  function read() {
    const given = new URLSearchParams(location.hash.slice(1));
    const listed = (name) => [...new Set((given.get(name) ?? "").split(",").filter(Boolean))];
    chosen = listed("runs").filter((key) => Object.hasOwn(known, key));
    strangers = listed("runs").filter((key) => !Object.hasOwn(known, key));
    state.off = new Set(listed("off").filter((key) => chosen.includes(key)));
    state.parts = listed("parts").filter((part) => Object.hasOwn(PARTS, part));
    if (!given.has("parts")) state.parts = ["validation"];
    state.seeds = given.get("seeds") === "1";
    state.zoom = null;
    show();
  }

  function show() {
    const runs = chosen.map((key) => all.find((run) => run.key === key)), curved = runs.filter((run) => run.epochs.length);
    const without = runs.filter((run) => !run.epochs.length).map((run) => run.key);
    said.textContent = [
      strangers.length ? `Not in this study: ${strangers.join(", ")}.` : "",
      without.length ? `Without epochs, and so without curves: ${without.join(", ")}.` : "",
      runs.length ? "" : "Nothing is chosen yet.",
    ].filter(Boolean).join(" ");
    const draws = [];
    const changed = () => { write(); draws.forEach((draw) => draw()); };
    const chips = element("div", { className: "legend" }, ...runSwitches(runs, state, changed, beside));
    const places = curved.length ? MEASURES.map(() => element("div", { className: "place" })) : [];
    const switches = element("div", { className: "switches" }, ...(curved.length ? partSwitches(curved, MEASURES, state, changed) : []));
    results.replaceChildren(element("div", { className: "explorer" }, chips, switches, element("div", { className: "pair" }, ...places)));
    places.forEach((place, at) => draws.push(curveChart(place, curved, state, MEASURES[at])));
    if (runs.length) results.append(...figures(runs), ...settings(runs));
  }

  /** Beside a run in the legend: the way to its page, and a button that takes it away. */
  function beside(run) {
    const away = element("button", { type: "button", ariaLabel: `Take ${run.key} away` }, "×");
    away.addEventListener("click", () => drop(run.key));
    return [" ", element("a", { href: `runs/${run.key}.html`, ariaLabel: `Page of ${run.key}` }, "page"), " ", away];
  }

  const interval = (found) => (found ? `${found[0].toFixed(2)}${found[1] === null ? "" : ` [${found[1].toFixed(2)}, ${found[2].toFixed(2)}]`}` : "–");

  function figures(runs) {
    const rows = runs.map((run) => [run.key, run.title, interval(run.test), interval(run.validation), run.changes]);
    return table("final", "Final accuracies, with their intervals, and what each run changes of the run that it is measured against.",
      ["run", "title", "test accuracy (%)", "validation accuracy (%)", "what it changes"], rows);
  }

  function settings(runs) {
    const keys = [...new Set(runs.flatMap((run) => Object.keys(run.settings)))];
    const rows = keys.map((key) => [key, ...runs.map((run) => run.settings[key] ?? "–")]).filter(([, ...values]) => new Set(values).size > 1);
    const caption = rows.length ? "The settings in which these runs differ." : "These runs have the same settings.";
    return runs.length > 1 ? table("differences", caption, ["setting", ...runs.map((run) => run.key)], rows) : [];
  }

  function table(name, words, heads, rows) {
    const caption = element("p", { className: "caption", id: `caption-${name}` }, words);
    if (!rows.length) return [caption];
    const head = element("tr", {}, ...heads.map((text) => element("th", { scope: "col" }, text)));
    const body = rows.map((row) => element("tr", {}, ...row.map((text) => element("td", {}, text))));
    const made = element("table", { id: `table-${name}` }, element("thead", {}, head), element("tbody", {}, ...body));
    made.setAttribute("aria-labelledby", caption.id);
    const place = element("p", { className: "origin" });
    copyTable(made, place);
    return [caption, element("div", { className: "scroll" }, made), place];
  }

  const share = element("button", { type: "button" }, "copy the address");
  share.addEventListener("click", () => copyText(share.parentElement, location.href));
  document.querySelector("#compare").append(
    element("div", { className: "search" }, label, search, list), element("p", { className: "sharing" }, share, element("output")), said, results);
  search.addEventListener("input", propose);
  search.addEventListener("focus", propose);
  search.addEventListener("blur", () => open(false));
  search.addEventListener("keydown", press);
  addEventListener("hashchange", read);
  read();
}
