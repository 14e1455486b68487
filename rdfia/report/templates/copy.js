// Below each table and each figure whose numbers are in the page: copy what is shown as Markdown or as LaTeX.
{
  const words = (node) => node.textContent.replace(/\s+/g, " ").trim();

  /** What a table shows now: its rows in the order and the choice that the reader made. */
  const ofTable = (table) => {
    const heads = [...table.tHead.rows[0].cells];
    return {
      name: table.id.replace("table-", ""),
      caption: words(document.getElementById(table.getAttribute("aria-labelledby"))),
      heads: heads.map((head) => {
        const unit = head.querySelector("small");
        return unit ? `${words(head).slice(0, -words(unit).length).trim()} (${words(unit)})` : words(head);
      }),
      numeric: heads.map((head) => head.classList.contains("n")),
      rows: [...table.tBodies[0].rows].filter((row) => !row.hidden).map((row) => [...row.cells].map(words)),
    };
  };

  const ofFigure = (figure, [heads, ...rows]) => {
    const caption = words(figure.querySelector("figcaption")), name = figure.id.replace("figure-", "");
    return { name, caption, heads, rows, numeric: heads.map((_, at) => rows.every((row) => !Number.isNaN(Number(row[at])))) };
  };

  /** Text that a forge shows as it is; the files of the tables are written by the same rule. */
  const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replace(/\[[-+\d., ]+\](?![(\[:])|[\\`*[\]|$~]|(?<![\p{L}\p{N}_])_|_(?![\p{L}\p{N}_])/gu, (found) => (found.length > 1 ? found : `\\${found}`))
    .replace(/^(\d*)([-+=#.)>])(?=\s|$|[=#-])/, "$1\\$2");

  const markdown = ({ heads, numeric, rows }) => {
    const rule = numeric.map((right) => (right ? "---:" : "---"));
    const lines = [heads.map(escaped), rule, ...rows.map((row) => row.map(escaped))];
    return lines.map((line) => `| ${line.join(" | ")} |\n`).join("");
  };

  const COMMANDS = {
    "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "<": "\\textless{}",
    ">": "\\textgreater{}", "|": "\\textbar{}", "×": "$\\times$", "−": "$-$", "→": "$\\to$",
  };
  const typeset = (text) => text.replace(/[\\~^<>|×−→{}$&#_%]/g, (sign) => COMMANDS[sign] ?? `\\${sign}`);
  /** A cell: one that begins with a bracket would be taken for an option of the line before. */
  const cell = (text) => typeset(text).replace(/^\[/, "{[}");

  const latex = ({ name, caption, heads, numeric, rows }) => {
    const line = (cells) => `    ${cells.map(cell).join(" & ")} \\\\\n`;
    const columns = numeric.map((right) => (right ? "r" : "l")).join("");
    return `% \\usepackage{booktabs}\n\\begin{table}\n  \\caption{${typeset(caption)}}\n  \\label{tab:${name}}\n`
      + `  \\begin{tabular}{${columns}}\n    \\toprule\n${line(heads)}    \\midrule\n${rows.map(line).join("")}`
      + "    \\bottomrule\n  \\end{tabular}\n\\end{table}\n";
  };

  /** Where a browser gives no clipboard, the text stands in a field, selected. */
  const lay = (place, text) => {
    const field = Object.assign(document.createElement("textarea"), { value: text, readOnly: true, rows: 8, className: "copied" });
    field.setAttribute("aria-label", "The text to copy");
    field.addEventListener("blur", () => field.remove());
    place.after(field);
    field.focus();
    field.select();
    return document.execCommand("copy");
  };

  globalThis.copyText = async (place, text) => {
    const said = place.querySelector("output");
    let done = false;
    try {
      await navigator.clipboard.writeText(text);
      done = true;
    } catch {
      done = lay(place, text);
    }
    said.textContent = done ? "copied" : "press Ctrl-C to copy";
  };

  const copyButtons = (place, read) => {
    const buttons = Object.entries({ Markdown: markdown, LaTeX: latex }).map(([name, write]) => {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: `copy ${name}` });
      button.addEventListener("click", () => copyText(place, write(read())));
      return button;
    });
    place.append(...buttons, document.createElement("output"));
  };
  globalThis.copyTable = (table, place) => copyButtons(place, () => ofTable(table));
  globalThis.copyFigure = (figure, read) => copyButtons(figure.querySelector(".origin"), () => ofFigure(figure, read()));

  for (const table of document.querySelectorAll("main table")) {
    const box = table.closest(".scroll"), next = box.nextElementSibling;
    const place = next?.matches(".origin") ? next : Object.assign(document.createElement("p"), { className: "origin" });
    if (place !== next) box.after(place);
    copyTable(table, place);
  }
  for (const figure of document.querySelectorAll("figure:has(script.numbers)")) {
    copyFigure(figure, () => JSON.parse(figure.querySelector("script.numbers").textContent));
  }
}
