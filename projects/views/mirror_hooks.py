"""The webhook of a mirror: the page that sets it up, and the address that upstreams call."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from core.actors import SYSTEM, ActorRequest
from core.clients import client_network
from core.errors import DomainError, Invalid, NotFound
from core.limits import take
from core.middleware import problem_document
from projects import commands, rules
from projects.hosts.hooks import signing_token
from projects.models import Repository
from projects.queries import hosts as reads
from projects.queries import mirrors
from projects.views.common import page_of, repository_page

BODY_MAX = 5 * 1024**2  # bytes; a push of 2,000 commits has some 2 MB
UNKNOWN_PER_MINUTE = 60  # requests of one network to addresses that are none


@require_http_methods(["GET", "POST"])
@repository_page
def mirror_hook(request: ActorRequest, repository: Repository) -> HttpResponse:
    """Address, secret (once), how to set it up, the last deliveries; for administrators of the mirror."""
    mirror = mirrors.mirror_of(repository)
    if mirror is None:
        raise NotFound(_("This repository is not a mirror."))
    rules.can_administer(request.actor, repository).require()
    act, secret = request.POST.get("act", ""), ""
    if act == "renew":
        _hook, secret = commands.renew_hook(request.actor, mirror)
    elif act == "remove":
        commands.remove_hook(request.actor, mirror)
        messages.success(request, _("Removed."))
        return redirect(request.path)
    hook = reads.hook_of(mirror)
    context = {
        "mirror": mirror,
        "hook": hook,
        "address": f"{settings.BASE_URL.rstrip('/')}/-/hooks/mirrors/{hook.key}" if hook else "",
        "secret": secret,
        "signing_token": signing_token(secret) if secret else "",
        "deliveries": list(reads.deliveries(hook)) if hook else [],
    }
    response = page_of(request, repository, "projects/mirror_hook.html", context, tab="mirror")
    response["Cache-Control"] = "no-store"
    return response


@csrf_exempt  # the caller is no browser; its signature is judged instead
@require_POST
def hook_receive(request: HttpRequest, key: str) -> HttpResponse:
    """A request of an upstream: problem+json with the error's status, else 200 or 202. Nothing is fetched here."""
    with translation.override("en"):
        try:
            outcome = _receive(request, key)
        except DomainError as error:
            status = 413 if error.code == "too_large" else error.status
            response = JsonResponse({**problem_document(error), "status": status}, status=status, content_type="application/problem+json")
            if error.retry_after is not None:
                response["Retry-After"] = str(error.retry_after)
            return response
        return JsonResponse({"outcome": outcome}, status=202 if outcome == "taken" else 200)


def _receive(request: HttpRequest, key: str) -> str:
    hook = reads.hook_at(key)
    if hook is None:
        take(f"hook-unknown:{client_network(request)}", limit=UNKNOWN_PER_MINUTE, seconds=60)
        raise NotFound(_("There is nothing at this address, or you may not see it."))
    headers = {name.lower(): value for name, value in request.headers.items()}
    return str(commands.take_delivery(SYSTEM, hook, headers, _body(request)).outcome)


def _body(request: HttpRequest) -> bytes:
    """Raises Invalid (too large), before a byte of it is read where its length is told."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    body = request.read(BODY_MAX + 1) if length.isdigit() and int(length) <= BODY_MAX else None
    if body is None or len(body) > BODY_MAX:
        raise Invalid(_("A request of at most %d MB is read.") % (BODY_MAX // 1024**2), code="too_large")
    return body
