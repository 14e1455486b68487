// A figure of curves becomes a chart to explore. What is drawn in it stays for paper, for screen readers, and behind a
// button; a chart is drawn when it comes near, because a page has dozens.
const known = JSON.parse(document.querySelector("#runs").textContent);
const near = new IntersectionObserver((seen) => {
  for (const { target, isIntersecting } of seen) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    target.dispatchEvent(new Event("near"));
  }
}, { rootMargin: "600px" });

for (const figure of document.querySelectorAll("figure[data-measure]")) {
  const labels = JSON.parse(figure.dataset.labels), measure = figure.dataset.measure;
  const runs = Object.keys(labels).filter((key) => known[key]).map((key) => ({ ...known[key], key, label: labels[key] }));
  const state = { parts: runs.length > 4 ? ["validation"] : ["validation", "frozen"], seeds: false, off: new Set(), zoom: null };
  const place = element("div", { className: "place" });
  let draw = () => {};
  const changed = () => draw();
  const explorer = element("div", { className: "explorer" },
    element("div", { className: "switches" }, ...partSwitches(runs, [measure], state, changed)), place,
    element("div", { className: "legend" }, ...runSwitches(runs, state, changed)),
    element("p", { className: "hint" }, "Drag to zoom, double click to see all. A line is the mean over seeds of one run."));
  const drawn = figure.querySelector(".scroll");
  if (drawn) {
    const swap = element("button", { type: "button", className: "swap" }, "as drawn");
    swap.addEventListener("click", () => {
      const explored = figure.classList.toggle("explored");
      swap.textContent = explored ? "as drawn" : "to explore";
    });
    const link = element("a", {}, "compare these with others");
    link.href = `compare.html#runs=${runs.map((run) => run.key).join(",")}`;
    figure.prepend(element("p", { className: "tools" }, swap, link));
    copyFigure(figure, () => numbersOf(runs, state, measure));
  }
  figure.querySelector("figcaption").before(explorer);
  figure.classList.add("explored");
  place.addEventListener("near", () => { draw = curveChart(place, runs, state, measure); });
  near.observe(place);
}
