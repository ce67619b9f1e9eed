"""The engines: `index` is what each of them does, `embedded` and `elastic` are the two; `code` finds lines of code."""

from functools import cache

from django.conf import settings

from search.ports.code import CodeIndex
from search.ports.index import SearchIndex


@cache
def index() -> SearchIndex:
    """The engine that the settings name."""
    if settings.ELASTICSEARCH_URL:
        from search.ports.elastic import ElasticIndex  # here: most portals have no Elasticsearch, and the client costs memory

        return ElasticIndex(settings.ELASTICSEARCH_URL, settings.SEARCH_PREFIX)
    from search.ports.embedded import EmbeddedIndex

    return EmbeddedIndex(settings.SEARCH_DIR)


@cache
def code() -> CodeIndex:
    """The code index; a file in the data directory on either stack."""
    return CodeIndex(settings.SEARCH_DIR)
