"""Archives of any ref, streamed from git."""

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

import gitstore
from core import budget, filenames
from core.actors import ActorRequest
from core.errors import NotFound
from projects import queries
from projects.counting.visits import ARCHIVE
from projects.models import Repository
from projects.views import counted
from projects.views.common import conditional, repository_page

_FORMATS = {".tar.gz": ("tar.gz", "application/gzip"), ".zip": ("zip", "application/zip")}


@require_safe
@repository_page
def repository_archive(request: ActorRequest, repository: Repository, tail: str) -> HttpResponseBase:
    """`/archive/<ref>.zip` or `.tar.gz`, with `<name>-<ref>/` as its top folder and an ETag by commit."""
    tail = filenames.tail(request, 3)
    suffix = next((one for one in _FORMATS if tail.endswith(one)), "")
    if not suffix:
        raise NotFound(_("Archives come as .zip and .tar.gz."))
    position = queries.position(repository, tail.removesuffix(suffix))
    if position.path:
        raise NotFound(_("There is no branch, tag or commit of this name."))
    kind, content_type = _FORMATS[suffix]
    name = f"{repository.name}-{_label(position)}"

    def make() -> HttpResponseBase:
        budget.spend(request, 10)
        response = StreamingHttpResponse(
            queries.begun(gitstore.archive(repository.path, position.oid, kind, name)) if request.method == "GET" else iter(()),
            content_type=content_type,
        )
        response["Content-Disposition"] = content_disposition_header(True, f"{name}{suffix}") or "attachment"
        response["X-Robots-Tag"] = "noindex"
        return response

    answer = conditional(request, f'"{position.oid}{suffix}"', make)
    counted.note_file(request, repository, ARCHIVE, answer.status_code)
    return answer


def _label(position: queries.Position) -> str:
    """A ref as part of a file name."""
    return "".join("-" if character in "/\\" or ord(character) < 32 else character for character in position.shown)[:100]
