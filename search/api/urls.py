"""Addresses below `/api/v1/`."""

from django.urls import path

from search.api import search

urlpatterns = [
    path("search", search.SearchApi.as_view()),
    path("search/code", search.CodeSearchApi.as_view()),
]
