// Focus and menus. Menus are <details>: they open without this; here they close on Escape and on a click elsewhere.
const open = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("click", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of open()) {
    menu.open = false;
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
  }
});

// A refused form: the summary of its errors is read first.
document.querySelector(".error-summary")?.focus();

// Rows of links that scroll on a narrow window begin at the current one.
for (const row of document.querySelectorAll(".site-nav, .tabs, .settings-nav .facet-list")) {
  const current = row.querySelector("[aria-current]");
  if (current && row.scrollWidth > row.clientWidth)
    row.scrollLeft += current.getBoundingClientRect().left - row.getBoundingClientRect().left - (row.clientWidth - current.offsetWidth) / 2;
}
