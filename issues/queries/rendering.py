"""Texts of threads as safe HTML: all texts of a page together, so that the names in them cost a constant number of queries."""

import hashlib
from collections.abc import Iterable, Sequence

from django.core.cache import caches

import gitstore
from core import markdown
from core.actors import Actor
from core.markdown import Piece
from issues.logic import references
from issues.logic.references import Named
from issues.queries.naming import Meanings, meanings
from projects.models import Repository

COMMITS_MAX = 20  # looked up for one page
_NOTHING = markdown.Links()


def rendered(actor: Actor, repository: Repository, texts: Sequence[str]) -> list[str]:
    """HTML of each text as the actor may see it: a name of what he may not read stays plain words. At most four queries."""
    named = [set(references.named([text])) if _may_name(text) else set() for text in texts]
    every = set().union(*named) if named else set()
    pieces = _pieces(actor, repository, every) if every else {}
    return [_html(text, {each: pieces[each] for each in names if each in pieces}) for text, names in zip(texts, named, strict=True)]


def rendered_one(actor: Actor, repository: Repository, text: str) -> str:
    """The same of one text."""
    return rendered(actor, repository, [text])[0]


def _may_name(text: str) -> bool:
    return "#" in text or "@" in text or any(letter in "0123456789" for letter in text)


def _html(text: str, known: dict[Named, Piece]) -> str:
    if not text.strip():
        return ""
    told = repr(sorted((repr(each), piece.href, piece.title) for each, piece in known.items()))
    key = markdown.cache_key(f"tasks:{hashlib.blake2b(told.encode(), digest_size=8).hexdigest()}", text, _NOTHING)
    html = caches["pages"].get(key)
    if html is None:
        html = markdown.render(text, _NOTHING, linker=_linker(known) if known else None, number_tasks=True).html
        caches["pages"].set(key, html)
    return str(html)


def _linker(known: dict[Named, Piece]) -> markdown.Linker:
    def cut(text: str) -> list[Piece]:
        return [
            Piece(part, meaning.href, meaning.title, meaning.css) if isinstance(meaning, Piece) else Piece(part)
            for part, meaning in references.cut(text, known.get)
        ]

    return cut


def _pieces(actor: Actor, repository: Repository, names: Iterable[Named]) -> dict[Named, Piece]:
    """What each name leads to; the text of the piece is not used."""
    found = meanings(actor, repository, names)
    pieces = {each: Piece("", row.get_absolute_url(), row.title, "thread-link") for each, row in found.threads.items()}
    for each, namespace in found.namespaces.items():
        pieces[each] = Piece("", namespace.get_absolute_url(), "", "mention")
    return pieces | _commits(found)


def _commits(found: Meanings) -> dict[Named, Piece]:
    pieces = {}
    for each, home in list(found.repositories.items())[:COMMITS_MAX]:
        oid = _oid(home, each.key)
        if oid:
            pieces[each] = Piece("", f"{home.get_absolute_url()}/commit/{oid}", "", "thread-link")
    return pieces


def _oid(repository: Repository, short: str) -> str:
    """The commit of that name, "" for none. Whether a branch still leads to it is asked by the page the link opens."""
    try:
        return "" if repository.is_empty else gitstore.commit_oid(repository.path, short)
    except gitstore.GitError:
        return ""
