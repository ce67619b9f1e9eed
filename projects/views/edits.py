"""New, edit, delete, upload in the browser. Addresses end in `<branch>/<path>`; the longest branch that fits wins."""

import difflib
from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

import gitstore
from core import encodings, filenames
from core.actors import ActorRequest
from core.errors import Conflict, Forbidden, Invalid, LimitReached, NotFound
from projects import commands, rules
from projects.commands.edits import Edited, Remove, Rename, Write
from projects.forms.edits import CommitForm, FileForm, RemoveForm, UploadForm
from projects.models import Repository
from projects.views.common import page_of, repository_page

EDIT_MAX = 1024**2  # bytes a text area can reasonably hold
UPLOAD_MAX = 100 * 1024**2  # bytes of one file; larger ones are pushed with git


def _place(request: ActorRequest, repository: Repository) -> tuple[str, str]:
    """(branch, path) of the address. Raises NotFound; an empty repository has only its default branch."""
    tail = filenames.tail(request, 3)
    parts = tail.split("/")
    for size in range(len(parts), 0, -1):
        branch = "/".join(parts[:size])
        known = branch == repository.default_branch if repository.is_empty else gitstore.ref_oid(repository.path, f"refs/heads/{branch}")
        if known:
            return branch, "/".join(parts[size:]).strip("/")
    raise NotFound(_("There is no such branch. Files can be edited only on a branch."))


def _tree_address(repository: Repository, branch: str, path: str, kind: str = "blob") -> str:
    return f"{repository.get_absolute_url()}/{kind}/{filenames.quoted(branch)}" + (f"/{filenames.quoted(path)}" if path else "")


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


class _Source:
    """The file as it is on the branch."""

    def __init__(self, repository: Repository, branch: str, path: str) -> None:
        head = gitstore.ref_oid(repository.path, f"refs/heads/{branch}")
        entry = gitstore.entry_at(repository.path, head, path) if head else None
        if entry is None or entry.kind not in ("blob", "executable"):
            raise NotFound(_("There is no such file on this branch."))
        self.oid = entry.oid
        self.size = gitstore.blob_size(repository.path, entry.oid)
        content = gitstore.blob(repository.path, entry.oid, limit=EDIT_MAX).data if self.size <= EDIT_MAX else b""
        decoded = encodings.decode(content) if self.size <= EDIT_MAX and not encodings.is_binary(content) else None
        self.text = decoded if decoded is not None and not decoded.lossy else None  # what cannot be written back is not edited
        self.is_text = self.text is not None


def _encoded(text: str, like: "encodings.Text | None") -> bytes:
    """The typed text in the encoding and with the line ends of the file it replaces (UTF-8 and LF for a new one)."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        return encodings.encode(text, like)
    except UnicodeEncodeError as error:
        wrong = text[error.start : error.start + 1]
        raise Invalid(
            _("“%(character)s” cannot be written in %(encoding)s, the encoding of this file.")
            % {"character": wrong, "encoding": like.encoding if like else "UTF-8"},
            field="content",
            code="encoding",
        ) from error


def _attempt(form: CommitForm, act: Callable[[], str]) -> str:
    """The commit's oid, or "" with the reason in the form: what was typed is never lost."""
    if not form.is_valid():
        return ""
    try:
        return act()
    except (Invalid, Conflict, Forbidden, LimitReached) as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return ""


def _finished(request: ActorRequest, repository: Repository, branch: str, form: CommitForm, path: str, kind: str) -> HttpResponse:
    messages.success(request, _("The change is committed."))
    return redirect(_tree_address(repository, form.target() or branch, path, kind))


def _page(request: ActorRequest, repository: Repository, template: str, form: CommitForm, context: dict[str, object]) -> HttpResponse:
    signature = request.actor.person.email if request.actor.person else ""
    shown = {"form": form, "committer_email": signature, **context}
    return page_of(request, repository, template, shown, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@repository_page
def file_new(request: ActorRequest, repository: Repository, tail: str) -> HttpResponse:
    """A new file in the folder of the address."""
    rules.can_push(request.actor, repository).require()
    branch, folder = _place(request, repository)
    start = f"{folder}/" if folder else ""
    form = FileForm(request.POST if request.method == "POST" else None, initial={"path": start + request.GET.get("name", "")})

    def save() -> str:
        path = form.cleaned_data["path"].strip("/")
        content = _encoded(form.cleaned_data["content"], None)
        return commands.commit_files(
            request.actor,
            repository,
            branch=branch,
            changes=[Write(path, content, expected="")],
            message=form.cleaned_data["message"],
            new_branch=form.target(),
            default_message=_("Add %s") % path,
        )

    if request.method == "POST" and _attempt(form, save):
        return _finished(request, repository, branch, form, form.cleaned_data["path"].strip("/"), "blob")
    return _page(request, repository, "projects/edit.html", form, {"branch": branch, "path": folder, "is_new": True})


@require_http_methods(["GET", "POST"])
@repository_page
def file_edit(request: ActorRequest, repository: Repository, tail: str) -> HttpResponse:
    """Change or move a file. If someone was faster, the page keeps the text and shows theirs."""
    rules.can_push(request.actor, repository).require()
    branch, path = _place(request, repository)
    context: dict[str, object] = {"branch": branch, "path": path, "is_new": False}
    if request.method != "POST":
        source = _Source(repository, branch, path)
        text = source.text.text.replace("\r\n", "\n") if source.text else ""
        form = FileForm(initial={"path": path, "content": text, "expected": source.oid})
        return _page(request, repository, "projects/edit.html", form, {**context, "source": source})
    form = FileForm(request.POST)
    conflict: list[Edited] = []

    def save() -> str:
        cleaned = form.cleaned_data
        like = encodings.decode(_content(repository, cleaned["expected"]))
        content, to = _encoded(cleaned["content"], like), cleaned["path"].strip("/")
        change = (
            Write(path, content, expected=cleaned["expected"])
            if to == path
            else Rename(path, to, expected=cleaned["expected"], content=content)
        )
        default = _("Update %s") % path if to == path else _("Rename %(old)s to %(new)s") % {"old": path, "new": to}
        try:
            return commands.commit_files(
                request.actor,
                repository,
                branch=branch,
                changes=[change],
                message=cleaned["message"],
                new_branch=form.target(),
                default_message=default,
            )
        except Edited as error:
            conflict.append(error)
            raise

    if _attempt(form, save):
        return _finished(request, repository, branch, form, form.cleaned_data["path"].strip("/"), "blob")
    if conflict:
        context["conflict"] = _conflict(repository, form, conflict[0])
    return _page(request, repository, "projects/edit.html", form, context)


def _content(repository: Repository, oid: str) -> bytes:
    """Bytes of a blob. Raises Invalid if there is none: the form was tampered with or is too old."""
    try:
        return gitstore.blob(repository.path, oid, limit=EDIT_MAX).data
    except gitstore.PathMissing as error:
        raise Invalid(_("The form is too old. Open the file again."), code="stale") from error


def _conflict(repository: Repository, form: FileForm, error: Edited) -> dict[str, object]:
    """What others changed since the text was loaded, and the form set to overwrite it knowingly."""
    before = form.cleaned_data["expected"]
    data = QueryDict(mutable=True)
    data.update({name: form.data.get(name, "") for name in form.fields})
    data["expected"] = error.present
    form.data = data
    return {
        "path": error.path,
        "gone": not error.present,
        "diff": _lines_changed(repository, before, error.present) if error.present else [],
    }


def _lines_changed(repository: Repository, old: str, new: str) -> list[tuple[str, str]]:
    """(sign, line) of a unified diff of two small blobs."""
    before, after = (encodings.decode(_content(repository, oid)).text.splitlines() for oid in (old, new))
    lines = list(difflib.unified_diff(before, after, lineterm="", n=3))[2:2000]
    return [(line[:1], line[1:]) if line[:1] in "+- " else ("@", line) for line in lines]


@require_http_methods(["GET", "POST"])
@repository_page
def file_delete(request: ActorRequest, repository: Repository, tail: str) -> HttpResponse:
    """Delete a file."""
    rules.can_push(request.actor, repository).require()
    branch, path = _place(request, repository)
    source = _Source(repository, branch, path) if request.method != "POST" else None
    form = RemoveForm(request.POST) if request.method == "POST" else RemoveForm(initial={"expected": source.oid if source else ""})

    def save() -> str:
        return commands.commit_files(
            request.actor,
            repository,
            branch=branch,
            changes=[Remove(path, expected=form.cleaned_data["expected"])],
            message=form.cleaned_data["message"],
            new_branch=form.target(),
            default_message=_("Delete %s") % path,
        )

    if request.method == "POST" and _attempt(form, save):
        return _finished(request, repository, branch, form, "", "tree")
    return _page(request, repository, "projects/edit_delete.html", form, {"branch": branch, "path": path})


@require_http_methods(["GET", "POST"])
@repository_page
def file_upload(request: ActorRequest, repository: Repository, tail: str) -> HttpResponse:
    """Several files at once; each is streamed into the object store."""
    rules.can_push(request.actor, repository).require()
    branch, folder = _place(request, repository)
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm(initial={"folder": folder})

    def save() -> str:
        inside = cast(str, form.cleaned_data["folder"]).strip("/")
        changes = []
        for upload in form.cleaned_data["files"]:
            if upload.size > UPLOAD_MAX:
                raise Invalid(_("“%s” is larger than 100 MiB. Push it with git.") % upload.name, field="files")
            name = commands.asset_name(upload.name)
            blob = gitstore.write_blob_stream(repository.path, upload.chunks())
            changes.append(Write(f"{inside}/{name}" if inside else name, blob=blob, expected=None))
        names = ", ".join(change.path for change in changes[:3]) + ("…" if len(changes) > 3 else "")
        return commands.commit_files(
            request.actor,
            repository,
            branch=branch,
            changes=changes,
            message=form.cleaned_data["message"],
            new_branch=form.target(),
            default_message=_("Upload %s") % names,
        )

    if request.method == "POST" and _attempt(form, save):
        return _finished(request, repository, branch, form, form.cleaned_data["folder"].strip("/"), "tree")
    return _page(request, repository, "projects/upload.html", form, {"branch": branch, "path": folder})
