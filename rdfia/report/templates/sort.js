"use strict";
/** What a cell shows, empty where it has nothing. */
const shownIn = (cell) => cell.textContent.replace(/\s+/g, " ").trim().replace(/^–$/, "");
/** What a cell is sorted by: in a column of numbers the number that it begins with. */
const orderOf = (cell) => {
  const shown = shownIn(cell), number = parseFloat(shown.replaceAll(",", ""));
  return !cell.classList.contains("n") ? shown : Number.isNaN(number) ? "" : number;
};
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  const headings = [...table.querySelectorAll("th")];
  headings.forEach((heading, column) => heading.querySelector("button").addEventListener("click", () => {
    const down = heading.getAttribute("aria-sort") === "ascending";
    const key = (row) => orderOf(row.cells[column]);
    const rows = [...body.rows].sort((one, other) => {
      const [a, b] = [key(one), key(other)];
      if (a === "" || b === "") return (a === "") - (b === "");
      const numbers = !Number.isNaN(Number(a)) && !Number.isNaN(Number(b));
      const order = numbers ? Number(a) - Number(b) : a.localeCompare(b);
      return down ? -order : order;
    });
    headings.forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...rows);
  }));
}
