"""`gitee/login/` and its callback."""

from allauth.socialaccount.providers.oauth2.urls import default_urlpatterns

from accounts.providers.gitee.provider import GiteeProvider

urlpatterns = default_urlpatterns(GiteeProvider)
