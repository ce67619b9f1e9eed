"""Pages with several forms: each names itself in the hidden field `act`; only the sent one is bound."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from core.actors import ActorRequest
from core.forms import attempt
from projects.models import Repository
from projects.views.common import page_of

MakeForm = Callable[..., forms.Form]


@dataclass(frozen=True)
class Act:
    """`make` builds the form (data or None, and auto_id), `run` calls the command, `done` is the message after it.

    `address(repository)` says where to go then (default: the same page at the repository's present address).
    """

    make: MakeForm
    run: Callable[[forms.Form], object]
    done: str = ""
    address: Callable[[Repository], str] | None = None


class EmptyForm(forms.Form):
    """A button."""


def acts_page(
    request: ActorRequest, repository: Repository, template: str, *, suffix: str, acts: dict[str, Act], context: dict[str, Any]
) -> HttpResponse:
    """Run the sent act (303 to the page after it, 422 with the form as it was filled in), or show all forms as `forms.<act>`."""
    sent = request.POST.get("act", "") if request.method == "POST" else ""
    shown = {name: act.make(data=request.POST if name == sent else None, auto_id=f"id_{name}_%s") for name, act in acts.items()}
    if sent in acts:
        act = acts[sent]
        form = shown[sent]
        if attempt(form, lambda cleaned: (act.run(form), True)):
            messages.success(request, act.done or _("Saved."))
            return redirect(act.address(repository) if act.address else repository.get_absolute_url() + suffix)
    status = 422 if request.method == "POST" else 200
    return page_of(request, repository, template, {"forms": shown, "section": suffix, **context}, tab="settings", status=status)
