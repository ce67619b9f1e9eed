"""The frame in which static/js/mermaid-frames.js draws diagrams: a page that has scripts but no origin, no cookies and no network."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static

LIBRARY, DRAWING = "vendor/mermaid/mermaid.min.js", "js/mermaid-draw.js"


def mermaid(request: HttpRequest) -> HttpResponse:
    """The same page for everyone; the text of the diagram comes by `postMessage`."""
    # The two files by their full addresses: in a sandbox not every browser knows what 'self' is.
    library, drawing = (request.build_absolute_uri(static(name)) for name in (LIBRARY, DRAWING))
    response = render(request, "core/mermaid.html", {"library": library, "drawing": drawing})
    response["Content-Security-Policy"] = (
        f"sandbox allow-scripts; default-src 'none'; script-src {library} {drawing}; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response
