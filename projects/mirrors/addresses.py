"""Addresses of repositories on other hosts: every spelling people paste, and the one we keep."""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

CASELESS = frozenset({"github.com", "gitee.com", "gitlab.com", "bitbucket.org", "codeberg.org", "gitcode.com"})
TWO_PARTS = frozenset({"github.com", "gitee.com", "bitbucket.org", "codeberg.org", "gitcode.com"})  # owner and name, never groups
_SCP = re.compile(r"(?:(?P<user>[\w.-]+)@)?(?P<host>[A-Za-z0-9.-]+\.[A-Za-z]{2,}|\[[0-9a-fA-F:]+\]):(?!//)(?P<path>[^\s].*)")
_BARE = re.compile(r"(?P<host>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})/(?P<path>[^\s]+)")
_PART = re.compile(r"[\w.~+-]{1,100}", re.ASCII)
_PAGES = frozenset(
    [
        "tree",
        "blob",
        "raw",
        "commit",
        "commits",
        "issues",
        "pulls",
        "pull",
        "merge_requests",
        "releases",
        "tags",
        "branches",
        "wiki",
        "actions",
        "graphs",
        "network",
        "settings",
        "stargazers",
    ]
)
SCHEMES = ("https", "http", "ssh", "git", "git+ssh", "git+https")
LENGTH_MAX = 500


@dataclass(frozen=True, slots=True)
class Address:
    """A repository on a code host. `host` in lower case with its port if it is unusual, `path` as given, without `.git`."""

    host: str
    path: str  # owner path and name, at least two parts
    scheme: str = "https"
    username: str = ""
    password: str = ""

    @property
    def key(self) -> str:
        """What two spellings of one repository share: `github.com/lgy96/open-exchange`."""
        path = self.path.lower() if self.host in CASELESS else self.path
        return f"{self.host}/{path}"

    @property
    def url(self) -> str:
        """The address to fetch from, without credentials."""
        if self.scheme == "ssh":
            return f"ssh://{self.username or 'git'}@{self.host}/{self.path}.git"
        return f"{self.scheme}://{self.host}/{self.path}.git"

    @property
    def page(self) -> str:
        """The address for people."""
        return f"https://{self.host}/{self.path}"

    @property
    def owner(self) -> str:
        """`lgy96`, or `group/subgroup`."""
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The last part."""
        return self.path.rpartition("/")[2]

    @property
    def slug(self) -> str:
        """The namespace of its mirror here: `github.com/lgy96`."""
        return f"{self.host}/{self.owner}"


def looks_like_address(text: str) -> bool:
    """True for what a person would paste as a repository's address rather than type as words."""
    return parse(text) is not None and ("/" in text or ":" in text)


def parse(text: str) -> Address | None:
    """The repository a pasted text names, None if it names none.

    Takes clone addresses (https, http, ssh, git), `git@host:owner/name.git`, `host/owner/name`, and addresses of pages inside
    a repository (`…/tree/main/src`, `…/-/blob/…`, `…/issues/5`).
    """
    text = text.strip().removeprefix("git clone ").strip()
    if not text or len(text) > LENGTH_MAX or any(ord(character) <= 32 or ord(character) == 127 for character in text) or "\\" in text:
        return None
    if "://" in text:
        return _of_url(text)
    if found := _SCP.fullmatch(text):
        return _made(found["host"], found["path"], scheme="ssh", username=found["user"] or "git")
    if found := _BARE.fullmatch(text):
        return _made(found["host"], found["path"])
    return None


def _of_url(text: str) -> Address | None:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower().removeprefix("git+")
    if scheme not in SCHEMES or not host:
        return None
    usual = {"https": 443, "http": 80, "ssh": 22, "git": 9418}[scheme]
    return _made(
        host if port in (None, usual) else f"{host}:{port}",
        parts.path,
        scheme=scheme,
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _made(host: str, path: str, *, scheme: str = "https", username: str = "", password: str = "") -> Address | None:
    host = host.lower().rstrip(".").removeprefix("www.")
    parts = [unquote(part) for part in path.split("?")[0].split("#")[0].strip("/").split("/")]
    parts = _repository_of(host, parts)
    if len(parts) < 2 or not all(_PART.fullmatch(part) and part not in (".", "..") for part in parts):
        return None
    return Address(host, "/".join(parts), scheme, username, password)


def _repository_of(host: str, parts: list[str]) -> list[str]:
    """The parts that name the repository, without a page inside it and without `.git`."""
    if "-" in parts:  # GitLab's separator between a project and its pages
        parts = parts[: parts.index("-")]
    for index, part in enumerate(parts):
        if index >= 1 and part.endswith(".git") and part != ".git":
            parts = [*parts[:index], part.removesuffix(".git")]
            break
    if host in TWO_PARTS:
        return parts[:2]
    for index in range(2, len(parts)):
        if parts[index] in _PAGES:
            return parts[:index]
    return parts


def segment_of(slug: str) -> str:
    """`github.com/lgy96` as one segment of a path: `github.com:lgy96`; no slug holds a colon."""
    return slug.replace("/", ":")


def slug_of(segment: str) -> str:
    """The slug a segment stands for."""
    return segment.replace(":", "/")
