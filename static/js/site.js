// Small enhancements; every page works without them.
document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, select, [contenteditable]") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") {
    const field = document.querySelector("[data-shortcut='/']");
    if (field) { event.preventDefault(); field.focus(); }
  }
  if (event.key === "t") {
    const link = document.querySelector("[data-shortcut='t']");
    if (link) { event.preventDefault(); link.click(); }
  }
});
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.classList.add("copied");
  setTimeout(() => button.classList.remove("copied"), 1500);
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.querySelector(".error-summary")?.focus();
