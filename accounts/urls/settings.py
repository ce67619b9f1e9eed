"""`/settings/…`, sign-in, sign-up, and allauth's pages under `/-/account/`."""

from allauth.account import views as allauth
from django.urls import include, path

from accounts.views import phone
from accounts.views import settings as views

urlpatterns = [
    path("settings/profile", views.settings_profile, name="settings_profile"),
    path("settings/account", views.settings_account, name="settings_account"),
    path("settings/export", views.settings_export, name="settings_export"),
    path("settings/tokens", views.settings_tokens, name="settings_tokens"),
    path("settings/tokens/revoke", views.settings_token_revoke, name="settings_token_revoke"),
    path("settings/keys", views.settings_keys, name="settings_keys"),
    path("settings/signing-keys", views.settings_signing_keys, name="settings_signing_keys"),
    path("settings/phone", phone.settings_phone, name="settings_phone"),
    path("settings/log", views.settings_log, name="settings_log"),
    path("-/avatars/<str:sha256>", views.avatar, name="avatar"),
    path("-/account/phone/reauthenticate", phone.phone_reauthenticate, name="phone_reauthenticate"),
    path("-/account/", include("allauth.urls")),
    path("login/phone", phone.phone_sign_in, name="phone_sign_in"),
    path("login", allauth.login, name="account_login"),
    path("signup", allauth.signup, name="account_signup"),
    path("logout", allauth.logout, name="account_logout"),
]
