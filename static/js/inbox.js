// The inbox by keyboard: j/k move, x chooses, o opens, letters of the buttons press them for the chosen rows, or for the current one. All of it works without.
const inbox = document.querySelector("[data-inbox]");
if (inbox) {
  const boxes = [...inbox.querySelectorAll("input[name=pick]")];
  const all = inbox.querySelector("[data-all]");
  const count = inbox.querySelector("[data-count]");
  const buttons = [...inbox.querySelectorAll("[data-key]")];
  let at = -1;

  const tell = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    if (count) count.textContent = chosen;
    if (all) {
      all.checked = chosen > 0 && chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    }
  };
  const go = (to) => {
    if (!boxes.length) return;
    boxes[at]?.closest("li").classList.remove("is-current");
    at = Math.max(0, Math.min(boxes.length - 1, to));
    const row = boxes[at].closest("li");
    row.classList.add("is-current");
    boxes[at].focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };

  for (const button of buttons) button.title = button.dataset.key;
  all?.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    tell();
  });
  inbox.addEventListener("change", (event) => {
    if (event.target.name === "pick") tell();
  });
  inbox.addEventListener("focusin", (event) => {
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
      o: () => boxes[at]?.closest("li").querySelector("a.title")?.click(),
    };
    const pressed = buttons.find((button) => button.dataset.key === event.key);
    if (!acts[event.key] && !pressed) return;
    event.preventDefault();
    if (!pressed) {
      acts[event.key]();
      return;
    }
    if (!boxes.some((box) => box.checked) && boxes[at]) boxes[at].checked = true;
    pressed.click();
  });
  tell();
}
