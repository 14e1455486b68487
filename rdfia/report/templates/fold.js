// Parts of a long page are folded: open those that the address points into, and offer to open all.
{
  const parts = [...document.querySelectorAll("details.part")];
  const reveal = (hash) => {
    const target = hash.length > 1 && document.getElementById(decodeURIComponent(hash.slice(1)));
    if (!target) return;
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", () => reveal(location.hash));
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link) reveal(link.hash); // also where the address has it already
  });
  reveal(location.hash);
  if (parts.length) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "unfold";
    const name = () => { button.textContent = parts.every((part) => part.open) ? "Fold all parts" : "Unfold all parts"; };
    button.addEventListener("click", () => {
      const open = !parts.every((part) => part.open);
      parts.forEach((part) => { part.open = open; });
    });
    parts.forEach((part) => part.addEventListener("toggle", name));
    name();
    parts[0].before(button);
  }
}
