"""Rules of names, tokens and keys as pure functions."""

import hashlib
import re
import secrets
import unicodedata

NAMESPACE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,37}[A-Za-z0-9])?")
PROJECT = re.compile(r"[A-Za-z0-9._-]{1,96}")
BAD_ENDINGS = (".git", ".wiki", ".lock", ".atom", ".zip", ".patch", ".diff")
RESERVED = frozenset(
    [
        "-",
        "api",
        "openapi",
        "v1",
        "v2",
        "oauth",
        "uploads",
        "attachments",
        "sdk",
        ".well-known",
        "accounts",
        "login",
        "logout",
        "signup",
        "settings",
        "new",
        "admin",
        "static",
        "media",
        "assets",
        "datasets",
        "models",
        "spaces",
        "competitions",
        "explore",
        "market",
        "collections",
        "search",
        "users",
        "organizations",
        "orgs",
        "issues",
        "pulls",
        "notifications",
        "dashboard",
        "jobs",
        "trust",
        "community",
        "courses",
        "events",
        "news",
        "points",
        "docs",
        "help",
        "about",
        "completed",
        "robots.txt",
        "sitemap.xml",
        "favicon.ico",
    ]
)
ROLES = ("reader", "developer", "maintainer", "owner")
TOKEN_LENGTH = 40
_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


def name_fault(name: str, *, kind: str) -> str:
    """The code of what is wrong with a namespace (`kind="namespace"`) or project name, "" if it is fine.

    Codes: empty, characters, sequence (`--`, `..`), edge (`-` or `.` at an end), ending, reserved.
    """
    if not name:
        return "empty"
    pattern = NAMESPACE if kind == "namespace" else PROJECT
    if not pattern.fullmatch(name):
        return "characters"
    if "--" in name or ".." in name:
        return "sequence"
    if name[0] in "-." or name[-1] in "-.":
        return "edge"
    if name.lower().endswith(BAD_ENDINGS):
        return "ending"
    if kind == "namespace" and name.lower() in RESERVED:
        return "reserved"
    return ""


def clean_display_name(text: str) -> str:
    """NFC, no control, format or bidi characters, single spaces, at most 80 characters."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(character for character in text if unicodedata.category(character) not in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp"))
    return " ".join(text.split())[:80]


def new_token() -> str:
    """40 characters of `[0-9a-z]`, 206 bits; the last 6 are a checksum, so scanners recognise it."""
    body = "".join(secrets.choice(_ALPHABET) for _ in range(TOKEN_LENGTH - 6))
    return body + token_checksum(body)


def token_checksum(body: str) -> str:
    """6 characters of base 36 from the SHA-256 of `body`."""
    number = int.from_bytes(hashlib.sha256(b"openi-token:" + body.encode()).digest()[:8], "big")
    digits = ""
    for _ in range(6):
        number, digit = divmod(number, 36)
        digits += _ALPHABET[digit]
    return digits


def looks_like_token(text: str) -> bool:
    """True for a string of the recognisable form with a right checksum."""
    return bool(re.fullmatch(r"[0-9a-z]{40}", text)) and token_checksum(text[:-6]) == text[-6:]


def token_hash(token: str) -> str:
    """SHA-256 hex: tokens have 170 random bits, so no slow hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def polyline(days: list[int], values: list[int], *, width: int, height: int) -> str:
    """`x,y` pairs of an SVG polyline: `days` from left to right, `values` upwards from 0; a single point becomes a level line."""
    span, top = max(days[-1], 1), max(max(values), 1)
    pairs = list(zip(days, values, strict=True))
    if len(pairs) == 1:
        pairs = [(0, values[0]), (span, values[0])]
    return " ".join(f"{day / span * width:.1f},{height - value / top * height:.1f}" for day, value in pairs)
