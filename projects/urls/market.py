"""Addresses of the market and its directories, and of what it tells of one project."""

from django.urls import path

from projects.views import directory, market, traffic, trust

REPOSITORY = "<str:namespace>/<str:name>"

urlpatterns = [
    path("market", market.market, name="market"),
    path("market.atom", market.market_feed, name="market_feed"),
    path("organizations", directory.organization_directory, name="organization_directory"),
    path("datasets", directory.dataset_directory, name="dataset_directory"),
    path(f"{REPOSITORY}/traffic", traffic.repository_traffic, name="repository_traffic"),
    path(f"{REPOSITORY}/trust", trust.repository_trust, name="repository_trust"),
]
