"""`/notifications`, how one wants to be told, and the link in mails that ends it."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from activity.commands import inbox as commands
from activity.forms.notifications import PreferencesForm
from activity.models import Kind
from activity.queries import feeds
from activity.queries import inbox as reads
from activity.queries.things import things
from core.actors import ActorRequest
from core.errors import Invalid
from core.forms import attempt
from projects.models import Watch


def _to_sign_in(request: ActorRequest) -> HttpResponse:
    return redirect(f"/login?{urlencode({'next': request.get_full_path()})}")


def _chosen(request: ActorRequest) -> dict[str, str]:
    """The filters of the address."""
    asked = request.POST if request.method == "POST" else request.GET
    box = asked.get("box", "inbox")
    return {
        "box": box if box in reads.BOXES else "inbox",
        "why": asked.get("why", "")[:20],
        "repository": asked.get("repository", "")[:200],
    }


@never_cache
@require_http_methods(["GET", "POST"])
def notifications(request: ActorRequest) -> HttpResponse:
    """The inbox; what is sent to it marks the chosen ones, or all."""
    if request.actor.person is None:
        return _to_sign_in(request)
    chosen = _chosen(request)
    if request.method == "POST":
        return _marked(request, chosen)
    page = Paginator(reads.notifications(request.actor, **chosen), reads.PAGE).get_page(request.GET.get("page"))
    whys, places = reads.facets(request.actor, chosen["box"])
    boxes = [("inbox", _("Inbox")), ("unread", _("Unread")), ("saved", _("Saved")), ("done", _("Done"))]
    kept = {key: value for key, value in chosen.items() if value}
    context = {
        "page": page,
        "entries": reads.entries(list(page)),
        "boxes": boxes,
        "whys": whys,
        "places": places,
        "query": urlencode(kept),
        **chosen,
    }
    return render(request, "activity/notifications.html", context)


def _marked(request: ActorRequest, chosen: dict[str, str]) -> HttpResponse:
    act = request.POST.get("act", "")
    address = "/notifications?" + urlencode({key: value for key, value in chosen.items() if value})
    picked = [int(text) for text in request.POST.getlist("pick") if text.isascii() and text.isdigit() and len(text) < 19]
    try:
        if act in ("read_all", "done_all"):
            total = commands.mark_all(request.actor, act.removesuffix("_all"))
        else:
            total = commands.mark(request.actor, picked, act)
    except Invalid as error:
        messages.error(request, error.message)
        return redirect(address)
    if not total:
        messages.info(request, _("Choose notifications first."))
    elif act == "mute":
        messages.success(request, _("Muted. Nothing more is told of them."))
    elif act.endswith("_all") or total > 1:
        messages.success(request, ngettext("%d notification changed.", "%d notifications changed.", total) % total)
    return redirect(address)


@never_cache
@require_GET
def notification_open(request: ActorRequest, pk: int) -> HttpResponse:
    """To the thing, which counts as read from now on."""
    if request.actor.person is None:
        return _to_sign_in(request)
    row = reads.notification(request.actor, pk)
    thing = things([(row.kind, row.object_id)]).get((row.kind, row.object_id))
    if row.is_unread:
        commands.mark(request.actor, [row.pk], "read")
    return redirect(thing.path if thing else "/notifications")


@require_http_methods(["GET", "POST"])
def settings_notifications(request: ActorRequest) -> HttpResponse:
    """Mails, the address of private feeds, what is watched."""
    person = request.actor.person
    if person is None:
        return _to_sign_in(request)
    act = request.POST.get("act", "")
    if act == "feed":
        commands.renew_feed_key(request.actor)
        messages.success(request, _("The old feed addresses are void."))
        return redirect("settings_notifications")
    held = reads.preferences(person)
    form = PreferencesForm(request.POST if act == "mail" else None, initial={"mail_own": held.mail_own, "mail_watched": held.mail_watched})
    if form.is_bound and attempt(form, lambda cleaned: commands.change_preferences(request.actor, **cleaned)):
        messages.success(request, _("Saved."))
        return redirect("settings_notifications")
    context = {
        "form": form, "tab": "notifications", "feed": feeds.own_address(person), "levels": Watch.Level.choices,
        "page": Paginator(reads.watched(request.actor), 50).get_page(request.GET.get("page")),
    }  # fmt: skip
    return render(request, "activity/settings_notifications.html", context, status=422 if form.errors else 200)


@never_cache
@csrf_exempt  # RFC 8058: the mail program posts without having seen a page; the token allows this one thing
@require_http_methods(["GET", "POST"])
def unsubscribe(request: ActorRequest, token: str) -> HttpResponse:
    """The page asks, a POST ends it: programs that look at links of mails end nothing."""
    if request.method == "POST":
        person, kind, _pk = commands.unsubscribe(token)
    else:
        person, kind, _pk = commands.subscription(token)
    context = {"login": person.username, "is_thread": kind == Kind.THREAD, "is_done": request.method == "POST", "token": token}
    return render(request, "activity/unsubscribe.html", context)
