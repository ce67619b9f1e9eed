// The curators' desk by keyboard: j/k move, x chooses, o opens, a takes the page, digits press the buttons of the bar. All of it works without.
const desk = document.querySelector("[data-desk]");
if (desk) {
  const boxes = [...desk.querySelectorAll("input[name=pick]")];
  const page = desk.querySelector("[data-desk-page]");
  const count = desk.querySelector("[data-desk-count]");
  const buttons = desk.querySelectorAll("[data-key]");
  let at = -1;

  const tell = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    if (count) count.textContent = chosen;
    if (page) {
      page.checked = chosen > 0 && chosen === boxes.length;
      page.indeterminate = chosen > 0 && chosen < boxes.length;
    }
    if (chosen) desk.querySelector("input[name=scope][value=chosen]").checked = true;
  };
  const go = (to) => {
    if (!boxes.length) return;
    boxes[at]?.closest("tr").classList.remove("is-current");
    at = Math.max(0, Math.min(boxes.length - 1, to));
    const row = boxes[at].closest("tr");
    row.classList.add("is-current");
    boxes[at].focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };
  const all = (on) => {
    for (const box of boxes) box.checked = on;
    tell();
  };

  for (const button of buttons) button.title = button.dataset.key;
  page?.addEventListener("change", () => all(page.checked));
  desk.addEventListener("change", (event) => {
    if (event.target.name === "pick") tell();
  });
  desk.addEventListener("focusin", (event) => {
    if (event.target.name === "pick") at = boxes.indexOf(event.target);
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const acts = {
      j: () => go(at + 1),
      k: () => go(at - 1),
      x: () => {
        if (boxes[at]) boxes[at].checked = !boxes[at].checked;
        tell();
      },
      a: () => all(!boxes.every((box) => box.checked)),
      o: () => boxes[at]?.closest("tr").querySelector("th a")?.click(),
    };
    const pressed = /^[1-9]$/.test(event.key) && [...buttons].find((button) => button.dataset.key === event.key);
    if (!acts[event.key] && !pressed) return;
    event.preventDefault();
    if (pressed) pressed.click();
    else acts[event.key]();
  });
  tell();
}
