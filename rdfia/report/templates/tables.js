// A table that fits its frame does not scroll in it, so that its heads stay in sight while the page scrolls.
{
  const fit = (frame) => frame.classList.toggle("fits", frame.firstElementChild.offsetWidth <= frame.clientWidth);
  const watch = new ResizeObserver((changes) => changes.forEach((change) => fit(change.target)));
  document.querySelectorAll(".scroll:has(> table)").forEach((frame) => watch.observe(frame));
}
