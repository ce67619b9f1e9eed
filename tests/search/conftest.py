"""An index of its own for each test, on every engine whose address is known."""

import os
import uuid

import pytest

from core.actors import SYSTEM
from search import commands, ports
from search.ports.embedded import EmbeddedIndex


def engines() -> list[str]:
    return ["embedded", *(["elastic"] if os.environ.get("OPENI_ELASTICSEARCH_URL") else [])]


def engine_of(kind: str, folder, settings):
    if kind == "embedded":
        return EmbeddedIndex(folder)
    from search.ports.elastic import ElasticIndex

    return ElasticIndex(settings.ELASTICSEARCH_URL, f"test-{uuid.uuid4().hex[:8]}")


@pytest.fixture(params=engines())
def engine(request, tmp_path, settings):
    """An engine without any generation."""
    made = engine_of(request.param, tmp_path / "search", settings)
    yield made
    for name in made.names():
        made.drop(name)


@pytest.fixture
def index(engine, monkeypatch, db):
    """The portal searches with `engine`; an empty index is in use."""
    monkeypatch.setattr(ports, "index", lambda: engine)
    commands.rebuild_index(SYSTEM)
    return engine
