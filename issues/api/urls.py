"""Addresses of version 1."""

from django.urls import path

from issues.api import issues, more, planning

ONE = "repositories/<str:namespace>/<str:name>"
urlpatterns = [
    path("user/issues", issues.OwnIssuesApi.as_view()),
    path(f"{ONE}/issues", issues.IssuesApi.as_view()),
    path(f"{ONE}/issues/<int:number>", issues.IssueApi.as_view()),
    path(f"{ONE}/issues/<int:number>/comments", issues.CommentsApi.as_view()),
    path(f"{ONE}/issues/<int:number>/timeline", issues.TimelineApi.as_view()),
    path(f"{ONE}/issues/many", more.ManyApi.as_view()),
    path(f"{ONE}/issues/<int:number>/reactions", more.ReactionsApi.as_view()),
    path(f"{ONE}/issues/<int:number>/relations", more.RelationsApi.as_view()),
    path(f"{ONE}/issues/<int:number>/transfer", more.IssueTransferApi.as_view()),
    path(f"{ONE}/comments/<int:pk>/reactions", more.CommentReactionsApi.as_view()),
    path(f"{ONE}/comments/<int:pk>/hidden", more.CommentHiddenApi.as_view()),
    path(f"{ONE}/boards", more.BoardsApi.as_view()),
    path(f"{ONE}/boards/<int:number>", more.BoardApi.as_view()),
    path(f"{ONE}/boards/<int:number>/cards", more.CardsApi.as_view()),
    path(f"{ONE}/comments/<int:pk>", issues.CommentApi.as_view()),
    path(f"{ONE}/assignees", issues.AssigneesApi.as_view()),
    path(f"{ONE}/labels", planning.LabelsApi.as_view()),
    path(f"{ONE}/labels/<path:label>", planning.LabelApi.as_view()),
    path(f"{ONE}/milestones", planning.MilestonesApi.as_view()),
    path(f"{ONE}/milestones/<int:number>", planning.MilestoneApi.as_view()),
]
