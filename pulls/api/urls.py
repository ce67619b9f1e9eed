"""Addresses of version 1."""

from django.urls import path

from pulls.api import pulls, reviews

ALL = "repositories/<str:namespace>/<str:name>/pulls"
ONE = f"{ALL}/<int:number>"
urlpatterns = [
    path("user/pulls", pulls.OwnPullsApi.as_view()),
    path(ALL, pulls.PullsApi.as_view()),
    path(ONE, pulls.PullApi.as_view()),
    path(f"{ONE}/commits", pulls.PullCommitsApi.as_view()),
    path(f"{ONE}/files", pulls.PullFilesApi.as_view()),
    path(f"{ONE}/versions", pulls.PullVersionsApi.as_view()),
    path(f"{ONE}/merge", pulls.PullMergeApi.as_view()),
    path(f"{ONE}/reviews", reviews.ReviewsApi.as_view()),
    path(f"{ONE}/reviews/<int:review>/dismissal", reviews.DismissalApi.as_view()),
    path(f"{ONE}/line-comments", reviews.LineCommentsApi.as_view()),
    path(f"{ONE}/line-comments/<int:comment>", reviews.LineCommentApi.as_view()),
    path(f"{ONE}/suggestions", reviews.SuggestionsApi.as_view()),
    path(f"{ONE}/reviewers", reviews.ReviewersApi.as_view()),
]
