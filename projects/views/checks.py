"""One check run, and the settings of checks. The list of a commit's results stands on its page."""

from functools import partial

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods, require_safe

from core import filenames, markdown
from core.actors import ActorRequest
from projects import commands, rules
from projects.forms.checks import HouseCheckForm
from projects.models import Repository
from projects.queries import statuses as reads
from projects.views.acts import Act, acts_page
from projects.views.common import page_of, repository_page

NOTES_PER_PAGE = 100


@require_safe
@repository_page
def check_run(request: ActorRequest, repository: Repository, pk: int) -> HttpResponse:
    """What it found, and what it says about lines, 100 a page."""
    run = reads.check_run(repository, pk)
    base = repository.get_absolute_url()
    page = Paginator(reads.annotations(run), NOTES_PER_PAGE).get_page(request.GET.get("page"))
    links = markdown.Links(f"{base}/blob/{run.oid}", f"{base}/raw/{run.oid}")
    context = {
        "base": base,
        "run": run,
        "result": reads.result_of(run),
        "summary": mark_safe(markdown.render(run.summary, links).html),  # noqa: S308 - sanitised by core.markdown
        "text": mark_safe(markdown.render(run.text, links).html),  # noqa: S308 - likewise
        "page": page,
        "annotations": [(note, f"{base}/blob/{run.oid}/{filenames.quoted(note.path)}#L{note.start_line}") for note in page],
    }
    return page_of(request, repository, "projects/check_run.html", context)


@require_http_methods(["GET", "POST"])
@repository_page
def repository_checks(request: ActorRequest, repository: Repository) -> HttpResponse:
    """Whether this site's own check looks at pushes."""
    rules.can_administer(request.actor, repository).require()
    make = partial(HouseCheckForm, initial={"is_on": reads.house_check_is_on(repository)})
    acts = {"house": Act(make, lambda form: commands.set_house_check(request.actor, repository, is_on=form.cleaned_data["is_on"]))}
    return acts_page(request, repository, "projects/settings_checks.html", suffix="/settings/checks", acts=acts, context={})
