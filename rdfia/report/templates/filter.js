// Above a table of many rows: show those that have the words that are typed, and what is chosen where headings name a
// choice. Without this script all are shown.
for (const table of document.querySelectorAll("table")) {
  const rows = [...table.tBodies[0].rows];
  if (rows.length < 12) continue; // all are in sight
  const names = [...new Set([...table.querySelectorAll("th[data-filter]")].map((heading) => heading.dataset.filter))];
  const columns = (name) => [...table.querySelectorAll(`th[data-filter="${name}"]`)].map((heading) => heading.cellIndex);
  const things = (row, name) => columns(name).flatMap((at) => shownIn(row.cells[at]).split("; ")).filter(Boolean);
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const line = document.createElement("p");
  line.className = "filters";
  const labelled = (name, field) => {
    const label = document.createElement("label");
    label.append(`${name} `, field);
    line.append(label);
    return field;
  };
  const find = labelled("find", document.createElement("input"));
  find.type = "search";
  const choices = names.map((name) => {
    const known = [...new Set(rows.flatMap((row) => things(row, name)))].sort();
    const choice = labelled(name, document.createElement("select"));
    choice.append(new Option("all", ""), ...known.map((thing) => new Option(thing)));
    return [name, choice];
  });
  const count = document.createElement("output");
  const show = () => {
    const words = find.value.toLowerCase().split(/\s+/);
    const chosen = (row) => choices.every(([name, choice]) => !choice.value || things(row, name).includes(choice.value));
    rows.forEach((row) => { row.hidden = !words.every((word) => texts.get(row).includes(word)) || !chosen(row); });
    count.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
  };
  line.append(count);
  line.addEventListener("input", show);
  table.parentElement.before(line);
  show();
}
