"""`/-/admin/…`: people, organisations, queue, disk, settings, legal pages, complaints; and the public legal pages."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import commands, queries, rules
from accounts.forms.administration import (
    ComplaintForm,
    DecisionForm,
    LegalForm,
    MailTestForm,
    QuotaForm,
    ReasonForm,
    SiteForm,
    SiteInvitationForm,
)
from accounts.models import User
from accounts.queries import administration as reads
from core import limits, site
from core.actors import ActorRequest
from core.clients import client_ip
from core.errors import NotFound
from core.forms import attempt, done
from core.markdown import render_text
from core.sudo import needs_proof

View = Callable[..., HttpResponse]


def staff_only(view: View) -> View:
    """404 for everyone else: the desk's existence is not announced. Acts are in sudo mode."""

    def guarded(request: ActorRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        rules.can_administer_site(request.actor).require()
        if request.method == "POST" and needs_proof(request):
            raise ReauthenticationRequired
        return view(request, *args, **kwargs)

    guarded.__name__ = view.__name__
    return guarded


def _page(request: ActorRequest, rows: Any, size: int = 50) -> Any:
    return Paginator(rows, size).get_page(request.GET.get("page"))


@staff_only
def admin_home(request: ActorRequest) -> HttpResponse:
    """Counts, disk, queue at a glance."""
    context = {"figures": reads.figures(), "disk": reads.disk(), "queue": reads.queue(), "tab": "home"}
    return render(request, "accounts/admin/home.html", context)


@staff_only
def admin_growth(request: ActorRequest) -> HttpResponse:
    """Figures of the last 90 days as lines."""
    return render(request, "accounts/admin/growth.html", {"charts": reads.growth(), "disk": reads.disk(), "tab": "growth"})


@staff_only
def admin_people(request: ActorRequest) -> HttpResponse:
    """Search people by login, name or e-mail, and by state; invite someone to sign up."""
    query, state = request.GET.get("q", "").strip(), request.GET.get("state", "")
    form = SiteInvitationForm(request.POST or None)
    if form.is_bound and attempt(form, lambda cleaned: commands.invite_to_site(request.actor, email=cleaned["email"])):
        messages.success(request, _("The invitation is on its way."))
        return redirect(request.path)
    context = {
        "page": _page(request, reads.people(query, state=state)), "q": query, "state": state, "states": User.State.choices,
        "form": form, "tab": "people",
    }  # fmt: skip
    return render(request, "accounts/admin/people.html", context, status=422 if form.errors else 200)


@staff_only
def admin_person(request: ActorRequest, login: str) -> HttpResponse:
    """One person: suspend, reinstate, reset the second factor, quota, staff."""
    person = queries.person(login)
    reason, quota = ReasonForm(), QuotaForm(initial={"quota": None if person.quota_bytes is None else person.quota_bytes / 1024**3})
    if request.method == "POST":
        act = request.POST.get("act", "")
        if act == "quota":
            quota = QuotaForm(request.POST)
            good = attempt(quota, done(lambda cleaned: commands.set_quota(request.actor, person, quota_bytes=_bytes(cleaned["quota"]))))
        else:
            reason = ReasonForm(request.POST)
            good = attempt(reason, done(lambda cleaned: _person_act(request, act, person, cleaned["reason"])))
        if good:
            messages.success(request, _("Done."))
            return redirect(request.path)
    context = {"person": person, "reason_form": reason, "quota_form": quota, "events": reads.security_events(person), "tab": "people"}
    return render(request, "accounts/admin/person.html", context, status=422 if reason.errors or quota.errors else 200)


def _bytes(gib: Any) -> int | None:
    return None if gib is None else int(gib * 1024**3)


def _person_act(request: ActorRequest, act: str, person: Any, reason: str) -> None:
    if act == "suspend":
        commands.suspend_person(request.actor, person, reason=reason)
    elif act == "reinstate":
        commands.reinstate_person(request.actor, person)
    elif act == "reset":
        commands.reset_second_factor(request.actor, person, reason=reason)
    elif act in ("staff", "unstaff"):
        commands.set_staff(request.actor, person, is_staff=act == "staff")
    else:
        raise NotFound(_("There is no such act."))


@staff_only
def admin_organizations(request: ActorRequest) -> HttpResponse:
    """Search organisations."""
    query = request.GET.get("q", "").strip()
    context = {"page": _page(request, reads.organizations(query)), "q": query, "tab": "organizations"}
    return render(request, "accounts/admin/organizations.html", context)


@staff_only
def admin_organization(request: ActorRequest, slug: str) -> HttpResponse:
    """Quota of one organisation."""
    organization = queries.organization(slug)
    initial = None if organization.quota_bytes is None else organization.quota_bytes / 1024**3
    form = QuotaForm(request.POST or None, initial={"quota": initial})
    if request.method == "POST" and attempt(
        form, done(lambda cleaned: commands.set_quota(request.actor, organization, quota_bytes=_bytes(cleaned["quota"])))
    ):
        messages.success(request, _("Saved."))
        return redirect(request.path)
    context = {"organization": organization, "form": form, "tab": "organizations"}
    return render(request, "accounts/admin/organization.html", context, status=422 if form.errors else 200)


@staff_only
def admin_queue(request: ActorRequest) -> HttpResponse:
    """What waits and what failed; all that was given up can be tried again at once."""
    if request.method == "POST":
        total = commands.retry_failed(request.actor)
        messages.success(request, _("%d tasks are in the queue again.") % total)
        return redirect(request.path)
    return render(
        request, "accounts/admin/queue.html", {"queue": reads.queue(), "page": _page(request, reads.open_deliveries()), "tab": "queue"}
    )


@require_POST
@staff_only
def admin_retry(request: ActorRequest, pk: int) -> HttpResponse:
    """Try a failed task again."""
    commands.retry_delivery(request.actor, pk)
    messages.success(request, _("It is in the queue again."))
    return redirect("admin_queue")


@staff_only
def admin_settings(request: ActorRequest) -> HttpResponse:
    """Sign-up, banner, operator; mail test."""
    banner = site.setting("banner")
    initial = {
        "signup": site.setting("signup"),
        "banner_zh": banner.get("zh", ""),
        "banner_en": banner.get("en", ""),
        "banner_level": banner.get("level", "note"),
        "banner_since": _moment(banner.get("since", "")),
        "banner_until": _moment(banner.get("until", "")),
        "operator": site.setting("operator"),
        "icp": site.setting("icp"),
    }
    mail = MailTestForm(request.POST if request.POST.get("act") == "mail" else None)
    form = SiteForm(request.POST if request.method == "POST" and not mail.is_bound else None, initial=initial)
    if mail.is_bound and attempt(mail, done(lambda cleaned: commands.send_test_mail(request.actor, to=cleaned["to"]))):
        messages.success(request, _("Sent."))
        return redirect(request.path)
    if form.is_bound and attempt(form, done(lambda cleaned: _store_settings(request, cleaned))):
        messages.success(request, _("Saved."))
        return redirect(request.path)
    return render(
        request,
        "accounts/admin/settings.html",
        {"form": form, "mail_form": mail, "tab": "settings"},
        status=422 if form.errors or mail.errors else 200,
    )


def _moment(text: str) -> datetime | None:
    return timezone.localtime(datetime.fromisoformat(text)) if text else None


def _store_settings(request: ActorRequest, cleaned: dict[str, Any]) -> None:
    commands.change_site_setting(request.actor, "signup", cleaned["signup"])
    banner = {
        "zh": cleaned["banner_zh"], "en": cleaned["banner_en"], "level": cleaned["banner_level"] or "note",
        **{key: found.isoformat() if (found := cleaned[f"banner_{key}"]) else "" for key in ("since", "until")},
    }  # fmt: skip
    commands.change_site_setting(request.actor, "banner", banner)
    commands.change_site_setting(request.actor, "operator", cleaned["operator"])
    commands.change_site_setting(request.actor, "icp", cleaned["icp"])


@staff_only
def admin_audit(request: ActorRequest) -> HttpResponse:
    """Every act of administration, newest first."""
    return render(request, "accounts/admin/audit.html", {"page": _page(request, reads.audit()), "tab": "audit"})


@staff_only
def admin_legal(request: ActorRequest) -> HttpResponse:
    """Versions of the legal pages, and a new one."""
    form = LegalForm(request.POST or None)
    if request.method == "POST" and attempt(form, lambda cleaned: commands.publish_legal_document(request.actor, **cleaned)):
        messages.success(request, _("Published."))
        return redirect(request.path)
    context = {"form": form, "documents": reads.legal_documents(), "tab": "legal"}
    return render(request, "accounts/admin/legal.html", context, status=422 if form.errors else 200)


@staff_only
def admin_complaints(request: ActorRequest) -> HttpResponse:
    """Complaints, open ones first."""
    return render(request, "accounts/admin/complaints.html", {"page": _page(request, reads.complaints()), "tab": "complaints"})


@staff_only
def admin_complaint(request: ActorRequest, number: str) -> HttpResponse:
    """Decide one complaint."""
    complaint = reads.complaint(number)
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and attempt(form, lambda cleaned: commands.decide_complaint(request.actor, complaint, **cleaned)):
        messages.success(request, _("Decided."))
        return redirect("admin_complaints")
    context = {"complaint": complaint, "form": form, "tab": "complaints"}
    return render(request, "accounts/admin/complaint.html", context, status=422 if form.errors else 200)


def legal_page(request: ActorRequest, kind: str) -> HttpResponse:
    """The terms or the privacy policy in force."""
    if kind not in ("terms", "privacy"):
        raise NotFound(_("There is nothing at this address, or you may not see it."))
    document = queries.legal_document(kind)
    english = request.LANGUAGE_CODE == "en" and document is not None and document.text_en
    html = render_text(document.text_en if english else document.text_zh) if document else ""
    return render(request, "accounts/legal.html", {"kind": kind, "document": document, "html": html})


def complaint_new(request: ActorRequest) -> HttpResponse:
    """The form for rights holders; five a day from one address."""
    form = ComplaintForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        limits.take(f"complaint:{client_ip(request)}", limit=5, seconds=86400)
        complaint = commands.file_complaint(**form.cleaned_data)
        return render(request, "accounts/complaint_filed.html", {"complaint": complaint})
    return render(request, "accounts/complaint.html", {"form": form}, status=422 if form.errors else 200)


def complaint_register(request: ActorRequest) -> HttpResponse:
    """Decided complaints, without the complainant's address."""
    return render(request, "accounts/complaint_register.html", {"page": _page(request, reads.decided_complaints())})
