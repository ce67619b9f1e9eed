"""What all shapes share: addresses and ids."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class At:
    """Where the client reached us: scheme and host, without a slash at the end."""

    home: str

    @classmethod
    def of(cls, request: HttpRequest) -> "At":
        """From a request by an allowed host."""
        return cls(request.build_absolute_uri("/").rstrip("/"))

    def api(self, *parts: object) -> str:
        """An address below `/api/v3`."""
        return "/".join([f"{self.home}/api/v3", *(quote(str(part), safe="/{}:.@+~") for part in parts)])

    def page(self, path: str) -> str:
        """An address of the site; "" stays ""."""
        return self.home + path if path else ""


def node_id(kind: str, number: object) -> str:
    """An opaque id as GitHub's older ones are made."""
    return base64.b64encode(f"{len(kind):03}:{kind}{number}".encode()).decode()


def moment(value: datetime | None) -> str | None:
    """`2026-01-31T12:00:00Z`."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if value else None


def text(value: str) -> str:
    """Names that are not UTF-8 with replacement characters, so that JSON can carry them."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def paths(base: str, **tails: str) -> dict[str, Any]:
    """`<name>_url` → base and tail."""
    return {f"{name}_url": base + tail for name, tail in tails.items()}
