"""nDCG@10 of the judged queries on each engine: `python -m bench.relevance [--rows 25000] [--misses]`.

The embedded engine always; Elasticsearch too if OPENI_ELASTICSEARCH_URL names one. Misses are printed of the tuned half only.
"""

import argparse
import io
import math
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
_folder = tempfile.mkdtemp(prefix="openi-relevance-")
os.environ["OPENI_DATA_DIR"] = _folder
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openi.settings")
os.environ.setdefault("OPENI_LOG_LEVEL", "ERROR")
os.environ["OPENI_NUDGE_WORKER"] = "false"

import django  # noqa: E402

django.setup()
from django.core.management import call_command  # noqa: E402

from bench.relevance.corpus import SUBJECTS, Made, known, mirrors  # noqa: E402
from bench.relevance.queries import HELD, TUNED, Query  # noqa: E402
from core.actors import ANONYMOUS  # noqa: E402
from core.documents import Access, document_kinds  # noqa: E402
from search import ports, queries  # noqa: E402
from search.models import Generation  # noqa: E402
from search.ports.index import SearchIndex, entry  # noqa: E402

FIRST = 1_000_000  # ids of made rows


def grade(query: Query, made: Made | None, label: str) -> int:
    """0 to 3."""
    if query.names:
        return query.names.get(label, 0)
    if made is None:
        return 0
    if not made.subject:  # a known project is about whatever its own words name
        text = f"{made.document.description} {' '.join(made.document.topics)}".lower().replace("-", " ")
        about = any(name.lower() in text for names in SUBJECTS[query.subject][:2] for name in names)
        return (1 if query.aspect else 3) if about else 0
    if made.subject == query.subject:
        if query.aspect and made.aspect != query.aspect:
            return 1
        return 3 if query.aspect else made.strength
    return 1 if query.subject in made.passing and not query.aspect else 0


def ndcg(found: list[int], ideal: list[int], at: int = 10) -> float:
    """Normalised discounted cumulative gain with gains 2^grade − 1 (Burges et al., 2005)."""

    def gain(grades: list[int]) -> float:
        return sum((2**one - 1) / math.log2(place + 2) for place, one in enumerate(grades[:at]))

    best = gain(sorted(ideal, reverse=True))
    return gain(found) / best if best else 0.0


def load(index: SearchIndex, rows: int) -> dict[int, Made]:
    """The demo catalogue, the known projects and the generated mirrors, in an index that is in use."""
    Generation.objects.all().delete()
    made = {one.document.pk: one for one in [*known(FIRST), *mirrors(rows, FIRST + 1000)]}
    built = Generation.objects.create(name="relevance", engine=index.engine, analysis=1, state="current")
    index.create(built.name)
    for kind in document_kinds:
        theirs = [one for one in kind.load(kind.ids(0, 1000)) if "/" not in one.owner]  # the judged mirrors are the made ones
        index.put(built.name, [entry(kind.key, one) for one in theirs])
    batch = []
    for one in made.values():
        batch.append(entry("projects", one.document))
        if len(batch) == 1000:
            index.put(built.name, batch)
            batch = []
    index.put(built.name, batch)
    index.finish(built.name)
    return made


def measure(name: str, half: list[Query], made: dict[int, Made], *, misses: bool) -> float:
    """Mean nDCG@10."""
    scores = []
    for query in half:
        answer = queries.results(ANONYMOUS, query.text, kind="projects", limit=10, facets=())
        hits = [(f"{hit.document.owner}/{hit.document.name}", hit.document) for hit in answer.found.hits]
        grades = [grade(query, made.get(document.pk), label) for label, document in hits]
        ideal = list(query.names.values()) or [grade(query, one, "") for one in made.values()]
        scores.append(ndcg(grades, ideal))
        if misses and scores[-1] < 0.9:
            print(
                f"  {scores[-1]:.2f}  {query.text}  {grades}  {[label for label, _document in hits[:4]]}  of {answer.found.totals.get('projects')}"
            )
    mean = sum(scores) / len(scores)
    print(f"{name}: nDCG@10 {mean:.3f} over {len(scores)} queries, {sum(score >= 0.85 for score in scores)} of them at 0.85 or more")
    return mean


def main() -> None:
    """Print both halves for each engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=25_000)
    parser.add_argument("--misses", action="store_true")
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    call_command("demo", stdout=io.StringIO())
    engines: list[SearchIndex] = []
    from search.ports.embedded import EmbeddedIndex

    engines.append(EmbeddedIndex(Path(_folder) / "search"))
    if url := os.environ.get("OPENI_ELASTICSEARCH_URL"):
        from search.ports.elastic import ElasticIndex

        engines.append(ElasticIndex(url, "relevance"))
    for kind in document_kinds:
        object.__setattr__(kind, "readable", lambda _actor, pks: set(pks))  # made rows are in no database
        object.__setattr__(kind, "access", lambda _actor: Access(frozenset({"public"})))
    for index in engines:
        ports.index = lambda index=index: index  # type: ignore[assignment]
        made = load(index, options.rows)
        measure(f"{index.engine}, tuned half", TUNED, made, misses=options.misses)
        measure(f"{index.engine}, held-out half", HELD, made, misses=False)
        index.drop("relevance")


if __name__ == "__main__":
    main()
