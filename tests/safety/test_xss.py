"""Markup and scripts stored everywhere a person may write, then read in a real browser: nothing runs, nothing even becomes an element."""

import json
from urllib.parse import quote

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import ConsoleMessage, Page

from accounts.models import Complaint, Organization, User
from core import blobs
from projects.models import Release, ReleaseAsset, Repository
from tests.factories.accounts import organization, person, sign_in
from tests.factories.histories import History, git, settle
from tests.factories.projects import repository
from tests.journeys.conftest import chromium, visit  # noqa: F401 - fixtures

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

HIT = "<img src=x onerror=alert(1)>"
BREAK = "\"'><svg onload=alert(2)></script><script>alert(3)</script>"
BRANCH = "x<img/src=x/onerror=alert(1)>"
TAG = "v1\"'><svg/onload=alert(2)>"
NAME = b"a\"'><img src=x onerror=alert(1)>.md"
README = f"""# {HIT}{BREAK}
{HIT}

<script>alert(4)</script>
<iframe srcdoc="<script>parent.alert(5)</script>"></iframe>
<a href="javascript:alert(6)" id=click1>one</a> [two](javascript:alert(7)) [three](data:text/html;base64,PHNjcmlwdD5hbGVydCg4KTwvc2NyaXB0Pg==)
[four](  JaVaScRiPt&#58;alert(9)) [five](vbscript:alert(1)) <javascript:alert(1)> [six](&#1;javascript:alert(10)) ![x](javascript:alert(11))
![x" onerror="alert(12)](x"onerror="alert(13)) [a]: javascript:alert(14)
<form action="/logout" method=post><button>x</button></form><base href="//evil.example/"><meta http-equiv=refresh content="0;url=javascript:alert(15)">
<style>@import "//evil.example/x.css"; body{{display:none}}</style><div style="position:fixed;inset:0" onclick=alert(16) hx-get="/logout" data-hx-post="/logout" id="banner">x</div>
<svg><script>alert(17)</script><a xlink:href="javascript:alert(18)"><text y=20>x</text></a><animate attributeName=href values=javascript:alert(19) /></svg>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror=alert(20)&gt;"></mglyph></table></mtext></math>
<details open ontoggle=alert(21)><summary>x</summary></details><object data="javascript:alert(22)"></object><embed src="javascript:alert(23)">
<noscript><p title="</noscript><img src=x onerror=alert(24)>"></noscript><template><img src=x onerror=alert(25)></template>

```mermaid
graph TD; A["{HIT}"] --> B; click A "javascript:alert(26)"
```
```{BREAK}
{BREAK}
```
$\\href{{javascript:alert(27)}}{{x}} \\text{{{HIT}}} \\unicode{{<script>}}$ and $$\\style{{x}}{{{BREAK}}}$$

| {HIT} | b |
|---|---|
| {BREAK} | [x](javascript:alert(28)) |

[^1]: {HIT}
- [ ] {BREAK}
"""
RST = f""".. raw:: html

   <script>alert(30)</script>

`x <javascript:alert(31)>`_ {HIT}

.. image:: javascript:alert(32)
   :target: javascript:alert(33)

.. include:: /etc/passwd
.. _x: javascript:alert(34)
.. math:: {BREAK}
"""
NOTEBOOK = {
    "nbformat": 4, "nbformat_minor": 5, "metadata": {"language_info": {"name": BREAK}},
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": README},
        {"cell_type": "code", "metadata": {}, "execution_count": BREAK, "source": BREAK, "outputs": [
            {"output_type": "display_data", "metadata": {}, "data": {"text/html": README, "text/plain": HIT}},
            {"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(40)'><script>alert(41)</script></svg>"}},
            {"output_type": "display_data", "metadata": {}, "data": {"image/png": BREAK, "text/latex": BREAK, "text/markdown": README, "application/javascript": "alert(42)"}},
            {"output_type": "stream", "name": "stdout", "text": [BREAK, "\x1b[31m" + HIT]},
            {"output_type": "error", "ename": HIT, "evalue": BREAK, "traceback": [BREAK]}]},
        {"cell_type": "raw", "metadata": {}, "source": BREAK}],
}  # fmt: skip
SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" onload="alert(50)"><script>alert(51)</script><foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" src="javascript:alert(52)"/></foreignObject></svg>"""
INJECTED = """() => [...document.querySelectorAll('*')].filter(e =>
  [...e.attributes].some(a => /^on/i.test(a.name) || /^\\s*(javascript|vbscript):/i.test(a.value) && /^(href|src|action|formaction|xlink:href|data)$/i.test(a.name)
    || /^(data-)?hx-/i.test(a.name) && e.closest('.markdown, .readme, .prose, article'))
  || (/^(iframe|object|embed|base)$/i.test(e.tagName) && !e.hasAttribute('sandbox')) || (e.tagName === 'SCRIPT' && !e.src && !/json/.test(e.type))
  || (e.tagName === 'META' && /refresh/i.test(e.httpEquiv)) || (e.tagName === 'STYLE')
).map(e => e.outerHTML.slice(0, 200))"""


@pytest.fixture
def poisoned() -> Repository:
    """One repository, its owner, an organisation and the desk, all full of it (rows written directly: what a form refuses may come another way)."""
    owner = person("mallory", is_admin=True)
    User.objects.filter(pk=owner.pk).update(display_name=HIT, bio=BREAK, location=HIT, affiliation=BREAK, website="javascript:alert(60)")
    lab = organization("evil-lab", owner=owner)
    Organization.objects.filter(pk=lab.pk).update(display_name=HIT, description=BREAK, website="javascript:alert(61)", location=HIT)
    made = repository(owner, name="poison")
    history = History(made.path)
    files: dict[str | bytes, bytes | str | None] = {
        "README.md": README, "doc.rst": RST, "note.ipynb": json.dumps(NOTEBOOK), "evil.svg": SVG, NAME: BREAK, "page.html": README,
        "code.py": BREAK, "table.csv": f'{HIT},"{BREAK.replace(chr(34), chr(34) * 2)}"\n{HIT},x\n', "xss.xml": SVG, "dir<b>/x": HIT,
        ".gitmodules": f'[submodule "{HIT}"]\n\tpath = sub\n\turl = javascript:alert(70)\n', "sub": "a" * 40, "link": "javascript:alert(71)",
        "LICENSE": HIT,
    }  # fmt: skip
    history.write(
        files, BREAK + "\n\n" + HIT, author=b'"onmouseover="alert(1)\' & <a"b\'&lt;@example.org>', modes={"sub": "160000", "link": "120000"}
    )
    history.write({"code.py": HIT + "\n" + BREAK}, HIT, branch="main")
    history.write({"code.py": HIT * 2}, BREAK, branch=BRANCH)
    git(made.path, "tag", "-a", TAG, "-m", BREAK, "main")
    settle(made)
    Repository.objects.filter(pk=made.pk).update(description=BREAK, website="javascript:alert(62)", topics=[HIT, BREAK], is_empty=False)
    stored = blobs.put([SVG])
    release = Release.objects.create(repository=made, tag=TAG, title=HIT, notes=README, author=owner, published_at=timezone.now())
    ReleaseAsset.objects.create(release=release, name=BREAK + ".svg", sha256=stored.sha256, size=stored.size, content_type="text/html")
    Complaint.objects.create(
        number="C-9",
        complainant=HIT,
        email="a@example.org",
        address="javascript:alert(63)",
        text=BREAK,
        reply=HIT,
        state="upheld",
        decided_at=timezone.now(),
    )
    made.refresh_from_db()
    return made


def pages(made: Repository) -> list[str]:
    base, branch, tag, name = made.get_absolute_url(), quote(BRANCH), quote(TAG, safe=""), quote(NAME)
    tip = git(made.path, "rev-parse", "main").decode().strip()
    inside = ["", "/tree/main/", f"/tree/{branch}", "/blob/main/README.md", "/blob/main/README.md?plain=1", "/blob/main/doc.rst", "/blob/main/note.ipynb",
              "/blob/main/evil.svg", "/blob/main/page.html", "/blob/main/code.py", "/blob/main/table.csv", "/blob/main/link", "/blob/main/sub", f"/blob/main/{name}",
              "/blame/main/code.py", "/commits", f"/commits/{branch}", "/commits/main/code.py", f"/commit/{tip}", f"/commit/{tip}?w=1&view=split", "/branches", "/tags",
              "/releases", f"/releases/tag/{tag}", f"/releases/edit/{tag}", f"/compare/main...{branch}", "/find/main", "/contributors", "/forks", "/stars", "/settings",
              "/settings/access", "/settings/branches", "/settings/danger", f"/edit/main/{name}", f"/edit/{branch}/code.py", "/new/main/", "/upload/main/", "/fork",
              f"/tree/{quote(HIT)}", f"/blob/main/{quote(BREAK)}"]  # fmt: skip
    site = ["/", "/market?q=" + quote(BREAK), "/market?q=poison", "/dashboard", "/mallory", "/evil-lab", "/-/orgs/evil-lab/members", "/-/orgs/evil-lab/settings", "/settings/profile",
            "/-/admin", "/-/admin/people?q=" + quote(HIT), "/-/admin/people/mallory", "/-/admin/repositories", "/-/admin/complaints", "/-/admin/complaints/C-9", "/-/complaint/register",
            "/" + quote(HIT), "/-/help?q=" + quote(BREAK), "/login?next=" + quote(BREAK), "/-/import?address=" + quote(BREAK), "/new?name=" + quote(BREAK)]  # fmt: skip
    return [base + one for one in inside] + site


def tells(line: ConsoleMessage) -> bool:
    """Whether a line of the console means that something was tried in a page; the frame of diagrams may try, its policy is there for that."""
    in_frame = line.location["url"].endswith("/-/mermaid") or "/static/vendor/mermaid/" in line.location["url"]
    return not in_frame and ("Content Security Policy" in line.text or "script" in line.text.lower())


def browse(visit, live_server, owner: User) -> tuple[Page, list[str]]:  # noqa: F811
    client = Client()
    sign_in(client, owner)
    visit.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value, "url": live_server.url}]
    )
    page, seen = visit.new_page(), []
    page.on("dialog", lambda dialog: (seen.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("pageerror", lambda error: seen.append(f"error {error}"))
    page.on("console", lambda line: seen.append(line.text) if tells(line) else None)
    page.on("request", lambda request: seen.append(f"calls {request.url}") if "evil.example" in request.url else None)
    return page, seen


def test_nothing_stored_runs_or_becomes_an_element(visit, live_server, poisoned) -> None:  # noqa: F811
    page, seen = browse(visit, live_server, User.objects.get(username="mallory"))
    faults, answered = [], 0
    for path in pages(poisoned):
        answer = page.goto(live_server.url + path)
        answered += answer is not None and answer.status == 200
        injected = page.evaluate(INJECTED)
        faults += [f"{path}: {what}" for what in (*seen, *injected)]
        seen.clear()
        if answer is not None and answer.status >= 500:
            faults.append(f"{path}: {answer.status}")
    assert not faults, "\n".join(faults[:60])
    assert answered > 45


def test_raw_files_and_feeds_run_nothing(visit, live_server, poisoned) -> None:  # noqa: F811
    page, seen = browse(visit, live_server, User.objects.get(username="mallory"))
    base = poisoned.get_absolute_url()
    for path in ("/raw/main/evil.svg", "/raw/main/page.html", "/raw/main/xss.xml", "/commits.atom", "/tags.atom", "/releases.atom"):
        answer = page.goto(live_server.url + base + path)
        assert answer is not None
        assert answer.status == 200, path
        kind = answer.headers["content-type"]
        assert "html" not in kind, f"{path}: {kind}"
        assert not [what for what in seen if what.startswith(("dialog", "calls"))], f"{path}: {seen}"
    asset = Client().get(f"{base}/releases/download/{quote(TAG, safe='')}/{quote(BREAK + '.svg')}")
    if asset.status_code == 200:
        assert "attachment" in asset.headers["Content-Disposition"]
        assert "sandbox" in asset.headers["Content-Security-Policy"]
