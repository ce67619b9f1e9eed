"""Files in texts: taking and giving."""

from collections.abc import Iterable
from typing import TypeVar
from uuid import UUID

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET, require_POST

from core import blobs
from core.actors import ActorRequest
from core.errors import DomainError, Invalid, LimitReached
from issues import commands, queries, rules
from projects.models import Repository
from projects.views.common import repository_page

POLICY = "default-src 'none'; sandbox"
FormType = TypeVar("FormType", bound=forms.Form)
MOST = 10  # files of one form


@require_POST
@repository_page
def file_attach(request: ActorRequest, repository: Repository) -> HttpResponse:
    """One file (`file`) that a script sends while somebody writes; the answer is what to put into the text."""
    rules.can_attach(request.actor, repository).require()
    upload = request.FILES.get("file")
    if upload is None:
        return JsonResponse({"error": "file"}, status=422)
    try:
        made = commands.attach_file(request.actor, repository, name=upload.name or "", chunks=upload.chunks())
    except DomainError as error:
        return JsonResponse({"error": error.message, "code": error.code}, status=error.status)
    return JsonResponse({"markdown": queries.attachment_text(made), "url": queries.attachment_address(made), "name": made.name}, status=201)


def posted(request: ActorRequest, repository: Repository, form: "type[FormType]") -> "FormType":
    """The form that was sent, with its `files` stored and named in `body`: whatever is refused after that, they are not lost."""
    data, fault = request.POST.copy(), ""
    try:
        if uploads := request.FILES.getlist("files"):
            data["body"] = with_files(request, repository, data.get("body", ""), uploads)
    except (Invalid, LimitReached) as error:
        fault = error.message
    made = form(data)
    if fault:
        made.full_clean()
        made.add_error(None, fault)
    return made


def with_files(request: ActorRequest, repository: Repository, body: str, uploads: "Iterable[UploadedFile[bytes]]") -> str:
    """The text of a form with the files that came with it put below. Raises what `commands.attach_file` raises."""
    found = list(uploads)[:MOST]
    made = [commands.attach_file(request.actor, repository, name=each.name or "", chunks=each.chunks()) for each in found]
    return "\n\n".join(part for part in (body.rstrip(), *(queries.attachment_text(each) for each in made)) if part) if made else body


@require_GET
def file_get(request: ActorRequest, key: UUID, file: str) -> HttpResponseBase:
    """A file for whoever may read the repository it is kept under now. Only pictures we drew are shown in place; nothing in an answer runs."""
    found = queries.attachment(request.actor, key)
    answer = blobs.response(request, found.sha256, filename=found.name, content_type=found.kind, inline=found.is_image)
    answer["Content-Security-Policy"] = POLICY
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    answer["Cache-Control"] = "private, max-age=3600"
    return answer
