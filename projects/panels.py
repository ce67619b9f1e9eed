"""What this app puts into named places."""

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from accounts import places as accounts_places
from core import live
from core.actors import Actor
from core.documents import DocumentKind, document_kinds
from core.places import NavigationItem, blob_holders, navigation
from core.routes import routers
from projects import commands, queries, rules
from projects.models import Repository
from projects.places import Tab, tabs
from projects.queries import documents, mirror_lists, suggesting
from projects.queries.curation import edit_snapshot

blob_holders.add(("projects.ReleaseAsset", "sha256"))
blob_holders.add(("projects.MirrorList", "sha256"))


def _always(actor: Actor, repository: Repository) -> bool:
    return True


def _administers(actor: Actor, repository: Repository) -> bool:
    return bool(rules.can_administer(actor, repository))


def _maintains_only(actor: Actor, repository: Repository) -> bool:
    """Maintainers see no other settings."""
    return bool(rules.can_push_elsewhere(actor, repository)) and not rules.can_administer(actor, repository)


tabs.add(Tab("code", _("Code"), "code", "", _always), order=10)
tabs.add(
    Tab("mirror", _("Mirror"), "refresh-cw", "/mirror", lambda _actor, repository: getattr(repository, "mirror", None) is not None),
    order=60,
)
tabs.add(Tab("releases", _("Releases"), "tag", "/releases", _always, count="releases"), order=70)
tabs.add(Tab("contributors", _("Contributors"), "users", "/contributors", _always), order=80)
tabs.add(Tab("push", _("Push mirrors"), "upload", "/settings/push-mirrors", _maintains_only), order=89)
tabs.add(Tab("settings", _("Settings"), "settings", "/settings", _administers), order=90)
routers.add(commands.router)
accounts_places.before_delete.add(queries.reason_to_keep_account)
accounts_places.samples.add(queries.site_figures)
accounts_places.repository_choices.add(queries.repository_choices)
navigation.add(NavigationItem(_("Project market"), "/market", "/market"), order=20)


document_kinds.add(
    DocumentKind(
        "projects", _("Projects"), "book-marked", documents.documents, documents.document_ids, documents.document_access,
        documents.documents_readable, documents.FOLLOWS,
    ),
    order=10,
)  # fmt: skip


@live.source("imports")
def import_progress(key: str) -> live.Snapshot:
    """Percent and phase of one import (`<id>.<language>`); the last when it is over."""
    number, _dot, language = key.partition(".")
    with translation.override(language):
        return queries.import_snapshot(int(number))


@live.source("mirror-lists")
def mirror_list_progress(key: str) -> live.Snapshot:
    """The same of a list of mirrors."""
    number, _dot, language = key.partition(".")
    with translation.override(language):
        return mirror_lists.mirror_list_snapshot(int(number))


@live.source("edits")
def edit_progress(key: str) -> live.Snapshot:
    """How far a bulk edit is."""
    number, _dot, _language = key.partition(".")
    return edit_snapshot(int(number))


@live.source("classifiers")
def classifier_progress(key: str) -> live.Snapshot:
    """Percent of a training of the categories' classifier."""
    return suggesting.run_snapshot(int(key))


@live.source("purges")
def purge_progress(key: str) -> live.Snapshot:
    """The same of a removal of unreachable objects."""
    number, _dot, language = key.partition(".")
    with translation.override(language):
        return queries.purge_snapshot(int(number))
