"""Loads the demo through the same commands that pages use; safe to repeat."""

import secrets
import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from django.utils import timezone, translation

from accounts import commands as people
from accounts import queries as accounts
from accounts.models import Membership, User
from core import events
from core.actors import SYSTEM, Actor
from core.errors import NotFound
from projects import commands, places
from projects.management.demo import catalogue, dates, legal
from projects.management.demo.history import build
from projects.management.demo.people import ORGANIZATIONS, PEOPLE, DemoPerson
from projects.management.demo.repositories import FORKS, REPOSITORIES, DemoRepository
from projects.models import Release, Repository

Say = Callable[[str], object]


def load(say: Say) -> list[tuple[str, str]]:
    """Everything of the demo that is missing; returns (login, password) of the accounts it made."""
    with translation.override("zh-hans"):
        logins = [login for person in PEOPLE if (login := _person(person))]
        _organizations()
        legal.publish()
        now = timezone.now()
        for repository in REPOSITORIES:
            if _repository(repository, now):
                say(f"{repository.owner}/{repository.name}")
        for owner, name, by in FORKS:
            _fork(owner, name, by)
        catalogue.load()
        for part in places.demo_parts:
            part()
        dates.settle_people([login for login, _password in logins], now)
        events.drain(5000)
    return logins


def _actor(login: str) -> Actor:
    return Actor(person=accounts.person(login))


def _person(person: DemoPerson) -> tuple[str, str] | None:
    if User.objects.filter(username__iexact=person.login).exists():
        return None
    password = secrets.token_urlsafe(9)
    people.create_user(
        SYSTEM, person.login, email=f"{person.login}@example.org", password=password, is_admin=person.is_admin,
        display_name=person.name, bio=person.bio, affiliation=person.affiliation, location=person.location,
    )  # fmt: skip
    return person.login, password


def _organizations() -> None:
    for wanted in ORGANIZATIONS:
        founder = next(login for login, role in wanted.members.items() if role == "owner")
        try:
            organization = accounts.organization(wanted.slug)
        except NotFound:
            organization = people.create_organization(
                _actor(founder), wanted.slug, display_name=wanted.name, description=wanted.description
            )
            people.change_organization(
                _actor(founder), organization, display_name=wanted.name, description=wanted.description,
                location=wanted.location, website=wanted.website, contact_email="",
            )  # fmt: skip
        known = set(Membership.objects.filter(organization=organization).values_list("user__username", flat=True))
        for login, role in wanted.members.items():
            if login not in known:
                people.set_member(_actor(founder), organization, accounts.person(login), role=role)


def _owner_of(owner: str) -> Actor:
    for organization in ORGANIZATIONS:
        if organization.slug == owner:
            return _actor(next(login for login, role in organization.members.items() if role == "owner"))
    return _actor(owner)


def _repository(wanted: DemoRepository, now: datetime) -> bool:
    namespace = accounts.namespace(wanted.owner)
    if Repository.objects.filter(namespace=namespace, name__iexact=wanted.name).exists():
        return False
    temporary = Path(tempfile.mkdtemp(prefix="openi-demo-"))
    try:
        folder = build(temporary / "source.git", wanted.history(), now)
        run = commands.request_import_of_folder(
            Actor(person=_owner_of(wanted.owner).person, is_system=True, via="system"),
            namespace,
            folder=folder,
            name=wanted.name,
            visibility=wanted.visibility,
            description=wanted.description,
            queued=False,
        )
        commands.run_import(SYSTEM, run.pk)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    events.drain(5000)
    repository = Repository.objects.select_related("namespace").get(pk=run.repository_id)
    owner = _owner_of(wanted.owner)
    commands.change_repository(owner, repository, description=wanted.description, website=wanted.website, topics=list(wanted.topics))
    for login in wanted.stars:
        commands.star_repository(_actor(login), repository)
    for tag, notes in wanted.releases.items():
        if not Release.objects.filter(repository=repository, tag=tag).exists():
            commands.save_release(owner, repository, tag=tag, title=tag, notes=notes)
    dates.settle_repository(repository, wanted, now)
    return True


def _fork(owner: str, name: str, by: str) -> None:
    actor = _actor(by)
    person = accounts.person(by)
    if person.namespace is None or Repository.objects.filter(namespace=person.namespace, name__iexact=name).exists():
        return
    source = Repository.objects.select_related("namespace").get(namespace__slug=owner, name=name)
    commands.fork_repository(actor, source, into=person.namespace)
