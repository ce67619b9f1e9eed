"""Large edits run in the worker; reporters are told by mail."""

from django.core.mail import send_mail
from django.utils import translation
from django.utils.translation import gettext as _

from core.actors import SYSTEM
from core.events import subscribe
from projects import commands
from projects.events import BulkEditRequested, ReportDecided
from projects.queries import reports as reads


@subscribe(BulkEditRequested, outside=True)
def run_requested_edit(event: BulkEditRequested, cause: str) -> None:
    """Delivered again while it runs, it finds the lease held and does nothing; `tasks.resume_edits` takes up what died."""
    commands.run_edit(SYSTEM, event.edit_id)


@subscribe(ReportDecided, outside=True)
def tell_reporter(event: ReportDecided, cause: str) -> None:
    """The decision and the answer, in the reporter's language."""
    report = reads.report(event.report_id)
    address = (report.by.email if report.by else report.email) if report else ""
    if report is None or not address:
        return
    with translation.override((report.by.language if report.by else "") or "zh-hans"):
        subject = _("Your report of %s") % report.repository
        send_mail(subject, f"{report.get_state_display()}\n\n{report.answer}\n", None, [address])
