"""Asking the APIs of hosts about mirrored repositories: conditionally, within their limits, and never over what people edited here."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from urllib.parse import urljoin, urlsplit

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from core import events, outgoing
from core.actors import Actor
from core.errors import DomainError
from core.outgoing import Answer
from core.rules import HIDE
from core.secrets import decrypt
from projects import hosts
from projects.commands.outcomes import note_move
from projects.events import RepositoryChanged
from projects.hosts import facts as reading
from projects.hosts.facts import Facts
from projects.mirrors import addresses, pace, states
from projects.mirrors.addresses import Address
from projects.mirrors.states import State as MirrorState
from projects.mirrors.states import Turn
from projects.models import Finding, HostApi, HostToken, Mirror, MirrorMove, Repository, UpstreamFacts
from projects.queries import hosts as reads
from projects.queries.hosts import Api

log = structlog.get_logger(__name__)
LEASE = timedelta(seconds=120)
BATCH = 20
ANSWER_BYTES = 1024**2
ANSWER_SECONDS = 15.0
AGENT = {"User-Agent": "OpenI-mirror"}
LIVELY, USUAL = timedelta(days=1), timedelta(days=7)  # how old facts may grow
MANY_STARS = 1000
REST = timedelta(minutes=10)  # a host that does not answer
PAUSE = timedelta(minutes=1)  # asked to go slower without being told for how long
FAULTS_MAX = 3  # 5xx in a row before the host rests
OWN_FIELDS = ("description", "website", "topics")
State = UpstreamFacts.State


class Enough(Exception):
    """No more requests to this host for now."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer means."""

    state: str  # a State, or "same" (304), "limited", "unauthorized", "silent" (no answer: nothing about the mirror)
    facts: Facts | None = None
    etag: str = ""
    said: str = ""
    until: datetime | None = None  # of "limited"


def refresh_host(actor: Actor, host: str, *, seconds: float, most: int = 1000) -> Counter[str]:
    """Ask the API of `host` about those of its mirrors that are due, until the time, `most` or the host's patience is used up.

    Counts by outcome. One worker a host at a time (a lease in the row). Only the system may. Publishes RepositoryChanged.
    """
    if not actor.is_system:
        HIDE.require()
    counts: Counter[str] = Counter()
    api, row = reads.api_of(host), None
    if api is not None and api.is_on:
        row = _lease(api)
    if api is None or row is None:
        return counts
    end = monotonic() + seconds
    try:
        while monotonic() < end and counts.total() < most:
            due = list(reads.due_for_facts(host, timezone.now())[: min(BATCH, most - counts.total())])
            if not due:
                break
            for mirror in due:
                if monotonic() >= end:
                    break
                counts[refresh_facts(api, mirror)] += 1
                HostApi.objects.filter(pk=row.pk).update(leased_until=timezone.now() + LEASE)
    except Enough:
        pass
    finally:
        HostApi.objects.filter(pk=row.pk).update(leased_until=None)
    return counts


def _lease(api: Api) -> HostApi | None:
    now = timezone.now()
    HostApi.objects.get_or_create(host=api.host, defaults={"kind": api.kind, "base": api.base})
    free = HostApi.objects.filter(host=api.host).exclude(leased_until__gt=now).exclude(quiet_until__gt=now)
    return HostApi.objects.get(host=api.host) if free.update(leased_until=now + LEASE) else None


def refresh_facts(api: Api, mirror: Mirror) -> str:
    """Ask about one mirror and write what was said; the state it ends in. Raises Enough."""
    known: UpstreamFacts | None = getattr(mirror, "facts", None)
    verdict = None
    while verdict is None:
        token = _token(api)
        verdict = _ask(api, mirror, known, token)
        if verdict.state == "silent":
            HostApi.objects.filter(host=api.host).update(quiet_until=timezone.now() + REST, said=verdict.said)
            raise Enough
        if verdict.state == "limited":
            _wait(api, token, verdict)
            if token is None:
                raise Enough
            verdict = None
        elif verdict.state == "unauthorized" and token is not None:
            HostToken.objects.filter(pk=token.pk).update(refused_at=timezone.now(), said=verdict.said)
            log.warning("host_token_refused", host=api.host, token=token.pk)
            verdict = None
    _write(mirror, known, verdict)
    if verdict.state == State.FAILED:
        _fault(api, verdict)
    elif known is None or known.state == State.FAILED:
        HostApi.objects.filter(host=api.host).exclude(said="").update(said="")
    return verdict.state


def _token(api: Api) -> HostToken | None:
    """The token to ask with, None for none where none was given. Raises Enough if what there is is used up."""
    now = timezone.now()
    if (token := reads.best_token(api.host, now)) is not None:
        return token
    row = HostApi.objects.get(host=api.host)
    resting = row.quiet_until is not None and row.quiet_until > now
    if HostToken.objects.filter(host=api.host, refused_at=None).exists() or resting or reads.left(row, now) <= 0:
        raise Enough
    return None


def _ask(api: Api, mirror: Mirror, known: UpstreamFacts | None, token: HostToken | None) -> Verdict:
    address = addresses.parse(mirror.address)
    if address is None:
        return Verdict(State.MISSING, said="no path")
    port = hosts.PORTS[api.kind]
    secret = decrypt(token.secret_encrypted, purpose="host-token") if token else ""
    headers = {**AGENT, **port.headers(secret)}
    if known is not None and known.etag:
        headers["If-None-Match"] = known.etag
    try:
        answer = _get(api, api.base + port.address(address.path), headers, token)
        if answer.status in outgoing.REDIRECTS and (following := _inside(api, answer)):
            answer = _get(api, following, headers, token)
    except DomainError as error:
        return Verdict("silent", said=error.message[:300])
    return judge(answer, api.kind, asked=address.path, now=timezone.now())


def _get(api: Api, url: str, headers: dict[str, str], token: HostToken | None) -> Answer:
    """One request, counted. Raises Invalid, Unavailable."""
    answer = outgoing.get(url, headers=headers, redirects=0, max_bytes=ANSWER_BYTES, seconds=ANSWER_SECONDS)
    now = timezone.now()
    budget = reading.budget(_lower(answer), now)
    left = {"limit": budget.limit, "remaining": budget.remaining, "reset_at": budget.reset_at} if budget else {}
    HostApi.objects.filter(host=api.host).update(
        requests=F("requests") + 1, unchanged=F("unchanged") + int(answer.status == 304), asked_at=now, **({} if token else left)
    )
    if token is not None:
        HostToken.objects.filter(pk=token.pk).update(requests=F("requests") + 1, used_at=now, **left)
    return answer


def _lower(answer: Answer) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


def _inside(api: Api, answer: Answer) -> str:
    """The address a redirect leads to if it is the same API (the token goes along), else ""."""
    following = urljoin(answer.url, _lower(answer).get("location", ""))
    there, base = urlsplit(following), urlsplit(api.base)
    return following if (there.scheme, there.netloc) == (base.scheme, base.netloc) and there.path.startswith(base.path) else ""


def judge(answer: Answer, kind: str, *, asked: str, now: datetime) -> Verdict:
    """What the host means."""
    headers = _lower(answer)
    said = f"HTTP {answer.status} {reading.text(_message(answer), longest=250)}".strip()
    if answer.status == 200:
        return _of_document(answer, headers, kind, asked)
    if answer.status == 304:
        return Verdict("same")
    if answer.status == 401:
        return Verdict("unauthorized", said=said)
    if answer.status in (403, 429) and (until := _limited(answer, headers, now)):
        return Verdict("limited", said=said, until=until)
    if answer.status in outgoing.REDIRECTS:
        return Verdict(State.MOVED, said=outgoing.shown(headers.get("location", ""))[:300])
    states = {403: State.REFUSED, 404: State.MISSING, 410: State.MISSING, 451: State.BLOCKED}
    return Verdict(states.get(answer.status, State.FAILED), said=said)


def _message(answer: Answer) -> object:
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ""
    return document.get("message") or document.get("error") if isinstance(document, dict) else ""


def _limited(answer: Answer, headers: dict[str, str], now: datetime) -> datetime | None:
    """Until when to wait, None if the refusal is none of pace."""
    if (until := reading.retry_after(headers, now)) is not None:
        return until
    budget = reading.budget(headers, now)
    if budget is not None and budget.remaining == 0:
        return budget.reset_at or now + PAUSE
    slow = answer.status == 429 or "rate limit" in str(_message(answer)).lower()
    return now + PAUSE if slow else None


def _of_document(answer: Answer, headers: dict[str, str], kind: str, asked: str) -> Verdict:
    try:
        found = hosts.PORTS[kind].facts(json.loads(answer.body))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Verdict(State.FAILED, said="HTTP 200, but it is no repository")
    if found.is_private:
        return Verdict(State.REFUSED, said="private")
    etag = headers.get("etag", "")
    moved = found.path.lower() != asked.lower()
    return Verdict(State.MOVED if moved else State.OK, found, etag if len(etag) <= 200 else "")


def _wait(api: Api, token: HostToken | None, verdict: Verdict) -> None:
    rows = HostToken.objects.filter(pk=token.pk) if token else HostApi.objects.filter(host=api.host)
    rows.update(quiet_until=verdict.until, said=verdict.said[:300])


def _fault(api: Api, verdict: Verdict) -> None:
    """The host rests after the third fault in a row. Raises Enough then."""
    HostApi.objects.filter(host=api.host).update(said=verdict.said[:300])
    latest = UpstreamFacts.objects.filter(mirror__host=api.host).order_by("-checked_at", "-pk").values_list("state", flat=True)[:FAULTS_MAX]
    if list(latest) == [State.FAILED] * FAULTS_MAX:
        HostApi.objects.filter(host=api.host).update(quiet_until=timezone.now() + REST)
        raise Enough


def _write(mirror: Mirror, known: UpstreamFacts | None, verdict: Verdict) -> None:
    now = timezone.now()
    row = known or UpstreamFacts(mirror=mirror)
    row.checked_at = now
    if verdict.state == "same":
        row.state, row.failures, row.said = State.MOVED if row.moved_to else State.OK, 0, ""
        row.next_at = _due(mirror, now)
        row.save(update_fields=["checked_at", "next_at", "state", "failures", "said"])
        return
    row.state, row.said = State.REFUSED if verdict.state == "unauthorized" else verdict.state, verdict.said[:300]
    if verdict.facts is None:
        row.failures = min(row.failures + 1, 1000)
        days = min(LIVELY * (1 << min(row.failures - 1, 5)), timedelta(days=30))
        row.next_at = pace.due(now, pace.backoff(row.failures) if row.state == State.FAILED else days)
        row.save()
        return
    row.failures = 0
    with transaction.atomic():
        _apply(mirror, row, verdict.facts, is_first=known is None)
        before, row.moved_to = row.moved_to, verdict.facts.path if row.state == State.MOVED else ""
        if before or row.moved_to:
            _note_move(mirror, row.moved_to)
        row.etag = verdict.etag
        row.next_at = _due(mirror, now)
        row.save()


def _note_move(mirror: Mirror, path: str) -> None:
    """Another path is where the project went; the one we asked for ends what the API said before."""
    if not path:
        MirrorMove.objects.filter(mirror=mirror, taken_at=None, source=MirrorMove.Source.API).delete()
        return
    address = Address(mirror.host, path).url
    note_move(mirror, address, source=MirrorMove.Source.API)
    if mirror.filled_at is not None and mirror.state in (MirrorState.FRESH, MirrorState.FAILING):
        moved = states.after(mirror.state, Turn.REDIRECTED)  # a worker that is at it now finds it so and lets it stand
        Mirror.objects.filter(pk=mirror.pk, state=mirror.state).update(state=moved, cause="moved", said=address)


def _due(mirror: Mirror, now: datetime) -> datetime:
    lively = mirror.upstream_stars >= MANY_STARS or (mirror.changed_at is not None and now - mirror.changed_at <= pace.LIVELY)
    return pace.due(now, LIVELY if lively else USUAL)


def _apply(mirror: Mirror, row: UpstreamFacts, found: Facts, *, is_first: bool) -> None:
    """Write into the repository what still reads as upstream last said it, or is empty; then keep what was said."""
    repository = Repository.objects.select_for_update().get(pk=mirror.repository_id)
    said = {"description": found.description, "website": found.website, "topics": list(found.topics)}
    changes: dict[str, object] = {name: said[name] for name in OWN_FIELDS if getattr(repository, name) == getattr(row, name) != said[name]}
    if mirror.filled_at is None and repository.indexed_oid == "":  # Git will say it better
        if found.default_branch:
            changes["default_branch"] = found.default_branch
        if found.licence != reading.UNKNOWN_LICENCE:
            changes["licence"] = found.licence
    changes = {name: value for name, value in changes.items() if getattr(repository, name) != value}
    if changes:
        Repository.objects.filter(pk=repository.pk).update(**changes)
    stars, mirror.upstream_stars = mirror.upstream_stars, found.stars
    if stars != found.stars:
        Mirror.objects.filter(pk=mirror.pk).update(upstream_stars=found.stars)
    if not is_first and row.licence and row.licence != found.licence:
        _note_licence(repository, before=row.licence, after=found.licence)
    for name in ("licence", "default_branch", "stars", "forks", "is_archived"):
        setattr(row, name, getattr(found, name))
    row.description, row.website, row.topics = found.description, found.website, list(found.topics)
    if changes or abs(stars - found.stars) * 50 >= max(found.stars, 1):
        events.publish(RepositoryChanged(repository_id=repository.pk))


def _note_licence(repository: Repository, *, before: str, after: str) -> None:
    """For the curators' queue; a change that was settled before comes up anew."""
    Finding.objects.update_or_create(
        repository=repository,
        kind=Finding.Kind.LICENCE_CHANGED,
        defaults={"detail": [before, after or "–"], "found_at": timezone.now(), "settled_at": None, "settled_by": None},
    )


def hosts_to_ask(actor: Actor) -> list[str]:
    """Hosts whose API may be asked now and has mirrors due. Only the system may."""
    if not actor.is_system:
        HIDE.require()
    now = timezone.now()
    busy = set(HostApi.objects.filter(leased_until__gt=now).values_list("host", flat=True))
    busy |= set(HostApi.objects.filter(quiet_until__gt=now).values_list("host", flat=True))
    return [api.host for api in reads.apis() if api.host not in busy and reads.due_for_facts(api.host, now).exists()]
