"""Elasticsearch 8. Texts are cut by our own analysis and sent as words with blanks between, so the node needs no analysis plugin.

Only calls that a node without modules answers are used: bulk, search with aggregations, the term suggester, scroll, index creation and removal.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from django.utils.translation import gettext as _
from elasticsearch import ApiError, Elasticsearch, NotFoundError, TransportError, helpers
from elasticsearch.dsl import A, Q, Search

from core.documents import Access
from core.errors import Invalid, NotFound, Unavailable
from search.logic import analysis
from search.logic.language import Parsed, Unit
from search.ports.columns import Row
from search.ports.index import TEXTS, WEIGHTS, Entry, Found, Hit, Request, Suggestion, digest, restored, stored
from search.ports.match import COLUMNS, LETTERED, corrected
from search.ports.order import opened, sealed

VALUES = 1000  # of a facet
logging.getLogger("elastic_transport").setLevel(logging.WARNING)  # or each request is a line of the log
KEYWORDS = ("kind", "level", "label", "label_key", "folded", "title_key", "tight", "language", "licence", "topic", "digest",
            "key_language", "key_licence", "key_topic", "key_owner")  # fmt: skip
PREFIXES = {"min_chars": 1, "max_chars": 6}  # of a word, kept beside it: completions look up one term where they would gather thousands
MAPPING = {
    "dynamic": False,
    "properties": {
        **{key: {"type": "keyword"} for key in KEYWORDS},
        **{text: {"type": "text", "analyzer": "whitespace"} for text in TEXTS},
        **{
            text: {"type": "text", "analyzer": "whitespace", "copy_to": "spelled"}
            for text in ("name", "title", "topics", "description", "readme")
        },
        **{text: {"type": "text", "analyzer": "whitespace", "index_prefixes": PREFIXES} for text in ("owner", "pinyin")},
        **{
            text: {"type": "text", "analyzer": "whitespace", "index_prefixes": PREFIXES, "copy_to": "spelled"} for text in ("name", "title")
        },
        "spelled": {"type": "text", "analyzer": "whitespace", "norms": False, "index_options": "docs"},
        "pk": {"type": "long"},
        "fork": {"type": "boolean"},
        "archived": {"type": "boolean"},
        "stars": {"type": "integer"},
        "forks": {"type": "integer"},
        "updated": {"type": "double"},
        "created": {"type": "double"},
        "shown": {"type": "object", "enabled": False},
    },
}
SORTED = {"updated": "updated", "created": "created", "stars": "stars", "forks": "forks", "name": "folded"}


class ElasticIndex:
    """Indexes `<prefix>-search-<generation>` of one cluster, one shard each, so that counts are exact."""

    engine = "elastic"

    def __init__(self, url: str, prefix: str) -> None:
        self.client = Elasticsearch(url, request_timeout=10, max_retries=1, retry_on_timeout=False)
        self.prefix = prefix

    def create(self, name: str) -> None:
        """An empty index."""
        self.drop(name)
        with self._errors():
            settings = {"number_of_shards": 1, "number_of_replicas": 0, "max_result_window": 10_000}
            self.client.indices.create(index=self._name(name), mappings=MAPPING, settings=settings)

    def drop(self, name: str) -> None:
        """Remove it."""
        with self._errors(), suppress(NotFoundError):
            self.client.indices.delete(index=self._name(name))

    def names(self) -> list[str]:
        """Indexes with our prefix."""
        with self._errors():
            found = self.client.indices.get(index=f"{self.prefix}-search-*", expand_wildcards="open", ignore_unavailable=True)
        return sorted(name.removeprefix(f"{self.prefix}-search-") for name in found)

    def put(self, name: str, entries: Sequence[Entry]) -> None:
        """One bulk request for some, refreshed at the end."""
        self._bulk(
            name, ({"_op_type": "index", "_id": f"{one.kind}:{one.document.pk}", "_source": source(one)} for one in entries), bool(entries)
        )

    def delete(self, name: str, kind: str, pks: Iterable[int]) -> None:
        """One bulk request."""
        gone = [{"_op_type": "delete", "_id": f"{kind}:{pk}"} for pk in pks]
        self._bulk(name, gone, bool(gone))

    def search(self, name: str, request: Request) -> Found:
        """One request with aggregations."""
        asked = self._search(name).query(matching(request.parsed, request.access)).extra(track_total_hits=True, size=request.limit + 1)
        asked = asked.source(["shown"])
        asked = asked.post_filter("bool", filter=[Q("term", kind=request.kind), *chosen(request.chosen)])
        if request.access:
            asked.aggs.bucket("kinds", A("terms", field="kind", size=50))
        for facet in request.facets:
            others = {key: values for key, values in request.chosen.items() if key != facet}
            narrowed = A("filter", Q("bool", filter=[Q("term", kind=request.kind), *chosen(others)]))
            asked.aggs.bucket(facet, narrowed).bucket(
                "values", A("terms", field=facet, size=VALUES, order=[{"_count": "desc"}, {"_key": "asc"}])
            )
        asked = asked.sort(*order(request))
        if request.after:
            asked = asked.extra(search_after=_after(request))
        with self._errors():
            answer = asked.execute().to_dict()
        return self._found(request, answer)

    def _found(self, request: Request, answer: Mapping[str, Any]) -> Found:
        rows = answer["hits"]["hits"]
        hits = [Hit(request.kind, restored(row["_source"]["shown"]), float(row.get("_score") or 0)) for row in rows[: request.limit]]
        counted = answer.get("aggregations", {})
        totals = dict.fromkeys(request.access, 0)
        totals |= {bucket["key"]: bucket["doc_count"] for bucket in counted.get("kinds", {}).get("buckets", ())}
        if request.kind in totals:
            totals[request.kind] = answer["hits"]["total"]["value"]
        facets = {facet: [(one["key"], one["doc_count"]) for one in counted[facet]["values"]["buckets"]] for facet in request.facets}
        following = sealed(tuple(rows[request.limit - 1]["sort"])) if len(rows) > request.limit else ""
        return Found(hits, totals, facets, following)

    def suggest(self, name: str, prefix: str, access: Mapping[str, Access | None], limit: int) -> list[Suggestion]:
        """By prefix of a word of name, title, owner or pinyin."""
        if (found := _completing(prefix)) is None:
            return []
        start = analysis.folded(prefix).strip()
        begins = [Q("prefix", **{key: {"value": start}}) for key in ("folded", "title_key", "label_key")]
        asked = self._search(name).query(
            "bool", filter=[found, allowed(access)], should=[Q("constant_score", filter=Q("bool", should=begins), boost=1)]
        )
        asked = asked.sort({"_score": "desc"}, {"stars": "desc"}, {"updated": "desc"}).extra(size=limit, track_total_hits=False)
        with self._errors():
            rows = asked.source(["kind", "label", "shown.pk", "shown.title", "shown.url"]).execute().to_dict()["hits"]["hits"]
        return [
            Suggestion(row["kind"], row["shown"]["pk"], row["label"], row["shown"]["title"], row["shown"]["url"])
            for row in (one["_source"] for one in rows)
        ]

    def corrections(self, name: str, word: str) -> list[str]:
        """By the term suggester; ours decides which of its options are near enough."""
        if len(word) < 4:
            return []
        options = {"field": "spelled", "suggest_mode": "missing", "max_edits": 2, "prefix_length": 1, "size": 20, "min_word_length": 4}
        asked = self._search(name).suggest("words", word, term=options).extra(size=0)
        with self._errors():
            answer = asked.execute().to_dict()
        found = {one["text"]: one["freq"] for entry in answer["suggest"]["words"] for one in entry["options"]}
        return corrected(word, found)

    def dump(self, name: str) -> dict[tuple[str, int], str]:
        """Digests of documents."""
        with self._errors():
            rows = helpers.scan(self.client, index=self._name(name), query={"_source": ["kind", "pk", "digest"]}, size=1000)
            return {(row["_source"]["kind"], row["_source"]["pk"]): row["_source"]["digest"] for row in rows}

    def finish(self, name: str) -> None:
        """Make everything visible."""
        with self._errors():
            self.client.indices.refresh(index=self._name(name))

    # --- within ---------------------------------------------------------------------------------------------------

    def _name(self, name: str) -> str:
        return f"{self.prefix}-search-{name}"

    def _search(self, name: str) -> Any:
        return Search(using=self.client, index=self._name(name))

    def _bulk(self, name: str, actions: Iterable[Mapping[str, Any]], any_of_them: bool) -> None:
        if not any_of_them:
            return
        with self._errors():
            if not self.client.indices.exists(index=self._name(name)):  # or the node would make one without our mapping
                raise NotFound(_("The search index is being built."))
            named = ({"_index": self._name(name), **action} for action in actions)
            for good, answer in helpers.streaming_bulk(self.client, named, refresh=True, raise_on_error=False):
                outcome = next(iter(answer.values()))
                if not good and outcome.get("status") != 404:
                    raise Unavailable(str(outcome.get("error"))[:300])

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except NotFoundError as error:
            raise NotFound(_("The search index is being built.")) from error
        except ApiError as error:
            if error.status_code == 400 and "search_after" in str(error):
                raise Invalid(_("This is not the address of a page."), field="after") from error
            raise Unavailable(_("The search index does not answer.")) from error
        except (TransportError, OSError) as error:
            raise Unavailable(_("The search index does not answer.")) from error


def source(entry: Entry) -> dict[str, Any]:
    """What Elasticsearch is given of a document."""
    row = Row.of(entry)
    return {
        "kind": row.kind, "pk": row.pk, "level": row.level, "label": row.label, "label_key": row.label.casefold(), "folded": row.folded,
        "title_key": row.title, "tight": [_tight(row.folded), _tight(row.title)], "fork": row.fork, "archived": row.archived,
        "stars": row.stars, "forks": row.forks, "updated": row.updated, "created": row.created, "language": row.language,
        "licence": row.licence, "topic": row.topic, "digest": digest(entry), "shown": stored(entry.document), **entry.words,
        **{f"key_{column}": values for column, values in entry.keys.items()},
    }  # fmt: skip


def _tight(text: str) -> str:
    return "".join(analysis.characters(text))


def allowed(access: Mapping[str, Access | None]) -> Any:
    """What the reader may find."""
    ways = []
    for kind, limit in access.items():
        if limit is None:
            ways.append(Q("term", kind=kind))
            continue
        what = [Q("terms", level=sorted(limit.levels))] + ([Q("terms", pk=sorted(limit.ids))] if limit.ids else [])
        ways.append(Q("bool", filter=[Q("term", kind=kind), Q("bool", should=what, minimum_should_match=1)]))
    return Q("bool", should=ways, minimum_should_match=1) if ways else Q("match_none")


def chosen(values: Mapping[str, Sequence[str]]) -> list[Any]:
    """Chosen facet values."""
    return [Q("terms", **{facet: list(some)}) for facet, some in values.items() if some]


def operators(parsed: Parsed) -> tuple[list[Any], list[Any]]:
    """Filters that must and must not hold."""
    must: list[Any] = []
    never: list[Any] = []
    for column, pairs in parsed.keys.items():
        wanted = [value for value, is_wanted in pairs if is_wanted]
        if column == "topic":
            must.extend(Q("term", key_topic=value) for value in wanted)
        elif wanted:
            must.append(Q("terms", **{f"key_{column}": wanted}))
        never.extend(Q("term", **{f"key_{column}": value}) for value, is_wanted in pairs if not is_wanted)
    for column, (low, high) in parsed.ranges.items():
        bounds = {key: value for key, value in (("gte", low), ("lte", high)) if value is not None}
        must.append(Q("range", **{column: bounds}))
    for flag, is_wanted in parsed.flags.items():
        test = Q("term", **{flag: True}) if flag in ("fork", "archived") else Q("term", level=flag)
        (must if is_wanted else never).append(test)
    return must, never


def matching(parsed: Parsed, access: Mapping[str, Access | None]) -> Any:
    """The whole query: words with their relevance, filters, standing."""
    must, never = operators(parsed)
    never += [_unit(unit, parsed.fields) for unit in parsed.without]
    filters = [allowed(access), *must]
    if not parsed.units:
        return Q("bool", filter=filters, must_not=never)
    found = Q("bool", must=[_unit(unit, parsed.fields) for unit in parsed.units], filter=filters, must_not=never, should=_better(parsed))
    standing = {"field_value_factor": {"field": "stars", "modifier": "log1p", "missing": 0}, "weight": 2}
    return Q("function_score", query=found, functions=[standing], boost_mode="sum", score_mode="sum")


def _weighted(fields: Sequence[str]) -> list[str]:
    return [f"{column}^{WEIGHTS[column]}" for column in (fields or COLUMNS)]


def _token(token: str, fields: Sequence[str]) -> Any:
    return Q("multi_match", query=token, type="most_fields", fields=_weighted(fields), analyzer="whitespace")


def _unit(unit: Unit, fields: Sequence[str]) -> Any:
    ways = []
    for tokens in unit.alternatives:
        if tokens and unit.exact:
            ways.append(Q("multi_match", query=" ".join(tokens), type="phrase", fields=_weighted(fields), analyzer="whitespace"))
        elif tokens:
            ways.append(Q("bool", must=[_token(token, fields) for token in tokens]))
    if unit.letters and (not fields or set(LETTERED) <= set(fields)):
        ways.append(
            Q("constant_score", filter=Q("match_phrase", letters={"query": " ".join(unit.letters), "analyzer": "whitespace"}), boost=0.1)
        )
    if unit.spoken and (not fields or {"name", "title"} & set(fields)):
        ways.append(Q("match", pinyin={"query": " ".join(unit.spoken), "boost": WEIGHTS["pinyin"]}))
    return Q("dis_max", queries=ways) if ways else Q("match_none")


def _better(parsed: Parsed) -> list[Any]:
    """What makes a document better: words near each other, the name itself, neither fork nor archived."""
    first = [token for unit in parsed.units if unit.alternatives for token in unit.alternatives[0]]
    typed = analysis.folded(parsed.plain).strip()
    tight = _tight(typed)
    better = [
        Q("constant_score", filter=Q("term", fork=False), boost=4),
        Q("constant_score", filter=Q("term", archived=False), boost=4),
        Q("constant_score", filter=Q("term", label_key=typed), boost=60),
        Q("constant_score", filter=Q("bool", should=[Q("term", folded=typed), Q("term", title_key=typed)]), boost=40),
        Q("constant_score", filter=Q("prefix", folded={"value": typed}), boost=8),
    ]
    if tight:
        better.append(Q("constant_score", filter=Q("term", tight=tight), boost=30))
    if len(first) > 1:
        better.append(
            Q("multi_match", query=" ".join(first), type="phrase", slop=6, fields=_weighted(parsed.fields), analyzer="whitespace")
        )
    return better


def order(request: Request) -> list[dict[str, str]]:
    """Sort keys, the id last."""
    if request.sort == "relevance" and request.parsed.units:
        return [{"_score": "desc"}, {"pk": "desc"}]
    column = SORTED.get(request.sort, "stars")
    way = "asc" if column == "folded" else "desc"
    return [{column: way}, {"pk": way}]


def _after(request: Request) -> list[float | str | int]:
    first, second = opened(request.after)
    if isinstance(first, str) != (request.sort == "name"):
        raise Invalid(_("This is not the address of a page."), field="after")
    return [first, second]


def _completing(prefix: str) -> Any | None:
    tokens = [token for token in (analysis.folded(run) for run in analysis.runs(prefix)) if token.isalnum()][:6]
    if not tokens:
        return None
    *whole, last = tokens
    must = []
    for token in whole:
        letters = Q("match_phrase", letters={"query": " ".join(token), "analyzer": "whitespace"})
        fields = ["name", "title", "owner", "pinyin", "letters"]
        must.append(letters if analysis.is_han(token) else Q("multi_match", query=token, fields=fields, analyzer="whitespace"))
    if analysis.is_han(last):
        ways = [Q("match_phrase_prefix", letters={"query": " ".join(last), "analyzer": "whitespace"})]
        ways += [Q("prefix", **{column: {"value": last}}) for column in ("name", "title", "owner")]
    else:
        ways = [Q("prefix", **{column: {"value": last}}) for column in ("name", "title", "owner", "pinyin")]
    return Q("bool", must=[*must, Q("bool", should=ways, minimum_should_match=1)])
