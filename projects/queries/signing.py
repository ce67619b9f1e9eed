"""Whether the signature of a commit or tag is one of its author's keys, and why not."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

import gitstore
from accounts import queries as people
from accounts.models import SigningKey, User
from projects.models import Repository
from projects.queries.parts import keep, kept


@dataclass(frozen=True, slots=True)
class Mark:
    """The tag beside the author: its colour class, icon, word, and the reason in a sentence."""

    tag: str
    icon: str
    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A signature, and the address of the committer or tagger whose it should be."""

    oid: str
    signed: gitstore.Signed
    email: str


def signature_mark(repository: Repository, commit: gitstore.Commit) -> Mark | None:
    """None without a signature; verified when a key in force made it and its owner confirmed the committer's address. Three queries."""
    signed = gitstore.signature_of(repository.path, commit.oid)
    return _marks([Claim(commit.oid, signed, commit.committer.email)])[commit.oid] if signed else None


def commit_marks(repository: Repository, commits: Iterable[gitstore.Commit]) -> dict[str, Mark]:
    """Commit → its mark; unsigned ones are left out. Three queries, however many there are."""
    claims = []
    for commit in commits:
        if signed := gitstore.signature_of(repository.path, commit.oid):
            claims.append(Claim(commit.oid, signed, commit.committer.email))
    return _marks(claims)


def tag_marks(repository: Repository, tags: Iterable[gitstore.Ref]) -> dict[str, Mark]:
    """Tag object → its mark, as of a commit with the tagger in place of the committer; unsigned tags are left out.

    Three queries, however many there are.
    """
    claims = []
    for oid in (tag.oid for tag in tags if tag.oid != tag.commit):
        if signed := gitstore.signature_of(repository.path, oid):
            tagger = gitstore.tag_details(repository.path, oid).tagger
            claims.append(Claim(oid, signed, tagger.email if tagger else ""))
    return _marks(claims)


def _marks(claims: list[Claim]) -> dict[str, Mark]:
    signers = {claim.oid: gitstore.signer_of(claim.signed) for claim in claims}
    keys = people.signing_keys_named(signers.values())
    owners = people.people_by_email(claim.email for claim in claims if signers[claim.oid] in keys)
    return {claim.oid: _mark(claim, keys.get(signers[claim.oid]), owners.get(claim.email.lower())) for claim in claims}


def _mark(claim: Claim, key: SigningKey | None, owner: User | None) -> Mark:
    if key is None:
        return Mark("", "circle-help", _("Signed"), _("The key of this signature belongs to nobody here."))
    if reason := _fault(claim, key):
        return _unverified(reason)
    if owner != key.user:
        return _unverified(_("Signed with a key of %(login)s, who has not confirmed the address %(email)s.")
                           % {"login": key.user.username, "email": claim.email})  # fmt: skip
    return Mark("tag-ok", "circle-check", _("Verified"), _("Signed with a key of %s.") % key.user.username)


def _fault(claim: Claim, key: SigningKey) -> str:
    """What is wrong with the signature or its key, "" if nothing is."""
    if key.user.state != User.State.ACTIVE:
        return _("The account of the signing key is suspended.")
    return {
        "good": "",
        "expired": _("The key had expired when this was signed."),
        "revoked": _("The key was revoked."),
        "bad": _("The signature does not fit what it signs."),
        "unknown": _("The signature cannot be checked."),
    }[_state(claim, key)]


def _state(claim: Claim, key: SigningKey) -> str:
    """See `gitstore.check_gpg`. gpg is a process, so what it says is kept; until tomorrow only, since keys and signatures expire."""
    if key.kind == SigningKey.Kind.SSH:
        return "good" if gitstore.verify_ssh(claim.signed, [key.public_key]) else "bad"
    name = ("signature", claim.oid, key.public_key, timezone.now().date().isoformat())
    state = kept(name)
    if state is None:
        state = gitstore.check_gpg(claim.signed, [key.public_key])[0]
        if state != "unknown":
            keep(name, state)
    return str(state)


def _unverified(reason: str) -> Mark:
    return Mark("tag-warn", "triangle-alert", _("Unverified"), reason)
