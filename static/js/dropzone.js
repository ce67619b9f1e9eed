// A form whose file input also takes files dropped anywhere on it. The input stays what is sent.
for (const zone of document.querySelectorAll("[data-dropzone]")) {
  const input = zone.querySelector("input[type=file]");
  if (!input) continue;
  const list = document.createElement("ul");
  list.className = "drop-list";
  list.setAttribute("aria-live", "polite");
  input.after(list);

  /** 1536 → "1.5 KiB". */
  const size = (bytes) => {
    const units = ["B", "KiB", "MiB", "GiB"];
    let at = 0;
    for (; bytes >= 1024 && at < 3; at += 1) bytes /= 1024;
    return `${at ? bytes.toFixed(1).replace(/\.0$/, "") : bytes} ${units[at]}`;
  };
  const show = () => {
    list.replaceChildren(
      ...Array.from(input.files, (file) => {
        const item = document.createElement("li");
        const name = document.createElement("code");
        name.textContent = file.name;
        const number = document.createElement("span");
        number.className = "muted t-sm";
        number.textContent = size(file.size);
        item.append(name, number);
        return item;
      }),
    );
  };
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0; // dragenter and dragleave also come from the children

  zone.addEventListener("dragenter", (event) => {
    if (!carriesFiles(event)) return;
    depth += 1;
    zone.classList.add("dropping");
  });
  zone.addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (!depth) zone.classList.remove("dropping");
  });
  zone.addEventListener("dragover", (event) => {
    if (carriesFiles(event)) event.preventDefault();
  });
  zone.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth = 0;
    zone.classList.remove("dropping");
    const chosen = new DataTransfer();
    const files = input.multiple ? [...input.files, ...event.dataTransfer.files] : [event.dataTransfer.files[0]];
    for (const file of files) chosen.items.add(file);
    input.files = chosen.files;
    show();
  });
  input.addEventListener("change", show);
}
