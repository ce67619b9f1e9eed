"""House rules of templates and static files; each failure says what to write instead."""

import re
from pathlib import Path

import pytest

from projects.forms import curation
from projects.market import tree

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
PYTHON = [path for app in ("core", "accounts", "projects", "issues", "pulls") for path in (ROOT / app).rglob("*.py")]
STYLES = sorted((ROOT / "static" / "css").glob("*.css"))
ICONS = set(re.findall(r'<symbol id="([a-z0-9-]+)"', (ROOT / "static" / "img" / "icons.svg").read_text()))
INLINE = {
    "a style attribute": re.compile(r"<[a-z][^<>]*\sstyle=", re.I),
    "an inline handler": re.compile(r"<[a-z][^<>]*\son[a-z]+=", re.I),
    "an inline style sheet": re.compile(r"<style\b", re.I),
    "an inline script": re.compile(r"<script\b(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")", re.I),
    "a file of another host": re.compile(r"<(?:script|link|img|iframe|source|video|audio)\b[^>]*\b(?:src|href)=[\"'](?:https?:)?//", re.I),
}


def shown(path: Path) -> str:
    """A path as failure messages print it."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", TEMPLATES, ids=shown)
def test_pages_obey_the_content_security_policy(path: Path) -> None:
    """The policy would silently drop these: use a class, a module of static/js, a vendored file."""
    source = path.read_text(encoding="utf-8")
    for what, pattern in INLINE.items():
        assert not pattern.search(source), f"{shown(path)} has {what}, which the content security policy forbids"


@pytest.mark.parametrize("path", TEMPLATES, ids=shown)
def test_icons_and_files_exist(path: Path) -> None:
    """A missing icon is an empty square, a missing file an error 500 under the manifest storage."""
    source = path.read_text(encoding="utf-8")
    for name in re.findall(r'{% icon "([^"]+)"', source) + re.findall(r'<c-[a-z-]+[^>]*\sicon="([a-z][a-z0-9-]*)"', source):
        assert name in ICONS, f"{shown(path)}: icon {name} is not in static/img/icons.svg; run script/vendor_static"
    for name in re.findall(r"{% static ['\"]([^'\"]+)['\"]", source):
        assert (ROOT / "static" / name).is_file(), f"{shown(path)}: static/{name} does not exist"


def test_icons_named_in_code_exist() -> None:
    """`icon="name"` and `icon("name")` in Python."""
    for path in PYTHON:
        for name in re.findall(r"\bicon(?:=|\()\"([a-z][a-z0-9-]*)\"", path.read_text(encoding="utf-8")):
            assert name in ICONS, f"{shown(path)}: icon {name} is not in static/img/icons.svg; run script/vendor_static"
    assert set(tree.icons().values()) | set(curation.ICONS) <= ICONS, "a category's icon is missing; run script/vendor_static"


def test_components_exist() -> None:
    """`<c-copy-line>` is templates/components/copy_line.html, and each component is shown in the gallery."""
    used = {name for path in TEMPLATES for name in re.findall(r"<c-([a-z-]+)", path.read_text(encoding="utf-8"))} - {"vars", "slot"}
    there = {path.stem.replace("_", "-") for path in (ROOT / "templates" / "components").glob("*.html")}
    assert used <= there, f"no such component: {used - there}"
    gallery = set(re.findall(r"<c-([a-z-]+)", (ROOT / "templates" / "core" / "components.html").read_text(encoding="utf-8")))
    assert there - gallery <= {"auth"}, f"not shown at /_components/: {there - gallery - {'auth'}}"


@pytest.mark.parametrize("path", [path for path in STYLES if path.name not in {"openi.css", "languages.css"}], ids=shown)
def test_styles_use_tokens(path: Path) -> None:
    """Colours are tokens of openi.css, so that both themes work."""
    found = re.findall(r"#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(", re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S), re.I)
    assert not found, f"{shown(path)} writes colours of its own: {found[:3]}; use the custom properties of openi.css"


def test_files_of_styles_exist() -> None:
    """url(…) in our style sheets leads to a vendored file."""
    for path in STYLES:
        for target in re.findall(r"(?:url\(\s*|@import\s+)[\"']?(?!url)([^\"')\s]+)", path.read_text()):
            if not target.startswith(("data:", "#")):
                assert (path.parent / target).resolve().is_file(), f"{shown(path)}: {target} does not exist"
