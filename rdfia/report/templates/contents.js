// On a narrow screen the contents are one line: bring the page that is open into sight.
{
  const current = document.querySelector("nav [aria-current]");
  const list = current.closest("ol");
  list.scrollLeft = current.offsetLeft - (list.clientWidth - current.offsetWidth) / 2;
}
