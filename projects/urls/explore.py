"""Home, explore, dashboard, and `/<namespace>` (the very last address of the site)."""

from django.urls import path

from projects.views import explore as views

urlpatterns = [
    path("", views.home, name="home"),
    path("explore", views.explore, name="explore"),
    path("dashboard", views.dashboard, name="dashboard"),
]
last = [path("<str:namespace>", views.namespace_page, name="namespace")]
