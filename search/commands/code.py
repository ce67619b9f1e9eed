"""The code index follows the default branches of projects."""

import fcntl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import structlog
from django.utils.translation import gettext as _

from core.actors import Actor
from core.errors import Unavailable
from projects.queries.code import CodeState, code_files, code_states, code_text
from projects.queries.documents import document_ids
from search import ports
from search.commands.index import require_staff, require_system
from search.ports.code import CodeIndex, Source

log = structlog.get_logger(__name__)
BATCH = 4 * 1024**2  # characters written in one transaction
SWEEP = 500  # projects looked at in one query
LEAST = 5000  # texts below which an index is never worth building anew


def index_code(actor: Actor, repositories: Iterable[int]) -> None:
    """Bring the code of some projects up to what their default branches hold. Safe to repeat and to interrupt.

    Raises Unavailable while another process writes; the outbox tries again, and `keep_code` finds whatever was missed.
    """
    require_system(actor)
    index, wanted = ports.code(), list(repositories)
    states = code_states(wanted)
    differing = [pk for pk in wanted if _differs(states.get(pk), index.state(pk))]
    if differing:
        with _alone(index):
            for pk in differing:
                _index(index, pk, states.get(pk))


def _differs(state: CodeState | None, now: tuple[str, str, str] | None) -> bool:
    if state is None or (now is None and not state.head):  # gone, or nothing to index yet
        return now is not None
    return now != (state.label, state.level, state.head)


@contextmanager
def _alone(index: CodeIndex, what: str = "") -> Iterator[None]:
    index.folder.mkdir(parents=True, exist_ok=True)
    with open(index.folder / f"{what or index.name}.lock", "wb") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Unavailable(_("The code index is being written by another process.")) from error
        yield


def _index(index: CodeIndex, pk: int, state: CodeState | None) -> None:
    """New texts first, then their places, then the head: whoever searches meanwhile finds the old file or the new one."""
    if state is None:
        index.remove(pk)
        return
    now = index.state(pk)
    if now is None or now[2] != state.head:
        index.describe(pk, label=state.label, owner=state.owner, level=state.level, head="")
        files = dict(code_files(state)) if state.head else {}
        old = index.places(pk)
        changed = {path: oid for path, oid in files.items() if old.get(path) != oid}
        readable = _add(index, state, changed)
        gone = (old.keys() - files.keys()) | (changed.keys() & old.keys())
        index.place(pk, gone=gone, put=[(path, oid) for path, oid in changed.items() if oid in readable])
    index.describe(pk, label=state.label, owner=state.owner, level=state.level, head=state.head)


def _add(index: CodeIndex, state: CodeState, files: dict[str, str]) -> set[str]:
    """Read what is not in the index yet; returns the oids that are in it now."""
    known = index.holds(files.values())
    sources: list[Source] = []
    size = 0
    for path, oid in files.items():
        if oid in known or (found := code_text(state, path, oid)) is None:
            continue
        known.add(oid)
        sources.append(Source(path, oid, found.language, found.text))
        size += len(found.text)
        if size > BATCH:
            index.add(sources)
            sources, size = [], 0
    index.add(sources)
    return known


def keep_code(actor: Actor) -> int:
    """Compare every project with what is indexed of it and index the difference: nothing is lost whatever failed. Returns how many differed.

    Where most texts have no place any more, the index is built anew.
    """
    require_system(actor)
    index = ports.code()
    texts, placed = index.sizes()
    return rebuild_code(actor) if texts > LEAST and placed < texts / 2 else _sweep(index)


def rebuild_code(actor: Actor) -> int:
    """Build the code index aside and switch to it; what is pushed meanwhile is found by the sweep after it. Returns how many projects.

    Raises NotFound (not staff), Unavailable (another process writes).
    """
    require_staff(actor)
    index = ports.code()
    with _alone(index, "code-rebuild"):
        aside = CodeIndex(index.folder, "code-building")
        aside.drop()
        done = _sweep(aside)
        with _alone(index):
            index.replace(aside)
    _sweep(index)
    return done


def _sweep(index: CodeIndex) -> int:
    known = index.known()
    done, after, seen = 0, 0, set()
    while pks := document_ids(after, SWEEP):
        after = pks[-1]
        seen.update(pks)
        for pk, state in code_states(pks).items():
            if _differs(state, known.get(pk)):
                with _alone(index):
                    _index(index, pk, state)
                done += 1
    for pk in known.keys() - seen:
        with _alone(index):
            _index(index, pk, None)
        done += 1
    return done
