"""Addresses of mirrors: `/<host>/<owner path>/<name>/…`, the longest one that exists."""

from collections.abc import Callable

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse

from accounts.models import Namespace
from projects.mirrors.addresses import segment_of
from projects.models import FormerAddress, Repository

DEPTH_MAX = 12


class HostAddresses:
    """Gives the URL patterns, which know `<namespace>/<name>`, a namespace of one segment. `request.path` stays as it came."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.hosts = frozenset(settings.MIRROR_HOSTS)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Rewrite `path_info` where the first segment is a configured host."""
        parts = request.path_info.split("/")
        if len(parts) >= 3 and parts[1].lower() in self.hosts:
            request.path_info = _rewritten(parts[1:])
        return self.get_response(request)


def _rewritten(parts: list[str]) -> str:
    """`/github.com:lgy96/open-exchange/tree/main`; an address that nothing has keeps its first three parts for the error page."""
    tried = {("/".join(parts[:n]).lower(), parts[n].lower()): n for n in range(2, min(len(parts), DEPTH_MAX))}
    condition = Q(pk__in=[])
    for slug, name in tried:
        condition |= Q(namespace__slug__iexact=slug, name__iexact=name.removesuffix(".git"))
    condition &= Q(namespace__kind=Namespace.Kind.HOST)
    found = Repository.objects.filter(condition, deleted_at=None).values_list("namespace__slug", flat=True)
    slugs = [slug.count("/") + 1 for slug in found or FormerAddress.objects.filter(condition).values_list("namespace__slug", flat=True)]
    if not slugs and Namespace.objects.filter(slug__iexact="/".join(parts), kind=Namespace.Kind.HOST).exists():
        return "/" + segment_of("/".join(parts))
    depth = max(slugs, default=2)
    return "/" + "/".join([segment_of("/".join(parts[:depth])), *parts[depth:]])
