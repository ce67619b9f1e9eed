"""Templates of new issues: Markdown files with front matter, and forms in YAML (the schema of GitHub's issue forms).

All scalars are read as text, so a version `3.10` stays what it is. Anchors and aliases are refused: a few lines of them can stand for gigabytes.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_BYTES, MAX_FIELDS, MAX_OPTIONS, MAX_LABELS = 64 * 1024, 60, 200, 20
MARKDOWN, INPUT, TEXTAREA, DROPDOWN, CHECKBOXES = "markdown", "input", "textarea", "dropdown", "checkboxes"
KINDS = (MARKDOWN, INPUT, TEXTAREA, DROPDOWN, CHECKBOXES)
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,60}")
_FRONT = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)(?:\r?\n)?^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_LINE = object()  # the key under which a mapping keeps its line: no key of a file is equal to it


class Broken(ValueError):
    """The file cannot be read: `kind` (yaml | alias | size | name | body | field | label | options | many), `line` (from 1, 0 for the whole)."""

    def __init__(self, kind: str, line: int = 0, what: str = "") -> None:
        super().__init__(kind)
        self.kind, self.line, self.what = kind, line, what[:200]


@dataclass(frozen=True, slots=True)
class Option:
    """A choice; `required` only of checkboxes."""

    label: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One element of a form. `value` is its text (markdown), or what it is filled with; `default` is the place of the chosen option."""

    kind: str
    name: str
    label: str = ""
    description: str = ""
    placeholder: str = ""
    value: str = ""
    language: str = ""  # of a text area: what is typed is code
    options: tuple[Option, ...] = ()
    multiple: bool = False
    default: int | None = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """What a new issue begins with: a `body`, or `fields` of a form."""

    name: str
    about: str = ""
    title: str = ""
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    body: str = ""
    fields: tuple[Field, ...] = ()

    @property
    def is_form(self) -> bool:
        """True for a form."""
        return bool(self.fields)


@dataclass(frozen=True, slots=True)
class ContactLink:
    """Where else one may ask."""

    name: str
    url: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Config:
    """`config.yml`: whether an empty issue may be opened, and links to other places."""

    blank: bool = True
    links: tuple[ContactLink, ...] = ()


def markdown_template(text: str, *, name: str) -> Template:
    """A Markdown file; `name` is used where the front matter has none. Raises Broken."""
    _require_size(text)
    match = _FRONT.match(text)
    if match is None:
        return Template(name=name, body=text.lstrip("\ufeff"))
    head = _mapping(_loaded(match[1], first=2), 2)
    return Template(
        name=_text(head, "name")[:100] or name, about=_text(head, "about")[:300] or _text(head, "description")[:300],
        title=_text(head, "title")[:255], labels=_words(head.get("labels")), assignees=_words(head.get("assignees")), body=text[match.end() :].lstrip("\r\n"),
    )  # fmt: skip


def form_template(text: str) -> Template:
    """A form. Raises Broken."""
    _require_size(text)
    head = _mapping(_loaded(text), 1)
    name = _text(head, "name").strip()
    if not name:
        raise Broken("name", 1)
    body = head.get("body")
    if not isinstance(body, list) or not body:
        raise Broken("body", 1)
    if len(body) > MAX_FIELDS:
        raise Broken("many", 1, str(MAX_FIELDS))
    fields = tuple(_field(_mapping(each, 1), place) for place, each in enumerate(body))
    names = [field.name for field in fields]
    if len(set(names)) != len(names):
        twice = next(one for one in names if names.count(one) > 1)
        raise Broken("field", body[len(names) - 1 - names[::-1].index(twice)][_LINE], twice)
    if all(field.kind == MARKDOWN for field in fields):
        raise Broken("body", 1)
    return Template(
        name=name[:100], about=_text(head, "description")[:300] or _text(head, "about")[:300], title=_text(head, "title")[:255],
        labels=_words(head.get("labels")), assignees=_words(head.get("assignees")), fields=fields,
    )  # fmt: skip


def config(text: str) -> Config:
    """`config.yml`. Links that are no web address are left out. Raises Broken."""
    _require_size(text)
    if not text.strip():
        return Config()
    head = _mapping(_loaded(text), 1)
    links = head.get("contact_links")
    found = [each for each in links if isinstance(each, dict)] if isinstance(links, list) else []
    return Config(
        blank=_text(head, "blank_issues_enabled").lower() not in ("false", "no", "off"),
        links=tuple(
            ContactLink(_text(each, "name")[:100], _text(each, "url")[:500], _text(each, "about")[:300])
            for each in found[:20]
            if _text(each, "name") and re.fullmatch(r"https?://[^\s\"<>]+", _text(each, "url"))
        ),
    )


def filled(template: Template, given: Mapping[str, Sequence[str]]) -> tuple[str, dict[str, str]]:
    """The answers as Markdown, and what is missing: name of the field → "required" or "choice".

    `given` has the answers by the fields' names; choices are places in the list of options.
    """
    parts: list[str] = []
    wrong: dict[str, str] = {}
    for field in template.fields:
        if field.kind == MARKDOWN:
            continue
        answer, fault = _ANSWERS[field.kind](field, given.get(field.name, ()))
        if fault:
            wrong[field.name] = fault
        parts.append(f"### {field.label}\n\n{answer}")
    return "\n\n".join(parts), wrong


def _written(field: Field, given: Sequence[str]) -> tuple[str, str]:
    text = "\n".join(given[:1]).replace("\r\n", "\n").strip("\n")
    if not text.strip():
        return "_—_", "required" if field.required else ""
    if field.language:
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
        return f"{fence}{field.language}\n{text}\n{fence}", ""
    return text if field.kind == TEXTAREA else " ".join(text.split()), ""


def _places(field: Field, given: Sequence[str]) -> list[int] | None:
    """The chosen places; None for one that is not there."""
    if not all(re.fullmatch(r"[0-9]{1,3}", one) and int(one) < len(field.options) for one in given if one):
        return None
    return sorted({int(one) for one in given if one})


def _chosen(field: Field, given: Sequence[str]) -> tuple[str, str]:
    places = _places(field, given)
    if places is None or (len(places) > 1 and not field.multiple):
        return "", "choice"
    if not places:
        return "_—_", "required" if field.required else ""
    return ", ".join(field.options[place].label for place in places), ""


def _ticked(field: Field, given: Sequence[str]) -> tuple[str, str]:
    places = _places(field, given)
    if places is None:
        return "", "choice"
    missing = any(option.required and place not in places for place, option in enumerate(field.options))
    lines = [f"- [{'x' if place in places else ' '}] {option.label}" for place, option in enumerate(field.options)]
    return "\n".join(lines), "required" if missing else ""


_ANSWERS: dict[str, Callable[[Field, Sequence[str]], tuple[str, str]]] = {
    INPUT: _written,
    TEXTAREA: _written,
    DROPDOWN: _chosen,
    CHECKBOXES: _ticked,
}


def _require_size(text: str) -> None:
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise Broken("size")


def _loaded(text: str, *, first: int = 1) -> Any:
    """The value of a YAML text: text, lists, mappings with their line. `first` is the line of the file it begins at. Raises Broken."""
    import yaml  # here: only who opens an issue needs it

    class Loader(yaml.BaseLoader):
        def compose_node(self, parent: Any, index: Any) -> Any:
            event = self.peek_event()  # type: ignore[no-untyped-call]
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise Broken("alias", event.start_mark.line + first)
            return super().compose_node(parent, index)

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            return {**super().construct_mapping(node, deep=True), _LINE: node.start_mark.line + first}

    Loader.add_constructor("tag:yaml.org,2002:map", lambda loader, node: loader.construct_mapping(node))  # type: ignore[arg-type]
    try:
        return yaml.load(text, Loader=Loader)  # noqa: S506 - BaseLoader makes nothing but text, lists and mappings
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        raise Broken("yaml", mark.line + first if mark else 0, str(getattr(error, "problem", "") or "")) from error
    except (RecursionError, ValueError, TypeError) as error:
        if isinstance(error, Broken):
            raise
        raise Broken("yaml") from error


def _mapping(value: Any, line: int) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise Broken("yaml", line, "mapping")
    return value


def _text(mapping: Mapping[Any, Any], key: str) -> str:
    value = mapping.get(key, "")
    return value if isinstance(value, str) else ""


def _words(value: Any) -> tuple[str, ...]:
    """A list, or words between commas."""
    listed = value if isinstance(value, list) else value.split(",") if isinstance(value, str) else []
    found = (each.strip()[:100] for each in listed if isinstance(each, str))
    return tuple(dict.fromkeys(each for each in found if each))[:MAX_LABELS]


def _is_true(mapping: Mapping[Any, Any], key: str) -> bool:
    return _text(mapping, key).lower() in ("true", "yes", "on")


def _field(given: dict[Any, Any], place: int) -> Field:
    """One element of `body`. Raises Broken."""
    line = int(given[_LINE])
    kind, name = _text(given, "type"), _text(given, "id") or f"field-{place + 1}"
    if kind not in KINDS:
        raise Broken("field", line, kind or "type")
    if not _IDENTIFIER.fullmatch(name):
        raise Broken("field", line, name)
    attributes = given.get("attributes", {})
    if not isinstance(attributes, dict):
        raise Broken("field", line, "attributes")
    if kind == MARKDOWN:
        return Field(kind, name, value=_text(attributes, "value"))
    label = " ".join(_text(attributes, "label").split())[:255]
    if not label:
        raise Broken("label", line, kind)
    rules = given.get("validations")
    options = _options(attributes, kind, line) if kind in (DROPDOWN, CHECKBOXES) else ()
    default = _text(attributes, "default")
    return Field(
        kind, name, label, _text(attributes, "description"), _text(attributes, "placeholder")[:500], _text(attributes, "value"),
        re.sub(r"[^A-Za-z0-9+#.-]", "", _text(attributes, "render"))[:40] if kind == TEXTAREA else "", options, _is_true(attributes, "multiple"),
        int(default) if re.fullmatch(r"[0-9]{1,3}", default) and int(default) < len(options) else None,
        isinstance(rules, dict) and _is_true(rules, "required"),
    )  # fmt: skip


def _options(attributes: dict[Any, Any], kind: str, line: int) -> tuple[Option, ...]:
    listed = attributes.get("options")
    if not isinstance(listed, list) or not 0 < len(listed) <= MAX_OPTIONS:
        raise Broken("options", line, kind)
    found = []
    for each in listed:
        label = each if isinstance(each, str) else _text(each, "label") if isinstance(each, dict) else ""
        label = " ".join(label.split())[:500]
        if not label:
            raise Broken("options", each[_LINE] if isinstance(each, dict) else line, kind)
        found.append(Option(label, isinstance(each, dict) and _is_true(each, "required")))
    return tuple(found)
