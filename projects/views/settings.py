"""`/<ns>/<name>/settings…` and the list of deleted repositories."""

from functools import partial
from typing import cast

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

import gitstore
from accounts import queries as accounts_queries
from accounts.models import Namespace, User
from core import live
from core.actors import ActorRequest
from core.errors import Conflict, Invalid, NotFound
from core.rules import needs_sign_in
from core.sudo import sudo_required
from projects import commands, queries, rules
from projects.commands.protections import REQUIREMENTS
from projects.forms.settings import (
    MIB,
    BranchForm,
    CollaboratorForm,
    ConfirmForm,
    DeployKeyForm,
    GeneralForm,
    NameForm,
    ProtectionForm,
    PushRulesForm,
    TeamAccessForm,
    TransferForm,
    VisibilityForm,
)
from projects.models import Protection, Repository
from projects.views.acts import Act, EmptyForm, acts_page
from projects.views.common import repository_page


@require_http_methods(["GET", "POST"])
@repository_page
def repository_settings(request: ActorRequest, repository: Repository) -> HttpResponse:
    """General: description, name, default branch, push rules."""
    rules.can_administer(request.actor, repository).require()
    actor = request.actor
    branches = [ref.short for ref in gitstore.branches(repository.path)] if not repository.is_empty else []
    if repository.default_branch not in branches:
        branches.insert(0, repository.default_branch)
    general = {"description": repository.description, "website": repository.website, "topics": ", ".join(repository.topics)}
    push_rules = {
        "forbidden_paths": "\n".join(repository.forbidden_paths),
        "check_emails": repository.check_emails,
        "max_blob_mib": repository.max_blob_bytes // MIB if repository.max_blob_bytes else None,
    }
    acts = {
        "general": Act(
            partial(GeneralForm, initial=general), lambda form: commands.change_repository(actor, repository, **form.cleaned_data)
        ),
        "name": Act(
            partial(NameForm, initial={"name": repository.name}),
            lambda form: commands.rename_repository(actor, repository, name=form.cleaned_data["name"]),
        ),
        "branch": Act(
            partial(BranchForm, branches=branches, initial={"branch": repository.default_branch}),
            lambda form: commands.set_default_branch(actor, repository, branch=form.cleaned_data["branch"]),
        ),
        "rules": Act(
            partial(PushRulesForm, initial=push_rules),
            lambda form: commands.change_push_rules(actor, repository, **cast(PushRulesForm, form).rules()),
        ),
    }
    return acts_page(request, repository, "projects/settings_general.html", suffix="/settings", acts=acts, context={})


@require_http_methods(["GET", "POST"])
@repository_page
def repository_access(request: ActorRequest, repository: Repository) -> HttpResponse:
    """Collaborators and teams."""
    rules.can_administer(request.actor, repository).require()
    actor = request.actor

    def add(form: forms.Form) -> object:
        person = _person(form.cleaned_data["login"])
        return commands.set_collaborator(actor, repository, person, access=form.cleaned_data["access"])

    acts = {
        "person": Act(CollaboratorForm, add),
        "remove_person": Act(LoginForm, lambda form: commands.remove_collaborator(actor, repository, _person(form.cleaned_data["login"]))),
        "team": Act(
            partial(TeamAccessForm, namespace=repository.namespace),
            lambda form: commands.set_team_access(actor, repository, form.cleaned_data["team"], access=form.cleaned_data["access"]),
        ),
        "remove_team": Act(
            partial(TeamForm, namespace=repository.namespace),
            lambda form: commands.remove_team_access(actor, repository, form.cleaned_data["team"]),
        ),
    }
    context = {
        "collaborators": repository.collaborators.select_related("user", "user__namespace").order_by("user__username"),
        "team_access": repository.team_access.select_related("team").order_by("team__name"),
        "has_teams": repository.namespace.kind == Namespace.Kind.ORGANIZATION,
    }
    return acts_page(request, repository, "projects/settings_access.html", suffix="/settings/access", acts=acts, context=context)


class LoginForm(forms.Form):
    """Whom to remove."""

    login = forms.CharField(max_length=39)


class TeamForm(TeamAccessForm):
    """Which team to remove."""

    access = None  # type: ignore[assignment]


def _person(login: str) -> User:
    try:
        return accounts_queries.person(login)
    except NotFound as error:
        raise Invalid(_("There is nobody with the login “%s”.") % login, field="login") from error


@require_http_methods(["GET", "POST"])
@repository_page
def repository_protections(request: ActorRequest, repository: Repository) -> HttpResponse:
    """Protected branches and tags; `?rule=ID` changes one."""
    rules.can_administer(request.actor, repository).require()
    chosen = _protection(repository, request.GET.get("rule", ""))
    initial = {}
    if chosen:
        names = ("kind", "pattern", "push_access", "merge_access", "allow_force", "allow_delete", *REQUIREMENTS)
        initial = {name: getattr(chosen, name) for name in names}
        initial["required_checks"] = "\n".join(chosen.required_checks)
        initial["push_logins"] = ", ".join(chosen.push_users.values_list("username", flat=True))

    def save(form: forms.Form) -> object:
        cleaned = {name: value for name, value in form.cleaned_data.items() if name != "push_logins"}
        people = [_pusher(login) for login in cast(ProtectionForm, form).logins()]
        return commands.save_protection(request.actor, repository, **cleaned, push_users=people, protection=chosen)

    acts = {
        "rule": Act(partial(ProtectionForm, initial=initial), save),
        "remove": Act(RuleForm, lambda form: _remove_rule(request, repository, form.cleaned_data["rule"]), _("The rule is removed.")),
    }
    context = {"protections": repository.protections.prefetch_related("push_users").order_by("kind", "pattern"), "chosen": chosen}
    return acts_page(request, repository, "projects/settings_branches.html", suffix="/settings/branches", acts=acts, context=context)


class RuleForm(forms.Form):
    """Which rule."""

    rule = forms.IntegerField()


def _protection(repository: Repository, number: str) -> Protection | None:
    return (
        repository.protections.filter(pk=int(number)).select_related("repository").first()
        if number.isdecimal() and len(number) < 19
        else None
    )


def _remove_rule(request: ActorRequest, repository: Repository, number: int) -> None:
    rule = _protection(repository, str(number))
    if rule is None:
        raise NotFound(_("There is no such rule."))
    commands.delete_protection(request.actor, rule)


def _pusher(login: str) -> User:
    try:
        return accounts_queries.person(login)
    except NotFound as error:
        raise Invalid(_("There is nobody with the login “%s”.") % login, field="push_logins") from error


@require_http_methods(["GET", "POST"])
@repository_page
@sudo_required
def repository_keys(request: ActorRequest, repository: Repository) -> HttpResponse:
    """Deploy keys."""
    rules.can_administer(request.actor, repository).require()
    acts = {
        "key": Act(DeployKeyForm, lambda form: commands.add_deploy_key(request.actor, repository, **form.cleaned_data)),
        "remove": Act(KeyForm, lambda form: commands.remove_deploy_key(request.actor, repository, key=form.cleaned_data["key"])),
    }
    context = {"keys": repository.deploy_keys.select_related("key").order_by("pk")}
    return acts_page(request, repository, "projects/settings_keys.html", suffix="/settings/keys", acts=acts, context=context)


class KeyForm(forms.Form):
    """Which deploy key."""

    key = forms.IntegerField()


@require_http_methods(["GET", "POST"])
@repository_page
@sudo_required
def repository_danger(request: ActorRequest, repository: Repository) -> HttpResponse:
    """Visibility, archive, detach, removal of unreachable objects, transfer, delete."""
    rules.can_administer(request.actor, repository).require()
    actor = request.actor
    owners = accounts_queries.writable_namespaces(actor).exclude(pk=repository.namespace_id)
    acts = {
        "visibility": Act(
            partial(VisibilityForm, initial={"visibility": repository.visibility}),
            lambda form: commands.set_visibility(actor, repository, visibility=form.cleaned_data["visibility"]),
        ),
        "archive": Act(EmptyForm, lambda _form: commands.set_archived(actor, repository, archived=not repository.is_archived)),
        "detach": Act(EmptyForm, lambda _form: commands.detach_fork(actor, repository), _("It is no longer a fork.")),
        "purge": Act(
            ConfirmForm,
            lambda form: commands.request_purge(actor, repository, confirmation=form.cleaned_data["confirmation"]),
            _("It begins."),
        ),
        "transfer": Act(
            partial(TransferForm, namespaces=owners),
            lambda form: commands.transfer_repository(
                actor, repository, to=form.cleaned_data["namespace"], confirmation=form.cleaned_data["confirmation"]
            ),
            address=lambda moved: moved.get_absolute_url(),
        ),
        "delete": Act(
            ConfirmForm,
            lambda form: commands.delete_repository(actor, repository, confirmation=form.cleaned_data["confirmation"]),
            _("The repository is deleted. You can restore it for seven days."),
            address=lambda _gone: "/settings/repositories/deleted",
        ),
    }
    return acts_page(
        request,
        repository,
        "projects/settings_danger.html",
        suffix="/settings/danger",
        acts=acts,
        context={"may_transfer": owners.exists(), **_purge_context(repository)},
    )


def _purge_context(repository: Repository) -> dict[str, object]:
    """The last removal of unreachable objects, and where the page hears how far it is."""
    run = queries.purge_run(repository)
    running = run is not None and run.state in (run.State.QUEUED, run.State.RUNNING)
    address = live.address("purges", f"{run.pk}.{get_language()}") if run is not None and running else ""
    return {"purge": run, "purge_running": running, "purge_phase": queries.purge_phase(run), "purge_live": address}


def deleted_repositories(request: ActorRequest) -> HttpResponse:
    """What can still be restored."""
    if needs_sign_in(request.actor) is not None:
        return redirect(f"/login?next={request.path}")
    return render(
        request, "projects/settings_deleted.html", {"repositories": queries.deleted_repositories(request.actor), "days": commands.UNDO.days}
    )


@require_POST
def repository_restore(request: ActorRequest, pk: int) -> HttpResponse:
    """Undo a deletion."""
    repository = queries.deleted_repository(request.actor, pk)
    try:
        commands.restore_repository(request.actor, repository, name=request.POST.get("name", ""))
    except (Invalid, Conflict) as error:
        messages.error(request, error.message)
        return redirect("deleted_repositories")
    messages.success(request, _("The repository is back."))
    return redirect(repository)
