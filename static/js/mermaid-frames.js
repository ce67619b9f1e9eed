// Draws `.mermaid-source` in a frame without our origin (/-/mermaid); the source stays below it. Without script, or when a diagram is wrong, the source is shown.
// A frame, and with it the library, is asked for only when its diagram comes near the window.
const root = document.documentElement;
const words = root.lang.startsWith("zh")
  ? { title: "图表", source: "查看源码", failed: "这个图表画不出来，下面是源码。" }
  : { title: "Diagram", source: "View source", failed: "This diagram cannot be drawn; its source is below." };
const MAX_CHARACTERS = 50_000; // the library draws no more
const MAX_HEIGHT = 4_000;
const diagrams = new Map(); // frame: its text and its box
const system = matchMedia("(prefers-color-scheme: dark)");

function isDark() {
  return root.dataset.bsTheme ? root.dataset.bsTheme === "dark" : system.matches;
}

function send(frame) {
  frame.contentWindow?.postMessage({ text: diagrams.get(frame).text, dark: isDark(), title: words.title }, "*"); // an opaque origin has no name
}

/** Puts a frame in the source's place and the source in a <details> below. */
function frameFor(source) {
  const [figure, frame, details, summary] = ["figure", "iframe", "details", "summary"].map((name) => document.createElement(name));
  figure.className = "diagram";
  frame.setAttribute("sandbox", "allow-scripts");
  frame.title = words.title;
  frame.height = 80;
  frame.src = "/-/mermaid";
  summary.textContent = words.source;
  diagrams.set(frame, { text: source.textContent, details, figure });
  source.replaceWith(figure);
  details.append(summary, source);
  figure.append(frame, details);
}

function failed(frame) {
  const { figure, details } = diagrams.get(frame);
  const line = document.createElement("p");
  line.className = "quiet";
  line.textContent = words.failed;
  details.open = true;
  diagrams.delete(frame);
  frame.replaceWith(line);
  figure.classList.add("failed");
}

const near = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      frameFor(target);
    }
  },
  { rootMargin: "600px" },
);

function watch(part) {
  for (const source of part.querySelectorAll("pre.mermaid-source")) {
    if (!source.closest(".diagram") && source.textContent.length <= MAX_CHARACTERS) near.observe(source);
  }
}

addEventListener("message", ({ source, data }) => {
  const frame = [...diagrams.keys()].find((each) => each.contentWindow === source);
  if (!frame || typeof data !== "object" || data === null) return;
  if (data.ready === true) send(frame);
  else if (data.failed === true) failed(frame);
  else if (Number.isFinite(data.height)) frame.height = Math.min(Math.max(Math.ceil(data.height), 24), MAX_HEIGHT);
});

function redraw() {
  for (const frame of diagrams.keys()) send(frame);
}

new MutationObserver(redraw).observe(root, { attributeFilter: ["data-bs-theme"] });
system.addEventListener("change", redraw);
document.addEventListener("htmx:load", (event) => watch(event.target));
watch(document);
