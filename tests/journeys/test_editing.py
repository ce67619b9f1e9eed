"""Files made, changed, moved, uploaded and deleted in a browser, with scripts and without."""

import io
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

import gitstore
from projects.models import Repository
from tests.factories import accounts as people
from tests.factories import projects as factories

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
ODD = [
    "a b&c;d=e.txt",
    "100% #1?.txt",
    "中文 名.md",
    "<img src=x onerror=alert(1)>.txt",
    "-rf",
    "it's.txt",
]  # browsers write `"` as %22 themselves


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def page(request, chromium: Browser):
    """A tab with or without scripts; what it complains about fails the test."""
    context = chromium.new_context(java_script_enabled=request.param, locale="en-US")
    tab = context.new_page()
    complaints: list[str] = []
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("console", lambda line: complaints.append(line.text) if line.type == "error" and "422" not in line.text else None)
    yield tab
    context.close()
    assert not complaints


@pytest.fixture
def desk(page: Page, live_server) -> tuple[Repository, str]:
    """A repository of the person who signed in, and its address."""
    ada = people.person("ada")
    repository = factories.repository(ada, name="desk", files={"README.md": b"# Desk", "src/a.py": b"x = 1"})
    page.goto(f"{live_server.url}/login")
    page.fill("input[name=login]", "ada")
    page.fill("input[name=password]", "correct horse 7")
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "/login" not in url)
    return repository, f"{live_server.url}{repository.get_absolute_url()}"


def content(repository: Repository, path: str, branch: str = "main") -> bytes:
    """Bytes of a file at the branch's tip."""
    tip = gitstore.ref_oid(repository.path, f"refs/heads/{branch}")
    return gitstore.blob(repository.path, gitstore.entry(repository.path, tip, path).oid).data


def paths(repository: Repository, branch: str = "main") -> set[str]:
    """Every file at the branch's tip."""
    return {name for name, _oid, _mode in gitstore.files(repository.path, gitstore.ref_oid(repository.path, f"refs/heads/{branch}"))}


def commit(page: Page) -> None:
    """Press the form's primary button and wait for the answer."""
    page.locator("form .btn-primary[type=submit]").last.click()
    page.wait_for_load_state()


def test_a_file_is_made_changed_moved_and_deleted(desk, page: Page) -> None:
    repository, address = desk
    page.goto(f"{address}/new/main/docs")
    page.fill("[name=path]", "docs/first.md")
    page.fill("[name=content]", "\n# Züge 中文\n<script>alert(1)</script>\n")
    commit(page)
    assert content(repository, "docs/first.md").decode() == "\n# Züge 中文\n<script>alert(1)</script>\n"

    page.goto(f"{address}/blob/main/docs/first.md")
    page.locator('a[href$="/edit/main/docs/first.md"]').click()
    assert page.input_value("[name=content]") == "\n# Züge 中文\n<script>alert(1)</script>\n"
    page.fill("[name=path]", "moved/to here.md")
    page.fill("[name=content]", "changed\n")
    page.check("[name=onto][value=new]")
    page.fill("[name=new_branch]", "try/rename")
    commit(page)
    assert paths(repository, "try/rename") == {"README.md", "src/a.py", "moved/to here.md"}
    assert "docs/first.md" in paths(repository)

    page.goto(f"{address}/delete/main/docs/first.md")
    page.locator("form .btn-primary[type=submit], form .btn-danger[type=submit]").last.click()
    page.wait_for_load_state()
    assert paths(repository) == {"README.md", "src/a.py"}


def test_a_conflict_keeps_the_text(desk, page: Page) -> None:
    repository, address = desk
    page.goto(f"{address}/edit/main/src/a.py")
    page.fill("[name=content]", "mine = 1\n")
    page.fill("[name=message]", "My message")
    factories.commit(repository, {"src/a.py": b"theirs = 2"})
    commit(page)
    expect(page.locator("#theirs")).to_be_visible()
    assert "theirs = 2" in page.locator(".diff-mini").inner_text()
    assert page.input_value("[name=content]") == "mine = 1\n"
    assert page.input_value("[name=message]") == "My message"
    assert content(repository, "src/a.py").strip() == b"theirs = 2"
    commit(page)
    assert content(repository, "src/a.py") == b"mine = 1\n"


def test_several_files_with_odd_names_and_a_zip_bomb_are_uploaded_as_they_are(desk, page: Page, tmp_path: Path) -> None:
    repository, address = desk
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * 50_000_000)
    files = [{"name": name, "mimeType": "text/plain", "buffer": name.encode()} for name in ODD]
    files.append({"name": "bomb.zip", "mimeType": "application/zip", "buffer": packed.getvalue()})
    page.goto(f"{address}/upload/main/in")
    page.set_input_files("input[type=file]", files)
    commit(page)
    assert {f"in/{one['name']}" for one in files} <= paths(repository)
    assert content(repository, "in/bomb.zip") == packed.getvalue(), "kept as it is, never unpacked"
    for name in ("in/100% #1?.txt", "in/<img src=x onerror=alert(1)>.txt"):
        page.goto(f"{address}/tree/main/in")
        page.get_by_role("link", name=name[3:], exact=True).click()
        page.wait_for_load_state()
        assert name[3:] in page.locator(".crumbs").inner_text()
        page.locator('a[href*="/edit/main/"]').click()
        assert page.input_value("[name=content]") == name[3:]


def test_files_are_dropped_on_the_form(tab: Page, live_server) -> None:
    """The enhancement: what is dropped is added to what was chosen, listed, and sent."""
    ada = people.person("ada")
    repository = factories.repository(ada, name="drop", files={"README.md": b"#"})
    tab.goto(f"{live_server.url}/login")
    tab.fill("input[name=login]", "ada")
    tab.fill("input[name=password]", "correct horse 7")
    tab.press("input[name=password]", "Enter")
    tab.wait_for_url(lambda url: "/login" not in url)
    tab.goto(f"{live_server.url}{repository.get_absolute_url()}/upload/main")
    tab.set_input_files("input[type=file]", [{"name": "one.txt", "mimeType": "text/plain", "buffer": b"1"}])
    dropped = tab.evaluate_handle(
        "() => { const all = new DataTransfer(); all.items.add(new File(['22'], 'two.txt')); all.items.add(new File(['3'], 'three.txt')); return all; }"
    )
    tab.dispatch_event("[data-dropzone]", "dragenter", {"dataTransfer": dropped})
    tab.dispatch_event("[data-dropzone]", "drop", {"dataTransfer": dropped})
    assert tab.locator(".drop-list li").count() == 3
    tab.locator("form .btn-primary[type=submit]").last.click()
    tab.wait_for_load_state()
    assert paths(repository) == {"README.md", "one.txt", "two.txt", "three.txt"}
