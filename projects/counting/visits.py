"""One visit, and which visits count: once a person, project, kind and day; what strangers of one network add is capped.

An account is a person once it is SETTLED days old. Everybody else is known by network (/24, /48) and browser name, under a hash whose secret is
random, changes each day (UTC) and is destroyed: no address, name or agent is ever stored. Younger accounts count as strangers do, so that neither
a farm of addresses nor one of accounts can buy a place: PER_NETWORK and PER_REGION bound what a project gains from them in a day.
"""

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

VIEW, CLONE, ARCHIVE, ASSET = "view", "clone", "archive", "asset"
KINDS = (VIEW, CLONE, ARCHIVE, ASSET)
SETTLED = 7  # days
PER_NETWORK = 5  # strangers of one /24 or /48, for one project, kind and day
PER_REGION = 20  # of one /16 or /32
PER_NETWORK_IN_ALL = 500  # of one /24 or /48, for all projects together, a day
MANY = 150  # projects in one day: who opens more is a machine, and none of its views of the day count


@dataclass(frozen=True, slots=True)
class Visit:
    """One person's first view or download of a project on one day. `who`, `network` and `region` are hashes of that day."""

    day: str  # ISO, UTC
    repository: int
    kind: str
    who: str
    network: str
    region: str
    is_known: bool  # an account of some age

    @property
    def key(self) -> str:
        """Equal for visits that count as one."""
        return hashlib.blake2b(f"{self.day} {self.repository} {self.kind} {self.who}".encode(), digest_size=16).hexdigest()


def networks(address: str) -> tuple[str, str]:
    """The /24 and /16 of an IPv4, the /48 and /32 of an IPv6 address; "" for none."""
    try:
        known = ip_address(address)
    except ValueError:
        return "", ""
    if known.version == 6 and known.ipv4_mapped is not None:
        known = known.ipv4_mapped
    near, far = (24, 16) if known.version == 4 else (48, 32)
    return str(ip_network(f"{known}/{near}", strict=False)), str(ip_network(f"{known}/{far}", strict=False))


def anonymous(day: str, repository: int, kind: str, *, account: str, is_settled: bool, address: str, agent: str, secret: bytes) -> Visit:
    """The visit without the person. `account` names an account or a key, "" for none."""
    near, far = networks(address)

    def hashed(text: str) -> str:
        return hmac.new(secret, text.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()[:24]

    who = hashed(f"account {account}") if account else hashed(f"stranger {near} {agent}")
    return Visit(day, repository, kind, who, hashed(f"near {near}"), hashed(f"far {far}"), bool(account) and is_settled)


def packed(visit: Visit) -> list[Any]:
    """As it waits in a batch."""
    return [visit.day, visit.repository, visit.kind, visit.who, visit.network, visit.region, int(visit.is_known)]


def unpacked(row: list[Any]) -> Visit | None:
    """The visit of a batch's row, None for one that is none."""
    if len(row) != 7 or row[2] not in KINDS or not isinstance(row[1], int) or not all(isinstance(row[i], str) for i in (0, 2, 3, 4, 5)):
        return None
    return Visit(row[0], row[1], row[2], row[3], row[4], row[5], bool(row[6]))


@dataclass
class Admission:
    """Decides one visit after the other, knowing what was counted before."""

    near: Counter[tuple[str, int, str, str]] = field(default_factory=Counter)  # day, repository, kind, network → strangers counted
    far: Counter[tuple[str, int, str, str]] = field(default_factory=Counter)  # day, repository, kind, region → strangers counted
    in_all: Counter[tuple[str, str]] = field(default_factory=Counter)  # day, network → strangers counted

    def admits(self, visit: Visit) -> bool:
        """Whether this new visit counts; if so it is remembered."""
        if visit.is_known:
            return True
        near = (visit.day, visit.repository, visit.kind, visit.network)
        far = (visit.day, visit.repository, visit.kind, visit.region)
        in_all = (visit.day, visit.network)
        if self.near[near] >= PER_NETWORK or self.far[far] >= PER_REGION or self.in_all[in_all] >= PER_NETWORK_IN_ALL:
            return False
        self.near[near] += 1
        self.far[far] += 1
        self.in_all[in_all] += 1
        return True


def once(visits: Iterable[Visit]) -> dict[str, Visit]:
    """By key, the first of each."""
    found: dict[str, Visit] = {}
    for visit in visits:
        found.setdefault(visit.key, visit)
    return found
