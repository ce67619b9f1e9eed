"""What licences allow, by SPDX id: for each use the conditions to keep. Read from the licences' texts; no legal advice.

A use is `None` where the licence forbids it. A licence that is not here is not guessed at.
"""

from collections.abc import Iterable
from dataclasses import dataclass

USES = ("use", "modify", "distribute", "sell", "network")
Terms = dict[str, tuple[str, ...] | None]


def _terms(
    distribute: tuple[str, ...], *, network: tuple[str, ...] = (), sell: tuple[str, ...] | None = (), use: tuple[str, ...] = ()
) -> Terms:
    return {
        "use": use,
        "modify": (),
        "distribute": distribute,
        "sell": None if sell is None else (*distribute, *sell),
        "network": network,
    }


_FREE = _terms(())
_NOTICE = _terms(("notice",))
_MARKED = _terms(("notice", "changes"))
_FILES = _terms(("notice", "source-files"))
_LIBRARY = _terms(("notice", "source-library", "replaceable"))
_WHOLE = _terms(("notice", "source-whole", "same-licence"))
_NETWORK = _terms(("notice", "source-whole", "same-licence"), network=("source-users",))
_ALIKE = _terms(("notice", "changes", "same-licence"))
_NO_SALE = _terms(("notice",), sell=None)

_BY_ID: dict[str, Terms] = {
    **dict.fromkeys(("0BSD", "CC0-1.0", "MIT-0", "Unlicense", "WTFPL"), _FREE),
    **dict.fromkeys(
        (
            "BSD-2-Clause",
            "BSD-3-Clause",
            "BSL-1.0",
            "ISC",
            "MIT",
            "MulanPSL-1.0",
            "MulanPSL-2.0",
            "NCSA",
            "PostgreSQL",
            "Python-2.0",
            "X11",
        ),
        _NOTICE,
    ),
    **dict.fromkeys(("AFL-3.0", "Apache-2.0", "Artistic-2.0", "CC-BY-3.0", "CC-BY-4.0", "ECL-2.0", "Zlib"), _MARKED),
    **dict.fromkeys(("CDDL-1.0", "CDDL-1.1", "EPL-1.0", "EPL-2.0", "MPL-2.0"), _FILES),
    **dict.fromkeys(("LGPL-2.1-only", "LGPL-2.1-or-later", "LGPL-2.1", "LGPL-3.0-only", "LGPL-3.0-or-later", "LGPL-3.0"), _LIBRARY),
    **dict.fromkeys(("GPL-2.0-only", "GPL-2.0-or-later", "GPL-2.0", "GPL-3.0-only", "GPL-3.0-or-later", "GPL-3.0"), _WHOLE),
    **dict.fromkeys(("AGPL-3.0-only", "AGPL-3.0-or-later", "AGPL-3.0", "EUPL-1.2", "OSL-3.0"), _NETWORK),
    **dict.fromkeys(("CC-BY-SA-3.0", "CC-BY-SA-4.0"), _ALIKE),
    **dict.fromkeys(("CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "CC-BY-NC-3.0"), _NO_SALE),
    "OpenI-1.0": _terms(("notice",), sell=("declare",)),
}
for _id in ("CC-BY-NC-SA-4.0",):
    _BY_ID[_id] = {**_NO_SALE, "distribute": ("notice", "changes", "same-licence")}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a licence says to some uses together. `answer`: yes | conditions | no | unknown | none (there is no licence)."""

    answer: str
    conditions: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()


def verdict(licence: str, uses: Iterable[str]) -> Verdict:
    """All the uses at once; unknown uses are left out."""
    if not licence:
        return Verdict("none")
    terms = _BY_ID.get(licence)
    if terms is None:
        return Verdict("unknown")
    conditions: dict[str, None] = {}
    forbidden = []
    for use in uses:
        if use not in USES:
            continue
        wanted = terms[use]
        if wanted is None:
            forbidden.append(use)
        else:
            conditions.update(dict.fromkeys(wanted))
    return Verdict("no" if forbidden else "conditions" if conditions else "yes", tuple(conditions), tuple(forbidden))


def known() -> list[str]:
    """The licences whose terms are here."""
    return sorted(_BY_ID)
