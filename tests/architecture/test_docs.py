"""Documents: links lead somewhere, files they name exist, the two languages have the same parts, the glossary names what exists."""

import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TRACKED = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
DOCUMENTS = sorted(
    name for name in TRACKED if not name.startswith(("tests/", "core/data/", "projects/", "static/")) and (ROOT / name).exists()
)
BOTH = ["README", "ARCHITECTURE", "CONTRIBUTING", "docs/start/tutorial", "docs/operate/README"]
PATHS = re.compile(
    r"`((?:script|deploy|docs|tests|core|openi|gitstore|accounts|projects|issues|pulls|search|bench|static|templates)/[\w./-]*\w)`"
)


def text_of(name: str) -> str:
    """Without code blocks: what stands there is an example."""
    return re.sub(r"^```.*?^```", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(path: Path) -> set[str]:
    """GitHub's anchors of the headings."""
    headings = re.findall(r"^#+ (.+)$", text_of(str(path.relative_to(ROOT))), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower().strip()).replace(" ", "-") for heading in headings}


def test_there_are_documents() -> None:
    assert {"README.md", "README.zh.md", "SECURITY.md", "CODE_OF_CONDUCT.md", "docs/glossary.md"} <= set(DOCUMENTS)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name: str) -> None:
    wrong = []
    for target in re.findall(r"(?<!`)\]\(([^)\s]+)\)", text_of(name)):
        address, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:|/", address) or (name.startswith("docs/help/") and re.fullmatch(r"[a-z-]+", address)):
            continue  # other hosts; addresses of the portal, which tests/core/test_help.py follows
        path = (ROOT / name).parent / unquote(address) if address else ROOT / name
        if not path.exists() or (anchor and path.suffix == ".md" and anchor not in anchors(path.resolve())):
            wrong.append(target)
    assert not wrong


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if not name.startswith(("docs/help/", "docs/adr/"))])
def test_every_file_it_names_exists(name: str) -> None:
    found = [path for path in PATHS.findall(text_of(name)) if not any(sign in path for sign in ("*", "<"))]
    assert [path for path in found if not (ROOT / path).exists() and not list(ROOT.glob(f"{path}.*"))] == []


@pytest.mark.parametrize("name", BOTH)
def test_both_languages_have_the_same_parts(name: str) -> None:
    """Headings of the same depth in the same order, code blocks with the same commands."""
    shapes = []
    for path in (ROOT / f"{name}.md", ROOT / f"{name}.zh.md"):
        text = path.read_text(encoding="utf-8")
        blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        commands = [[line.split()[:2] for line in block.splitlines() if line.strip() and not line.startswith("#")] for block in blocks]
        shapes.append((re.findall(r"^(#+) ", text_of(str(path.relative_to(ROOT))), re.MULTILINE), commands))
    assert shapes[0] == shapes[1]


def test_scripts_named_in_documents_know_the_options_shown() -> None:
    """`script/server --option` in any document is an option of its --help."""
    known = (ROOT / "openi/supervisor/options.py").read_text() + '"--help"'
    for name in DOCUMENTS:
        for line in re.findall(r"script/server[^`\n|]*", (ROOT / name).read_text(encoding="utf-8")):
            for option in re.findall(r"\s(--[a-z-]+)", line):
                assert f'"{option.replace("--no-demo", "--demo")}"' in known, f"{name}: script/server {option}"
