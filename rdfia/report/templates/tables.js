// What fits its frame does not scroll in it: heads stay in sight while the page scrolls, and no key stops at the frame.
{
  const fit = (frame) => {
    const fits = frame.firstElementChild.offsetWidth <= frame.clientWidth;
    frame.classList.toggle("fits", fits);
    frame.tabIndex = fits ? -1 : 0;
  };
  const watch = new ResizeObserver((changes) => changes.forEach((change) => fit(change.target)));
  document.querySelectorAll(".scroll").forEach((frame) => watch.observe(frame));
}
