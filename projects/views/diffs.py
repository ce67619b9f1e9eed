"""A diff on a page: files with hunks, side by side or unified, changed words marked, what was left out counted."""

import html
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import StreamingHttpResponse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

import gitstore
from core import filenames, filetypes
from core.actors import ActorRequest
from core.templatetags.openi import icon
from projects import queries
from projects.models import Repository
from projects.queries.parts import part
from projects.templatetags import rows
from projects.views import rendering

FILES = 40  # a page
CONTEXT, CONTEXT_STEP, CONTEXT_MAX = 3, 30, 10_000  # lines
FILE_LINES = 2000  # of one file before it is cut
PAGE_LINES = 6000  # highlighted on one page; above it lines are plain
MARK_CHARACTERS = 1000  # longer lines get no word marks


@dataclass(frozen=True, slots=True)
class Options:
    """How a reader wants the diff."""

    split: bool = False
    ignore_space: bool = False
    first: int = 0  # index of the first file of the page
    file: int | None = None  # only this file, in full
    context: int = CONTEXT  # unchanged lines around a change
    keep: tuple[tuple[str, str], ...] = ()  # other parameters of the page, kept in its links

    @classmethod
    def of(cls, request: ActorRequest, keep: tuple[tuple[str, str], ...] = ()) -> "Options":
        """From `?view=split&w=1&files=40&file=3`."""
        number = request.GET.get("files", "")
        one = request.GET.get("file", "")
        around = request.GET.get("context", "")
        return cls(
            split=request.GET.get("view") == "split",
            ignore_space=request.GET.get("w") == "1",
            first=int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 0,
            file=int(one) if one.isascii() and one.isdigit() and len(one) < 7 else None,
            context=min(int(around), CONTEXT_MAX) if around.isascii() and around.isdigit() and len(around) < 6 else CONTEXT,
            keep=keep,
        )

    def query(self, **changes: str | int | None) -> str:
        """`?…` with some options changed; defaults are left out."""
        values: dict[str, str | int | None] = {
            **dict(self.keep),
            "view": "split" if self.split else "",
            "w": "1" if self.ignore_space else "",
            "files": self.first or "",
            "file": self.file,
            "context": self.context if self.context != CONTEXT else "",
        }
        values.update(changes)
        return "?" + urlencode({key: value for key, value in values.items() if value not in ("", None)})


@dataclass(frozen=True, slots=True)
class File:
    """One file of the page, for what others put beside it."""

    index: int
    path: str
    old_path: str
    status: str
    new_oid: str
    is_generated: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """What `_diff.html` needs."""

    html: SafeString
    stat: SafeString
    files_total: int
    files_left: int
    added: int | None
    deleted: int | None
    split: bool
    ignore_space: bool
    unified_href: str
    split_href: str
    space_href: str
    next_href: str
    previous_href: str
    files: tuple[File, ...] = ()


def shown(repository: Repository, old: str, new: str, options: Options, *, store: Repository | None = None, anchors: str = "") -> Shown:
    """The diff from commit `old` ("" for the empty tree) to `new`. `store` is a fork that also holds objects of `new`.

    `anchors` makes line numbers links (`rows.Anchors.href`); then `<!--file 3-->` stands among the acts of file 3 and `<!--top 3-->` above its
    lines, for `placed`.
    """
    key = ("diff", repository.get_absolute_url(), old, new, options, get_language(), store.pk if store else 0, anchors)
    body, stat, total, added, deleted, files = part(key, lambda: _made(repository, old, new, options, store, anchors))
    left = max(0, total - options.first - FILES) if options.file is None else 0
    return Shown(
        html=mark_safe(body),  # noqa: S308 - built from escaped parts
        stat=mark_safe(stat),  # noqa: S308
        files_total=total,
        files_left=left,
        added=added,
        deleted=deleted,
        split=options.split,
        ignore_space=options.ignore_space,
        unified_href=options.query(view=""),
        split_href=options.query(view="split"),
        space_href=options.query(w="" if options.ignore_space else "1"),
        next_href=options.query(files=options.first + FILES) if left else "",
        previous_href=options.query(files=max(0, min(options.first, total) - FILES) or "") if options.first else "",
        files=files,
    )


def placed(body: str, notes: Mapping[str, str], acts: Mapping[int, str], folded: Collection[int]) -> SafeString:
    """The files' HTML with rows and acts put in. `notes`: name of a cell or `top <file>` → safe HTML, a row below the line or a block above the
    file's lines; a line that is not on the page is named by `missing`. `acts`: file → what stands in its head. `folded`: files shown closed."""
    cuts: list[tuple[int, int, str]] = []
    for name, html_ in notes.items():
        at = body.find(f"<!--{name}-->") if name.startswith("top ") else body.find(f" id={name}>")
        if at < 0:
            continue
        if not name.startswith("top "):
            at = min(end for end in (body.find("\n", at), body.find("</tbody>", at)) if end >= 0)
        cuts.append((at, at, html_))
    for file, html_ in acts.items():
        mark = f"<!--file {file}-->"
        if (at := body.find(mark)) >= 0:
            cuts.append((at, at + len(mark), html_))
    for file in folded:
        mark = f' id="f{file}" open>'
        if (at := body.find(mark)) >= 0:
            cuts.append((at, at + len(mark), f' id="f{file}">'))
    pieces, last = [], 0
    for start, end, html_ in sorted(cuts, key=lambda cut: cut[:2]):
        pieces += [body[last:start], html_]
        last = end
    return mark_safe("".join([*pieces, body[last:]]))  # noqa: S308 - the caller's HTML is safe, as is the body


def missing(body: str, names: Iterable[str]) -> set[str]:
    """Those cells that are not on the page."""
    return {name for name in names if f" id={name}>" not in body}


def text(pieces: Iterator[bytes]) -> StreamingHttpResponse:
    """A diff or patches as plain text, streamed."""
    response = StreamingHttpResponse(queries.begun(pieces), content_type="text/plain; charset=utf-8")
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Robots-Tag"] = "noindex"
    return response


Made = tuple[str, str, int, int | None, int | None, tuple[File, ...]]


def _made(repository: Repository, old: str, new: str, options: Options, store: Repository | None, anchors: str) -> Made:
    """(files' HTML, list of files, how many, lines added, lines deleted, the files): what is kept of a diff."""
    whole = options.file is not None
    with queries.reading():
        diff = gitstore.diff(
            repository.path,
            old,
            new,
            first=options.first if options.file is None else options.file,
            limit=1 if whole else FILES,
            lines=FILE_LINES,
            ignore_space=options.ignore_space,
            whole=whole,
            context=options.context,
            store=store.path if store else None,
        )
    budget = PAGE_LINES
    pieces = []
    for file in diff.files:
        budget -= sum(len(hunk.lines) for hunk in file.hunks or ())
        pieces.append(_file(store or repository, old, new, file, options, anchors, plain=budget < 0))
    files = tuple(
        File(file.index, file.path, file.old_path, file.status, file.new_oid, filetypes.is_generated(file.path)) for file in diff.files
    )
    return "\n".join(pieces), _stat(diff, options), diff.total, diff.additions, diff.deletions, files


def _stat(diff: gitstore.Diff, options: Options) -> str:
    if options.file is not None or len(diff.files) < 2:
        return ""
    return "".join(
        f'<li><a href="#f{file.index}">{filenames.shown_html(file.path)}</a><span class="diff-stat">{_counts(file)}</span></li>'
        for file in diff.files
    )


def _counts(file: gitstore.FileDiff) -> str:
    if file.binary:
        return f"<span class=muted>{html.escape(_('binary'))}</span>"
    return f"<b class=ok>+{file.additions:,}</b><b class=bad>−{file.deletions:,}</b>"


def _file(repository: Repository, old: str, new: str, file: gitstore.FileDiff, options: Options, anchors: str, *, plain: bool) -> str:
    """One file as a foldable panel."""
    base = repository.get_absolute_url()
    name = filenames.shown_html(file.path)
    if file.status in ("renamed", "copied"):
        name = f"{filenames.shown_html(file.old_path)} → {filenames.shown_html(file.new_path)}"
    side = old if file.status == "deleted" else new
    whole = f"{base}/blob/{side}/{filenames.quoted(file.path)}"
    label = html.escape(_("Whole file"))
    words = {"added": _("new"), "deleted": _("deleted"), "renamed": _("renamed"), "copied": _("copied"), "type": _("type changed")}
    tag = f'<span class="tag">{html.escape(words[file.status])}</span>' if file.status in words else ""
    mode = (
        f"<span class=muted>{file.old_mode:o} → {file.new_mode:o}</span>"
        if file.old_mode and file.new_mode and file.old_mode != file.new_mode
        else ""
    )
    head = (
        f'<details class="panel diff-file" id="f{file.index}" open><summary class="panel-head">{icon("chevron-down")}<span class=path dir=auto>{name}</span>'
        f'<span class="diff-stat">{_counts(file)}</span>{tag}{mode}'
        f'<span class="actions push">{f"<!--file {file.index}-->" if anchors else ""}<a class="btn btn-sm btn-quiet btn-icon" href="{whole}" rel=nofollow aria-label="{label}">{icon("file-code")}</a></span></summary>'
    )
    top = f"<!--top {file.index}-->" if anchors else ""
    images = _images(repository, old, new, file)
    return head + top + (images or _body(file, options, name, anchors, plain)) + "</details>"


def _images(repository: Repository, old: str, new: str, file: gitstore.FileDiff) -> str:
    """Both sides of a picture; "" for what is none."""
    if not file.binary or filetypes.media(file.path)[0] != "image":
        return ""
    base, sides = repository.get_absolute_url(), []
    for oid, path, word, there in (
        (old, file.old_path, _("Before"), file.status != "added"), (new, file.new_path, _("After"), file.status != "deleted")
    ):  # fmt: skip
        if there:
            address = f"{base}/raw/{oid}/{filenames.quoted(path)}"
            sides.append(
                f'<figure class="media"><img src="{address}" alt="{html.escape(word)}" loading="lazy"><figcaption>{html.escape(word)}</figcaption></figure>'
            )
    return f'<div class="image-pair">{"".join(sides)}</div>'


def _body(file: gitstore.FileDiff, options: Options, name: str, anchors: str, plain: bool) -> str:
    if 0o160000 in (file.old_mode, file.new_mode):
        return f'<p class="plain-note mono">{html.escape(_("Submodule"))} {file.old_oid[:10]} → {file.new_oid[:10]}</p>'
    if file.binary:
        return f'<p class="plain-note">{html.escape(_("Binary files have no line by line view."))}</p>'
    load = f'<a class="btn btn-sm" href="{options.query(file=file.index, files="")}" rel=nofollow>{html.escape(_("Load this file"))}</a>'
    if file.hunks is None:
        return f'<p class="plain-note">{html.escape(_("This change is large."))} {load}</p>'
    if not file.hunks:
        return f'<p class="plain-note">{html.escape(_("No line changed."))}</p>'
    hunks = _hunks(file, plain)
    numbers = rows.Anchors(file.index, anchors) if anchors else None
    table = rows.split(hunks, numbers) if options.split else rows.unified(hunks, numbers)
    region = html.escape(_("Changes, scroll sideways"))
    body = (
        f'<div class="table-scroll" tabindex="0" role="region" aria-label="{name}: {region}">'
        f'<table class="code diff hl{" split" if options.split else ""}"><tbody>{table}</tbody></table></div>'
    )
    if file.status == "modified" and not file.cut and options.context < CONTEXT_MAX:
        more = options.query(file=file.index, files="", context=options.context + CONTEXT_STEP)
        body += f'<p class="plain-note"><a href="{html.escape(more)}" rel=nofollow>{icon("unfold-vertical")}{html.escape(_("More lines around"))}</a></p>'
    if file.cut:
        body += f'<p class="plain-note">{html.escape(_("The change goes on."))} {load if options.file is None else ""}</p>'
    return body


def _hunks(file: gitstore.FileDiff, plain: bool) -> list[rows.Hunk]:
    """Hunks with highlighted lines; both sides are highlighted apart, so that a string opened in a hunk stays one."""
    out = []
    for hunk in file.hunks or ():
        texts = _texts([line.text for line in hunk.lines])
        old_side = [i for i, line in enumerate(hunk.lines) if line.kind != "+"]
        new_side = [i for i, line in enumerate(hunk.lines) if line.kind != "-"]
        shown_lines: dict[int, str] = {}
        for side, path in ((old_side, file.old_path), (new_side, file.new_path)):
            source = [texts[i] for i in side]
            shown_lines.update(zip(side, [html.escape(text) for text in source] if plain else _highlighted(source, path), strict=True))
        marks = {} if plain else _marks(hunk.lines, texts)
        out.append(
            rows.Hunk(
                filenames.shown(hunk.header),
                [
                    rows.Line(line.kind, line.old or 0, line.new or 0, rows.marked(shown_lines[i], marks.get(i, ())))
                    for i, line in enumerate(hunk.lines)
                ],
            )
        )
    return out


def _texts(lines: list[bytes]) -> list[str]:
    """Lines as text: UTF-8, else the encoding guessed from all of them together."""
    try:
        return [line.decode().rstrip("\r\n") for line in lines]
    except UnicodeDecodeError:
        decoded = rendering.decoded(b"\n".join(line.rstrip(b"\r\n") for line in lines))
        texts = decoded.text.split("\n") if decoded else []
        return texts if len(texts) == len(lines) else [line.decode("utf-8", "replace").rstrip("\r\n") for line in lines]


def _highlighted(source: list[str], path: str) -> list[str]:
    """One safe HTML string per line, whatever the highlighter makes of odd line ends."""
    made = rendering.source_lines("\n".join(source), path.rpartition("/")[2])
    return made if len(made) == len(source) else [html.escape(text) for text in source]


def _marks(lines: list[gitstore.Line], texts: list[str]) -> dict[int, list[tuple[int, int]]]:
    """Index of a line → changed character ranges, where as many lines went as came."""
    marks: dict[int, list[tuple[int, int]]] = {}
    i = 0
    while i < len(lines):
        if lines[i].kind != "-":
            i += 1
            continue
        start = i
        while i < len(lines) and lines[i].kind == "-":
            i += 1
        middle = i
        while i < len(lines) and lines[i].kind == "+":
            i += 1
        if middle - start != i - middle:
            continue
        for a, b in zip(range(start, middle), range(middle, i), strict=True):
            if len(texts[a]) <= MARK_CHARACTERS and len(texts[b]) <= MARK_CHARACTERS:
                marks[a], marks[b] = gitstore.words(texts[a], texts[b])
    return marks
