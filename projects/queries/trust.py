"""The trust page: stored facts in the reader's language, with the evidence of each."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import filenames, licences
from projects.models import Repository, TrustReport
from projects.trust import checks, terms
from projects.trust.checks import Facts


@dataclass(frozen=True, slots=True)
class Shown:
    """One check: its title, pass | part | fail, what was found, and where to see it (within the site)."""

    key: str
    title: str
    result: str
    found: str
    why: str
    href: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the licence says to one use, or to all that were chosen."""

    use: str
    title: str
    answer: str
    words: str
    conditions: list[str]


def report(repository: Repository) -> TrustReport | None:
    """What the worker found, None if it has not looked yet; one query."""
    return TrustReport.objects.filter(repository=repository).first()


def shown(repository: Repository, stored: TrustReport) -> list[Shown]:
    """The checks as they stand today."""
    facts = Facts.of(stored.facts)
    base = repository.get_absolute_url()
    found = _found(facts)
    return [
        Shown(
            check.key,
            found[check.key][0],
            check.result,
            found[check.key][1],
            found[check.key][2],
            f"{base}/blob/{stored.oid}/{filenames.quoted(check.path)}" if check.path else f"{base}{check.page}" if check.page else "",
        )
        for check in checks.judge(facts, today=datetime.now(UTC).date())
    ]


def _found(facts: Facts) -> dict[str, tuple[str, str, str]]:
    """Key → title, what was found, why it matters."""
    return {
        "licence": (_("Licence"), _licence(facts), _("Without a licence nobody may use the work.")),
        "security": (
            _("Security policy"),
            facts.security_path or _("No SECURITY file at the root, in .github or in docs."),
            _("It says where to report a weakness."),
        ),
        "ci": (
            _("Automatic tests"),
            facts.ci_path or _("No configuration of a service that runs tests."),
            _("Changes are tried before somebody relies on them."),
        ),
        "signed": (_("Signed tags"), _signed(facts), _("A signature shows who published a version. It is looked for here, not verified.")),
        "maintained": (_("Maintained"), _maintained(facts), _("Whether somebody answers when something breaks.")),
        "people": (_("People behind it"), _people(facts), _("If half of the work hangs on one person, it may stop with that person.")),
        "release": (_("Last release"), _release(facts), _("Releases are what others build upon.")),
    }


def _licence(facts: Facts) -> str:
    if facts.licence:
        return licences.names().get(facts.licence, facts.licence)
    if facts.licence_path:
        return _("%s holds a text we do not know.") % facts.licence_path
    return _("No licence file at the root.")


def _signed(facts: Facts) -> str:
    if not facts.tags_looked_at:
        return _("There are no tags.")
    return ngettext(
        "%(some)d of the newest %(total)d tag carries a signature.", "%(some)d of the newest %(total)d tags carry a signature.",
        len(facts.tags_looked_at),
    ) % {"some": len(facts.tags_signed), "total": len(facts.tags_looked_at)}  # fmt: skip


def _maintained(facts: Facts) -> str:
    if facts.archived:
        return _("Archived: nothing changes any more.")
    lately = ngettext("%d commit in 90 days", "%d commits in 90 days", facts.commits_lately) % facts.commits_lately
    return lately if facts.counted else _("%s; not all commits have been counted yet.") % lately


def _people(facts: Facts) -> str:
    if not facts.authors_year:
        return _("Nobody committed in the last year.")
    people = ngettext("%d person committed in the last year", "%d people committed in the last year", facts.authors_year)
    half = ngettext("more than half of it is the work of %d.", "more than half of it is the work of %d.", facts.bus_factor)
    return f"{people % facts.authors_year}{_('; ')}{half % facts.bus_factor}"


def _release(facts: Facts) -> str:
    if not facts.released_on:
        return _("There is no release and no tag.")
    return _("%(name)s on %(day)s") % {"name": facts.release, "day": facts.released_on}


def uses() -> list[tuple[str, str]]:
    """What a reader may want to do: key and words."""
    words = {
        "use": _("Use it, also at work"),
        "modify": _("Change it for myself"),
        "distribute": _("Pass it on, changed or not"),
        "sell": _("Sell it, or sell what contains it"),
        "network": _("Offer it as a network service"),
    }
    return [(use, words[use]) for use in terms.USES]


def answers(licence: str) -> list[Answer]:
    """Use by use."""
    return [_answer(use, title, terms.verdict(licence, [use])) for use, title in uses()]


def together(licence: str, chosen: list[str]) -> Answer | None:
    """All chosen uses at once; None if none was chosen."""
    wanted = [(use, title) for use, title in uses() if use in chosen]
    if not wanted:
        return None
    return _answer("", _(", ").join(title for _use, title in wanted), terms.verdict(licence, [use for use, _title in wanted]))


def _answer(use: str, title: str, found: terms.Verdict) -> Answer:
    words = {
        "yes": _("Yes, without conditions"),
        "conditions": _("Yes, if"),
        "no": _("No"),
        "unknown": _("We do not know the terms of this licence: read its text."),
        "none": _("No licence was found. Then the law allows nothing of it: ask the authors."),
    }
    says = {
        "notice": _("copyright notice and licence text stay with it"),
        "changes": _("your changes are marked"),
        "source-files": _("the source of its files that you changed is open under the same licence"),
        "source-library": _("the source of the library and of your changes to it is open"),
        "replaceable": _("users can replace the library by a changed one"),
        "source-whole": _("the source of the whole work comes along"),
        "same-licence": _("the whole work has the same licence"),
        "source-users": _("if you changed it, its users can get the source"),
        "declare": _("commercial use is declared to the alliance beforehand (section 5 of the licence)"),
    }
    return Answer(use, title, found.answer, words[found.answer], [says[key] for key in found.conditions])
