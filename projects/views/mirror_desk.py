"""`/-/admin/mirrors`: what needs a person."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts import commands as people
from core.actors import ActorRequest
from core.errors import DomainError, Invalid
from core.forms import attempt
from core.site import setting
from projects import commands, rules
from projects.forms.mirrors import FillForm, ListMirrorForm
from projects.mirrors import causes
from projects.models import Mirror, Nomination
from projects.queries import curation as curation_reads
from projects.queries import families, filling
from projects.queries import mirrors as reads
from projects.queries.curation import Selection
from projects.views.curation import desk_context


@require_http_methods(["GET", "POST"])
def desk(request: ActorRequest) -> HttpResponse:
    """Figures, failures by cause, nominations, and all mirrors with filters."""
    rules.can_curate(request.actor).require()
    form = ListMirrorForm(request.POST if request.method == "POST" else None)
    made = None
    if form.is_bound:
        made = attempt(form, lambda cleaned: commands.list_mirror(request.actor, cleaned["address"], description=cleaned["description"]))
    if made:
        return redirect(made.repository.get_absolute_url())
    return _page(request, form, None)


def _page(request: ActorRequest, form: ListMirrorForm, fill_form: FillForm | None) -> HttpResponse:
    of_rows = desk_context(request)
    numbers = of_rows["numbers"]
    groups = numbers.groups
    pulses = reads.pulses([one for group in groups for one in group.examples])
    wish = setting("mirror_fill")
    context = {
        **of_rows,
        "tab": "mirrors",
        "waiting": curation_reads.waiting(),
        "figures": numbers.figures,
        "groups": [(group, [(one, pulses[one.pk]) for one in group.examples]) for group in groups],
        "nominations": list(reads.nominations(request.actor)[:20]),
        "states": Mirror.States.choices,
        "causes": [(code, cause.title) for code, cause in causes.CAUSES.items()],
        "form": form,
        "fill": fill_form or FillForm(initial={"gigabytes": wish["bytes_per_day"] / 10**9, "start": wish["from"], "end": wish["to"]}),
        "forecast": numbers.forecast,
        "received": filling.bytes_today(timezone.now()),
        "saved": families.saved(),
    }
    return render(request, "projects/mirror_desk.html", context, status=422 if form.errors or fill_form else 200)


@require_POST
def fill(request: ActorRequest) -> HttpResponse:
    """How much is copied a day, and when."""
    rules.can_curate(request.actor).require()
    form = FillForm(request.POST)
    if not form.is_valid():
        return _page(request, ListMirrorForm(), form)
    given = form.cleaned_data
    wish = {"bytes_per_day": int(given["gigabytes"] * 10**9), "from": given["start"], "to": given["end"] % 24}
    people.change_site_setting(request.actor, "mirror_fill", wish)
    messages.success(request, _("Saved."))
    return redirect("mirror_desk")


@require_POST
def act(request: ActorRequest) -> HttpResponse:
    """One act for the chosen mirrors, or for all that fail for one cause."""
    rules.can_curate(request.actor).require()
    acts: dict[str, dict[str, str]] = {"retry": {"sync": "now"}, "pause": {"watch": "pause"}}
    cause = request.POST.get("cause", "")
    chosen = tuple(int(pk) for pk in request.POST.getlist("pick") if pk.isascii() and pk.isdigit() and len(pk) < 12)
    if not chosen and cause not in causes.CAUSES:
        raise Invalid(_("Choose mirrors first."))
    selection = Selection(ids=chosen) if chosen else Selection(queue="failing", cause=cause)
    edit = commands.request_edit(request.actor, selection, acts.get(request.POST.get("act", ""), {}), reason=cause)
    messages.success(request, ngettext("Done for %d mirror.", "Done for %d mirrors.", edit.changed) % edit.changed)
    if edit.state != edit.State.DONE or "watch" in edit.changes:
        return redirect(edit.get_absolute_url())  # how far it is, and its undo
    return redirect("mirror_desk")


@require_POST
def decide(request: ActorRequest, pk: int) -> HttpResponse:
    """Accept or decline a nomination."""
    rules.can_curate(request.actor).require()
    nomination = get_object_or_404(Nomination, pk=pk)
    try:
        commands.decide_nomination(
            request.actor, nomination, accept=request.POST.get("act") == "accept", answer=request.POST.get("answer", "")
        )
        messages.success(request, _("Done."))
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("mirror_desk")
