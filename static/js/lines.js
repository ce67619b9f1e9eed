// Lines of a source page: #L10 and #L10-L24 mark lines, a click on a number selects one, Shift and a click a range.
// Without it a single line still works: the browser marks the `:target`.
const table = document.querySelector("table.code");

/** First and last line named by the address, or null. */
function named() {
  const match = /^#L(\d+)(?:-L?(\d+))?$/.exec(location.hash);
  if (!match) return null;
  const [from, to] = [Number(match[1]), Number(match[2] ?? match[1])];
  return from <= to ? [from, to] : [to, from];
}

/** Marks the rows that the address names, and lets the permanent link name them too; scrolls to the first if asked. */
function mark(scroll) {
  const permanent = document.querySelector("a[data-shortcut=y]");
  if (permanent) permanent.hash = location.hash;
  for (const row of table.querySelectorAll("tr.hit")) row.classList.remove("hit");
  const range = named();
  if (!range) return;
  const first = document.getElementById(`L${range[0]}`);
  let row = first;
  for (let line = range[0]; row && line <= range[1]; line += 1) {
    row.classList.add("hit");
    row = document.getElementById(`L${line + 1}`);
  }
  if (scroll) first?.scrollIntoView({ block: "center" });
}

if (table) {
  table.addEventListener("click", (event) => {
    const link = event.target.closest(".ln a");
    const clicked = link && /#L(\d+)$/.exec(link.href);
    if (!clicked || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const line = Number(clicked[1]);
    const start = event.shiftKey ? named()?.[0] : undefined;
    const [from, to] = start === undefined ? [line, line] : [Math.min(start, line), Math.max(start, line)];
    // replaceState: choosing lines is not a step back in the history
    history.replaceState(history.state, "", from === to ? `#L${from}` : `#L${from}-L${to}`);
    mark(false);
  });
  addEventListener("hashchange", () => mark(true));
  mark(named()?.[1] !== named()?.[0]);
}
