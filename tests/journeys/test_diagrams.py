"""Mermaid diagrams in a real browser: drawn in a frame without our origin, harmless, absent where no diagram is."""

import pytest
from playwright.sync_api import Browser, Frame, Page

from tests.factories import accounts as people
from tests.factories import projects as factories

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
GOOD = "# 图\n\n```mermaid\ngraph TD\n  A[开始] --> B{好吗?}\n  B -->|是| C[完]\n```\n\n```mermaid\nsequenceDiagram\n  甲->>乙: 你好\n```\n"
WRONG = "```mermaid\ngraph TD\n  A --> --> ]]\n```\n"
HOSTILE = """```mermaid
%%{init: {"securityLevel": "loose", "htmlLabels": true, "secure": [], "themeCSS": "*{background:url(https://evil.example/css)}", "fontFamily": "x;} </style><img src=x onerror=top.hit=1>"}}%%
graph TD
  A["<img src=x onerror='top.hit=1;parent.hit=1;alert(1)'>"] --> B["<script>parent.postMessage({failed:true},'*');alert(2)</script>"]
  B --> C["<iframe srcdoc='<script>alert(3)</script>'></iframe>"] --> D["`**x** <a href='javascript:alert(4)'>y</a>`"]
  click A "javascript:alert(5)"
  click B call alert(6)
  click C href "javascript:parent.hit=1" _top
```

```mermaid
---
config:
  securityLevel: loose
  themeVariables: {primaryColor: "red;} *{background:url(https://evil.example/x)"}
---
sequenceDiagram
  participant a as <img src=x onerror=alert(7)>
  link a: Evil @ javascript:alert(8)
  a->>a: <svg onload=alert(9)>
```
"""


def page_of(text: str, live_server, name: str = "README.md") -> str:
    repository = factories.repository(people.person(), files={name: text.encode()})
    return f"{live_server.url}{repository.get_absolute_url()}"


def drawn(tab: Page, count: int) -> list[Frame]:
    """The frames, once each holds a picture."""
    for number in range(count):
        tab.locator(".diagram").nth(number).scroll_into_view_if_needed()
        tab.frame_locator(".diagram iframe").nth(number).locator("body > svg").wait_for(timeout=20_000)
    return [frame for frame in tab.frames if frame.url.endswith("/-/mermaid")]


def test_diagrams_are_drawn_in_frames_without_our_origin(tab: Page, live_server) -> None:
    tab.goto(page_of(GOOD, live_server))
    frames = drawn(tab, 2)
    assert len(frames) == 2
    texts = "".join((frame.locator("svg").text_content() or "") for frame in frames)
    assert "开始" in texts
    assert "你好" in texts
    assert all(frame.evaluate("origin") == "null" for frame in frames)
    assert all(frame.evaluate("try { document.cookie } catch (error) { error.name }") == "SecurityError" for frame in frames)
    tab.wait_for_function("[...document.querySelectorAll('.diagram iframe')].every(frame => frame.clientHeight > 100)")
    for frame, box in zip(frames, tab.locator(".diagram iframe").all(), strict=True):
        assert abs(frame.evaluate("document.body.scrollHeight") - box.evaluate("frame => frame.clientHeight")) <= 1, (
            "no part of it is cut off"
        )
    assert not tab.locator(".diagram pre").first.is_visible()
    tab.locator(".diagram summary").first.click()
    assert "A[开始]" in tab.locator(".diagram pre").first.inner_text()


@pytest.mark.parametrize("ending", ["mmd", "mermaid"])
def test_a_file_of_its_own_is_drawn_and_its_source_is_one_click_away(tab: Page, live_server, ending) -> None:
    repository = factories.repository(people.person(), files={f"plan.{ending}": "graph TD\n  A[开始] --> B[<b>完]\n".encode()})
    tab.goto(f"{live_server.url}{repository.get_absolute_url()}/blob/main/plan.{ending}")
    frame = drawn(tab, 1)[0]
    assert "开始" in (frame.locator("svg").text_content() or "")
    tab.click(".blob-head nav a[href='?view=source']")
    tab.wait_for_selector("table.code")
    assert "A[开始]" in tab.locator("table.code").inner_text()
    assert tab.locator(".diagram").count() == 0
    tab.click(".blob-head nav a[href='?']")
    drawn(tab, 1)


def test_diagrams_follow_the_theme(tab: Page, live_server) -> None:
    tab.emulate_media(color_scheme="light")
    tab.goto(page_of(GOOD, live_server))
    frame = drawn(tab, 1)[0]
    fill = "getComputedStyle(document.querySelector('.edgeLabel, .nodeLabel')).color"
    light = frame.evaluate(fill)
    tab.click("#theme")
    frame.wait_for_function(f"document.querySelector('.edgeLabel') && {fill} !== '{light}'")


def test_a_wrong_diagram_leaves_its_source(tab: Page, live_server) -> None:
    tab.goto(page_of(WRONG, live_server))
    tab.locator(".diagram.failed").wait_for()
    assert tab.locator(".diagram pre").is_visible()
    assert tab.locator(".diagram iframe").count() == 0


def test_a_hostile_diagram_runs_nothing(chromium: Browser, live_server) -> None:
    """Nothing asks a dialog, reaches the page, opens a window or leaves the site, even when all that can be clicked is clicked."""
    context = chromium.new_context(locale="zh-CN")
    page = context.new_page()
    dialogs: list[str] = []
    asked: list[str] = []
    stopped: list[tuple[str, str]] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    context.on("page", lambda opened: asked.append(f"window {opened.url}"))
    context.on("request", lambda request: asked.append(request.url))
    context.on("requestfailed", lambda request: stopped.append((request.url, request.failure)))
    address = page_of(HOSTILE, live_server)
    page.goto(address)
    for frame in drawn(page, 2):
        frame.evaluate(
            """() => { for (const each of document.querySelectorAll("body *")) each.dispatchEvent(new MouseEvent("click", {bubbles: true})); }"""
        )
        assert frame.locator("script, iframe, [onerror], [onload], [onclick]").count() == 0
        # and were the library to let something through, the frame's own policy stops it
        frame.evaluate(
            "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"top.postMessage({hit: 1}, `*`); window.hit = 1\">')"
        )
        frame.evaluate(
            "() => { const made = document.createElement('script'); made.textContent = 'window.hit = 1'; document.body.append(made); }"
        )
        assert frame.evaluate("fetch('https://evil.example/').catch(error => error.name)") == "TypeError"
        assert frame.evaluate("window.hit") is None
    page.wait_for_timeout(500)
    assert not dialogs
    assert page.evaluate("window.hit") is None
    assert page.url == address
    assert {failure for _url, failure in stopped} <= {"csp"}
    blocked = {url for url, _failure in stopped}
    assert not [url for url in asked if url not in blocked and not url.startswith((live_server.url, "data:", "about:blank"))]
    context.close()


def test_the_library_is_asked_for_only_where_a_diagram_is(tab: Page, live_server) -> None:
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    plain = page_of("# Plain\n\n```python\nx = 1\n```\n", live_server)
    tab.goto(plain, wait_until="networkidle")
    assert any("mermaid-frames" in url for url in asked)
    assert not [url for url in asked if "/-/mermaid" in url or "mermaid.min" in url]
    far = page_of("# Far\n\n" + "text\n\n" * 400 + GOOD, live_server)
    tab.goto(far, wait_until="networkidle")
    assert not [url for url in asked if "mermaid.min" in url], "a diagram far below waits until it comes near"
    tab.locator(".mermaid-source").first.scroll_into_view_if_needed()
    drawn(tab, 1)
    assert [url for url in asked if "mermaid.min" in url]


def test_without_script_the_source_is_shown(chromium: Browser, live_server) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_of(GOOD, live_server))
    assert page.locator("pre.mermaid-source").first.is_visible()
    assert page.locator("iframe").count() == 0
    context.close()
