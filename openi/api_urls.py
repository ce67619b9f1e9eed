"""`/api/`: version 1, its schema and its pages."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularJSONAPIView

from core.errors import NotFound


def docs(request: HttpRequest) -> HttpResponse:
    """Every operation with its parameters, from the same schema."""
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    operations = [
        {"path": address, "method": method.upper(), **operation}
        for address, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]
    return render(request, "core/api_docs.html", {"operations": operations})


def unknown(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Anything else below /api/ is a problem+json."""
    raise NotFound("There is no such address in the API.")


urlpatterns = [
    path("v1/openapi.json", SpectacularJSONAPIView.as_view(authentication_classes=[])),
    path("docs", docs, name="api_docs"),
    path("v1/", include("accounts.api.urls")),
    path("v1/", include("projects.api.urls")),
    path("<path:rest>", unknown),
]
