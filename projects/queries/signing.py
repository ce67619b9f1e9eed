"""Whether a commit's signature is one of its author's keys."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

import gitstore
from accounts import queries as people
from accounts.models import SigningKey
from projects.models import Repository


@dataclass(frozen=True, slots=True)
class Mark:
    """The tag beside the author: its colour class, icon, word, and the reason in a sentence."""

    tag: str
    icon: str
    label: str
    reason: str


def signature_mark(repository: Repository, commit: gitstore.Commit) -> Mark | None:
    """None without a signature; verified when a key of the person who confirmed the committer's address made it. Two queries at most."""
    signed = gitstore.signature_of(repository.path, commit.oid)
    if signed is None:
        return None
    unknown = Mark("", "circle-help", _("Signed"), _("The key of this signature belongs to nobody here."))
    person = people.people_by_email([commit.committer.email]).get(commit.committer.email.lower())
    if person is None:
        return unknown
    kind = SigningKey.Kind.SSH if signed.form == "ssh" else SigningKey.Kind.GPG
    keys = list(SigningKey.objects.filter(user=person, kind=kind).values_list("public_key", flat=True))
    if not keys or signed.form == "x509":
        return unknown
    found = gitstore.verify_ssh(signed, keys) if signed.form == "ssh" else gitstore.verify_gpg(signed, keys)
    if found is None:
        return Mark("tag-warn", "triangle-alert", _("Unverified"), _("No key of the committer made this signature."))
    return Mark("tag-ok", "circle-check", _("Verified"), _("Signed with a key of %s.") % person.username)
