// The text boxes of a form with `data-attach="address"` take files that are pasted or dropped: they are stored at once, and their Markdown stands at the caret.
const words = document.documentElement.lang.startsWith("zh") ? { wait: "正在上传", failed: "没有传成" } : { wait: "Uploading", failed: "Not uploaded" };

/** Replaces `[start, end)` of the box with text, as if it were typed. */
function put(box, text, start, end) {
  box.setRangeText(text, start, end, "end");
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

async function send(box, file) {
  const mark = `![${words.wait} ${file.name}…]()`;
  const before = box.selectionStart > 0 && box.value[box.selectionStart - 1] !== "\n" ? "\n" : "";
  put(box, `${before}${mark}\n`, box.selectionStart, box.selectionEnd);
  const body = new FormData();
  body.append("file", file);
  let text;
  try {
    const token = box.form.querySelector("[name=csrfmiddlewaretoken]").value;
    const answer = await fetch(box.form.dataset.attach, { method: "POST", body, headers: { "X-CSRFToken": token } });
    const told = await answer.json();
    text = answer.ok ? told.markdown : `${words.failed}: ${file.name} (${told.error ?? answer.status})`;
  } catch {
    text = `${words.failed}: ${file.name}`;
  }
  const at = box.value.indexOf(mark);
  if (at >= 0) put(box, text, at, at + mark.length);
}

async function take(box, files) {
  for (const file of files) await send(box, file);
}

document.addEventListener("paste", (event) => {
  const box = event.target.closest?.("form[data-attach] textarea");
  if (!box || !event.clipboardData?.files.length) return;
  event.preventDefault();
  take(box, [...event.clipboardData.files]);
});
document.addEventListener("dragover", (event) => {
  if (event.target.closest?.("form[data-attach] textarea") && event.dataTransfer?.types.includes("Files")) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  const box = event.target.closest?.("form[data-attach] textarea");
  if (!box || !event.dataTransfer?.files.length) return;
  event.preventDefault();
  take(box, [...event.dataTransfer.files]);
});
