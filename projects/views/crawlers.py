"""What crawlers may read: robots.txt and a sitemap of the front pages of public repositories."""

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.html import escape
from django.views.decorators.http import require_safe

from projects import queries
from projects.views.tree import page_offset

PER_MAP = 10_000  # addresses; the protocol of sitemaps.org allows 50,000
# dear to make and saying nothing that a front page, a tip or a clone does not say
DEAR = (
    "blame",
    "compare",
    "commits",
    "commit",
    "archive",
    "raw",
    "find",
    "edit",
    "new",
    "upload",
    "delete",
    "settings",
    "fork",
    "releases/download",
)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """RFC 9309."""
    lines = ["User-agent: *", "Crawl-delay: 2"]
    lines += [f"Disallow: /*/*/{word}/" for word in DEAR]
    lines += [f"Disallow: /*/*/{word}$" for word in DEAR]
    lines += [
        "Disallow: /*?*",
        "Disallow: /-/",
        "Disallow: /api/",
        "Disallow: /login",
        "Disallow: /settings/",
        f"Sitemap: {settings.BASE_URL}/sitemap.xml",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Front pages of public repositories with commits; an index of parts where one file is not enough. Kept for an hour."""
    number = page_offset(request.GET.get("page", ""))
    key = f"sitemap:{number}"
    body: str | None = cache.get(key)
    if body is None:
        body = _sitemap(number)
        cache.set(key, body, 3600)
    return HttpResponse(body, content_type="application/xml; charset=utf-8")


def _sitemap(number: int) -> str:
    space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    total = queries.public_addresses_total()
    if not number and total > PER_MAP:
        parts = "".join(f"<sitemap><loc>{settings.BASE_URL}/sitemap.xml?page={n}</loc></sitemap>\n" for n in range(1, total // PER_MAP + 2))
        return f"{head}<sitemapindex {space}>\n{parts}</sitemapindex>\n"
    first = max(0, number - 1) * PER_MAP
    rows = "".join(
        f"<url><loc>{escape(settings.BASE_URL + address)}</loc><lastmod>{when:%Y-%m-%d}</lastmod></url>\n"
        for address, when in queries.public_addresses(first, first + PER_MAP)
    )
    return f"{head}<urlset {space}>\n{rows}</urlset>\n"
