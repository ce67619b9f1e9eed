"""What the merge box does."""

from django.contrib import messages
from django.utils.translation import gettext as _

from core.actors import ActorRequest
from core.errors import Invalid
from pulls.commands.auto import cancel_auto_merge, set_auto_merge
from pulls.commands.heads import delete_head_branch, restore_head_branch, update_branch
from pulls.commands.merging import merge_pull
from pulls.commands.undoing import cherry_pick_pull, revert_pull
from pulls.models import Method, Pull
from pulls.views.acts import here
from pulls.views.common import Act


def merge(request: ActorRequest, pull: Pull) -> str:
    """Merge now, or when it may be (`when` is ready)."""
    sent = request.POST
    method = sent.get("method", "")
    if method and method not in Method.values:
        raise Invalid(_("Choose how to merge."), field="method")
    words = {"title": sent.get("title", "").strip(), "message": sent.get("message", "").replace("\r\n", "\n")}
    if sent.get("when") == "ready":
        after = set_auto_merge(request.actor, pull, method=method, **words)
        messages.success(request, _("It is merged.") if after.is_merged else _("It will be merged as soon as nothing hinders it."))
    else:
        merge_pull(request.actor, pull, method=method, expected=sent.get("expected", ""), **words)
        messages.success(request, _("It is merged."))
    return here(request, "merge")


def cancel_auto(request: ActorRequest, pull: Pull) -> str:
    """Do not merge by itself any more."""
    cancel_auto_merge(request.actor, pull)
    return here(request, "merge")


def update(request: ActorRequest, pull: Pull) -> str:
    """Bring the base into the head branch."""
    update_branch(request.actor, pull, method=request.POST.get("method", "merge"), expected=request.POST.get("expected", ""))
    messages.success(request, _("The branch is up to date."))
    return here(request, "merge")


def delete_branch(request: ActorRequest, pull: Pull) -> str:
    """The head branch goes; it can be made again."""
    delete_head_branch(request.actor, pull)
    messages.success(request, _("The branch is deleted."))
    return here(request, "merge")


def restore_branch(request: ActorRequest, pull: Pull) -> str:
    """And comes back."""
    restore_head_branch(request.actor, pull)
    messages.success(request, _("The branch is there again."))
    return here(request, "merge")


def revert(request: ActorRequest, pull: Pull) -> str:
    """Propose the opposite."""
    return revert_pull(request.actor, pull).get_absolute_url()


def cherry_pick(request: ActorRequest, pull: Pull) -> str:
    """Propose the same for another branch."""
    return cherry_pick_pull(request.actor, pull, onto=request.POST.get("branch", "").strip()).get_absolute_url()


ON_MERGING: dict[str, Act] = {
    "merge": merge, "cancel_auto": cancel_auto, "update": update, "delete_branch": delete_branch, "restore_branch": restore_branch,
    "revert": revert, "cherry_pick": cherry_pick,
}  # fmt: skip
