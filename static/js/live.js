// Follows an element's data-live address (server-sent events). Without it the page asks again by itself.
for (const box of document.querySelectorAll("[data-live]")) {
  const stream = new EventSource(box.dataset.live);
  const show = (event) => {
    const { percent, phase } = JSON.parse(event.data);
    const line = box.querySelector("[role=progressbar]");
    if (line) {
      line.setAttribute("aria-valuenow", percent);
      line.querySelector("svg").setAttribute("width", `${percent}%`);
    }
    const number = box.querySelector("[data-percent]");
    if (number) number.textContent = percent;
    const words = box.querySelector("[data-phase]");
    if (words && phase) words.textContent = phase;
  };
  stream.addEventListener("message", show);
  stream.addEventListener("end", () => {
    stream.close();
    location.reload(); // a finished import leads to the repository, a failed one says why
  });
  stream.addEventListener("error", () => {
    // the ticket lasts a minute: a new page brings a new one
    stream.close();
    setTimeout(() => location.reload(), 2000);
  });
}
