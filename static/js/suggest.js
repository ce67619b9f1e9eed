// `<input data-suggest="/address">` shows what begins with the typed text: arrows choose, Enter follows, Escape closes. Without script the form just searches.
const waits = new WeakMap();
let boxes = 0;

function boxOf(input) {
  if (input.suggestBox) return input.suggestBox;
  const box = document.createElement("ul");
  box.className = "suggestions";
  box.id = `suggestions-${++boxes}`;
  box.setAttribute("role", "listbox");
  box.hidden = true;
  input.after(box);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", box.id);
  input.setAttribute("aria-expanded", "false");
  box.addEventListener("mousedown", (event) => event.preventDefault());
  return (input.suggestBox = box);
}

function close(input) {
  const box = boxOf(input);
  box.hidden = true;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

function show(input, items) {
  const box = boxOf(input);
  box.replaceChildren(
    ...items.map((item, place) => {
      const row = document.createElement("li");
      row.setAttribute("role", "option");
      row.id = `${box.id}-${place}`;
      const link = document.createElement("a");
      link.href = item.url;
      link.tabIndex = -1;
      const label = document.createElement("b");
      label.textContent = item.label;
      const title = document.createElement("span");
      title.className = "muted";
      title.textContent = [item.title, item.kind].filter(Boolean).join(" · ");
      link.append(label, " ", title);
      row.append(link);
      return row;
    }),
  );
  box.hidden = !items.length;
  input.setAttribute("aria-expanded", String(!box.hidden));
  input.removeAttribute("aria-activedescendant");
}

async function ask(input) {
  const text = input.value.trim();
  if (!text) return close(input);
  try {
    const answer = await fetch(`${input.dataset.suggest}?q=${encodeURIComponent(text)}`, { headers: { Accept: "application/json" } });
    if (!answer.ok) return close(input);
    const { items } = await answer.json();
    if (input.value.trim() === text && document.activeElement === input) show(input, items);
  } catch {
    close(input);
  }
}

document.addEventListener("input", (event) => {
  const input = event.target;
  if (!input.matches("[data-suggest]") || event.isComposing) return;
  clearTimeout(waits.get(input));
  waits.set(input, setTimeout(() => ask(input), 80));
});
document.addEventListener("compositionend", (event) => event.target.matches("[data-suggest]") && ask(event.target));
document.addEventListener("focusout", (event) => event.target.matches("[data-suggest]") && close(event.target));
document.addEventListener("keydown", (event) => {
  const input = event.target;
  if (!input.matches?.("[data-suggest]") || event.isComposing) return;
  const box = boxOf(input);
  const rows = [...box.children];
  const at = rows.findIndex((row) => row.getAttribute("aria-selected") === "true");
  if (event.key === "Escape" && !box.hidden) {
    event.preventDefault();
    close(input);
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !box.hidden) {
    event.preventDefault();
    const next = event.key === "ArrowDown" ? (at + 1) % rows.length : (at - 1 + rows.length) % rows.length;
    rows.forEach((row, place) => row.setAttribute("aria-selected", String(place === next)));
    input.setAttribute("aria-activedescendant", rows[next].id);
  } else if (event.key === "Enter" && at >= 0 && !box.hidden) {
    event.preventDefault();
    rows[at].querySelector("a").click();
  }
});
