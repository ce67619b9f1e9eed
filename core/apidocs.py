"""The API's own description as a page: operations by noun, each with its fields and a line for curl."""

import json
import shlex
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

from django.utils.translation import get_language, gettext

from core.schema import HEADINGS

SAMPLES = {
    "namespace": "ada", "name": "demo", "login": "ada", "slug": "pcl-intelligence", "team": "vision", "id": "1", "branch": "topic", "tag": "v1.0",
    "oid": "0123456789abcdef0123456789abcdef01234567", "path": "README.md", "file": "demo.whl", "token": "CI", "ref": "main",
    "confirm": "ada/demo", "base": "main", "head": "topic", "number": "12", "label": "bug", "review": "1", "comment": "1",
}  # fmt: skip


@cache
def schema() -> dict[str, Any]:
    """The OpenAPI document; made once in a process."""
    from drf_spectacular.generators import SchemaGenerator  # at first use: 15 MB in each process

    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return found


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a body; `choices` are the words it may be."""

    name: str
    kind: str
    place: str = ""
    required: bool = False
    description: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address."""

    id: str
    method: str
    address: str
    summary: str
    description: str
    scope: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    answer: tuple[Field, ...]
    sample: str
    statuses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Operations on one noun."""

    name: str
    title: str
    operations: tuple[Operation, ...]


def groups(origin: str) -> list[Group]:
    """All operations in the reader's language; `origin` is scheme and host."""
    return _groups(origin, get_language() or "")


@lru_cache(maxsize=16)
def _groups(origin: str, language: str) -> list[Group]:
    found: dict[str, list[Operation]] = {name: [] for name in HEADINGS}
    for address, methods in schema()["paths"].items():
        for method, operation in methods.items():
            found[operation["tags"][0]].append(_operation(origin, address, method, operation))
    return [Group(name, gettext(HEADINGS[name]), tuple(operations)) for name, operations in found.items() if operations]


def _operation(origin: str, address: str, method: str, found: dict[str, Any]) -> Operation:
    content: dict[str, dict[str, Any]] = found.get("requestBody", {}).get("content", {})
    return Operation(
        id=found["operationId"],
        method=method.upper(),
        address=address,
        summary=gettext(found["summary"]),
        description=gettext(found["description"]) if found.get("description") else "",
        scope=found["x-scope"],
        parameters=tuple(_field(one["name"], one["schema"], one, one["in"]) for one in found.get("parameters", [])),
        body=_fields(next(iter(content.values()), {}).get("schema", {})),
        answer=_answer(found["responses"]),
        sample=_curl(origin, address, method, found),
        statuses=tuple(found["responses"]),
    )


def _resolved(part: dict[str, Any]) -> dict[str, Any]:
    """A schema behind its reference."""
    if "$ref" in part:
        found: dict[str, Any] = schema()["components"]["schemas"][part["$ref"].rpartition("/")[2]]
        return found
    return _resolved(part["allOf"][0]) if len(part.get("allOf", [])) == 1 else part


def _field(name: str, kind: dict[str, Any], about: dict[str, Any], place: str = "") -> Field:
    resolved = _resolved(kind)
    one_of = [_resolved(choice) for choice in resolved.get("oneOf", [])]
    words = [word for choice in (resolved, *one_of) for word in choice.get("enum", []) if word not in ("", None)]
    shown = str(resolved.get("format") or resolved.get("type") or (one_of and one_of[0].get("type")) or "object")
    if resolved.get("type") == "array":
        shown = f"[{_resolved(resolved['items']).get('type', 'object')}]"
    description = about.get("description") or kind.get("description") or ""
    return Field(
        name, shown, place, bool(about.get("required")) is True, gettext(description) if description else "", tuple(map(str, words))
    )


def _fields(body: dict[str, Any], prefix: str = "", depth: int = 2) -> tuple[Field, ...]:
    """Fields of a body, those of objects inside it by `outer.inner` and `list[].inner`."""
    found = _resolved(body)
    required = found.get("required", [])
    fields: list[Field] = []
    for name, part in found.get("properties", {}).items():
        inner = _resolved(part)
        words = "" if "$ref" in part or "allOf" in part else inner.get("description", "")
        fields.append(_field(prefix + name, part, {"required": name in required, "description": words}))
        if depth:
            inside, mark = (inner["items"], "[].") if inner.get("type") == "array" else (inner, ".")
            fields += _fields(inside, f"{prefix}{name}{mark}", depth - 1)
    return tuple(fields)


def _answer(responses: dict[str, Any]) -> tuple[Field, ...]:
    """Fields of the first good answer; those of one item where it is a page."""
    good: dict[str, Any] = next((part for status, part in responses.items() if status.startswith("2")), {})
    body = _resolved(good.get("content", {}).get("application/json", {}).get("schema", {}))
    items = body.get("properties", {}).get("items")
    found = _fields(items["items"] if items and "next" in body["properties"] else body)
    return tuple(replace(one, required=False) for one in found)


def _curl(origin: str, address: str, method: str, found: dict[str, Any]) -> str:
    """A line that can be pasted once TOKEN is set."""
    parts = ["curl"]
    if method != "get":
        parts.append(f"-X {method.upper()}")
    if found["x-scope"]:
        parts.append('-H "Authorization: Bearer $TOKEN"')
    content = found.get("requestBody", {}).get("content", {})
    example = content.get("application/json", {}).get("examples", {})
    if example:
        value = json.dumps(next(iter(example.values()))["value"], ensure_ascii=False)
        parts.append(f"--json {shlex.quote(value)}")
    elif content:
        parts = [part for part in parts if not part.startswith("-X")] + ["-T demo.whl"]
    filled = address
    query = []
    for one in found.get("parameters", []):
        sample = SAMPLES.get(one["name"], "…")
        if one["in"] == "path":
            filled = filled.replace("{" + one["name"] + "}", sample)
        elif one.get("required"):
            query.append(f"{one['name']}={sample}")
    target = origin + filled + ("?" + "&".join(query) if query else "")
    line = " ".join([*parts, shlex.quote(target)])
    return line if len(line) < 80 else " \\\n  ".join([" ".join(parts[:2]), *parts[2:], shlex.quote(target)])
