// `<input data-filter="#list">` hides the children of #list that do not contain what is typed. Enter still sends the form.
document.addEventListener("input", (event) => {
  const list = event.target.matches("[data-filter]") && document.querySelector(event.target.dataset.filter);
  if (!list) return;
  const words = event.target.value.trim().toLowerCase();
  for (const item of list.children) item.hidden = !item.textContent.toLowerCase().includes(words);
});
