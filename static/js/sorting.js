// Suggestions by keyboard: j and k move, x chooses, a accepts, o stays in “other”, m goes to the list of categories. Without script the form does all of it.
const form = document.querySelector("[data-sorting]");
if (form) {
  const rows = [...form.querySelectorAll("[data-row]")];
  const boxes = rows.map((row) => row.querySelector("input[type=checkbox]"));
  const all = form.querySelector("[data-all]");
  const count = form.querySelector("[data-count]");
  let at = -1;

  function told() {
    const chosen = boxes.filter((box) => box.checked).length;
    if (count) count.textContent = String(chosen);
    if (all) {
      all.checked = chosen === boxes.length && chosen > 0;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    }
  }

  function go(to) {
    if (!rows.length) return;
    rows[at]?.classList.remove("is-current");
    at = Math.max(0, Math.min(rows.length - 1, to));
    rows[at].classList.add("is-current");
    boxes[at].focus({ preventScroll: true });
    rows[at].scrollIntoView({ block: "nearest" });
  }

  /** Presses a button of the form for the chosen rows, or for the current one alone. */
  function act(value) {
    if (!boxes.some((box) => box.checked) && at >= 0) boxes[at].checked = true;
    form.requestSubmit(form.querySelector(`button[name="act"][value="${value}"]`));
  }

  const keys = {
    j: () => go(at + 1),
    k: () => go(at - 1),
    x: () => {
      if (at < 0) return;
      boxes[at].checked = !boxes[at].checked;
      told();
    },
    a: () => act("accept"),
    o: () => act("stays"),
    m: () => form.querySelector("select").focus(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("select, textarea, input:not([type=checkbox])")) return;
    const press = keys[event.key];
    if (!press) return;
    event.preventDefault();
    press();
  });
  all?.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    told();
  });
  form.addEventListener("change", told);
  told();
}
