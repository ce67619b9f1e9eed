"""The site's addresses with Gitee switched on."""

from django.urls import include, path

from openi.urls import handler404, handler500  # noqa: F401
from openi.urls import urlpatterns as site

urlpatterns = [path("-/account/", include("accounts.providers.gitee.urls")), *site]
