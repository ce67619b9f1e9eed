"""Whether a commit's signature is one of its committer's keys, and why not."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

import gitstore
from accounts import queries as people
from accounts.models import SigningKey, User
from projects.models import Repository


@dataclass(frozen=True, slots=True)
class Mark:
    """The tag beside the author: its colour class, icon, word, and the reason in a sentence."""

    tag: str
    icon: str
    label: str
    reason: str


def signature_mark(repository: Repository, commit: gitstore.Commit) -> Mark | None:
    """None without a signature; verified when a key in force made it and its owner confirmed the committer's address. Two queries."""
    signed = gitstore.signature_of(repository.path, commit.oid)
    if signed is None:
        return None
    key = people.signing_key(gitstore.signer_of(signed))
    if key is None:
        return Mark("", "circle-help", _("Signed"), _("The key of this signature belongs to nobody here."))
    if reason := _fault(signed, key):
        return _unverified(reason)
    email = commit.committer.email
    if people.people_by_email([email]).get(email.lower()) != key.user:
        return _unverified(_("Signed with a key of %(login)s, who has not confirmed the committer's address %(email)s.")
                           % {"login": key.user.username, "email": email})  # fmt: skip
    return Mark("tag-ok", "circle-check", _("Verified"), _("Signed with a key of %s.") % key.user.username)


def _fault(signed: gitstore.Signed, key: SigningKey) -> str:
    """What is wrong with the signature or its key, "" if nothing is."""
    if key.user.state != User.State.ACTIVE:
        return _("The account of the signing key is suspended.")
    if key.kind == SigningKey.Kind.SSH:
        state = "good" if gitstore.verify_ssh(signed, [key.public_key]) else "bad"
    else:
        state = gitstore.check_gpg(signed, [key.public_key])[0]
    return {
        "good": "",
        "expired": _("The key had expired when this was signed."),
        "revoked": _("The key was revoked."),
        "bad": _("The signature does not fit the commit."),
        "unknown": _("The signature cannot be checked."),
    }[state]


def _unverified(reason: str) -> Mark:
    return Mark("tag-warn", "triangle-alert", _("Unverified"), reason)
