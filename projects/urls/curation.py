"""Addresses of curation, collections and reports."""

from django.urls import path

from projects.views import collections, curation, curation_shelves, curation_tree, reports

DESK = "-/admin/mirrors"
urlpatterns = [
    path(f"{DESK}/edits", curation.edits, name="curation_edits"),
    path(f"{DESK}/edits/new", curation.edit_new, name="curation_edit_new"),
    path(f"{DESK}/edits/<int:pk>", curation.edit, name="curation_edit"),
    path(f"{DESK}/settle", curation.settle, name="curation_settle"),
    path(f"{DESK}/oversized", curation.oversized, name="curation_oversized"),
    path(f"{DESK}/selection.csv", curation.selection_csv, name="curation_csv"),
    path(f"{DESK}/categories", curation_tree.categories, name="curation_categories"),
    path(f"{DESK}/categories/<slug:slug>", curation_tree.category, name="curation_category"),
    path(f"{DESK}/tags", curation_tree.tags, name="curation_tags"),
    path(f"{DESK}/collections", curation_shelves.collections, name="curation_collections"),
    path(f"{DESK}/collections/<slug:slug>", curation_shelves.collection, name="curation_collection"),
    path(f"{DESK}/shelf", curation_shelves.shelf, name="curation_shelf"),
    path(f"{DESK}/reports", reports.queue, name="curation_reports"),
    path(f"{DESK}/reports/<int:pk>", reports.decide, name="curation_report"),
    path("collections", collections.collections, name="collections"),
    path("collections/<slug:slug>", collections.collection, name="collection"),
    path("-/reports", reports.mine, name="reports_mine"),
    path("-/reports/<str:key>", reports.outcome, name="report_outcome"),
    path("<str:namespace>/<str:name>/report", reports.repository_report, name="repository_report"),
]
