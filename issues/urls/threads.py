"""Lists, pages and talk."""

from django.urls import path, register_converter

from issues.views import lists, planning, setup, threads


class Kind:
    """The word of a kind of thread in addresses."""

    regex = "issues|pulls"

    def to_python(self, value: str) -> str:
        """As it is."""
        return value

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


register_converter(Kind, "threads")

R = "<str:namespace>/<str:name>"
THREAD = f"{R}/<threads:kind>/<int:number>"
urlpatterns = [
    path("issues", lists.issues_across, name="issues_across"),
    path(f"{R}/issues", lists.issue_list, name="issue_list"),
    path(f"{R}/issues/new", threads.issue_new, name="issue_new"),
    path(f"{R}/issues/<int:number>", threads.issue_page, name="issue_page"),
    path(f"{THREAD}/comment", threads.thread_comment, name="thread_comment"),
    path(f"{THREAD}/acts", threads.thread_acts, name="thread_acts"),
    path(f"{THREAD}/edit", threads.thread_edit, name="thread_edit"),
    path(f"{THREAD}/comments/<int:pk>/edit", threads.comment_edit, name="comment_edit"),
    path(f"{THREAD}/comments/<int:pk>/delete", threads.comment_delete, name="comment_delete"),
    path(f"{R}/settings/issues", setup.issue_settings, name="issue_settings"),
    path(f"{R}/labels", planning.label_list, name="label_list"),
    path(f"{R}/milestones", planning.milestone_list, name="milestone_list"),
    path(f"{R}/milestones/new", planning.milestone_new, name="milestone_new"),
    path(f"{R}/milestones/<int:number>", planning.milestone_page, name="milestone_page"),
    path(f"{R}/milestones/<int:number>/edit", planning.milestone_edit, name="milestone_edit"),
]
