"""A new issue from a template: the choice, Markdown ones, forms."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from core import markdown
from core.actors import ActorRequest
from core.errors import Invalid
from core.forms import attempt
from issues import commands, queries, rules
from issues.forms.threads import IssueForm
from issues.logic.templates import CHECKBOXES, DROPDOWN, Field, Template, filled
from issues.models import Label, Thread
from issues.views.attachments import posted
from issues.views.lists import require_issues
from projects.models import Repository
from projects.views.common import page_of, repository_page


@require_GET
@repository_page
def template_list(request: ActorRequest, repository: Repository) -> HttpResponse:
    """What a new issue can begin with. Files that cannot be read are told to those who can change them."""
    require_issues(repository)
    rules.can_open(request.actor, repository).require()
    choices = queries.issue_templates(repository)
    writes = bool(rules.can_triage(request.actor, repository))
    faults = [(each, queries.fault_sentence(each.fault)) for each in choices.faults if each.fault is not None] if writes else []
    context = {
        "choices": choices,
        "faults": faults,
        "config_fault": queries.fault_sentence(choices.config_fault) if writes and choices.config_fault is not None else "",
        "may_be_blank": choices.may_be_blank or writes,
    }
    return page_of(request, repository, "issues/choose.html", context, tab="issues")


@dataclass(frozen=True, slots=True)
class Shown:
    """A field of a form with what was sent for it."""

    field: Field
    html: str = ""  # of a markdown element
    about: str = ""
    value: str = ""
    chosen: tuple[str, ...] = ()
    error: str = ""

    @property
    def name(self) -> str:
        """Its name in the form; the prefix keeps it apart from ours."""
        return f"field-{self.field.name}"

    @property
    def options(self) -> list[tuple[str, str, bool, bool]]:
        """Value, text, chosen, required of each option."""
        return [(str(place), option.label, str(place) in self.chosen, option.required) for place, option in enumerate(self.field.options)]


@require_http_methods(["GET", "POST"])
@repository_page
def issue_from(request: ActorRequest, repository: Repository, key: str) -> HttpResponse:
    """The form of one template. What was filled in stays when something is missing."""
    require_issues(repository)
    rules.can_open(request.actor, repository).require()
    template = queries.issue_template(repository, key).template
    if template is None:
        return redirect(f"{repository.get_absolute_url()}/issues/new")
    sent = request.method == "POST"
    given = {field.name: request.POST.getlist(f"field-{field.name}") for field in template.fields} if sent else {}
    body, wrong = filled(template, given)
    form = _form(request, repository, template, body) if sent else _first(request, template)
    if sent and not template.is_form:
        body = form.data.get("body", "")
    preview = (
        queries.rendered_one(request.actor, repository, body[: commands.BODY_MAX])
        if sent and request.POST.get("act") == "preview"
        else None
    )

    def act(cleaned: dict[str, Any]) -> Thread:
        if wrong:
            raise Invalid(_("Some answers are missing."))
        return _open(request, repository, template, cleaned["title"], cleaned["body"])

    if sent and preview is None and (made := attempt(form, act)):
        return redirect(made)
    context = {
        "form": form, "template": template, "key": key, "preview": preview,
        "fields": [_shown(field, given, wrong if sent and preview is None else {}, sent=sent) for field in template.fields],
    }  # fmt: skip
    return page_of(request, repository, "issues/from_template.html", context, tab="issues", status=422 if sent and preview is None else 200)


def _first(request: ActorRequest, template: Template) -> IssueForm:
    return IssueForm(initial={"title": request.GET.get("title") or template.title, "body": template.body})


def _form(request: ActorRequest, repository: Repository, template: Template, body: str) -> IssueForm:
    """What was sent; of a form of the project, the answers are the text."""
    if not template.is_form:
        return posted(request, repository, IssueForm)
    data = request.POST.copy()
    data["body"] = body
    return IssueForm(data)


def _open(request: ActorRequest, repository: Repository, template: Template, title: str, body: str) -> Thread:
    """With the labels and people of the template that there are."""
    names, logins = {name.lower() for name in template.labels}, [login.removeprefix("@").lower() for login in template.assignees]
    labels = list(Label.objects.filter(repository=repository, name__lower__in=names)) if names else []
    people: list[User] = list(queries.writers(repository).filter(username__lower__in=logins)) if logins else []
    return commands.open_issue(request.actor, repository, title=title, body=body, template_labels=labels, template_assignees=people)


def _shown(field: Field, given: dict[str, list[str]], wrong: dict[str, str], *, sent: bool) -> Shown:
    words = {"required": _("This is needed."), "choice": _("Choose one of these.")}
    values = given.get(field.name, [])
    if not sent and field.kind == DROPDOWN and field.default is not None:
        values = [str(field.default)]
    return Shown(
        field,
        html=markdown.render_text(field.value) if field.kind == "markdown" else "",
        about=markdown.render_text(field.description) if field.description else "",
        value=(values[0] if values else "") if sent else field.value,
        chosen=tuple(values) if field.kind in (DROPDOWN, CHECKBOXES) else (),
        error=words.get(wrong.get(field.name, ""), ""),
    )
