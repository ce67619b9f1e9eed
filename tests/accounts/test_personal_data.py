"""Nothing about a person is forgotten by the export or by the closing of the account: every table that points at people is named."""

import json
import re
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal import auth as totp
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.apps import apps

from accounts import commands
from accounts.models import Acceptance, FormerName, Invitation, LegalDocument, Membership, Phone, SecurityEvent, Team, User
from accounts.places import personal_rows
from accounts.queries.security import SECURITY_KINDS
from activity.commands import hooks
from core.actors import SYSTEM, Scope
from core.models import Event
from projects import commands as project_commands
from projects.commands import pushing
from projects.models import Collaborator, Push, Star
from tests.factories import accounts as make
from tests.factories import projects

pytestmark = pytest.mark.django_db
LOG_KINDS = {
    "token_created", "token_revoked", "ssh_key_added", "ssh_key_removed", "signing_key_added", "signing_key_removed", "phone_removed", "deploy_key_added",
    "deploy_key_removed", "push_mirror_added", "push_mirror_removed", "hook_added", "hook_changed", "hook_removed",
}  # fmt: skip


def pointing_at_people() -> dict[str, object]:
    """`app.Model.field` of every relation to a person."""
    found = {}
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if field.concrete and field.related_model is User and not model._meta.auto_created:
                found[f"{model._meta.app_label}.{model.__name__}.{field.name}"] = field
    return found


def test_every_table_that_points_at_people_is_named():
    named = {entry.field: entry for entry in personal_rows}
    tables = pointing_at_people()
    assert set(tables) - set(named) == set(), (
        "say in accounts.places.personal_rows what closing an account does to it, and what the export tells"
    )
    assert set(named) - set(tables) == set(), "no such table any more"
    for entry in named.values():
        assert bool(entry.columns) != bool(entry.untold), f"{entry.field}: exported columns, or why not"
        model = apps.get_model(*entry.field.split(".")[:2])
        list(model.objects.values(*entry.columns)[:1])  # the columns exist
    sections = [entry.section for entry in named.values() if entry.columns]
    assert len(sections) == len(set(sections))


def test_secrets_are_not_exported():
    for entry in personal_rows:
        for column in entry.columns:
            assert not {"hash", "password", "secret", "data", "number_encrypted", "token_hash"} & set(column.split("__")), entry


def full_person() -> User:
    """Someone who left a trace in as many tables as there are."""
    person, owner = make.person("leaver"), make.person("keeper")
    actor = make.actor(person)
    User.objects.filter(pk=person.pk).update(
        display_name="林越", bio="b", affiliation="a", location="l", website="https://x.example", language="en", time_zone="Asia/Tokyo",
        theme="dark", show_email=True, pinned=[1], quota_bytes=5,
    )  # fmt: skip
    commands.rename_namespace(actor, person.namespace, slug="leaver2")
    person.refresh_from_db()
    lab = make.organization("lab", owner=owner)
    Membership.objects.create(organization=lab, user=person, role="reader")
    Team.objects.create(organization=lab, slug="t", name="T").members.add(person)
    commands.invite(SYSTEM, make.organization("other"), email=person.email, role="reader")
    commands.create_token(actor, person, name="ci", scope=Scope.READ)
    commands.add_ssh_key(actor, key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUEWUKYLqoDn3cG6xUBrF8NqEPHFm3YCdJAqhcPSbJx me@laptop")
    Phone.objects.create(user=person, number_encrypted="x", number_hash="y")
    totp.TOTP.activate(person, totp.generate_totp_secret())
    UserSession.objects.create(user=person, ip="192.0.2.7", session_key="k", user_agent="browser")
    SocialAccount.objects.create(user=person, provider="gitee", uid="7", extra_data={"login": "lin"})
    SecurityEvent.objects.create(user=person, kind="signed_in", ip="192.0.2.7")
    Event.objects.create(name="accounts.SecurityFact", payload={"user_id": person.pk, "ip": "192.0.2.7"})
    document = LegalDocument.objects.create(kind="terms", version="1", text_zh="x")
    Acceptance.objects.create(user=person, document=document)
    shared = projects.repository(owner, name="shared", files={"a": b"1"})
    Collaborator.objects.create(repository=shared, user=person, access="write")
    project_commands.star_repository(actor, shared)
    Push.objects.create(repository=shared, user=person)
    return person


def test_export_tells_everything(client):
    person = full_person()
    make.sign_in(client, person)
    told = client.post("/settings/export").json()
    assert told["profile"]["bio"] == "b"
    assert told["former_logins"] == ["leaver"]
    for section in (
        "emails", "second_factors", "sessions", "outside_logins", "organizations", "teams", "tokens", "ssh_keys", "phone", "security_log",
        "legal", "collaborations", "stars", "pushes",
    ):  # fmt: skip
        assert told[section], section
    assert person.password not in json.dumps(told)


def test_closing_leaves_a_nameless_row(client):
    person = full_person()
    make.sign_in(client, person)
    assert client.post("/settings/account", {"act": "delete", "confirmation": "leaver2"}).status_code == 302
    for entry in personal_rows:
        model, field = apps.get_model(*entry.field.split(".")[:2]), entry.field.split(".")[2]
        assert entry.keeps or not model.objects.filter(**{field: person.pk}).exists(), entry.field
    ghost = User.objects.get(pk=person.pk)
    told = {field.name: field.value_from_object(ghost) for field in User._meta.concrete_fields}
    kept = {
        "id",
        "password",
        "username",
        "namespace",
        "state",
        "suspended_reason",
        "date_joined",
        "is_active",
        "is_staff",
        "is_superuser",
        "show_email",
    }
    assert not {name: value for name, value in told.items() if value not in ("", None, []) and name not in kept}
    assert not ghost.has_usable_password()
    assert (ghost.username, ghost.is_active) == (f"deleted-{ghost.pk}", False)
    assert Push.objects.filter(user=ghost).count() == 1, "the repository's history stays"
    assert not EmailAddress.objects.filter(email__startswith="leaver").exists()
    assert not Invitation.objects.filter(email__startswith="leaver").exists()
    assert not FormerName.objects.filter(slug="leaver").exists()
    assert not Star.objects.exists()
    assert "192.0.2.7" not in json.dumps(list(Event.objects.values_list("payload", flat=True)))
    assert client.get("/leaver2").status_code == client.get("/leaver").status_code == 404
    make.person("leaver2")  # the name is free


def test_keys_and_tokens_stand_in_the_log(client):
    person = make.person()
    actor = make.actor(person)
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUEWUKYLqoDn3cG6xUBrF8NqEPHFm3YCdJAqhcPSbJx me@laptop"
    commands.create_token(actor, person, name="ci", scope=Scope.READ)
    commands.revoke_token(actor, person, name="ci")
    commands.remove_ssh_key(actor, commands.add_ssh_key(actor, key=key).pk)
    commands.remove_signing_key(actor, commands.add_signing_key(actor, key=key).pk)
    Phone.objects.create(user=person, number_encrypted="x", number_hash="y")
    commands.remove_phone(actor)
    shared = projects.repository(person)
    project_commands.remove_deploy_key(actor, shared, key=project_commands.add_deploy_key(actor, shared, title="ci", key=key).pk)
    pushing.remove_push_mirror(actor, pushing.add_push_mirror(actor, shared, address="ssh://git@1.1.1.1/a/b.git"))
    hooks.remove_hook(actor, hooks.change_hook(actor, hooks.add_hook(actor, shared, address="https://1.1.1.1/hook"), events=["push"]))
    assert set(SecurityEvent.objects.filter(user=person).values_list("kind", flat=True)) == LOG_KINDS


def test_every_kind_of_the_log_has_a_name():
    root = Path(__file__).resolve().parents[2]
    text = "".join(path.read_text() for app in ("accounts", "projects", "activity") for path in (root / app).rglob("*.py"))
    used = set(re.findall(r'(?:record_security_event\([^,()]+, |_log\(actor, |_note\()"([a-z_]+)"', text))
    assert len(used) > 15
    assert used <= set(SECURITY_KINDS), used - set(SECURITY_KINDS)
