"""Why a look or a fetch failed: a stable code each, what it means in words, and what to do."""

import re
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Cause(NamedTuple):
    """`title` and `advice` for people; both are translated when shown."""

    title: Promise
    advice: Promise


CAUSES: dict[str, Cause] = {
    "password": Cause(_("The other side asks for a password"), _("It may have become private. Give an access token, or ask its owners.")),
    "missing": Cause(_("The other side says that there is none"), _("It may have been deleted or renamed. Look for its new address.")),
    "moved": Cause(_("The other side redirects elsewhere"), _("Look at the new address and take it over if it is the same project.")),
    "emptied": Cause(_("The other side has no branch any more"), _("Our last copy stays. Decide whether to keep it.")),
    "empty": Cause(_("There is nothing in it yet"), _("It is looked at again; it comes here with its first branch.")),
    "name": Cause(_("The name of the host is not resolved"), _("If other hosts work, the host has gone; if none does, look at our DNS.")),
    "private_address": Cause(
        _("The host lies in a private network"), _("An operator can allow private addresses; see the operating manual.")
    ),
    "certificate": Cause(
        _("The certificate of the other side is not valid"), _("Its operators have to renew it. Nothing is fetched until then.")
    ),
    "unreachable": Cause(_("The other side does not answer"), _("It is tried again, less often each time. Another route may help.")),
    "slow": Cause(_("The other side stopped sending"), _("It is tried again. Large repositories may need a better route.")),
    "busy": Cause(
        _("The other side asks us to come less often"), _("It is left alone for a while. A token raises the limit on most hosts.")
    ),
    "fault": Cause(_("The other side has a fault"), _("Its operators have to look at it. It is tried again.")),
    "not_git": Cause(_("There is no Git repository at this address"), _("The host answers with something else, such as a sign-in page.")),
    "too_large": Cause(_("It is larger than allowed"), _("Raise the quota of its owner or the site's limit, or leave it out.")),
    "too_many_refs": Cause(_("It has too many branches and tags"), _("Set filters for branches and tags, so that fewer are fetched.")),
    "clash": Cause(
        _("Names of branches clash"), _("Two names differ by case only, or one is a folder of the other. Leave one out by a filter.")
    ),
    "fsck": Cause(_("Its objects are broken"), _("git refuses them. Its owners have to repair the history.")),
    "sha256": Cause(_("It uses SHA-256 objects"), _("These repositories cannot be mirrored yet.")),
    "bomb": Cause(_("It unpacks to more than we can hold"), _("A small pack that grows huge is an attack or a mistake. Leave it out.")),
    "host_key": Cause(
        _("The other side shows another SSH key than before"),
        _("Ask its operators whether they changed it; then trust the new one on this page. Nothing is fetched until then."),
    ),
    "disk": Cause(_("Our disk has no room left"), _("Free some, or lower the floor of free space.")),
    "loop": Cause(_("The address leads back to us"), _("A mirror of ourselves makes no sense. Remove it.")),
    "crash": Cause(_("Our own program failed"), _("The server's log holds the error. It is tried again; tell the operators if it stays.")),
    "other": Cause(_("git could not fetch"), _("See what it said in the log.")),
}
_SAID = (
    (r"host key verification failed|remote host identification has changed|no .*host key is known", "host_key"),
    (r"permission denied \(|no supported authentication|too many authentication", "password"),
    (r"out of memory|malloc failed|mmap failed|cannot allocate|unable to inflate|deflate data .*too", "bomb"),
    (r"authentication failed|could not read username|terminal prompts disabled|HTTP 40[13]|error: 40[13]", "password"),
    (r"repository .*not found|does not exist|error: 404|HTTP 404", "missing"),
    (r"could not resolve host|name or service not known", "name"),
    (r"certificate|ssl[_ ]|gnutls", "certificate"),
    (r"error: 429|HTTP 429|too many requests|rate limit", "busy"),
    (r"error: 5\d\d|HTTP 5\d\d", "fault"),
    (r"timed out|timeout|operation too slow|low speed", "slow"),
    (
        r"connection refused|couldn't connect|failed to connect|connection reset|connection closed|broken pipe|no route to host"
        r"|network is unreachable|early eof|unexpected disconnect|empty reply",
        "unreachable",
    ),
    (r"no space left|disk quota", "disk"),
    (r"cannot lock ref|refname conflict|is a directory|file/directory conflict|case.?insensitive", "clash"),
    (r"fsck|badobject|non-commit object|index-pack failed|bad object|object of unexpected type|invalid index-pack", "fsck"),
    (r"unable to update url base from redirection|redirect", "moved"),
    (r"mismatched algorithms|object format|sha256", "sha256"),
    (r"not a git repository|not valid: is this a git repository|invalid server response|bad line length", "not_git"),
)
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), code) for pattern, code in _SAID)


def of_text(said: str) -> str:
    """The cause git's complaint stands for."""
    return next((code for pattern, code in _PATTERNS if pattern.search(said)), "other")


def of_code(code: str) -> str:
    """The cause for the code of one of our own errors."""
    known = {"unknown_host": "name", "redirects": "moved", "quota": "too_large", "no_git": "not_git", "scheme": "other", "address": "other"}
    return code if code in CAUSES else known.get(code, "other")


def title(code: str) -> str:
    """What it means, in the reader's language."""
    return str(CAUSES.get(code, CAUSES["other"]).title)
