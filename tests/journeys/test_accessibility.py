"""The main pages as assistive technology and a narrow window meet them: one heading, names, labels, order, focus, width."""

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page

from core.actors import SYSTEM, Actor
from projects import commands
from projects.models import BulkEdit, Category, Repository
from projects.queries.curation import Selection
from tests.factories import accounts as people
from tests.factories import issues, pulls
from tests.factories import projects as factories

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
README = """# Title\n\nText with a [link](code.py).\n\n| a | b |\n|---|---|\n| a-rather-long-word-in-a-cell-of-a-table | 2 |\n
- [ ] task\n\n![](picture.png)\n\n```python\nx = 1\n```\n\n```mermaid\ngraph TD\n A --> B\n```\n"""
PUBLIC = ["/", "/market", "/organizations", "/datasets", "/login", "/login/phone", "/signup", "/-/help", "/-/help/browse", "/api/docs", "/search?q=x", "/search?q=def&type=code",
          "/-/legal/terms", "/-/complaint", "/nobody-at-all", "/lab", "/ada", "/-/account/password/reset/", "/github.com/Lab/Model", "/github.com/Lab/Model/mirror",
          "/collections", "/collections/tools", "/github.com/Lab", "/-/complaint/register", "/-/legal/privacy"]  # fmt: skip
INSIDE = ["", "/tree/main/src", "/blob/main/src/code.py", "/blob/main/README.md", "/blob/main/data.csv", "/blame/main/src/code.py", "/commits", "/commits/main/src/code.py",
          "/commit/{oid}", "/commit/{oid}?view=split", "/compare", "/compare/main...side", "/branches", "/tags", "/releases", "/releases/tag/v1", "/find/main", "/contributors",
          "/forks", "/stars", "/traffic", "/trust?use=sell", "/report"]  # fmt: skip
MEMBER = ["/dashboard", "/new", "/-/import", "/-/orgs/new", "/settings/profile", "/settings/account", "/settings/keys", "/settings/tokens", "/settings/log", "/settings/phone",
          "/-/mirrors/nominate", "/settings/repositories/deleted", "/-/orgs/lab/members", "/-/orgs/lab/teams", "/-/orgs/lab/settings",
          "/-/orgs/lab/danger", "/settings/signing-keys", "/settings/organizations/closed", "/-/invitations", "/-/reports", "/-/account/email/",
          "/-/account/password/change/", "/-/account/2fa/", "/-/account/2fa/webauthn/", "/-/account/sessions/", "/-/account/3rdparty/"]  # fmt: skip
OWNED = ["/settings", "/settings/push-mirrors", "/settings/upstream", "/settings/access", "/settings/branches", "/settings/keys", "/settings/danger", "/edit/main/src/code.py", "/new/main/", "/upload/main/",
         "/delete/main/src/code.py", "/releases/new", "/releases/edit/v1", "/fork", "/branches"]  # fmt: skip
TALK = ["/issues", "/issues/1", "/issues/new", "/labels", "/milestones", "/milestones/new", "/boards", "/boards/new", "/settings/issues", "/settings/hooks", "/activity",
        "/pulls", "/pulls/2", "/pulls/2/files", "/pulls/2/commits", "/pulls/2/versions", "/pulls/new?base=main&head=side"]  # fmt: skip
TOLD = ["/issues", "/pulls", "/notifications", "/settings/notifications", "/-/orgs/lab/hooks"]
DESK = ["/-/admin", "/-/admin/growth", "/-/admin/people", "/-/admin/people/ada", "/-/admin/organizations", "/-/admin/repositories", "/-/admin/queue", "/-/admin/settings",
        "/-/admin/audit", "/-/admin/legal", "/-/admin/complaints", "/-/admin/mirrors", "/-/admin/search", "/-/admin/mirrors/edits", "/-/admin/mirrors/categories",
        "/-/admin/mirrors/categories/nlp", "/-/admin/mirrors/tags", "/-/admin/mirrors/collections", "/-/admin/mirrors/shelf", "/-/admin/mirrors/reports",
        "/-/admin/organizations/lab", "/-/admin/repositories/ada/main-repo", "/-/admin/mirrors/suggestions", "/-/admin/mirrors/labelling",
        "/-/admin/mirrors/statistics", "/-/admin/mirrors/import", "/-/admin/mirrors/hosts", "/-/admin/mirrors/hosts/github.com",
        "/-/admin/mirrors/routes/new", "/-/admin/mirrors/moves", "/-/admin/mirrors/collections/tools", "/-/admin/mirrors/edits/{edit}"]  # fmt: skip
FAULTS = r"""() => {
  const faults = [];
  const shown = (element) => element.checkVisibility({ visibilityProperty: true });
  const tell = (what, element) => faults.push(`${what}: ${element.outerHTML.replace(/\s+/g, " ").slice(0, 160)}`);
  const words = (element) => {
    const by = (element.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join("");
    const inside = [...element.querySelectorAll("img[alt], svg[aria-label], [aria-label]")].map((each) => each.getAttribute("alt") ?? each.getAttribute("aria-label")).join("");
    const seen = element.cloneNode(true);
    for (const each of seen.querySelectorAll("[aria-hidden=true]")) each.remove();
    return (by + (element.getAttribute("aria-label") ?? "") + inside + seen.textContent + (element.title ?? "")).trim();
  };
  if (!document.documentElement.lang) faults.push("no lang");
  if (!document.title.trim()) faults.push("no title");
  if (document.querySelectorAll("main").length !== 1) faults.push("not one main");
  const first = [...document.querySelectorAll("h1")].filter((each) => !each.closest(".prose"));
  const inProse = document.querySelectorAll(".readme h1, .prose h1").length;
  if (first.length !== 1 && !(first.length === 0 && inProse === 1)) faults.push(`${first.length} h1`);
  let level = 0;
  for (const heading of document.querySelectorAll("main :is(h1,h2,h3,h4,h5,h6)")) {
    if (heading.closest(".readme .prose, .rendered")) continue;  // the author's own
    const next = Number(heading.tagName[1]);
    if (next > level + 1) tell(`h${level} is followed by h${next}`, heading);
    level = next;
  }
  for (const input of document.querySelectorAll("input:not([type=hidden], [type=submit], [type=button]), select, textarea")) {
    if (!input.labels?.length && !input.getAttribute("aria-label") && !input.getAttribute("aria-labelledby")) tell("no label", input);
    else if (input.labels?.length && ![...input.labels].some((label) => words(label))) tell("empty label", input);
  }
  for (const image of document.querySelectorAll("img:not([alt])")) tell("no alt", image);
  for (const image of document.querySelectorAll("svg[role=img]:not([aria-label], [aria-labelledby]):not(:has(> title))")) tell("unnamed picture", image);
  for (const image of document.querySelectorAll("svg:not([aria-hidden=true], [role], [aria-label])")) if (!image.closest("[aria-hidden=true]") && shown(image)) tell("picture neither hidden nor named", image);
  for (const button of document.querySelectorAll("button, a[href], summary, [role=button], [role=tab]")) if (!words(button) && !button.closest("[aria-hidden=true]")) tell("no name", button);
  for (const frame of document.querySelectorAll("iframe:not([title])")) tell("frame without title", frame);
  for (const cell of document.querySelectorAll("th:not([scope])")) if (!cell.closest(".prose")) tell("th without scope", cell);
  for (const table of document.querySelectorAll("main table")) if (!table.closest(".prose") && !table.matches(".code, .diff, [role=presentation]") && !table.querySelector("th")) tell("table without th", table);
  for (const list of document.querySelectorAll("ul, ol")) for (const child of list.children) if (!["LI", "SCRIPT", "TEMPLATE"].includes(child.tagName)) tell("not an item", child);
  const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
  for (const id of new Set(ids.filter((id, place) => ids.indexOf(id) !== place))) faults.push(`id ${id} twice`);
  for (const each of document.querySelectorAll("[aria-labelledby], [aria-describedby], [aria-controls]"))
    for (const name of ["aria-labelledby", "aria-describedby", "aria-controls"])
      for (const id of (each.getAttribute(name) ?? "").split(" ").filter(Boolean)) if (!document.getElementById(id)) tell(`${name} names nothing`, each);
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) faults.push(`the page scrolls sideways: ${document.documentElement.scrollWidth} > ${width}`);
  for (const each of document.querySelectorAll("nav [aria-current]")) {
    const box = each.getBoundingClientRect();
    if (shown(each) && (box.left < -1 || box.right > width + 1)) tell("the current one is out of sight", each);
  }
  const clips = (element) => { for (let each = element.parentElement; each; each = each.parentElement) if (getComputedStyle(each).overflowX !== "visible") return true; return false; };
  for (const each of document.querySelectorAll("body *")) {
    const box = each.getBoundingClientRect();
    if (box.width && box.right > width + 1 && shown(each) && !clips(each) && !each.matches(".visually-hidden, .skip-link")) tell(`${Math.round(box.right)} px`, each);
  }
  return faults;
}"""


def stage() -> Repository:
    """A person who administers, an organisation, and a repository with everything that pages show."""
    ada = people.person("ada", is_admin=True)
    people.organization("lab", owner=ada)
    made = factories.repository(ada, name="main-repo", files={"README.md": README.encode(), "src/code.py": b"def f(x):\n    return x\n" * 40,
                                                                "data.csv": b"a,b\n1,2\n", "picture.png": b"\x89PNG"})  # fmt: skip
    factories.commit(made, {"src/code.py": b"def g(x):\n    return x + 1\n" * 30}, branch="side", message="Change the function")
    factories.commit(
        made, {"src/long.py": b"y = " + b"1 + " * 200 + b"1\n"}, message="A subject that is rather long and goes on " + "and on " * 12
    )
    who = people.actor(ada)
    commands.save_release(who, made, tag="v1", target="main", title="First", notes="# Notes\n\ntext")
    commands.star_repository(who, made)
    commands.list_mirror(SYSTEM, "https://github.com/Lab/Model", description="A model", stars=7)
    _curate(who)
    factories.repository(ada, name="empty-repo")
    thread = issues.issue(made, ada, title="A long word: " + "word" * 12, body="- [ ] task\n\n" + "word" * 30)
    issues.comment(thread, ada, "`" + "code " * 30 + "`")
    proposed = pulls.pull(made, ada, files={"src/wide.py": b"x = " + b"1 + " * 60 + b"1\n"})
    pulls.line_comment(proposed, ada, path="src/wide.py", line=1, body="```suggestion\nx = " + "1 + " * 40 + "1\n```")
    return made


def _curate(who: Actor) -> None:
    """A collection, a bulk edit and the figures of the day."""
    text = {"title_zh": "工具", "title_en": "Tools", "text_zh": "", "text_en": "", "icon": "layers", "is_published": True}
    made = commands.save_collection(who, None, slug="tools", **text)
    commands.add_to_collection(who, made, "https://github.com/Lab/Model", note="Why it is here")
    commands.request_edit(who, Selection(), {"category": Category.objects.get(slug="nlp").pk}, reason="It belongs there")
    commands.roll_up_mirrors(SYSTEM)


def faults_of(tab: Page, base: str, paths: list[str]) -> list[str]:
    found, titles = [], dict[str, str]()
    for path in paths:
        answer = tab.goto(base + path)
        assert answer is not None
        if answer.status >= 400 and path != "/nobody-at-all":
            found.append(f"{path}: {answer.status}")
        found += [f"{path}: {fault}" for fault in tab.evaluate(FAULTS)]
        if (other := titles.setdefault(tab.title(), path)).partition("?")[0] != path.partition("?")[0]:
            found.append(f"{path} and {other} have one title: {tab.title()}")
    return found


def signed_in(visit: BrowserContext, address: str) -> None:
    client = Client()
    people.sign_in(client, people.User.objects.get(username="ada"))
    visit.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value, "url": address}])


def paths_of(made: Repository, tails: list[str]) -> list[str]:
    oid = factories.git(made.path, "rev-parse", "main")
    return [made.get_absolute_url() + tail.format(oid=oid) for tail in tails]


def test_pages_of_readers(visit: BrowserContext, live_server) -> None:
    made, tab = stage(), visit.new_page()
    tab.set_viewport_size({"width": 390, "height": 844})
    faults = faults_of(tab, live_server.url, [*PUBLIC, *paths_of(made, INSIDE), "/ada/empty-repo"])
    assert not faults, "\n".join(faults)


def test_pages_of_members_and_of_the_desk(visit: BrowserContext, live_server) -> None:
    made, tab = stage(), visit.new_page()
    signed_in(visit, live_server.url)
    people.User.objects.filter(username="ada").update(language="en")  # whose words are longer
    tab.set_viewport_size({"width": 390, "height": 844})
    faults = faults_of(
        tab,
        live_server.url,
        [
            *MEMBER,
            *TOLD,
            *paths_of(made, [*OWNED, *TALK]),
            *(path.format(edit=BulkEdit.objects.get().pk) for path in DESK),
            "/ada/empty-repo",
        ],
    )
    assert tab.get_attribute("html", "lang") == "en"
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("width", [390, 1440])
def test_the_keyboard_reaches_the_content(tab: Page, live_server, width: int) -> None:
    """The first stop is the skip link, it is seen, it leads to the content; what has the focus shows it."""
    made = stage()
    tab.set_viewport_size({"width": width, "height": 844})
    for path in ("/", "/market", "/login", made.get_absolute_url(), "/-/help"):
        tab.goto(live_server.url + path, wait_until="networkidle")
        tab.evaluate("document.activeElement.blur()")
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.className") == "skip-link", path
        assert tab.evaluate(
            "(({top, left, width, height}) => top >= 0 && left >= 0 && width > 20 && height > 20)(document.activeElement.getBoundingClientRect())"
        ), path
        tab.keyboard.press("Enter")
        tab.wait_for_function("location.hash === '#main'", timeout=10_000)
        for _step in range(8):
            tab.keyboard.press("Tab")
            assert tab.evaluate(SHOWS_FOCUS), f"{path}: {tab.evaluate('document.activeElement.outerHTML.slice(0, 200)')}"
            assert tab.evaluate("document.activeElement.closest('main, footer') !== null"), "the header was skipped"


SHOWS_FOCUS = """() => {
  const seen = (element) => { const style = getComputedStyle(element);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none"; };
  return seen(document.activeElement) || seen(document.activeElement.parentElement);
}"""
