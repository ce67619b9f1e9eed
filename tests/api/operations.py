"""Every operation of the API, with an address in the world of `conftest` and the body of its own example."""

import copy
import re
from dataclasses import dataclass, field
from urllib.parse import quote

from core.apidocs import schema


class Undo(Exception):
    """Leaves a savepoint, so that what was asked changed nothing."""


@dataclass(frozen=True)
class Operation:
    """One method of one address."""

    id: str
    method: str
    path: str
    scope: str
    found: dict = field(repr=False, hash=False, compare=False)

    @property
    def in_repository(self) -> bool:
        return "/repositories/{namespace}/{name}" in self.path

    @property
    def is_list(self) -> bool:
        content = self.found["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
        name = content.get("$ref", "").rpartition("/")[2]
        return "next" in schema()["components"]["schemas"].get(name, {}).get("properties", {})

    def body(self):
        """The example of the docs; None where it takes no JSON."""
        examples = self.found.get("requestBody", {}).get("content", {}).get("application/json", {}).get("examples", {})
        return copy.deepcopy(next(iter(examples.values()))["value"]) if examples else None

    def address(self, **values) -> str:
        """The path filled in, with the query parameters it cannot do without."""
        filled = re.sub(r"{(\w+)}", lambda match: quote(str(values[match[1]]), safe="/"), self.path)
        wanted = [one["name"] for one in self.found.get("parameters", []) if one["in"] == "query" and one.get("required")]
        return filled + ("?" + "&".join(f"{name}={quote(str(values[name]))}" for name in wanted) if wanted else "")


OPERATIONS = [
    Operation(found["operationId"], method.upper(), path, found["x-scope"], found)
    for path, methods in schema()["paths"].items()
    for method, found in methods.items()
]
IN_REPOSITORY = [one for one in OPERATIONS if one.in_repository]
LISTS = [one for one in OPERATIONS if one.is_list]
