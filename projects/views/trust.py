"""What a project shows of its care and safety, and what its licence allows the reader."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from core.actors import ActorRequest
from projects.models import Repository
from projects.queries import trust as reads
from projects.views.common import page_of, repository_page


@require_safe
@repository_page
def repository_trust(request: ActorRequest, repository: Repository) -> HttpResponse:
    """Checks with their evidence as the worker stored them, and the licence asked for `?use=`. No Git here."""
    stored = reads.report(repository)
    chosen = request.GET.getlist("use")[:10]
    context = {
        "report": stored,
        "checks": reads.shown(repository, stored) if stored else [],
        "uses": reads.uses(),
        "chosen": chosen,
        "answer": reads.together(repository.licence, chosen),
        "answers": reads.answers(repository.licence),
        "base": repository.get_absolute_url(),
    }
    return page_of(request, repository, "projects/trust.html", context, tab="trust")
