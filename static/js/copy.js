// `<button data-copy="text">` puts the text on the clipboard and says so, to eyes and to screen readers.
const voice = document.createElement("p");
voice.className = "visually-hidden";
voice.setAttribute("role", "status");
document.body.append(voice);

/** Writes to the clipboard; over plain HTTP, where browsers lock the clipboard, through a selection. */
async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("copying was refused");
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await write(button.dataset.copy);
  } catch {
    return; // the text stands beside the button and can be selected
  }
  button.classList.add("copied");
  voice.textContent = document.documentElement.lang.startsWith("en") ? "Copied" : "已复制";
  setTimeout(() => {
    button.classList.remove("copied");
    voice.textContent = "";
  }, 1500);
});
