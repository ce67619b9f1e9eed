// Lists whose filters htmx follows (hx-boost): the focus stays where it was, and what cannot be fetched opens as a page.
let held;
document.addEventListener("htmx:beforeSwap", () => {
  held = document.activeElement?.dataset.held;
});
document.addEventListener("htmx:afterSettle", () => {
  if (held && document.activeElement === document.body)
    document.querySelector(`[data-held="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
  held = undefined;
});
for (const fault of ["htmx:responseError", "htmx:sendError"])
  document.addEventListener(fault, ({ detail }) => {
    if (detail.requestConfig.verb === "get") location.assign(detail.pathInfo.finalRequestPath);
  });
