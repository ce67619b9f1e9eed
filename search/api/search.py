"""`/api/v1/search…`: what the results page finds, as JSON."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.apiviews import ApiView
from core.errors import Invalid, Unavailable
from core.schema import PAGED, operation, text
from search import queries
from search.logic.language import SORTS
from search.ports.code import CodeHit
from search.ports.index import FACETS, Hit

KINDS = ["projects", "people", "organizations"]
SORT = OpenApiParameter("sort", {"type": "string", "enum": list(SORTS)}, description="order; best match first where none is given")
CODE_POINTS = 2  # of the anonymous budget


class ResultOut(serializers.Serializer[Any]):
    """One thing that was found. Fields that a kind lacks are empty."""

    kind = serializers.CharField()
    id = serializers.IntegerField()
    name = serializers.CharField()
    owner = serializers.CharField(allow_blank=True)
    title = serializers.CharField(allow_blank=True)
    description = serializers.CharField(allow_blank=True)
    topics = serializers.ListField(child=serializers.CharField())
    language = serializers.CharField(allow_blank=True)
    licence = serializers.CharField(allow_blank=True)
    stars = serializers.IntegerField()
    forks = serializers.IntegerField()
    fork = serializers.BooleanField()
    archived = serializers.BooleanField()
    updated = serializers.DateTimeField(allow_null=True)
    url = serializers.CharField()


def result_out(hit: Hit, origin: str) -> dict[str, Any]:
    """JSON values."""
    found = hit.document
    return {
        "kind": hit.kind, "id": found.pk, "name": found.name, "owner": found.owner, "title": found.title, "description": found.description,
        "topics": list(found.topics), "language": found.language, "licence": found.licence, "stars": found.stars, "forks": found.forks,
        "fork": found.is_fork, "archived": found.is_archived, "updated": found.updated.isoformat() if found.updated else None,
        "url": f"{origin}{found.url}",
    }  # fmt: skip


class FacetValueOut(serializers.Serializer[Any]):
    """A value and how many results have it, under all other filters."""

    value = serializers.CharField()
    count = serializers.IntegerField()


class SearchOut(serializers.Serializer[Any]):
    """A page of results with exact totals of every kind. `instead`: the spelling that was searched because nothing had the words."""

    items = ResultOut(many=True)
    next = serializers.CharField(allow_blank=True)
    totals = serializers.DictField(child=serializers.IntegerField())
    facets = serializers.DictField(child=FacetValueOut(many=True))
    instead = serializers.CharField(allow_blank=True)


class SearchApi(ApiView):
    """`/search`."""

    @operation(
        "search",
        answer=SearchOut,
        query=[
            text("q", "words and operators, as in the box of the site"),
            OpenApiParameter("type", {"type": "string", "enum": KINDS, "default": "projects"}, description="kind of the items"),
            SORT,
            *(text(facet, "only results with this value") for facet in FACETS),
            *PAGED,
        ],
        also=[422, 503],
    )
    def get(self, request: Request) -> Response:
        """Search projects, people and organizations

        Only what the credential may read is found and counted.
        """
        given = request.query_params
        sort = given.get("sort", "")
        if sort and sort not in SORTS:
            raise Invalid(_("Choose an order."), field="sort")
        if (kind := given.get("type", "projects")) not in {one.key for one in queries.kinds()}:
            raise Invalid(_("There is no such kind of result."), field="type")
        chosen = {facet: [value[:100] for value in given.getlist(facet) if value][:10] for facet in FACETS}
        typed = given.get("q", "").replace("\0", "")[:300]
        answer = queries.results(
            self.actor(request), typed, kind=kind, chosen=chosen, sort=sort, after=given.get("cursor", ""), limit=self.limit(request)
        )
        if answer.notice:
            raise Unavailable(answer.notice)
        if answer.read.faults:
            raise Invalid(" ".join(queries.sentence(fault) for fault in answer.read.faults), field="q")
        origin = request.build_absolute_uri("/").rstrip("/")
        facets = {facet: [{"value": value, "count": count} for value, count in counted] for facet, counted in answer.found.facets.items()}
        content = {"items": [result_out(hit, origin) for hit in answer.found.hits], "next": answer.found.next}
        return self.page(request, {**content, "totals": dict(answer.found.totals), "facets": facets, "instead": answer.instead})


class CodeLineOut(serializers.Serializer[Any]):
    """A line that matches."""

    line = serializers.IntegerField()
    text = serializers.CharField(allow_blank=True)


class CodeOut(serializers.Serializer[Any]):
    """A file with lines that match."""

    repository = serializers.CharField()
    path = serializers.CharField()
    language = serializers.CharField(allow_blank=True)
    lines = CodeLineOut(many=True)
    copies = serializers.IntegerField(help_text="further readable places of the same text")


def code_out(hit: CodeHit) -> dict[str, Any]:
    """JSON values."""
    lines = [{"line": line.number, "text": line.text} for line in hit.lines]
    return {"repository": hit.label, "path": hit.path, "language": hit.language, "lines": lines, "copies": hit.copies}


class CodeFilePage(serializers.Serializer[Any]):
    """A page of files; `stopped` says that time ran out before all of them were read."""

    items = CodeOut(many=True)
    next = serializers.CharField(allow_blank=True)
    stopped = serializers.BooleanField()


class CodeSearchApi(ApiView):
    """`/search/code`."""

    @operation(
        "search_code",
        answer=CodeFilePage,
        query=[
            text("q", 'words, "exact text", /pattern/, sym: path: lang: repo: org:', required=True),
            *PAGED,
        ],
        also=[422, 429, 503],
    )
    def get(self, request: Request) -> Response:
        """Search code of default branches"""
        self.spend(request, CODE_POINTS)
        given = request.query_params
        typed = given.get("q", "").replace("\0", "")[:300]
        _query, found = queries.code_results(self.actor(request), typed, after=given.get("cursor", ""), limit=self.limit(request))
        return self.page(request, {"items": [code_out(hit) for hit in found.hits], "next": found.next, "stopped": found.stopped})
