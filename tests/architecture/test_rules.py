"""House rules as tests; the failure message says what to do instead."""

import ast
import re
from pathlib import Path

import grimp
import pytest
from django.urls import get_resolver

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "projects", "issues", "pulls", "activity", "githubapi", "search")
FACES = {"commands", "queries", "rules", "events", "models", "logic", "places"}
WRITES = {"save", "create", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
FORBIDDEN_NAMES = {"utils.py", "helpers.py", "services.py", "signals.py", "managers.py"}


def modules(*parts):
    for app in APPS:
        for part in parts:
            yield from (ROOT / app).glob(f"{part}.py")
            yield from (ROOT / app / part).rglob("*.py")


def test_no_catch_all_modules():
    found = [path for app in (*APPS, "core", "gitstore", "openi") for path in (ROOT / app).rglob("*.py") if path.name in FORBIDDEN_NAMES]
    assert not found, "name the noun instead"


def test_views_and_api_do_not_touch_the_orm():
    faults = []
    for path in modules("views", "api"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES:
                target = node.func.value
                if isinstance(target, ast.Attribute) and target.attr == "objects":
                    faults.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not faults, "only commands write: move it into <app>/commands"


def test_only_commands_write():
    faults = []
    for path in modules("queries", "rules", "forms", "tasks", "panels", "middleware", "authentication", "feeds", "templatetags"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in WRITES - {"save", "delete", "update"}
                and ".objects" in ast.unparse(node.func.value)
            ):
                faults.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not faults, "only commands write"


def test_no_save_overrides_and_no_receivers_but_allauths():
    faults = []
    for path in (file for app in (*APPS, "core") for file in (ROOT / app).rglob("*.py")):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and path.name == "models.py":
                faults += [
                    f"{path}:{item.lineno}" for item in node.body if isinstance(item, ast.FunctionDef) and item.name in ("save", "delete")
                ]
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "receiver" and path.name != "adapters.py":
                faults.append(f"{path}:{node.lineno}")
    assert not faults, "what a change causes stands in its command or in a subscriber"


def test_only_faces_are_imported_across_apps():
    graph = grimp.build_graph("openi", "search", "githubapi", "activity", "pulls", "issues", "projects", "accounts", "gitstore", "core")
    faults = []
    for module in graph.modules:
        app = module.split(".")[0]
        for imported in graph.find_modules_directly_imported_by(module):
            parts = imported.split(".")
            if parts[0] in APPS and parts[0] != app and app != "openi" and len(parts) > 1 and parts[1] not in FACES:
                faults.append(f"{module} → {imported}")
    # the wire and the API share the one definition of who a token is; forms of confirmation are shared by settings pages;
    # pages and API views below a repository share the frame that finds it
    allowed = {
        "accounts.authentication", "accounts.forms.organizations", "accounts.forms", "projects.views.common", "projects.views", "projects.api.base",
        "projects.api", "projects.templatetags.charts", "projects.templatetags", "projects.api.shapes.git", "projects.policies", "projects.views.diffs", "projects.views.acts", "issues.views", "issues.views.threads", "issues.views.lists",
    }  # fmt: skip
    assert not [fault for fault in faults if fault.split(" → ")[1] not in allowed], "another app is reached through its face only"


def routes(patterns, prefix=""):
    for pattern in patterns:
        here = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from routes(pattern.url_patterns, here)
        else:
            yield here, pattern


def test_every_address_has_one_owner():
    seen = {}
    for route, pattern in routes(get_resolver().url_patterns):
        shape = re.sub(r"<[^>]+>", "<>", route)
        owner = getattr(pattern.callback, "__module__", "")
        known = seen.setdefault(shape, owner)
        assert known == owner or "allauth" in (known + owner), f"{route} belongs to {known} and {owner}"


def test_settings_are_documented():
    used = set(re.findall(r'env\.\w+\("([A-Z0-9_]+)"', (ROOT / "openi/settings.py").read_text()))
    named = set(re.findall(r"^#?\s?OPENI_([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert used - named == set(), "write it into .env.example"


@pytest.mark.parametrize("app", [*APPS, "core", "gitstore"])
def test_modules_stay_small(app):
    long = {
        path.name: lines
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts and (lines := path.read_text().count("\n")) > 560
    }
    assert not long, "split it by noun (style: about 300 lines)"


def test_no_outside_address_in_pages_or_styles():
    faults = []
    for path in [*(ROOT / "templates").rglob("*.html"), *(ROOT / "static/css").glob("*.css"), *(ROOT / "static/js").glob("*.js")]:
        text = path.read_text()
        faults += [
            f"{path.name}: {match}"
            for match in re.findall(r"""(?:src|href|url\()=?["'(]?(https?://[^"')\s]+)""", text)
            if "{{" not in match
        ]
        if path.suffix == ".html":
            assert not re.search(r"<[a-z][^<>{}]*\s(style|on[a-z]+)=|<script>(?!\s*$)", text), (
                f"{path}: the policy forbids inline style and script"
            )
    assert not faults, "no page calls another host"
