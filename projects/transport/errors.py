"""Refusals of the wire, as sentences that `git` shows to the person behind `remote:`."""

from urllib.parse import quote

from django.conf import settings
from django.utils.translation import gettext as _

from core.errors import DomainError


class WireError(DomainError):
    """An answer that is an error: HTTP status, text, and headers such as WWW-Authenticate."""

    def __init__(self, status: int, message: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.http_status = status
        self.headers = headers or {}


def credentials_needed(message: str = "") -> WireError:
    """401: nobody signed in, or wrongly. The same answer for what is missing and what is private."""
    text = message or _("Sign in to reach this repository: your login, and an access token as the password.")
    return WireError(401, text, headers={"WWW-Authenticate": 'Basic realm="OpenI", charset="UTF-8"'})


def no_repository() -> WireError:
    """404: no repository, or none this person may read."""
    return WireError(404, _("There is no repository at this address, or you may not read it."))


def not_mirrored(address: str) -> WireError:
    """404: a repository of another host that is not mirrored here, with the way to ask for it."""
    text = _("%(address)s is not mirrored here. Nominate it: %(link)s")
    return WireError(404, text % {"address": address, "link": f"{settings.BASE_URL}/-/mirrors/nominate?address={quote(address)}"})


def not_copied() -> WireError:
    """503: listed, but nothing has been copied; it is next now."""
    return WireError(
        503, _("This mirror has not been copied yet. It is next in line now; try again in some minutes."), headers={"Retry-After": "60"}
    )


def busy(*, anonymous: bool = False) -> WireError:
    """503: all transfers of this process are taken, or all that readers without account share."""
    text = _("Too many Git transfers are running. Try again in a few seconds.")
    if anonymous:
        text += " " + _("Some are kept for people who sign in with an access token.")
    return WireError(503, text, headers={"Retry-After": "5"})


def share_taken(*, anonymous: bool) -> WireError:
    """429: one network, person or key holds all it may."""
    text = (
        _("Many Git transfers of your network are running already. Wait until one has ended, or sign in with an access token.")
        if anonymous
        else _("Many Git transfers of your account are running already. Wait until one has ended.")
    )
    return WireError(429, text, headers={"Retry-After": "15"})


def dumb_protocol() -> WireError:
    """403: the files of a repository are not served one by one."""
    return WireError(403, _("Only Git's smart protocol is served here. Use git 1.6.6 or newer: git clone %s/…") % settings.BASE_URL)


def from_domain(error: DomainError) -> WireError:
    """The wire's form of a domain error, with its status and waiting time."""
    if isinstance(error, WireError):
        return error
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else {}
    return WireError(error.status, error.message or _("This is not possible."), headers=headers)
