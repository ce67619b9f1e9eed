// Rows that are chosen, by keyboard: j/k move, x chooses, o opens, a takes the page; what carries `data-key` is pressed (or focused, if it is a list)
// by that key, for the chosen rows or else for the current one. All of it works without.
const form = document.querySelector("[data-choosing]");
if (form) {
  const rows = [...form.querySelectorAll("[data-row]")];
  const boxes = rows.map((row) => row.querySelector("input[type=checkbox]"));
  const page = form.querySelector("[data-all]");
  const count = form.querySelector("[data-count]");
  const chosenOnly = form.querySelector("input[name=scope][value=chosen]"); // where a button may also act on all that match
  const keyed = [...form.querySelectorAll("[data-key]")];
  let at = -1;

  const tell = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    if (count) count.textContent = chosen;
    if (page) {
      page.checked = chosen > 0 && chosen === boxes.length;
      page.indeterminate = chosen > 0 && chosen < boxes.length;
    }
    if (chosen && chosenOnly) chosenOnly.checked = true;
  };
  const go = (to) => {
    if (!rows.length) return;
    rows[at]?.classList.remove("is-current");
    at = Math.max(0, Math.min(rows.length - 1, to));
    rows[at].classList.add("is-current");
    boxes[at].focus({ preventScroll: true });
    rows[at].scrollIntoView({ block: "nearest" });
  };
  const all = (on) => {
    for (const box of boxes) box.checked = on;
    tell();
  };
  const press = (one) => {
    if (one.matches("select")) {
      one.focus();
      return;
    }
    if (!chosenOnly && boxes[at] && !boxes.some((box) => box.checked)) boxes[at].checked = true;
    one.click();
  };
  const acts = {
    j: () => go(at + 1),
    k: () => go(at - 1),
    x: () => {
      if (boxes[at]) boxes[at].checked = !boxes[at].checked;
      tell();
    },
    a: () => all(!boxes.every((box) => box.checked)),
    o: () => rows[at]?.querySelector("a.title, th a")?.click(),
  };

  for (const one of keyed) one.title = one.dataset.key;
  page?.addEventListener("change", () => all(page.checked));
  form.addEventListener("change", (event) => {
    if (boxes.includes(event.target)) tell();
  });
  form.addEventListener("focusin", (event) => {
    if (boxes.includes(event.target)) at = boxes.indexOf(event.target);
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const one = keyed.find((button) => button.dataset.key === event.key);
    if (!one && !acts[event.key]) return;
    event.preventDefault();
    if (one) press(one);
    else acts[event.key]();
  });
  tell();
}
