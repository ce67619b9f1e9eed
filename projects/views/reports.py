"""Reports by readers: the form on every project, the curators' queue, the answer."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.actors import ActorRequest
from core.errors import NotFound
from core.forms import attempt
from projects import commands, rules
from projects.forms.curation import AnswerForm, ReportForm
from projects.models import Report, Repository
from projects.queries import reports as reads
from projects.views.common import page_of, repository_page


@require_http_methods(["GET", "POST"])
@repository_page
def repository_report(request: ActorRequest, repository: Repository) -> HttpResponse:
    """The form; afterwards the link under which the reporter finds the answer."""
    person = request.actor.person
    form = ReportForm(request.POST if request.method == "POST" else None, signed_in=person is not None)
    if form.is_bound:
        made = attempt(form, lambda cleaned: commands.file_report(request.actor, repository, **cleaned))
        if made:
            link = request.build_absolute_uri(reverse("report_outcome", args=[made[1]]))
            return page_of(request, repository, "projects/report_filed.html", {"report": made[0], "link": "" if person else link})
    return page_of(request, repository, "projects/report.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
def mine(request: ActorRequest) -> HttpResponse:
    """One's own reports and what became of them."""
    if request.actor.person is None:
        return redirect(f"/login?next={request.path}")
    page = Paginator(reads.reports_of(request.actor.person), 50).get_page(request.GET.get("page"))
    return render(request, "projects/reports_mine.html", {"page": page})


@require_safe
def outcome(request: ActorRequest, key: str) -> HttpResponse:
    """One report, for whoever has its link."""
    report = reads.report_of_key(key)
    if report is None:
        raise NotFound(_("There is nothing at this address, or you may not see it."))
    may_see = bool(rules.access(request.actor, report.repository)) and report.repository.deleted_at is None
    response = render(request, "projects/report_outcome.html", {"report": report, "may_see": may_see})
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_safe
def queue(request: ActorRequest) -> HttpResponse:
    """Open reports oldest first, or decided ones."""
    rules.can_curate(request.actor).require()
    return _queue(request, None, None)


def _queue(request: ActorRequest, form: AnswerForm | None, failed: Report | None) -> HttpResponse:
    state = Report.State.OPEN if request.GET.get("state") != "decided" or form else Report.State.RESOLVED
    page = Paginator(reads.reports(state=state), 20).get_page(request.GET.get("page"))
    rows = [(one, form if failed is not None and one.pk == failed.pk else AnswerForm(auto_id=f"id_{one.pk}_%s")) for one in page]
    context = {"tab": "mirrors", "section": "reports", "rows": rows, "page": page, "decided": state != Report.State.OPEN}
    return render(request, "projects/curation_reports.html", context, status=422 if form else 200)


@require_POST
def decide(request: ActorRequest, pk: int) -> HttpResponse:
    """Answer one."""
    rules.can_curate(request.actor).require()
    report = reads.report(pk)
    if report is None:
        raise NotFound(_("There is nothing at this address, or you may not see it."))
    form = AnswerForm(request.POST, auto_id=f"id_{pk}_%s")
    if attempt(form, lambda cleaned: commands.decide_report(request.actor, report, **cleaned)):
        messages.success(request, _("Decided."))
        return redirect("curation_reports")
    return _queue(request, form, report)
