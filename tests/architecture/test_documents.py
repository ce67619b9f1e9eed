"""What the documents say of the code is so: terms are models, events are listed, named tests exist.

After a change of events: `OPENI_WRITE_EVENTS=1 pytest tests/architecture/test_documents.py`.
"""

import os
import re
from pathlib import Path

from django.apps import apps

from core import events

ROOT = Path(__file__).resolve().parents[2]
EVENTS = ROOT / "docs/reference/events.md"
HEAD = """# Events

What commands publish in their own transaction ([decision 1](../adr/0001-commands-and-outbox.md)) and who reacts. `→` names the subscribers; each may run
twice and out of order (`tests/safety/test_deliveries.py`). This page is written by `tests/architecture/test_documents.py`.

| event | fact | → |
| --- | --- | --- |
"""


def facts() -> list[type[events.Fact]]:
    """Every event of the portal."""
    found = [one for one in events.Fact.__subclasses__() if not one.__module__.startswith("tests.")]
    return sorted(found, key=events.name_of)


def written() -> str:
    rows = []
    for fact in facts():
        who = sorted(
            name.split(".")[-1] if ".index_" not in name else ".".join(name.split(".")[2:])
            for name, one in events.subscriptions().items()
            if one.event is fact and not name.startswith("tests.")
        )
        meaning = " ".join((fact.__doc__ or "").split())
        assert meaning, f"{fact.__name__}: say in its docstring what happened"
        rows.append(f"| `{events.name_of(fact)}` | {meaning} | {', '.join(f'`{one}`' for one in who)} |")
    return HEAD + "\n".join(rows) + "\n"


def test_every_event_is_listed_with_its_subscribers():
    if os.environ.get("OPENI_WRITE_EVENTS"):
        EVENTS.write_text(written())
    assert EVENTS.read_text() == written(), "events changed: write the page anew (see the top of this file)"


def test_events_are_named_in_the_past_tense():
    """Past participles end so; an irregular one is added here."""
    assert not [one.__name__ for one in facts() if not re.search(r"(ed|Sent|Made|Fact|Built|Left|Begun|Written|Set)$", one.__name__)]


def test_terms_of_the_glossary_are_models():
    named = set(re.findall(r"`([A-Z][A-Za-z]+)`", (ROOT / "docs/glossary.md").read_text()))
    models = {
        model.__name__
        for label in ("core", "accounts", "projects", "issues", "pulls", "activity")
        for model in apps.get_app_config(label).get_models()
    }
    assert named <= models, f"the glossary names what is no model: {named - models}"
    assert len(named) > 8


def test_documents_name_tests_and_modules_that_exist():
    faults = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for path in re.findall(
            r"`((?:tests|core|accounts|projects|issues|pulls|gitstore|openi|script|deploy|bench|docs|search|activity)/[A-Za-z0-9_./-]+\.(?:py|md|txt|yaml|json|toml))(?:::\w+)?`",
            page.read_text(),
        ):
            if not (ROOT / path).exists():
                faults.append(f"{page.relative_to(ROOT)}: {path}")
    assert not faults, faults


def test_links_between_documents_lead_somewhere():
    faults = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text()):
            if not target.startswith("/") and not (page.parent / target).exists():
                faults.append(f"{page.relative_to(ROOT)}: {target}")
    assert not faults, faults
