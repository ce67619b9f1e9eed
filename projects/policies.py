"""Push policies: what may become of refs, whoever asks — Git over HTTP or SSH, or the browser."""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import pygit2
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models import Sum
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.logic import looks_like_token
from core.actors import Actor
from core.errors import Forbidden
from core.site import setting
from gitstore.names import INTERNAL, ref_name_fault
from projects import rules
from projects.logic import includes, matching_pattern
from projects.models import Protection, Repository
from projects.places import ZERO, Policy, Proposal, Refusal, Update, push_policies
from projects.pushed import (
    WHOLE,
    NewBlob,
    committers,
    huge_blobs,
    is_large,
    matching_blobs,
    named_objects,
    new_blobs,
    new_paths,
    oversized,
    windows,
)

ALLOW_SECRETS = "secrets.allow"  # git push -o secrets.allow
MERGES_LOOKED_AT = 20_000  # commits of one push that are asked for a second parent


def refusals(proposal: Proposal) -> list[Refusal]:
    """Every reason not to accept the push, cheap rules first; content is looked at only if the refs may move at all."""
    found = [refusal for policy in REF_POLICIES for refusal in policy(proposal)]
    if found:
        return found
    return [refusal for policy in (*CONTENT_POLICIES, *push_policies) for refusal in policy(proposal)]


def require(
    actor: Actor, repository: Repository, updates: Sequence[Update], *, options: Iterable[str] = (), merging: bool = False
) -> None:  # fmt: skip
    """Raise Forbidden with the first reason if these updates, whose objects are in the repository already, may not be made."""
    proposal = Proposal(actor, repository, rules.access(actor, repository), list(updates), frozenset(options), merging=merging)
    for refusal in refusals(proposal):
        raise Forbidden(refusal.reason, code=refusal.code)


def archived(proposal: Proposal) -> Iterator[Refusal]:
    """An archived repository takes nothing."""
    if proposal.repository.is_archived:
        yield Refusal("", _("This repository is archived; it can only be read."), "archived")


def ref_names(proposal: Proposal) -> Iterator[Refusal]:
    """Names Git allows but pages, other systems or our hidden refs could not live with."""
    for ref, _old, new in proposal.updates:
        if ref.startswith(INTERNAL):
            yield Refusal(ref, _("Refs of this name belong to the site."), "hidden_ref")
        elif new != ZERO and (fault := _name_fault(ref)):
            yield Refusal(ref, fault, "ref_name")


def _name_fault(ref: str) -> str:
    """The sentence for a name that `gitstore.names` refuses, "" for a good one."""
    fault = ref_name_fault(ref)
    return {
        "": "",
        "prefix": _("A ref has a name such as refs/heads/main."),
        "hex": _("The name of a branch or tag may not look like a commit id."),
        "length": _("The name of a branch or tag has at most 200 bytes."),
        "unicode": _("The name of a branch or tag must be UTF-8 in its composed form (NFC)."),
    }.get(fault, _("This cannot be the name of a branch or tag."))


def ref_case(proposal: Proposal) -> Iterator[Refusal]:
    """Two refs that differ by case alone cannot be checked out on Windows and macOS, nor unpacked."""
    created = [ref for ref, old, new in proposal.updates if old == ZERO and new != ZERO]
    if not created:
        return
    deleted = {ref for ref, _old, new in proposal.updates if new == ZERO}
    known = {name.lower(): name for name in proposal.store.references if name not in deleted}
    for ref in created:
        other = known.setdefault(ref.lower(), ref)
        if other != ref:
            yield Refusal(ref, _("“%s” exists already and differs only by capital letters.") % _short(other), "ref_case")


def default_branch_kept(proposal: Proposal) -> Iterator[Refusal]:
    """The default branch is not deleted: clones would have nothing to check out."""
    default = f"refs/heads/{proposal.repository.default_branch}"
    for ref, _old, new in proposal.updates:
        if ref == default and new == ZERO:
            yield Refusal(ref, _("The default branch cannot be deleted."), "default_branch")


def protections(proposal: Proposal) -> Iterator[Refusal]:
    """Protected branches and tags: who may push, force and delete."""
    rows = list(proposal.repository.protections.prefetch_related("push_users"))
    for ref, old, new in proposal.updates if rows else ():
        kind, short = (
            ("branch", ref[11:]) if ref.startswith("refs/heads/") else ("tag", ref[10:]) if ref.startswith("refs/tags/") else ("", "")
        )
        by_pattern = {row.pattern: row for row in rows if row.kind == kind}
        pattern = matching_pattern(list(by_pattern), short)
        if pattern and (refusal := _protected(proposal, by_pattern[pattern], ref, old, new)):
            yield refusal


def _protected(proposal: Proposal, rule: Protection, ref: str, old: str, new: str) -> Refusal | None:
    words = {"name": _short(ref), "pattern": rule.pattern}
    person = proposal.actor.person
    listed = person is not None and person in rule.push_users.all()
    held = rule.push_access != "nobody" and includes(proposal.access, rule.push_access)
    if not (held or listed or proposal.actor.is_system or proposal.merging):
        return Refusal(ref, _("“%(name)s” is protected (rule “%(pattern)s”): you may not push to it.") % words, "protected")
    if new == ZERO and not rule.allow_delete:
        return Refusal(ref, _("“%(name)s” is protected (rule “%(pattern)s”): it may not be deleted.") % words, "protected_delete")
    if ZERO not in (old, new) and not rule.allow_force and (rule.kind == "tag" or not _is_forward(proposal, old, new)):
        return Refusal(ref, _("“%(name)s” is protected (rule “%(pattern)s”): its history may not be rewritten.") % words, "protected_force")
    if rule.linear_history and new != ZERO and _brings_merge(proposal, old, new):
        return Refusal(
            ref, _("“%(name)s” is protected (rule “%(pattern)s”): its history has no merge commits.") % words, "protected_linear"
        )
    return None


def _brings_merge(proposal: Proposal, old: str, new: str) -> bool:
    """True if a commit with two parents is new on the branch."""
    try:
        walk = proposal.store.walk(pygit2.Oid(hex=new))
        if old != ZERO:
            walk.hide(pygit2.Oid(hex=old))
        return any(len(commit.parent_ids) > 1 for commit in itertools.islice(walk, MERGES_LOOKED_AT))
    except (KeyError, ValueError):
        return False


def _is_forward(proposal: Proposal, old: str, new: str) -> bool:
    try:
        return old == new or bool(proposal.store.descendant_of(new, old))
    except (KeyError, ValueError):
        return False


def quota(proposal: Proposal) -> Iterator[Refusal]:
    """What the namespace's repositories weigh together, with this push, against its holder's quota."""
    if proposal.quarantine_bytes == 0 or (left := quota_left(proposal.repository)) >= proposal.quarantine_bytes:
        return
    yield Refusal(
        "",
        _("The quota of “%(name)s” is used up: this push needs %(size)s, %(left)s are left.")
        % {
            "name": proposal.repository.namespace.slug,
            "size": filesizeformat(proposal.quarantine_bytes),
            "left": filesizeformat(max(left, 0)),
        },
        "quota",
    )


def quota_left(repository: Repository) -> int:
    """Bytes the namespace may still use; negative if it is over."""
    holder = repository.namespace.holder if repository.namespace.kind != "host" else None
    own = holder.quota_bytes if holder is not None else None
    limit = own if own is not None else (setting("quota_bytes") or settings.QUOTA_BYTES)
    used = Repository.objects.filter(namespace_id=repository.namespace_id).aggregate(total=Sum("size_bytes"))["total"] or 0
    return int(limit) - int(used)


def blob_sizes(proposal: Proposal) -> Iterator[Refusal]:
    """No file above the repository's or the site's limit."""
    own = proposal.repository.max_blob_bytes
    limit = min(own, settings.MAX_BLOB_BYTES) if own is not None else settings.MAX_BLOB_BYTES
    if proposal.quarantine is not None and proposal.quarantine_bytes * 2000 < limit:
        return  # zlib packs at most about 1000 : 1, so no file in there can be so large
    for blob in oversized(proposal, limit):
        yield Refusal(
            "",
            _("The file “%(path)s” (%(oid)s) has %(size)s; the limit is %(limit)s. Use Git LFS for large files.")
            % {
                "path": blob.path,
                "oid": blob.oid[:10],
                "size": filesizeformat(blob.size),
                "limit": filesizeformat(limit),
            },
            "blob_size",
        )


def forbidden_paths(proposal: Proposal) -> Iterator[Refusal]:
    """File names this repository does not take (glob patterns; one without a slash is about the file's name)."""
    patterns: list[str] = proposal.repository.forbidden_paths or []
    for path in new_paths(proposal) if patterns else ():
        for pattern in patterns:
            if fnmatchcase(path if "/" in pattern else path.rpartition("/")[2], pattern.lstrip("/")):
                yield Refusal(
                    "",
                    _("The file “%(path)s” is not allowed here (rule “%(pattern)s”).") % {"path": path, "pattern": pattern},
                    "forbidden_path",
                )
                break


def committer_emails(proposal: Proposal) -> Iterator[Refusal]:
    """Where the repository asks for it: new commits carry a confirmed address of whoever pushes. Who merges brings the commits of others."""
    if proposal.merging or not proposal.repository.check_emails or proposal.actor.person is None:
        return
    own = {
        email.lower() for email in EmailAddress.objects.filter(user=proposal.actor.person, verified=True).values_list("email", flat=True)
    }
    for oid, email in committers(proposal):
        if email.lower() not in own:
            yield Refusal(
                "",
                _("Commit %(oid)s is by “%(email)s”, which is not a confirmed address of yours.") % {"oid": oid[:10], "email": email},
                "email",
            )
            return


SECRETS: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    (gettext_noop("private key"), re.compile(rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----\s+[A-Za-z0-9+/=:\s,.-]{64}")),
    ("AWS access key", re.compile(rb"(?<![A-Za-z0-9])(?:AKIA|ASIA)[0-9A-Z]{16}(?![A-Za-z0-9])")),
    ("GitHub token", re.compile(rb"(?<![A-Za-z0-9_])(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})")),
    ("GitLab token", re.compile(rb"(?<![A-Za-z0-9_])glpat-[A-Za-z0-9_-]{20,}")),
    ("Slack token", re.compile(rb"(?<![A-Za-z0-9_])xox[abprs]-[A-Za-z0-9-]{20,}")),
    ("Hugging Face token", re.compile(rb"(?<![A-Za-z0-9_])hf_[A-Za-z0-9]{34}(?![A-Za-z0-9])")),
    ("Aliyun access key", re.compile(rb"(?<![A-Za-z0-9])LTAI[A-Za-z0-9]{12,20}(?![A-Za-z0-9])")),
    ("Tencent Cloud key", re.compile(rb"(?<![A-Za-z0-9])AKID[A-Za-z0-9]{32}(?![A-Za-z0-9])")),
    ("Google API key", re.compile(rb"(?<![A-Za-z0-9_])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])")),
)
HINTS = re.compile(rb"PRIVATE KEY|A[KS]IA|gh[pousr]_|github_pat_|glpat-|xox|hf_|LTAI|AKID|AIza")
OWN_TOKEN = re.compile(rb"(?<![0-9A-Za-z])[0-9a-z]{40}(?![0-9A-Za-z])")
OWN_SHAPE = bytes(0x61 if chr(byte) in "0123456789abcdefghijklmnopqrstuvwxyz" else 0x2E for byte in range(256))
FOR_GREP = (  # finds whatever SECRETS and OWN_TOKEN may find, and more
    "PRIVATE KEY( BLOCK)?-----|A[KS]IA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60}|glpat-[A-Za-z0-9_-]{20}"
    "|xox[abprs]-[A-Za-z0-9-]{20}|hf_[A-Za-z0-9]{34}|LTAI[A-Za-z0-9]{12}|AKID[A-Za-z0-9]{32}|AIza[A-Za-z0-9_-]{35}|[0-9a-z]{40}"
)


def secrets(proposal: Proposal) -> Iterator[Refusal]:
    """Private keys and tokens in what a push adds; `git push -o secrets.allow` accepts them knowingly."""
    if ALLOW_SECRETS in proposal.options:
        return
    for blob in _suspects(proposal) if is_large(proposal) else new_blobs(proposal):
        for what, match, line in _secrets_of(proposal, blob):
            if not _was_there(proposal, blob, match):
                yield Refusal(
                    "",
                    _(
                        "The file “%(path)s” seems to contain a secret (%(what)s), line %(line)d. "
                        "Take it out of the commit, or push with “-o secrets.allow” if it is harmless."
                    )
                    % {"path": blob.path, "what": _(what), "line": line},
                    "secret",
                )
                return


def _suspects(proposal: Proposal) -> Iterator[NewBlob]:
    """Files of a large push that hold a secret, with a path; a file without one is not new (git completes packs with old ones)."""
    found = set()
    matches = (oid for oid, match in matching_blobs(proposal, FOR_GREP) if not _is_mere_hash(match))
    for oid in itertools.chain(dict.fromkeys(matches), huge_blobs(proposal)):
        blob = NewBlob(oid, "", int(proposal.store.odb.read_header(pygit2.Oid(hex=oid))[1]), "")
        if next(_secrets_of(proposal, blob), None):
            found.add(oid)
    for oid, path in named_objects(proposal) if found else ():
        if oid in found:
            yield NewBlob(oid, path, int(proposal.store.odb.read_header(pygit2.Oid(hex=oid))[1]), "")


def _is_mere_hash(match: bytes) -> bool:
    """True for 40 letters and digits that are no token of ours: histories are full of Git's own names."""
    return len(match) == 40 and match.isalnum() and not looks_like_token(match.decode()) and match[:4] not in (b"AKID", b"LTAI")


def _secrets_of(proposal: Proposal, blob: NewBlob) -> Iterator[tuple[str, bytes, int]]:
    """(kind, matched bytes, line) of the secrets in a file; none in a binary one."""
    lines = 0
    for piece in _pieces(proposal, blob.oid, blob.size):
        if lines == 0 and b"\0" in piece[:8000]:
            return
        for what, match in secrets_in(piece):
            yield what, match, lines + piece[: piece.index(match)].count(b"\n") + 1
        lines += piece[:-4096].count(b"\n") if blob.size > WHOLE else 0


def _pieces(proposal: Proposal, oid: str, size: int) -> Iterator[bytes]:
    """A file whole, or a huge one in overlapping pieces."""
    if size > WHOLE:
        yield from windows(proposal, oid, overlap=4096)
    else:
        yield proposal.store[oid].data


def secrets_in(content: bytes) -> Iterator[tuple[str, bytes]]:
    """(kind, matched bytes) of everything in `content` that has the shape of a secret."""
    if HINTS.search(content):
        for what, pattern in SECRETS:
            for match in pattern.finditer(content):
                yield what, match.group()
    if b"a" * 40 in content.translate(OWN_SHAPE):  # eight times as quick as the expression
        for match in OWN_TOKEN.finditer(content):
            if looks_like_token(match.group().decode()):
                yield _("access token of this site"), match.group()


def _was_there(proposal: Proposal, blob: NewBlob, match: bytes) -> bool:
    """True if the file had those bytes before this push: then the push does not add them."""
    if blob.commit:
        before = [str(parent.id) for parent in proposal.store[blob.commit].parents]
    else:
        before = [old for _ref, old, _new in proposal.updates if old != ZERO]
    for oid in before:
        try:
            entry = proposal.store[oid].peel(pygit2.Commit).tree[blob.path]
            if any(match in piece for piece in _pieces(proposal, str(entry.id), int(proposal.store.odb.read_header(entry.id)[1]))):
                return True
        except (KeyError, ValueError, AttributeError, pygit2.GitError):
            continue
    return False


def _short(ref: str) -> str:
    return ref.split("/", 2)[2] if ref.startswith(("refs/heads/", "refs/tags/")) else ref


REF_POLICIES: tuple[Policy, ...] = (archived, ref_names, ref_case, default_branch_kept, protections, quota)
CONTENT_POLICIES: tuple[Policy, ...] = (blob_sizes, forbidden_paths, committer_emails, secrets)


def directory_bytes(path: Path) -> int:
    """Size of the files below `path`, in bytes."""
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
