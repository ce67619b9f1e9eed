"""Search at 100,000 documents: build, queries with three facets, completions. `python bench/search.py [--documents N] [--engine embedded|elastic]`

Times are wall times of a call to the engine in one process, after one warm-up round; the CPU time of the process stands beside them.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
_folder = tempfile.mkdtemp(prefix="openi-bench-search-")
os.environ["OPENI_DATA_DIR"] = _folder
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openi.settings")

import django  # noqa: E402

django.setup()
from bench.common import HEAD, row, table  # noqa: E402
from bench.relevance.corpus import known, mirrors  # noqa: E402
from bench.relevance.queries import HELD, TUNED  # noqa: E402
from core.documents import Access  # noqa: E402
from search.logic.language import parse, synonyms  # noqa: E402
from search.ports.index import FACETS, Request, SearchIndex, entry  # noqa: E402

PUBLIC = {
    "projects": Access(frozenset({"public"})),
    "people": Access(frozenset({"public"})),
    "organizations": Access(frozenset({"public"})),
}
BROAD = [
    "pytorch",
    "mindspore",
    "训练",
    "教程",
    "tutorial",
    "大模型",
    "lang:python 训练",
    "license:mit stars:>10",
    "工具包 -教程",
    '"论文复现"',
    "",
    "is:fork",
    "data",
]
PREFIXES = [
    "p",
    "py",
    "pyt",
    "pytorch",
    "min",
    "mindspore-l",
    "盘",
    "盘古",
    "目标",
    "yolo",
    "t",
    "te",
    "d",
    "deep",
    "open",
    "xiang",
    "feij",
    "sc",
    "s",
    "l",
    "la",
    "face",
    "o",
]


def synonym_terms() -> list[list[str]]:
    """Those a new portal begins with."""
    from importlib import import_module

    return [line.split(",") for line in import_module("search.migrations.0002_synonyms").TERMS]


def build(index: SearchIndex, documents: int) -> float:
    """Seconds of analysing and writing them all."""
    began = time.monotonic()
    index.create("bench")
    batch = []
    for one in [*known(1), *mirrors(documents - 61, 1000)]:
        batch.append(entry("projects", one.document))
        if len(batch) == 500:
            index.put("bench", batch)
            batch = []
    index.put("bench", batch)
    index.finish("bench")
    return time.monotonic() - began


def timed(calls: list, rounds: int) -> tuple[list[float], list[float]]:
    """Wall and CPU milliseconds of each call in each round; one more round first, not counted."""
    for call in calls:
        call()
    wall, cpu = [], []
    for _ in range(rounds):
        for call in calls:
            began, spent = time.perf_counter(), time.process_time()
            call()
            wall.append((time.perf_counter() - began) * 1000)
            cpu.append((time.process_time() - spent) * 1000)
    return wall, cpu


def engine(options: argparse.Namespace) -> SearchIndex:
    """The index the options name."""
    if options.engine == "elastic":
        from search.ports.elastic import ElasticIndex

        return ElasticIndex(os.environ["OPENI_ELASTICSEARCH_URL"], "bench")
    from search.ports.embedded import EmbeddedIndex

    return EmbeddedIndex(options.folder or Path(_folder) / "search")


def main() -> None:
    """Print a table for docs/explanation/performance.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--engine", choices=["embedded", "elastic"], default="embedded")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="keep the embedded index here, and use it again")
    parser.add_argument("--slowest", action="store_true")
    options = parser.parse_args()
    index = engine(options)
    known_synonyms = synonyms(synonym_terms())
    took = 0.0 if "bench" in index.names() else build(index, options.documents)
    texts = [query.text for query in (*TUNED, *HELD)] + BROAD
    requests = [(text, Request(parse(text, known=known_synonyms), PUBLIC, "projects", {}, FACETS)) for text in texts]
    searches, search_cpu = timed([lambda one=one: index.search("bench", one) for _text, one in requests], options.rounds)
    prefixes, prefix_cpu = timed([lambda one=one: index.suggest("bench", one, PUBLIC, 8) for one in PREFIXES], options.rounds)
    rows = [row("search, 3 facets, first 20", searches, search_cpu), row("completion of a prefix", prefixes, prefix_cpu)]
    print(f"{options.engine}: {options.documents:,} documents built in {took:.0f} s, load {os.getloadavg()[0]:.1f}")
    table(HEAD, rows)
    if options.slowest:
        size = len(requests)
        worst = sorted(((min(searches[place::size]), text) for place, (text, _one) in enumerate(requests)), reverse=True)[:15]
        print([(round(ms), text) for ms, text in worst])
        size = len(PREFIXES)
        print(sorted(((round(min(prefixes[place::size])), text) for place, text in enumerate(PREFIXES)), reverse=True)[:8])
    if not options.folder:
        index.drop("bench")


if __name__ == "__main__":
    main()
