"""Files in texts: pictures are drawn anew, everything else is kept as it came."""

from collections.abc import Iterable

from django.conf import settings
from django.utils.translation import gettext as _

from core import blobs, limits
from core.actors import Actor
from core.errors import Invalid
from issues import rules
from issues.logic import pictures
from issues.models import Attachment
from projects.commands import asset_name
from projects.models import Repository

A_MINUTE, A_DAY = 30, 300  # files of one person
BYTES_A_DAY = 1024**3


def attach_file(actor: Actor, repository: Repository, *, name: str, chunks: Iterable[bytes]) -> Attachment:
    """Store a file that a text of `repository` will show; a picture is what its first bytes say, whatever its name.

    Raises NotFound or Forbidden (rules.can_attach), Invalid (name, size, a broken or giant picture), LimitReached.
    """
    rules.can_attach(actor, repository).require()
    name = asset_name(name)
    _take(actor, "files", 1)
    head, rest = _begin(chunks)
    made = Attachment(repository=repository, user=actor.person, name=name)
    if pictures.looks_like_one(head):
        picture = _picture([head, *rest])
        blob = blobs.put([picture.data])
        made.kind, made.width, made.height = picture.kind, picture.width, picture.height
    else:
        try:
            blob = blobs.put(_chain(head, rest), limit=settings.MAX_ATTACHMENT_BYTES)
        except blobs.WrongBlob as error:
            raise _too_large() from error
    made.sha256, made.size = blob.sha256, blob.size
    _take(actor, "bytes", blob.size)
    made.save(force_insert=True)
    return made


def _take(actor: Actor, what: str, cost: int) -> None:
    """Count against what one person may store. Raises LimitReached."""
    if actor.person is None:
        return
    key = f"attach-{what}:{actor.person.pk}"
    if what == "files":
        limits.take(key, limit=A_MINUTE, seconds=60)
    limits.take(key, limit=A_DAY if what == "files" else BYTES_A_DAY, seconds=86_400, cost=cost)


def _begin(chunks: Iterable[bytes]) -> tuple[bytes, Iterable[bytes]]:
    """The first 12 bytes or more, and the rest."""
    rest, head = iter(chunks), b""
    for chunk in rest:
        head += chunk
        if len(head) >= 12:
            break
    return head, rest


def _chain(head: bytes, rest: Iterable[bytes]) -> Iterable[bytes]:
    yield head
    yield from rest


def _picture(chunks: Iterable[bytes]) -> pictures.Picture:
    data = bytearray()
    for chunk in chunks:
        data += chunk
        if len(data) > pictures.MAX_BYTES:
            raise _too_large(pictures.MAX_BYTES)
    try:
        return pictures.redrawn(bytes(data))
    except pictures.NoPicture as error:
        if error.kind == "pixels":
            raise Invalid(_("The picture has too many pixels."), field="files", code="pixels") from error
        raise Invalid(_("The picture is broken."), field="files", code="picture") from error


def _too_large(limit: int | None = None) -> Invalid:
    megabytes = (settings.MAX_ATTACHMENT_BYTES if limit is None else limit) // 1024**2
    return Invalid(_("A file in a text may have at most %d MB.") % megabytes, field="files", code="too_large")
