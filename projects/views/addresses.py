"""Clone addresses opened in a browser."""

from urllib.parse import quote

from django.http import HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from core.actors import ActorRequest


@require_safe
def clone_address(request: ActorRequest, namespace: str, name: str) -> HttpResponse:
    """`/<ns>/<name>.git` leads to the page, whether there is one or not: that page says so, alike for what is missing and what is hidden."""
    address = request.path.rstrip("/").removesuffix(".git")  # as it came: the name of a mirror's host and owner has slashes
    return HttpResponseRedirect("/" + quote(address.lstrip("/")))
