"""Whether a pull request may be merged now, and every reason why not: what the merge box says and the merging commands ask."""

from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

import gitstore
from core.actors import Actor
from core.errors import Conflict
from core.rules import Decision
from projects.models import Protection
from projects.queries.signing import commit_marks
from projects.queries.statuses import GOOD, Combined, combined
from pulls import rules
from pulls.models import MergeSettings, Method, Pull
from pulls.queries.judging import Verdict, ownership, verdicts
from pulls.rules import Reason

SIGNED_LOOKED_AT = 250  # commits


@dataclass(frozen=True, slots=True)
class MergeState:
    """What the merge box shows. `reasons` in reading order; `may`: whether the actor may press the button at all."""

    may: Decision
    reasons: tuple[Reason, ...]
    methods: tuple[Method, ...]
    settings: MergeSettings
    protection: Protection | None
    checks: Combined
    verdicts: tuple[Verdict, ...]

    @property
    def ready(self) -> bool:
        """True if nothing about the pull request hinders a merge."""
        return bool(self.methods) and not any(reason.hinders for reason in self.reasons)

    @property
    def hindrances(self) -> list[Reason]:
        """What must change first."""
        return [reason for reason in self.reasons if reason.hinders]

    def require(self, method: str = "") -> None:
        """Raise NotFound or Forbidden (the actor may not), Conflict (something hinders, or the method is not allowed here)."""
        self.may.require()
        if hindrances := self.hindrances:
            raise Conflict(hindrances[0].text, code=hindrances[0].code)
        if not self.methods or (method and method not in self.methods):
            raise Conflict(_("This repository does not merge that way."), field="method", code="method")


def merge_state(actor: Actor, pull: Pull) -> MergeState:
    """Everything a merge depends on, with a number of queries that does not grow."""
    protection = rules.protection_of(pull.repository, pull.base_branch)
    settings = rules.settings_of(pull.repository)
    checks = combined(pull.repository, pull.head_oid)
    said = verdicts(pull)
    reasons = rules.state_reasons(pull)
    if not pull.is_merged:
        reasons = [*_review_reasons(pull, protection, said), *_check_reasons(protection, checks), *_signatures(pull, protection), *reasons]
        methods = _methods(pull, settings, protection)
        if not methods:
            reasons.append(Reason("bad", _("No way to merge is allowed in this repository."), "method"))
        elif methods == [Method.FORWARD] and pull.mergeability == Pull.Mergeability.CLEAN and pull.is_checked:
            reasons.append(Reason("bad", _("It has to be rebased: only fast-forwards are allowed here."), "not_forward"))
    else:
        methods = []
    may = rules.can_merge(actor, pull, protection)
    return MergeState(may, tuple(reasons), tuple(methods), settings, protection, checks, tuple(said))


def _methods(pull: Pull, settings: MergeSettings, protection: Protection | None) -> list[Method]:
    """Ways that are allowed; where commits must be signed nothing is written here, so only a fast-forward is left."""
    found = rules.methods(settings, protection)
    return [method for method in found if method == Method.FORWARD] if protection is not None and protection.signed_commits else found


def _review_reasons(pull: Pull, protection: Protection | None, said: list[Verdict]) -> list[Reason]:
    """Approvals, requests for changes, code owners, open conversations."""
    counted = [one for one in said if one.counts and one.person.pk != pull.thread.author_id]
    approved = [one for one in counted if one.state == "approved"]
    wanting = [one for one in counted if one.state == "changes"]
    found = []
    if protection is not None and protection.required_approvals:
        found.append(_approvals(protection.required_approvals, approved))
        found += [Reason("bad", _("%s requests changes.") % one.person.shown_name, "changes") for one in wanting]
    elif approved or wanting:
        found += [Reason("ok", _("Approved by %s.") % one.person.shown_name, "approved") for one in approved]
        found += [Reason("note", _("%s requests changes.") % one.person.shown_name, "changes") for one in wanting]
    if protection is not None and protection.require_owners:
        found += _owner_reasons(pull, approved)
    if protection is not None and protection.require_resolved:
        sent = Q(comments__review=None) | Q(comments__review__submitted_at__isnull=False)
        left = pull.line_threads.filter(sent, resolved_at=None).distinct().count()
        if left:
            text = ngettext("%d conversation is not resolved.", "%d conversations are not resolved.", left) % left
            found.append(Reason("bad", text, "conversations"))
    return found


def _approvals(needed: int, approved: list[Verdict]) -> Reason:
    names = ", ".join(one.person.shown_name for one in approved)
    if len(approved) >= needed:
        return Reason("ok", _("Approved by %s.") % names, "approved")
    text = ngettext("%d approval is needed", "%d approvals are needed", needed) % needed
    return Reason("bad", f"{text} ({_('approved by %s') % names})" if names else text, "approvals")


def _owner_reasons(pull: Pull, approved: list[Verdict]) -> list[Reason]:
    """One for each group of files whose owners have not approved."""
    ids = {one.person.pk for one in approved}
    missing = [group for group in ownership(pull) if (group.people or group.members) and not group.approved_by(ids)]
    return [
        Reason(
            "bad",
            _("A code owner of %(path)s has to approve: %(names)s.") % {"path": group.paths[0], "names": ", ".join(group.names)},
            "owners",
        )
        for group in missing[:5]
    ] or ([] if missing else [Reason("ok", _("The code owners have approved."), "owners")])


def _check_reasons(protection: Protection | None, checks: Combined) -> list[Reason]:
    found = []
    for name in protection.required_checks if protection is not None else ():
        state = checks.state_of(name)
        if state in GOOD:
            found.append(Reason("ok", _("The check “%s” has passed.") % name, "check"))
        elif state in ("", "pending"):
            found.append(Reason("wait", _("The required check “%s” has not finished.") % name, "check"))
        else:
            found.append(Reason("bad", _("The required check “%s” has failed.") % name, "check"))
    return found


def _signatures(pull: Pull, protection: Protection | None) -> list[Reason]:
    if protection is None or not protection.signed_commits:
        return []
    if missing := unsigned(pull):
        words = {"oid": missing[0].oid[:10], "count": len(missing)}
        text = ngettext(
            "The commit %(oid)s has no verified signature.", "%(count)d commits have no verified signature, %(oid)s is one.", len(missing)
        )
        return [Reason("bad", text % words, "unsigned")]
    return [Reason("ok", _("Every commit is signed."), "signed")]


def unsigned(pull: Pull) -> list[gitstore.Commit]:
    """Commits without a verified signature, at most SIGNED_LOOKED_AT are looked at. Three queries."""
    commits = gitstore.between(pull.repository.path, pull.merge_base, pull.head_oid, limit=SIGNED_LOOKED_AT)
    marks = commit_marks(pull.repository, commits)
    return [commit for commit in commits if commit.oid not in marks or marks[commit.oid].tag != "tag-ok"]
