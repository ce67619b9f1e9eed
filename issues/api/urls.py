"""Addresses of version 1."""

from django.urls import path

from issues.api import issues, planning

ONE = "repositories/<str:namespace>/<str:name>"
urlpatterns = [
    path("user/issues", issues.OwnIssuesApi.as_view()),
    path(f"{ONE}/issues", issues.IssuesApi.as_view()),
    path(f"{ONE}/issues/<int:number>", issues.IssueApi.as_view()),
    path(f"{ONE}/issues/<int:number>/comments", issues.CommentsApi.as_view()),
    path(f"{ONE}/issues/<int:number>/timeline", issues.TimelineApi.as_view()),
    path(f"{ONE}/comments/<int:pk>", issues.CommentApi.as_view()),
    path(f"{ONE}/assignees", issues.AssigneesApi.as_view()),
    path(f"{ONE}/labels", planning.LabelsApi.as_view()),
    path(f"{ONE}/labels/<path:label>", planning.LabelApi.as_view()),
    path(f"{ONE}/milestones", planning.MilestonesApi.as_view()),
    path(f"{ONE}/milestones/<int:number>", planning.MilestoneApi.as_view()),
]
