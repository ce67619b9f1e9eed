"""What this app puts into named places."""

from django.utils.translation import gettext_lazy as _

from accounts.queries import documents
from core.documents import DocumentKind, document_kinds
from core.places import blob_holders

document_kinds.add(
    DocumentKind(
        "people", _("People"), "users", documents.person_documents, documents.person_ids, documents.everyone, documents.people_shown,
        documents.PERSON_FOLLOWS,
    ),
    order=30,
)  # fmt: skip
document_kinds.add(
    DocumentKind(
        "organizations", _("Organizations"), "building-2", documents.organization_documents, documents.organization_ids, documents.everyone,
        documents.organizations_shown, documents.ORGANIZATION_FOLLOWS,
    ),
    order=40,
)  # fmt: skip
blob_holders.add(("accounts.User", "avatar"))
blob_holders.add(("accounts.Organization", "avatar"))
