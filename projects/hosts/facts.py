"""What a host's API says of one repository, and how its answers are read alike."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from core import licences

UNKNOWN_LICENCE = "NOASSERTION"  # SPDX: there is a text, nobody says which
DESCRIPTION_MAX = 350
TOPICS_MAX = 20
WAIT_MAX = timedelta(days=1)
_TOPIC = re.compile(r"[a-z0-9\u4e00-\u9fff](?:[a-z0-9\u4e00-\u9fff-]{0,33}[a-z0-9\u4e00-\u9fff])?")
Document = Mapping[str, Any]
Headers = Mapping[str, str]  # names in lower case


@dataclass(frozen=True, slots=True)
class Facts:
    """Cleaned to what our own columns take."""

    path: str  # owner path and name as the host spells it today
    description: str = ""
    website: str = ""
    topics: tuple[str, ...] = ()
    licence: str = ""  # SPDX id, UNKNOWN_LICENCE, "" for none
    default_branch: str = ""
    stars: int = 0
    forks: int = 0
    is_archived: bool = False
    is_private: bool = False  # seen only because a token may: nothing of it is for our pages


@dataclass(frozen=True, slots=True)
class Budget:
    """How many requests are left, and when it begins anew."""

    limit: int | None
    remaining: int
    reset_at: datetime | None


class Port(Protocol):
    """One kind of API."""

    def address(self, path: str) -> str:
        """What follows the API's base address, for the repository at `path` (owner path and name)."""

    def headers(self, token: str) -> dict[str, str]:
        """Of every request; `token` "" for none."""

    def facts(self, document: Document) -> Facts:
        """Raises KeyError, TypeError, ValueError for what is no repository."""


def budget(headers: Headers, now: datetime) -> Budget | None:
    """`X-RateLimit-*` (GitHub, Gitee) or `RateLimit-*` (GitLab), None if the answer says nothing."""
    for prefix in ("x-ratelimit", "ratelimit"):
        remaining = _number(headers.get(f"{prefix}-remaining"))
        if remaining is not None:
            limit, reset = _number(headers.get(f"{prefix}-limit")), _number(headers.get(f"{prefix}-reset"))
            return Budget(limit, remaining, _moment(reset, now))
    return None


def _moment(reset: int | None, now: datetime) -> datetime | None:
    """An epoch in seconds, or (where it is small) seconds from now; never further than a day."""
    if reset is None:
        return None
    wait = timedelta(seconds=min(reset, 10**7)) if reset < 10**9 else datetime.fromtimestamp(min(reset, 4 * 10**9), UTC) - now
    return now + max(timedelta(), min(wait, WAIT_MAX))


def retry_after(headers: Headers, now: datetime) -> datetime | None:
    """RFC 9110 §10.2.3: seconds or a date; None if it is not said."""
    text = headers.get("retry-after", "").strip()
    if (seconds := _number(text)) is not None:
        return now + min(timedelta(seconds=min(seconds, 10**7)), WAIT_MAX)
    try:
        wait = parsedate_to_datetime(text) - now if text else None
    except (ValueError, TypeError):
        return None
    return None if wait is None else now + max(timedelta(), min(wait, WAIT_MAX))


def _number(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def path(value: object) -> str:
    """Owner path and name. Raises TypeError for anything else."""
    if not isinstance(value, str) or "/" not in value.strip("/") or len(value) > 500:
        raise TypeError("no path of a repository")
    return value


def text(value: object, *, longest: int) -> str:
    """One line without control characters, "" for anything that is no text."""
    line = " ".join(value.split()) if isinstance(value, str) else ""
    return "".join(character for character in line if character.isprintable())[:longest]


def topics(values: object) -> tuple[str, ...]:
    """Those that are topics here too, without doubles."""
    found = [str(value).strip().lower() for value in values if isinstance(value, str)] if isinstance(values, list | tuple) else []
    return tuple([topic for topic in dict.fromkeys(found) if _TOPIC.fullmatch(topic)][:TOPICS_MAX])


def licence(value: object) -> str:
    """The SPDX id in its own spelling: from `mit`, `MIT`, or `{"spdx_id" | "key": …}`."""
    if isinstance(value, Mapping):
        value = value.get("spdx_id") or value.get("key")
    if not isinstance(value, str) or not value.strip() or value.strip().lower() == "none":
        return ""
    return _spellings().get(value.strip().lower(), UNKNOWN_LICENCE)


def _spellings() -> dict[str, str]:
    if not _known:
        ids = list(licences.names())
        _known.update({id_.lower(): id_ for id_ in ids})
        _known.update({id_.removesuffix("-only").lower(): id_ for id_ in ids if id_.endswith("-only")})  # hosts write gpl-3.0
    return _known


_known: dict[str, str] = {}


def website(value: object) -> str:
    """An http address, else ""."""
    found = text(value, longest=201)
    return found if found.startswith(("https://", "http://")) and len(found) <= 200 and " " not in found else ""


def number(value: object) -> int:
    """A count of a column of 31 bits."""
    return min(value, 2**31 - 1) if isinstance(value, int) and value > 0 else 0
