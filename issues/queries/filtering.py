"""A query (`issues.logic.query`) as conditions on threads: names are looked up first, in three queries at most, so that the rest is one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.actors import Actor
from issues.logic import words
from issues.logic.query import Fault, Query, Term
from issues.logic.ranges import Span
from issues.models import Assignment, Comment, Counter, Dependency, Label, Labelling, Milestone, Parentage, Participation, Reason, Thread
from issues.places import query_conditions
from projects.models import Repository

NOTHING = Q(pk__in=[])
LARGE = 20_000  # threads of a repository from which on words are looked for in titles alone
_OPEN_BLOCKER = Dependency.objects.filter(blocker__state=Thread.State.OPEN)


@dataclass
class _Names:
    """What the names of a query stand for: lower-case name → ids."""

    actor: Actor
    now: datetime
    people: dict[str, int] = field(default_factory=dict)
    labels: dict[str, list[int]] = field(default_factory=dict)
    scopes: dict[str, list[int]] = field(default_factory=dict)
    milestones: dict[str, list[int]] = field(default_factory=dict)


def filtered(actor: Actor, rows: QuerySet[Thread], query: Query, *, repository: Repository | None = None) -> QuerySet[Thread]:
    """The threads of `rows` for which all terms hold. `repository`: the one that all rows are of, None for a list across repositories.

    Faults of the query are left out; who may read what is the business of `rows`.
    """
    names = _names(actor, query, repository)
    for term in query.terms:
        if term.key not in ("", "sort", "in"):
            found = _CONDITIONS[term.key](term, names)
            rows = rows.exclude(found) if term.negated and not _is_total(term) else rows.filter(~found if term.negated else found)
    places = _places(query, repository) if next(query.of(""), None) else ()
    for term in query.of(""):
        found = _words(term.value, places)
        rows = rows.exclude(found) if term.negated else rows.filter(found)
    if query.sort.startswith("due-"):
        rows = rows.filter(due_on__isnull=False)
    return rows


def _is_total(term: Term) -> bool:
    """True where a condition is never unknown (SQL's NULL), so that turning it round needs no care."""
    return term.key in ("is", "has", "no", "assignee", "mentions", "commenter", "label", "comments", "number", "created", "updated", "repo")


def order_of(query: Query, *, one_repository: bool = True) -> str:
    """The field the list goes by, with its direction; ties go by primary key."""
    name, _dash, way = query.sort.rpartition("-")
    column = {
        "created": "number" if one_repository else "created_at",
        "updated": "updated_at",
        "comments": "comment_count",
        "due": "due_on",
    }[name]
    return f"{'-' if way == 'desc' else ''}{column}"


def sentence(fault: Fault) -> str:
    """What is wrong, and what may have been meant."""
    said = {
        "key": _("There is no condition “%s”; it is searched for as a word."),
        "value": _("“%s” is no value that this condition takes."),
        "range": _("“%s” is neither a number, a day (2026-01-31) nor an age (7d)."),
        "quote": _("A quotation mark is not closed: %s"),
        "length": _("The query is too long; its end is left out."),
        "terms": _("The query has too many conditions; the last ones are left out."),
    }[fault.kind]
    if fault.kind == "value":
        said = _("“%s:” needs a value.") % fault.key if not fault.text else f"{fault.key}: {said}"
    told = said % fault.text if "%s" in said else said
    return f"{told} {_('Did you mean %s?') % _('or').join(f' {one} ' for one in fault.neighbours).strip()}" if fault.neighbours else told


def _names(actor: Actor, query: Query, repository: Repository | None) -> _Names:
    names = _Names(actor, timezone.now())
    logins = _wanted(query, words.PEOPLE) - {words.ME, words.NONE, words.ANY}
    if logins:
        found = User.objects.annotate(low=Lower("username")).filter(low__in=logins)
        names.people = {str(low): pk for low, pk in found.values_list("low", "pk")}
    if titles := _wanted(query, ("label",)):
        scopes = {title.removesuffix("::*") for title in titles if title.endswith("::*")}
        labels = Label.objects.annotate(low=Lower("name")).filter(Q(low__in=titles) | Q(scope__in=scopes))
        for low, scope, pk in _of(labels, repository).values_list("low", "scope", "pk"):
            names.labels.setdefault(str(low), []).append(pk)
            names.scopes.setdefault(scope, []).append(pk)
    if titles := _wanted(query, ("milestone",)):
        milestones = Milestone.objects.annotate(low=Lower("title")).filter(low__in=titles)
        for low, pk in _of(milestones, repository).values_list("low", "pk"):
            names.milestones.setdefault(str(low), []).append(pk)
    return names


def _of(rows: QuerySet[Any], repository: Repository | None) -> QuerySet[Any]:
    return rows if repository is None else rows.filter(repository=repository)


def _wanted(query: Query, keys: Iterable[str]) -> set[str]:
    return {value.lower() for key in keys for term in query.of(key) for value in term.values}


def _any(conditions: Iterable[Q]) -> Q:
    """Any of them; none of none."""
    found = Q()
    for one in conditions:
        found |= one
    return found or NOTHING


def _places(query: Query, repository: Repository | None) -> tuple[str, ...]:
    """Where words are looked for: as the query says, else in titles and texts; of very many threads in titles, which stand in an index."""
    asked = {value for term in query.of("in") for value in term.values}
    if asked:
        return tuple(sorted(asked))
    return ("title",) if repository is not None and _is_large(repository) else words.PLACES


def _is_large(repository: Repository) -> bool:
    counter: Counter | None = getattr(repository, "thread_counter", None)
    return counter is not None and counter.last > LARGE


def notes(query: Query, repository: Repository | None) -> list[str]:
    """What a reader should know besides the faults."""
    if not any(query.of("")) or _places(query, repository) != ("title",) or any(query.of("in")):
        return []
    return [_("This project has very many issues: words are looked for in titles. Add in:title,body for texts too; that takes longer.")]


def _words(text: str, places: Iterable[str]) -> Q:
    """A word or phrase; `#12` and `12` are also the number."""
    found = _any(Q(**{f"{place}__icontains": text}) for place in places)
    number = text.removeprefix("#")
    return found | Q(number=int(number)) if number.isascii() and number.isdigit() and len(number) < 10 else found


def _is(term: Term, names: _Names) -> Q:
    extra = dict(query_conditions)
    simple = {
        "open": Q(state=Thread.State.OPEN), "closed": Q(state=Thread.State.CLOSED), "issue": Q(kind=Thread.Kind.ISSUE), "pull": Q(kind=Thread.Kind.PULL),
        "locked": Q(is_locked=True), "unlocked": Q(is_locked=False), "pinned": Q(pinned_at__isnull=False),
        "merged": Q(state_reason=Thread.StateReason.MERGED),
        "blocked": Q(Exists(_OPEN_BLOCKER.filter(blocked=OuterRef("pk")))),
        "blocking": Q(Exists(Dependency.objects.filter(blocker=OuterRef("pk"), blocked__state=Thread.State.OPEN))) & Q(state=Thread.State.OPEN),
    }  # fmt: skip
    return _any(simple.get(value) or extra.get(value, NOTHING) for value in term.values)


def _having(term: Term, names: _Names) -> Q:
    has = {
        "label": Q(Exists(Labelling.objects.filter(thread=OuterRef("pk")))),
        "assignee": Q(Exists(Assignment.objects.filter(thread=OuterRef("pk")))),
        "milestone": Q(milestone__isnull=False),
        "due": Q(due_on__isnull=False),
        "comments": Q(comment_count__gt=0),
        "tasks": Q(tasks_total__gt=0),
        "parent": Q(Exists(Parentage.objects.filter(child=OuterRef("pk")))),
        "children": Q(Exists(Parentage.objects.filter(parent=OuterRef("pk")))),
    }
    return _any(has[value] if term.key == "has" else ~has[value] for value in term.values)


def _label(term: Term, names: _Names) -> Q:
    def one(value: str) -> Q:
        low = value.lower()
        found = names.scopes.get(low.removesuffix("::*")) if low.endswith("::*") else names.labels.get(low)
        if found:
            return Q(pk__in=Labelling.objects.filter(label__in=found).values("thread"))
        return _having(Term("no", ("label",)), names) if low == words.NONE else NOTHING

    return _any(one(value) for value in term.values)


def _milestone(term: Term, names: _Names) -> Q:
    def one(value: str) -> Q:
        found = names.milestones.get(value.lower())
        if found:
            return Q(milestone__in=found)
        return Q(milestone__isnull=value.lower() == words.NONE) if value.lower() in (words.NONE, words.ANY) else NOTHING

    return _any(one(value) for value in term.values)


def _ids(term: Term, names: _Names) -> list[int]:
    """The people a term names; those that do not exist are nobody."""
    me = [names.actor.person.pk] if names.actor.person is not None and words.ME in term.values else []
    return me + [names.people[value] for value in term.values if value in names.people]


def _author(term: Term, names: _Names) -> Q:
    strangers = [value for value in term.values if value not in names.people and value != words.ME]
    found = Q(author__in=_ids(term, names))
    for name in strangers:  # imported, and not claimed by anybody
        found |= Q(author=None, author_name__iexact=name)
    return found


def _assignee(term: Term, names: _Names) -> Q:
    found = Q(pk__in=Assignment.objects.filter(user__in=_ids(term, names)).values("thread"))
    for value in term.values:
        if value in (words.NONE, words.ANY):
            found |= _having(Term("no" if value == words.NONE else "has", ("assignee",)), names)
    return found


def _mentions(term: Term, names: _Names) -> Q:
    return Q(pk__in=Participation.objects.filter(user__in=_ids(term, names), mentioned_at__isnull=False).values("thread"))


def _involves(term: Term, names: _Names) -> Q:
    ids = _ids(term, names)
    return Q(author__in=ids) | Q(pk__in=Participation.objects.filter(user__in=ids).exclude(reason=Reason.SUBSCRIBED).values("thread"))


def _commenter(term: Term, names: _Names) -> Q:
    return Q(pk__in=Comment.objects.filter(author__in=_ids(term, names)).values("thread"))


def _closer(term: Term, names: _Names) -> Q:
    return Q(closed_by__in=_ids(term, names))


def _reason(term: Term, names: _Names) -> Q:
    return Q(state_reason__in=term.values)


def _parent(term: Term, names: _Names) -> Q:
    return Q(pk__in=Parentage.objects.filter(parent__number=int(term.value), parent__repository=OuterRef("repository")).values("child"))


def _repository(term: Term, names: _Names) -> Q:
    pairs = (value.strip("/").partition("/") for value in term.values)
    return _any(Q(repository__namespace__slug=space.lower(), repository__name__iexact=name) for space, _slash, name in pairs)


def _time(term: Term, names: _Names) -> Q:
    column = {"created": "created_at", "updated": "updated_at", "closed": "closed_at", "due": "due_on"}[term.key]
    span = term.span or Span()
    ends = {"gte": span.first.at(names.now) if span.first else None, "lt": span.last.at(names.now) if span.last else None}
    given = {f"{column}__{end}": moment.date() if term.key == "due" else moment for end, moment in ends.items() if moment is not None}
    return Q(**given) if given else Q(**{f"{column}__isnull": False})


def _number(term: Term, names: _Names) -> Q:
    column = {"comments": "comment_count", "number": "number"}[term.key]
    span = term.span or Span()
    given = {f"{column}__gte": span.first.number if span.first else None, f"{column}__lt": span.last.number if span.last else None}
    return Q(**{end: value for end, value in given.items() if value is not None})


_CONDITIONS = {
    "is": _is, "has": _having, "no": _having, "label": _label, "milestone": _milestone, "author": _author, "assignee": _assignee, "mentions": _mentions,
    "involves": _involves, "commenter": _commenter, "closed-by": _closer, "reason": _reason, "parent": _parent, "repo": _repository,
    "created": _time, "updated": _time, "closed": _time, "due": _time, "comments": _number, "number": _number,
}  # fmt: skip
