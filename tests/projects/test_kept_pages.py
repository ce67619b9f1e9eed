"""Pages that a reader keeps: 304 only while reader, language, look, rights and content are the same; only ages may lag, for an hour."""

import base64
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from django.core.cache import cache
from django.test import Client, RequestFactory

from accounts import commands as people
from accounts.models import User
from core.actors import SYSTEM
from projects import commands
from projects.models import Repository, Visibility
from tests.factories.accounts import actor, person
from tests.factories.projects import commit, repository

pytestmark = pytest.mark.django_db
PAGES = ("", "/tree/main/src", "/blob/main/src/a.py", "/commits/main", "/branches", "/contributors")


@pytest.fixture
def demo():
    """Ada's public project, its last commit by Ada."""
    cache.clear()
    ada = person("ada")
    made = repository(ada, name="demo", files={"README.md": b"# Demo\n", "src/a.py": b"print(1)\n"})
    commands.index_repository(SYSTEM, made.pk)
    return Repository.objects.get(pk=made.pk)


def tags(client: Client, **headers: str) -> dict[str, str]:
    """Page → ETag, once nothing of it is still being filled in."""
    headers = {"Accept-Language": "en", **{name.replace("_", "-"): value for name, value in headers.items()}}
    for _ in range(3):
        for page in PAGES:
            client.get(f"/ada/demo{page}", headers=headers)
    return {page: client.get(f"/ada/demo{page}", headers=headers).get("ETag", "") for page in PAGES}


def change_rights(demo: Repository, reader: User) -> None:
    commands.set_collaborator(actor(demo.namespace.user), demo, reader, access="write")


def change_visibility(demo: Repository, reader: User) -> None:
    commands.set_visibility(actor(demo.namespace.user), demo, visibility=Visibility.INTERNAL)


def change_theme(demo: Repository, reader: User) -> None:
    people.change_profile(actor(reader), theme="dark")


def change_language(demo: Repository, reader: User) -> None:
    people.change_profile(actor(reader), language="zh-hans")


def become_staff(demo: Repository, reader: User) -> None:
    User.objects.filter(pk=reader.pk).update(is_staff=True)


def rename_author(demo: Repository, reader: User) -> None:
    people.change_profile(actor(demo.namespace.user), display_name="Countess")


def confirm_address(demo: Repository, reader: User) -> None:
    address = EmailAddress.objects.create(user=reader, email="author@example.org", verified=True)
    email_confirmed.send(sender=EmailAddress, request=RequestFactory().get("/"), email_address=address)


def add_signing_key(demo: Repository, reader: User) -> None:
    raw = base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + b"k" * 32).decode()
    people.add_signing_key(actor(reader), key=f"ssh-ed25519 {raw}")


def star(demo: Repository, reader: User) -> None:
    commands.star_repository(actor(reader), demo)


def archive(demo: Repository, reader: User) -> None:
    commands.set_archived(actor(demo.namespace.user), demo, archived=True)


def put_up_banner(demo: Repository, reader: User) -> None:
    people.change_site_setting(SYSTEM, "banner", {"zh": "维护", "en": "Maintenance", "level": "warn"})


CHANGES = [change_rights, change_visibility, change_theme, change_language, become_staff, rename_author, confirm_address, add_signing_key,
           star, archive, put_up_banner]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.__name__)
def test_each_change_makes_every_page_new(change, demo, client: Client, deliver, django_capture_on_commit_callbacks):
    reader = person("bob")
    User.objects.filter(pk=reader.pk).update(language="en")
    reader.refresh_from_db()
    client.force_login(reader)
    deliver()  # what the project's own making brings about
    cache.delete(f"repository-head:{demo.pk}")
    before = tags(client)
    assert all(before.values())
    assert tags(client) == before, "nothing changed"
    with django_capture_on_commit_callbacks(execute=True):
        change(demo, reader)
        deliver()
    cache.delete(f"repository-head:{demo.pk}")
    after = tags(client)
    assert [page for page in PAGES if after[page] == before[page]] == []
    for page in PAGES:
        assert client.get(f"/ada/demo{page}", headers={"Accept-Language": "en", "If-None-Match": before[page]}).status_code != 304, page


def test_readers_languages_and_looks_never_share_a_page(demo):
    told: dict[str, str] = {}
    signed_in, other = Client(), Client()
    signed_in.force_login(person("bob"))
    other.force_login(person("eve"))
    dark = Client()
    dark.cookies["openi_theme"] = "dark"
    for name, client, language in (
        ("nobody", Client(), "en"), ("nobody, Chinese", Client(), "zh-hans"), ("dark", dark, "en"), ("bob", signed_in, "en"), ("eve", other, "en"),
    ):  # fmt: skip
        for page, tag in tags(client, Accept_Language=language).items():
            assert tag, (name, page)
            assert tag not in told, f"{name} would be shown what {told[tag]} kept"
            told[tag] = f"{name}: {page}"


def test_release_and_its_title_make_the_front_page_new(demo, client: Client):
    first = tags(client)[""]
    owner = actor(demo.namespace.user)
    release = commands.save_release(owner, demo, tag="v1", target="main", title="First")
    cache.delete(f"repository-head:{demo.pk}")
    second = tags(client)[""]
    commands.save_release(owner, demo, release=release, tag="v1", target="main", title="Renamed")
    cache.delete(f"repository-head:{demo.pk}")
    third = tags(client)[""]
    assert len({first, second, third}) == 3


def without_ages(text: str) -> str:
    return re.sub(r"(<time\b[^>]*>)[^<]*(</time>)", r"\1\2", text)


def test_within_an_hour_nothing_lags_but_the_words_of_ages(demo, client: Client):
    commit(demo, {"src/b.py": b"print(2)\n"})
    commands.index_repository(SYSTEM, demo.pk)
    begin = datetime.now(UTC).replace(minute=2, second=0, microsecond=0) + timedelta(hours=30)
    headers = {"Accept-Language": "en"}
    with time_machine.travel(begin, tick=True) as clock:
        old = tags(client)
        texts = {page: client.get(f"/ada/demo{page}", headers=headers).content.decode() for page in PAGES}
        clock.shift(timedelta(minutes=50))
        cache.delete(f"repository-head:{demo.pk}")
        assert tags(client) == old, "the same hour"
        for page in PAGES:
            now = client.get(f"/ada/demo{page}", headers=headers).content.decode()
            assert without_ages(now) == without_ages(texts[page]), page
        clock.shift(timedelta(minutes=10))
        assert not set(tags(client).values()) & set(old.values()), "the next hour"
