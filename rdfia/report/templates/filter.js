// Above a table whose headings name a choice: show the rows that have what is chosen. Without this script all are shown.
for (const table of document.querySelectorAll("table:has(th[data-filter])")) {
  const rows = [...table.tBodies[0].rows];
  if (rows.length < 8) continue; // all are in sight
  const names = [...new Set([...table.querySelectorAll("th[data-filter]")].map((heading) => heading.dataset.filter))];
  const columns = (name) => [...table.querySelectorAll(`th[data-filter="${name}"]`)].map((heading) => heading.cellIndex);
  const things = (row, name) => columns(name).flatMap((at) => row.cells[at].dataset.sort.split("; ")).filter(Boolean);
  const line = document.createElement("p");
  line.className = "filters";
  const count = document.createElement("output");
  const choices = names.map((name) => {
    const choice = document.createElement("select");
    const known = [...new Set(rows.flatMap((row) => things(row, name)))].sort();
    choice.append(new Option("all", ""), ...known.map((thing) => new Option(thing)));
    const label = document.createElement("label");
    label.append(`${name} `, choice);
    line.append(label);
    return [name, choice];
  });
  const show = () => {
    const seen = (row) => choices.every(([name, choice]) => !choice.value || things(row, name).includes(choice.value));
    rows.forEach((row) => { row.hidden = !seen(row); });
    count.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
  };
  line.append(count);
  line.addEventListener("change", show);
  table.parentElement.before(line);
  show();
}
