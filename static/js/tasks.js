// A click on the box of a task sends the form behind it without leaving the page; the answer carries the text's new version.
document.addEventListener("submit", async (event) => {
  const box = event.submitter;
  if (!box?.classList.contains("task-box")) return;
  event.preventDefault();
  const form = box.form;
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  const body = new FormData(form, box);
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    if (!answer.ok) return location.reload();
    form.elements.version.value = (await answer.json()).version;
    const done = box.getAttribute("aria-checked") !== "true";
    box.setAttribute("aria-checked", String(done));
    box.value = `${box.value.split("-")[0]}-${done ? 0 : 1}`;
  } catch {
    location.reload();
  } finally {
    delete form.dataset.busy;
  }
});
