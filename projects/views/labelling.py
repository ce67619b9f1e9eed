"""`/-/admin/mirrors/labelling`: people say where projects of a random sample belong, without seeing a suggestion."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.actors import ActorRequest
from core.errors import Conflict, Invalid, NotFound
from core.forms import attempt
from projects import commands, rules
from projects.forms.suggesting import SampleForm
from projects.models import LabelItem
from projects.queries import suggesting as reads

STAYS, UNCLEAR = "-", "?"


@require_safe
def labelling(request: ActorRequest) -> HttpResponse:
    """The next project, the figures, the draws. `?item=` shows one of the reader's own labels again."""
    rules.can_curate(request.actor).require()
    return _page(request)


def _page(request: ActorRequest, *, form: SampleForm | None = None, item: LabelItem | None = None, problem: str = "") -> HttpResponse:
    person = request.actor.person
    if person is None:
        raise NotFound(_("Labels are given by people."))
    again = request.GET.get("item", "")
    if item is None and again.isascii() and again.isdigit() and len(again) < 18:
        item = reads.own_item(person, int(again))
    item = item or reads.next_item(person)
    figures = reads.figures()
    context = {
        "tab": "mirrors",
        "item": item,
        "readme": reads.readme_of(item.repository) if item else "",
        "choices": reads.choices(),
        "mine": reads.labels_of(person)[:6],
        "samples": list(reads.samples()),
        "figures": figures,
        "published": next((one for one in figures if one.precision.threshold == reads.site_threshold()), None) or reads.figure(),
        "agreement": reads.agreement_of_people(),
        "form": form or SampleForm(),
        "problem": problem,
    }
    return render(request, "projects/labelling.html", context, status=422 if form or problem else 200)


@require_POST
def draw(request: ActorRequest) -> HttpResponse:
    """More projects for the sample."""
    rules.can_curate(request.actor).require()
    form = SampleForm(request.POST)
    if attempt(form, lambda cleaned: commands.draw_sample(request.actor, size=cleaned["size"], seed=cleaned["seed"])) is None:
        return _page(request, form=form)
    messages.success(request, _("Drawn."))
    return redirect("labelling")


@require_POST
def label(request: ActorRequest, pk: int) -> HttpResponse:
    """One label; the next project follows."""
    rules.can_curate(request.actor).require()
    said = request.POST.get("category", "")
    category = next((row for row in reads.choices() if row.slug == said), None)
    try:
        if category is None and said not in (STAYS, UNCLEAR):
            raise Invalid(_("Choose a category."))
        commands.label_item(request.actor, pk, category=category, is_unclear=said == UNCLEAR)
    except Conflict as error:
        messages.error(request, error.message)
    except Invalid as error:
        return _page(request, item=reads.item(pk), problem=str(error.message))
    return redirect("labelling")
