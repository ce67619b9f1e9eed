// Inside the frame of /-/mermaid: draws the text that the page sends and tells the height. The frame has no origin, no cookies, no network.
{
  const body = document.body;
  body.style.cssText = "margin:0;overflow:hidden;font:14px/1.5 system-ui,sans-serif"; // through the object model: the policy knows no style attribute of ours
  let drawing = Promise.resolve();
  let count = 0;

  const tell = (message) => parent.postMessage(message, "*");
  const measure = () => body.querySelector("svg") && tell({ height: body.scrollHeight });

  async function draw({ text, dark, title }) {
    mermaid.initialize({
      startOnLoad: false,
      securityLevel: "strict",
      suppressErrorRendering: true,
      theme: dark ? "dark" : "default",
      darkMode: dark,
      fontFamily: "system-ui, sans-serif",
    });
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
    try {
      const { svg } = await mermaid.render(`diagram-${++count}`, text);
      body.innerHTML = svg;
      const drawn = body.querySelector("svg");
      drawn.style.display = "block";
      drawn.style.marginInline = "auto";
      if (!drawn.querySelector(":scope > title")) drawn.setAttribute("aria-label", title);
      measure();
    } catch {
      tell({ failed: true });
    }
  }

  addEventListener("message", ({ source, data }) => {
    if (source === parent && typeof data?.text === "string") drawing = drawing.then(() => draw(data));
  });
  new ResizeObserver(measure).observe(body);
  tell({ ready: true });
}
