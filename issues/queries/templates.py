"""Templates of new issues, read from the tip of the default branch; what a tree says is kept by the tree's oid."""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

import gitstore
from core import encodings
from core.errors import NotFound
from issues.logic.templates import Broken, Config, Template, config, form_template, markdown_template
from projects.models import Repository
from projects.queries.parts import part

FOLDERS = (".openi", ".gitee", ".github", "docs", "")
NAMES = ("ISSUE_TEMPLATE", "issue_template")
FILES_MAX = 40
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Choice:
    """A template: its address (`key`), its file, and what it says, or why it says nothing."""

    key: str
    path: str
    template: Template | None = None
    fault: Broken | None = None

    @property
    def name(self) -> str:
        """What the list shows."""
        return self.template.name if self.template is not None else self.key


@dataclass(frozen=True, slots=True)
class Choices:
    """All a new issue can begin with."""

    found: tuple[Choice, ...] = ()
    config: Config = field(default_factory=Config)
    config_fault: Broken | None = None
    folder: str = ""

    @property
    def faults(self) -> list[Choice]:
        """Those that cannot be read."""
        return [each for each in self.found if each.fault is not None]

    @property
    def usable(self) -> list[Choice]:
        """Those that can."""
        return [each for each in self.found if each.template is not None]

    @property
    def may_be_blank(self) -> bool:
        """An empty issue can be opened: also where all templates are broken."""
        return self.config.blank or not self.usable


def issue_templates(repository: Repository) -> Choices:
    """Of the first of the folders that has some. Never raises: a file that cannot be read is told as a fault."""
    if repository.is_empty:
        return Choices()
    try:
        oid = gitstore.commit_oid(repository.path, repository.default_branch)
        place = _place(repository, oid) if oid else None
    except gitstore.GitError:
        return Choices()
    if place is None:
        return Choices()
    return part(("issue templates", _VERSION, repository.pk, place.oid, place.path), lambda: _read(repository, place))


def issue_template(repository: Repository, key: str) -> Choice:
    """The one of that address that can be used. Raises NotFound."""
    found = next((each for each in issue_templates(repository).usable if each.key == key), None)
    if found is None:
        raise NotFound(_("There is no such template, or its file cannot be read."))
    return found


def fault_sentence(fault: Broken) -> str:
    """What is wrong with a file, and on which line."""
    said = {
        "yaml": _("The YAML cannot be read."),
        "alias": _("Anchors and aliases (& and *) are not taken."),
        "size": _("The file is larger than 64 kB."),
        "name": _("“name” is missing."),
        "body": _("“body” has to be a list with at least one field to fill in."),
        "field": _("This element cannot be read: type, id or attributes are wrong."),
        "label": _("The element has no label."),
        "options": _("The element needs a list of options, each with a text."),
        "many": _("There are too many elements."),
    }[fault.kind]
    told = f"{said} ({fault.what})" if fault.what else said
    return _("Line %(line)d: %(said)s") % {"line": fault.line, "said": told} if fault.line else told


def _place(repository: Repository, oid: str) -> gitstore.Entry | None:
    """The folder of templates, or the one file, nearest to the front."""
    for folder in FOLDERS:
        for name in NAMES:
            base = f"{folder}/{name}" if folder else name
            for path in (base, f"{base}.md"):
                found = gitstore.entry_at(repository.path, oid, path)
                if found is not None and found.kind == ("blob" if path.endswith(".md") else "tree"):
                    return found
    return None


def _read(repository: Repository, place: gitstore.Entry) -> Choices:
    if place.kind == "blob":
        return Choices((_choice(repository, place),), folder=place.path)
    entries = [
        each
        for each in gitstore.tree(repository.path, place.oid)
        if each.kind in ("blob", "executable") and each.name.lower().endswith((".md", ".yml", ".yaml"))
    ]
    settings, fault = Config(), None
    for each in entries:
        if each.name.lower() in ("config.yml", "config.yaml"):
            try:
                settings = config(_text(repository, each))
            except Broken as error:
                fault = error
    files = [each for each in entries if not each.name.lower().startswith("config.y")][:FILES_MAX]
    return Choices(tuple(_choice(repository, each) for each in files), settings, fault, place.path)


def _choice(repository: Repository, file: gitstore.Entry) -> Choice:
    key, _dot, kind = file.name.rpartition(".")
    try:
        text = _text(repository, file)
        template = form_template(text) if kind.lower() in ("yml", "yaml") else markdown_template(text, name=key.replace("_", " "))
    except Broken as error:
        return Choice(file.name, file.path, fault=error)
    return Choice(file.name, file.path, template)


def _text(repository: Repository, file: gitstore.Entry) -> str:
    """Raises Broken (too large, no text)."""
    found = gitstore.blob(repository.path, file.oid, limit=65_537)
    if found.size > 65_536:
        raise Broken("size")
    if encodings.is_binary(found.data):
        raise Broken("yaml")
    return encodings.decode(found.data).text
