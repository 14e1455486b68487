// The cells of a confusion matrix: the more often a class was taken for another, the darker.
for (const row of document.querySelectorAll("#table-confusion tbody tr")) {
  const cells = [...row.cells].slice(2), counts = cells.map(orderOf);
  const all = counts.reduce((sum, count) => sum + count, 0) || 1;
  cells.forEach((cell, at) => { cell.style.setProperty("--share", `${(60 * counts[at]) / all}%`); });
}
