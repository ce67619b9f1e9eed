"""The rows of this app about people."""

from accounts.places import PersonalRows, personal_rows

_KEEPS = "the history of the project"
_PULL = ("pull__repository__namespace__slug", "pull__repository__name", "pull__thread__number")
for _rows in (
    PersonalRows(
        "pulls.Pull.merged_by", keeps=_KEEPS, section="pulls_merged",
        columns=("repository__namespace__slug", "repository__name", "thread__number", "merged_at", "merge_method"),
    ),
    PersonalRows("pulls.Pull.auto_merge_by", keeps=_KEEPS, section="auto_merges", columns=("repository__name", "thread__number", "auto_merge_method")),
    PersonalRows("pulls.Version.pushed_by", keeps=_KEEPS, section="pull_versions", columns=(*_PULL, "number", "head_oid", "at")),
    PersonalRows("pulls.Review.author", keeps=_KEEPS, section="reviews", columns=(*_PULL, "state", "body", "oid", "submitted_at")),
    PersonalRows("pulls.Review.dismissed_by", keeps=_KEEPS, section="reviews_dismissed", columns=(*_PULL, "dismissed_at", "dismissed_reason")),
    PersonalRows("pulls.LineThread.resolved_by", keeps=_KEEPS, section="conversations_resolved", columns=(*_PULL, "path", "line", "resolved_at")),
    PersonalRows(
        "pulls.LineComment.author", keeps=_KEEPS, section="line_comments",
        columns=("thread__pull__repository__name", "thread__pull__thread__number", "thread__path", "thread__line", "body", "created_at"),
    ),
    PersonalRows("pulls.ReviewRequest.user", section="review_requests", columns=(*_PULL, "at")),
    PersonalRows("pulls.ReviewRequest.requested_by", keeps=_KEEPS, section="review_requests_made", columns=(*_PULL, "at")),
    PersonalRows("pulls.ViewedFile.user", section="files_viewed", columns=(*_PULL, "at")),
):  # fmt: skip
    personal_rows.add(_rows)
