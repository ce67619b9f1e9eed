"""The site's addresses with every outside sign-in switched on."""

from django.urls import include, path

from openi.urls import handler404, handler500  # noqa: F401
from openi.urls import urlpatterns as site

NAMES = ("github", "dingtalk", "feishu", "weixin")
urlpatterns = [
    path("-/account/", include("accounts.providers.gitee.urls")),
    *(path("-/account/", include(f"allauth.socialaccount.providers.{name}.urls")) for name in NAMES),
    *site,
]
