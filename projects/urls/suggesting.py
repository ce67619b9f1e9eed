"""Addresses of category suggestions, the blind sample and the mirrors' statistics."""

from django.urls import path

from projects.views import labelling, statistics, suggesting

S = "-/admin/mirrors/suggestions"
L = "-/admin/mirrors/labelling"
urlpatterns = [
    path(S, suggesting.suggestions, name="suggestions"),
    path(f"{S}/decide", suggesting.decide, name="suggestions_decide"),
    path(f"{S}/group", suggesting.accept_group, name="suggestions_group"),
    path(f"{S}/train", suggesting.train, name="suggestions_train"),
    path(f"{S}/settings", suggesting.change, name="suggestions_settings"),
    path(f"{S}/acts/<int:pk>/undo", suggesting.undo, name="suggestions_undo"),
    path(L, labelling.labelling, name="labelling"),
    path(f"{L}/draw", labelling.draw, name="labelling_draw"),
    path(f"{L}/<int:pk>", labelling.label, name="labelling_label"),
    path("-/admin/mirrors/statistics", statistics.mirror_statistics, name="mirror_statistics"),
    path("-/admin/mirrors/statistics/<slug:measure>.csv", statistics.mirror_statistics_csv, name="mirror_statistics_csv"),
]
