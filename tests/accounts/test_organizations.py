"""Organisations through the pages and through Git: founding to closing, and who can push when."""

import re
import subprocess
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from django.core import mail
from django.utils import timezone

from accounts import commands, queries
from accounts.models import Invitation, Membership, Organization, Team
from accounts.tasks import purge_organizations
from core.actors import SYSTEM
from core.errors import Conflict, Forbidden, LimitReached
from projects.models import Repository
from tests.accounts.test_pages import picture
from tests.factories import accounts as make
from tests.factories import projects
from tests.projects.wire import Git, git, url, web

__all__ = ["git", "web"]
pytestmark = pytest.mark.django_db
_number = count(1)


@pytest.fixture(autouse=True)
def _mailbox(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def owner():
    return make.person("ada")


@pytest.fixture
def lab(owner):
    return make.organization("lab", owner=owner)


def member(organization, role: str, login: str = ""):
    person = make.person(login)
    Membership.objects.create(organization=organization, user=person, role=role)
    return person


def role_of(organization, person) -> str:
    return Membership.objects.filter(organization=organization, user=person).values_list("role", flat=True).first() or ""


def link_in_mail() -> str:
    return re.search(r"/-/invitations/[\w-]+", mail.outbox[-1].body)[0]


def test_found_and_fill_the_profile(client, owner):
    make.sign_in(client, owner)
    assert (
        client.post("/-/orgs/new", {"slug": "peng.cheng", "display_name": "鹏城实验室", "description": "AI"})["Location"] == "/peng.cheng"
    )
    form = {
        "act": "profile",
        "display_name": "鹏城",
        "description": "x",
        "location": "深圳",
        "website": "https://example.org",
        "contact_email": "",
    }
    assert client.post("/-/orgs/peng.cheng/settings", form).status_code == 302
    assert client.post("/-/orgs/peng.cheng/settings", {"act": "avatar", "picture": picture()}).status_code == 302
    organization = Organization.objects.get()
    assert (organization.display_name, organization.location, bool(organization.avatar)) == ("鹏城", "深圳", True)
    assert client.get(organization.avatar_url)["Content-Type"] == "image/webp"
    assert "鹏城" in client.get("/peng.cheng").content.decode()
    assert client.post("/-/orgs/peng.cheng/settings", {"act": "avatar", "remove": "1"}).status_code == 302
    organization.refresh_from_db()
    assert organization.avatar == ""
    assert client.post("/-/orgs/new", {"slug": "PENG.CHENG"}).status_code == 422


@pytest.mark.parametrize("role", ["maintainer", "developer", "reader", ""])
def test_only_owners_administer(client, lab, role):
    person = member(lab, role) if role else make.person()
    other = member(lab, "reader", "bob")
    make.sign_in(client, person)
    for path, form in [
        ("settings", {"act": "profile", "display_name": "mine"}),
        ("members/bob", {"role": "owner"}),
        ("members/bob", {"role": ""}),
        ("invitations", {"who": "eve@example.org", "role": "owner"}),
        ("teams", {"name": "t"}),
        ("danger", {"act": "close", "confirmation": "lab"}),
        ("danger", {"act": "rename", "slug": "mine"}),
        ("danger", {"act": "owner", "login": person.username, "confirmation": "lab"}),
    ]:
        assert client.post(f"/-/orgs/lab/{path}", form).status_code == 403, path
    assert role_of(lab, other) == "reader"
    assert not Team.objects.exists()
    lab.refresh_from_db()
    assert (lab.display_name, lab.deleted_at) == ("", None)


def test_invitation_by_mail_is_accepted_once(client, lab, owner, deliver):
    make.sign_in(client, owner)
    assert client.post("/-/orgs/lab/invitations", {"who": "New@Example.org", "role": "developer"}).status_code == 302
    deliver()
    assert mail.outbox[-1].to == ["new@example.org"]
    link = link_in_mail()
    client.post("/logout")
    assert client.get(link).status_code == 200
    assert client.post(link)["Location"].startswith("/login")
    person, late = make.person(), make.person()
    make.sign_in(client, person)
    assert client.post(link, {"act": "accept"})["Location"] == "/lab"
    assert role_of(lab, person) == "developer"
    make.sign_in(client, late)
    assert client.post(link, {"act": "accept"}).status_code == 409
    assert role_of(lab, late) == ""


def test_invitation_by_login_is_for_that_person(client, lab, owner, deliver):
    person, other = make.person("bob"), make.person("eve")
    make.sign_in(client, owner)
    assert client.post("/-/orgs/lab/invitations", {"who": "Bob", "role": "reader"}).status_code == 302
    deliver()
    assert mail.outbox[-1].to == [person.email]
    assert role_of(lab, person) == "", "nobody joins without saying yes"
    make.sign_in(client, other)
    assert client.post(link_in_mail(), {"act": "accept"}).status_code == 403
    number = Invitation.objects.get().pk
    assert client.post("/-/invitations", {"invitation": number, "act": "accept"}).status_code == 404
    make.sign_in(client, person)
    assert "/lab" in client.get("/-/invitations").content.decode()
    assert "/-/invitations" in client.get("/dashboard").content.decode()
    assert client.post("/-/invitations", {"invitation": number, "act": "accept"})["Location"] == "/lab"
    assert role_of(lab, person) == "reader"


def test_confirmed_addresses_find_their_invitation(client, lab):
    person = make.person()
    commands.invite(SYSTEM, lab, email=person.email.upper(), role="reader")
    assert [row.organization for row in queries.invitations_for(make.actor(person))] == [lab]
    person.emailaddress_set.update(verified=False)
    assert not queries.invitations_for(make.actor(person))


def test_decline_expire_withdraw_and_send_again(client, lab, owner, deliver):
    person = make.person("bob")
    _row, declined = commands.invite(SYSTEM, lab, login="bob", role="reader")
    make.sign_in(client, person)
    assert client.post(f"/-/invitations/{declined}", {"act": "decline"})["Location"] == "/-/invitations"
    assert client.post(f"/-/invitations/{declined}", {"act": "accept"}).status_code == 409
    old, expired = commands.invite(SYSTEM, lab, email="late@example.org", role="reader")
    Invitation.objects.filter(pk=old.pk).update(expires_at=timezone.now())
    assert client.post(f"/-/invitations/{expired}", {"act": "accept"}).status_code == 409
    assert not queries.invitation_is_open(expired)
    make.sign_in(client, owner)
    page = client.get("/-/orgs/lab/members").content.decode()
    assert "bob" in page
    assert "late@example.org" in page
    assert client.post(f"/-/orgs/lab/invitations/{old.pk}/resend").status_code == 302
    deliver()
    fresh = link_in_mail()
    assert Invitation.objects.filter(email="late@example.org").count() == 1, "the old link is gone"
    new = Invitation.objects.get(email="late@example.org")
    assert client.post(f"/-/orgs/lab/invitations/{new.pk}/withdraw").status_code == 302
    make.sign_in(client, person)
    assert client.post(fresh, {"act": "accept"}).status_code == 404
    assert role_of(lab, person) == ""


def test_members_are_invited_not_added(client, lab, owner):
    make.person("bob")
    make.sign_in(client, owner)
    assert client.post("/-/orgs/lab/members/bob", {"role": "owner"}).status_code == 404
    assert client.post("/-/orgs/lab/invitations", {"who": "nobody-here", "role": "reader"}).status_code == 422
    assert client.post("/-/orgs/lab/invitations", {"who": "ada", "role": "reader"}).status_code == 422
    assert client.post("/-/orgs/lab/invitations", {"who": "bob", "role": "king"}).status_code == 422


def test_invitations_are_limited(lab):
    for number in range(100):
        commands.invite(SYSTEM, lab, email=f"p{number}@example.org", role="reader")
    with pytest.raises(LimitReached):
        commands.invite(SYSTEM, lab, email="one-more@example.org", role="reader")
    assert Invitation.objects.count() == 100


def test_last_owner_neither_leaves_nor_steps_down(client, lab, owner):
    make.sign_in(client, owner)
    for role in ("", "maintainer", "reader"):
        client.post("/-/orgs/lab/members/ada", {"role": role})
        assert role_of(lab, owner) == "owner"
    assert (
        client.delete("/api/v1/organizations/lab/members/ada", headers={"Authorization": f"Bearer {make.token(owner)}"}).status_code == 409
    )
    second = member(lab, "owner")
    client.post("/-/orgs/lab/members/ada", {"role": ""})
    assert role_of(lab, owner) == ""
    with pytest.raises(Conflict):
        commands.remove_member(make.actor(second), lab, second)


def test_ownership_is_handed_over(client, lab, owner):
    heir = member(lab, "reader", "bob")
    make.sign_in(client, owner)
    for form in ({"login": "bob", "confirmation": "x"}, {"login": "ada", "confirmation": "lab"}, {"login": "zoe", "confirmation": "lab"}):
        assert client.post("/-/orgs/lab/danger", {"act": "owner", **form}).status_code == 422
    assert client.post("/-/orgs/lab/danger", {"act": "owner", "login": "bob", "confirmation": "lab"}).status_code == 302
    assert (role_of(lab, heir), role_of(lab, owner)) == ("owner", "maintainer")
    assert client.get("/-/orgs/lab/danger").status_code == 403


def test_close_and_restore(client, lab, owner):
    bob = member(lab, "developer", "bob")
    team = Team.objects.create(organization=lab, slug="t", name="T")
    team.members.add(bob)
    made = projects.repository(lab, name="demo", files={"a": b"1"})
    make.sign_in(client, owner)
    assert client.post("/-/orgs/lab/danger", {"act": "close", "confirmation": "lab"}).status_code == 422, "it has a repository"
    assert client.post("/lab/demo/settings/danger", {"act": "delete", "confirmation": "lab/demo"}).status_code == 302
    assert client.post("/-/orgs/lab/danger", {"act": "close", "confirmation": "Lab"}).status_code == 422
    assert client.post("/-/orgs/lab/danger", {"act": "close", "confirmation": "lab"}).status_code == 302
    for path in ("/lab", "/-/orgs/lab/members", "/api/v1/organizations/lab"):
        assert client.get(path).status_code == 404, path
    assert "lab" in client.get("/settings/organizations/closed").content.decode()
    make.sign_in(client, bob)
    assert client.post(f"/settings/organizations/closed/{lab.pk}/restore").status_code == 404
    make.person("lab")  # the name is free at once
    make.sign_in(client, owner)
    assert client.post(f"/settings/organizations/closed/{lab.pk}/restore", {"slug": "lab"})["Location"] == "/settings/organizations/closed"
    assert client.post(f"/settings/organizations/closed/{lab.pk}/restore", {"slug": "lab2"})["Location"] == "/lab2"
    assert role_of(lab, bob) == "developer"
    assert list(team.members.all()) == [bob]
    assert client.post(f"/settings/repositories/deleted/{made.pk}/restore").status_code == 302
    assert client.get("/lab2/demo").status_code == 200


def test_closed_organizations_are_purged_after_seven_days(lab, owner):
    commands.delete_organization(make.actor(owner), lab, confirmation="lab")
    purge_organizations()
    assert Organization.objects.exists()
    Organization.objects.update(deleted_at=timezone.now() - timedelta(days=7, minutes=1))
    waiting = Repository.objects.create(namespace=lab.namespace, name="still-restorable", deleted_at=timezone.now())
    purge_organizations()
    assert Organization.objects.exists(), "a repository of it can still be restored"
    waiting.delete()
    purge_organizations()
    assert not Organization.objects.exists()


def test_tokens_for_some_repositories_reach_no_organization(lab, owner):
    limited = replace(make.actor(owner), repositories=frozenset({1}))
    for act in (
        lambda: commands.delete_organization(limited, lab, confirmation="lab"),
        lambda: commands.invite(limited, lab, email="x@example.org", role="owner"),
        lambda: commands.create_organization(limited, "other"),
        lambda: commands.remove_member(limited, lab, owner),
    ):
        with pytest.raises(Forbidden):
            act()


@pytest.mark.django_db(transaction=True)
class TestGit:
    """What roles and teams mean to git push."""

    def may_push(self, git: Git, web: str, repository, person) -> bool:
        """True if the person can clone the repository and push a commit to a branch of their own."""
        folder = git.home / f"work{next(_number)}"
        address = url(web, repository, make.token(person, "write"))
        if subprocess.run(["git", "clone", "-q", address, str(folder)], env=git.environment(), capture_output=True, check=False).returncode:
            return False
        git.commit(folder, {f"{folder.name}.txt": "x"})
        push = ["git", "push", "-q", "origin", f"HEAD:refs/heads/{folder.name}"]
        return subprocess.run(push, cwd=folder, env=git.environment(), capture_output=True, check=False).returncode == 0

    def test_roles(self, web, git):
        lab = make.organization("lab", owner=make.person("ada"))
        made = projects.repository(lab, name="secret", visibility="private", files={"a": b"1"})
        assert not self.may_push(git, web, made, member(lab, "reader"))
        assert self.may_push(git, web, made, member(lab, "developer"))
        assert not self.may_push(git, web, made, make.person())

    def test_a_team_gives_and_takes_away(self, web, git, client):
        owner = make.person("ada")
        lab = make.organization("lab", owner=owner)
        reader = member(lab, "reader", "bob")
        chosen = projects.repository(lab, name="chosen", visibility="private", files={"a": b"1"})
        other = projects.repository(lab, name="other", visibility="private", files={"a": b"1"})
        make.sign_in(client, owner)
        assert client.post("/-/orgs/lab/teams", {"name": "内核 组"})["Location"] == "/-/orgs/lab/teams/%E5%86%85%E6%A0%B8-%E7%BB%84"
        page = "/-/orgs/lab/teams/内核-组"
        assert client.post(page, {"act": "add", "login": "nobody"}).status_code == 422
        assert client.post(page, {"act": "add", "login": make.person().username}).status_code == 422, "not a member"
        assert client.post(page, {"act": "add", "login": "bob"}).status_code == 302
        assert client.post(f"{page}/repositories", {"act": "add", "name": "nope", "access": "write"}).status_code == 422
        assert client.post(f"{page}/repositories", {"act": "add", "name": "chosen", "access": "read"}).status_code == 302
        assert not self.may_push(git, web, chosen, reader)
        assert client.post(f"{page}/repositories", {"act": "add", "name": "chosen", "access": "write"}).status_code == 302
        assert self.may_push(git, web, chosen, reader)
        assert not self.may_push(git, web, other, reader)
        assert client.post(page, {"act": "rename", "name": "Kernel", "description": ""}).status_code == 302
        assert "chosen" in client.get(f"{page}/repositories").content.decode()
        make.sign_in(client, reader)
        assert client.post(f"{page}/repositories", {"act": "add", "name": "other", "access": "admin"}).status_code == 403
        make.sign_in(client, owner)
        assert client.post("/-/orgs/lab/members/bob", {"role": ""}).status_code == 302
        assert not self.may_push(git, web, chosen, reader)

    def test_rename_and_transfer_keep_addresses(self, web, git, client):
        owner = make.person("ada")
        lab = make.organization("lab", owner=owner)
        made = projects.repository(owner, name="demo", files={"a": b"1"})
        make.sign_in(client, owner)
        form = {"act": "transfer", "namespace": lab.namespace.slug, "confirmation": "ada/demo"}
        answer = client.post("/ada/demo/settings/danger", form)
        assert answer.get("Location") == "/lab/demo", re.findall(r"invalid-feedback.*?</p>", answer.content.decode(), re.DOTALL)
        assert client.get("/ada/demo")["Location"] == "/lab/demo"
        assert client.post("/-/orgs/lab/danger", {"act": "rename", "slug": "lab-2"}).status_code == 302
        assert client.get("/lab")["Location"] == "/lab-2"
        assert client.get("/lab/demo")["Location"] == "/lab-2/demo"
        assert client.get("/-/orgs/lab/members").status_code == 200
        made.refresh_from_db()
        for old in ("ada/demo", "lab/demo", "lab-2/demo"):
            folder = git.home / old.replace("/", "-")
            address = url(web, made, make.token(owner, "write")).replace("lab/demo", old).replace("lab-2/demo", old)
            git.run("-c", "http.followRedirects=false", "clone", "-q", address, str(folder))
            git.commit(folder, {f"{folder.name}": "x"})
            git.run("-c", "http.followRedirects=false", "push", "-q", "origin", "HEAD:main", cwd=folder)
        commands.create_organization(make.actor(make.person()), "lab")  # someone takes the old name: it no longer leads there
        assert client.get("/lab").status_code == 200
        assert client.get("/lab/demo").status_code == 404
