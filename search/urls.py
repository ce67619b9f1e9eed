"""`/search` and what belongs to it."""

from django.urls import path

from search.views import administration, results

urlpatterns = [
    path("search", results.search, name="search"),
    path("-/search/suggest", results.suggest, name="search_suggest"),
    path("-/admin/search", administration.admin_search, name="admin_search"),
    path("-/admin/search/<int:pk>", administration.admin_synonym, name="admin_synonym"),
]
