"""Releases: a tag with notes and files."""

import re
import unicodedata

from django.db import IntegrityError, transaction
from django.db.models import F, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

import gitstore
from core import events
from core.actors import Actor
from core.errors import Conflict, Invalid, LimitReached
from projects import policies, rules
from projects.commands.refs import apply_updates
from projects.events import ReleasePublished
from projects.models import Release, ReleaseAsset, Repository
from projects.queries.browsing import require_reached

ASSETS_MAX = 100
ASSET_NAME = re.compile(r"[^\x00-\x1f\x7f/\\]{1,200}")


def save_release(
    actor: Actor,
    repository: Repository,
    *,
    tag: str,
    target: str = "",
    title: str = "",
    notes: str = "",
    is_draft: bool = False,
    is_prerelease: bool = False,
    release: Release | None = None,
) -> Release:
    """Write a new release or change `release`. Publishing makes the tag from `target` (a branch or commit) if it is missing.

    Raises NotFound or Forbidden (rules.can_maintain; protected tags), Invalid (tag, target), Conflict (there is a release of this tag).
    Publishes ReleasePublished when it leaves draft, and RefsUpdated if a tag was made.
    """
    rules.can_maintain(actor, repository).require()
    tag = tag.strip()
    _check_tag(repository, tag, release)
    if not is_draft:
        _require_tag(actor, repository, tag, target.strip())
    release = release or Release(repository=repository, author=actor.person)
    release.tag, release.target, release.title, release.notes = tag, target.strip(), " ".join(title.split())[:200], notes
    release.is_draft, release.is_prerelease = is_draft, is_prerelease
    publishing = not is_draft and release.published_at is None
    if publishing:
        release.published_at = timezone.now()
    try:
        with transaction.atomic():
            release.save()
            if publishing:
                events.publish(ReleasePublished(release_id=release.pk, repository_id=repository.pk))
    except IntegrityError as error:
        raise Conflict(_("There is a release of this tag already."), field="tag") from error
    return release


def _check_tag(repository: Repository, tag: str, release: Release | None) -> None:
    """Raises Invalid for a name that is none, and for another tag of a published release; Conflict if another release has the tag."""
    try:
        gitstore.check_ref_name(f"refs/tags/{tag}")
    except gitstore.NameInvalid as error:
        raise Invalid(_("“%s” cannot be the name of a tag.") % tag, field="tag", code="ref_name") from error
    taken = Release.objects.filter(repository=repository, tag=tag)
    if (taken.exclude(pk=release.pk) if release else taken).exists():
        raise Conflict(_("There is a release of this tag already."), field="tag")
    if release is not None and release.published_at and release.tag != tag:
        raise Invalid(_("The tag of a published release stays."), field="tag")


def _require_tag(actor: Actor, repository: Repository, tag: str, target: str) -> None:
    """Make the tag unless it exists; it is an ordinary push, protections included."""
    if gitstore.ref_oid(repository.path, f"refs/tags/{tag}"):
        return
    oid = gitstore.commit_oid(repository.path, target or repository.default_branch)
    if not oid:
        raise Invalid(_("There is no branch or commit “%s” to make the tag from.") % (target or repository.default_branch), field="target")
    require_reached(repository, oid)
    apply_updates(actor, repository, [(f"refs/tags/{tag}", gitstore.ZERO, oid)])


def delete_release(actor: Actor, release: Release) -> None:
    """Remove notes and files; the tag stays. Raises NotFound or Forbidden (rules.can_maintain)."""
    rules.can_maintain(actor, release.repository).require()
    release.delete()


def asset_name(name: str) -> str:
    """The file name as it is kept: NFC, no folders. Raises Invalid."""
    cleaned = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1]).strip()
    if not ASSET_NAME.fullmatch(cleaned) or cleaned in (".", ".."):
        raise Invalid(_("“%s” cannot be the name of a file.") % name[:100], field="files")
    return cleaned


def add_asset(actor: Actor, release: Release, *, name: str, sha256: str, size: int, content_type: str = "") -> ReleaseAsset:
    """Attach a blob that is in core.blobs already. `size`: bytes.

    Raises NotFound or Forbidden (rules.can_maintain), Invalid (name), Conflict (there is one of this name), LimitReached.
    """
    rules.can_maintain(actor, release.repository).require()
    name = asset_name(name)
    if release.assets.count() >= ASSETS_MAX:
        raise LimitReached(_("A release holds at most %d files.") % ASSETS_MAX, field="files")
    require_asset_room(release.repository, size)
    try:
        with transaction.atomic():
            return ReleaseAsset.objects.create(
                release=release, name=name, sha256=sha256, size=size, content_type=content_type[:100] or "application/octet-stream"
            )
    except IntegrityError as error:
        raise Conflict(_("There is a file “%s” already.") % name, field="files") from error


def require_asset_room(repository: Repository, size: int) -> None:
    """Raise LimitReached if a file of `size` bytes does not fit into the owner's quota."""
    if size > policies.quota_left(repository) - _assets_bytes(repository):
        raise LimitReached(_("The file does not fit into the quota."), field="files", code="quota")


def _assets_bytes(repository: Repository) -> int:
    """Release files under the repository's owner, in bytes; they count beside the repositories."""
    rows = ReleaseAsset.objects.filter(release__repository__namespace_id=repository.namespace_id)
    return int(rows.aggregate(total=Sum("size"))["total"] or 0)


def remove_asset(actor: Actor, asset: ReleaseAsset) -> None:
    """Detach a file; its blob goes with a later sweep, unless another row holds it (`core.blobs.sweep`). Raises NotFound or Forbidden (rules.can_maintain)."""
    rules.can_maintain(actor, asset.release.repository).require()
    asset.delete()


def note_download(asset: ReleaseAsset) -> None:
    """Count one download."""
    ReleaseAsset.objects.filter(pk=asset.pk).update(downloads=F("downloads") + 1)
