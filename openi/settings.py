"""All settings, read from the environment; each variable stands in `.env.example`."""

import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from celery.schedules import schedule
from django.utils.translation import gettext_lazy as _
from environs import Env

env = Env(prefix="OPENI_")
BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)


def _secret_key() -> str:
    """The key from the environment, else one made once and kept in the data directory (mode 0600)."""
    if key := env.str("SECRET_KEY", default=""):
        return key
    path = DATA_DIR / "secret_key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text().strip()


SECRET_KEY = _secret_key()
DEBUG = env.bool("DEBUG", default=False)
BASE_URL = env.str("BASE_URL", default="http://127.0.0.1:8000").rstrip("/")
_base = urlsplit(BASE_URL)
ALLOWED_HOSTS = list({"127.0.0.1", "localhost", "[::1]", _base.hostname or "", *env.list("ALLOWED_HOSTS", default=[])} - {""})
SSH_HOST = env.str("SSH_HOST", default=_base.hostname or "127.0.0.1")
SSH_PORT = env.int("SSH_PORT", default=8001)
LIVE_URL = env.str("LIVE_URL", default="")  # origin of the live process; empty: pages poll
CSRF_TRUSTED_ORIGINS = [BASE_URL]
SECURE_COOKIES = _base.scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME, LANGUAGE_COOKIE_NAME = "openi_session", "openi_csrf", "openi_language"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=1 if env.bool("BEHIND_PROXY", default=False) else 0)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

INSTALLED_APPS = [
    "openi.apps.OpeniConfig",
    "pulls.apps.PullsConfig",
    "issues.apps.IssuesConfig",
    "projects.apps.ProjectsConfig",
    "accounts.apps.AccountsConfig",
    "core.apps.CoreConfig",
    "activity.apps.ActivityConfig",
    "search.apps.SearchConfig",  # after those that register their documents
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "django_htmx",
    "template_partials.apps.SimpleAppConfig",
    "django_cotton.apps.SimpleAppConfig",
    "rest_framework",
    "drf_spectacular",
]
MIDDLEWARE = [
    "core.middleware.RequestId",
    "core.middleware.SecurityHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "accounts.middleware.ActorMiddleware",
    "core.crowd.AnonymousShare",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "core.middleware.DomainErrors",
    "projects.middleware.HostAddresses",
]
ROOT_URLCONF = "openi.urls"
WSGI_APPLICATION = "openi.wsgi.application"
APPEND_SLASH = False
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django_cotton.cotton_loader.Loader",
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "core.context.site",
            ],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "template_partials.templatetags.partials",
                "django.templatetags.i18n",
                "django.templatetags.static",
                "core.templatetags.openi",
                "core.templatetags.permissions",
                "core.templatetags.portal",
            ],
        },
    }
]
COTTON_DIR = "components"

DATABASE_URL = env.str("DATABASE_URL", default="")
DATABASES: dict[str, Any]
if DATABASE_URL:
    _db = urlsplit(DATABASE_URL)
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _db.path.lstrip("/"),
            "USER": _db.username or "",
            "PASSWORD": _db.password or "",
            "HOST": _db.hostname or "",
            "PORT": str(_db.port or ""),
            "OPTIONS": {"pool": {"min_size": 2, "max_size": 20}},
        }
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "core.db.sqlite",
            "NAME": DATA_DIR / "openi.sqlite3",
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON;",
            },
            "TEST": {"NAME": DATA_DIR / "test.sqlite3"},
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
CACHES: dict[str, Any]
if REDIS_URL:
    _redis = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    CACHES = {"default": {**_redis, "KEY_PREFIX": "c"}, "pages": {**_redis, "KEY_PREFIX": "p", "TIMEOUT": 7 * 86400}}
else:
    CACHES = {
        "default": {"BACKEND": "core.cache.SQLiteCache", "LOCATION": str(DATA_DIR / "cache.sqlite3")},
        "pages": {"BACKEND": "core.cache.PagesCache", "LOCATION": str(DATA_DIR / "cache" / "pages"), "TIMEOUT": 7 * 86400},
    }

CELERY_BROKER_URL = REDIS_URL or "filesystem://"
_queue = DATA_DIR / "queue"
for _folder in ("messages", "control"):
    (_queue / _folder).mkdir(parents=True, exist_ok=True)
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"visibility_timeout": 3600}
    if REDIS_URL
    else {
        "data_folder_in": str(_queue / "messages"),
        "data_folder_out": str(_queue / "messages"),
        "control_folder": str(_queue / "control"),
        "store_processed": False,
        "polling_interval": 0.05,
    }
)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "drain-outbox": {"task": "core.tasks.drain_outbox", "schedule": schedule(5)},
    "maintain-repositories": {"task": "projects.tasks.maintain_repositories", "schedule": schedule(300)},
    "purge-deleted": {"task": "projects.tasks.purge_deleted", "schedule": schedule(3600)},
    "purge-organizations": {"task": "accounts.tasks.purge_organizations", "schedule": schedule(3600)},
    "sample-site": {"task": "accounts.tasks.sample_site", "schedule": schedule(6 * 3600)},
    "count-visits": {"task": "projects.tasks.count_visits", "schedule": schedule(15)},
    "rate-rising": {"task": "projects.tasks.rate_rising", "schedule": schedule(1800)},
    "forget-visits": {"task": "projects.tasks.forget_visits", "schedule": schedule(3600)},
    "assess-repositories": {"task": "projects.tasks.assess_repositories", "schedule": schedule(600)},
    "forget-lost-history": {"task": "projects.tasks.forget_lost_history", "schedule": schedule(86400)},
    "inspect-mirrors": {"task": "projects.tasks.inspect_mirrors", "schedule": schedule(600)},
    "resume-edits": {"task": "projects.tasks.resume_edits", "schedule": schedule(30)},
    "tidy-curation": {"task": "projects.tasks.tidy_curation", "schedule": schedule(86400)},
    "forget-spools": {"task": "projects.tasks.forget_spools", "schedule": schedule(900)},
    "follow-moves": {"task": "projects.tasks.follow_moves", "schedule": schedule(60)},
    "share-relatives": {"task": "projects.tasks.share_relatives", "schedule": schedule(1800)},
    "sync-mirrors": {"task": "projects.tasks.sync_mirrors", "schedule": schedule(5)},
    "push-mirrors": {"task": "projects.tasks.push_mirrors", "schedule": schedule(5)},
    "ask-hosts": {"task": "projects.tasks.ask_hosts", "schedule": schedule(60)},
    "suggest-categories": {"task": "projects.tasks.suggest_categories", "schedule": schedule(60)},
    "roll-up-mirrors": {"task": "projects.tasks.roll_up_mirrors", "schedule": schedule(900)},
    "send-hooks": {"task": "activity.tasks.send_hooks", "schedule": schedule(5)},
    "notify-people": {"task": "activity.tasks.notify_people", "schedule": schedule(5)},
    "send-mails": {"task": "activity.tasks.send_mails", "schedule": schedule(10)},
    "send-digests": {"task": "activity.tasks.send_digests", "schedule": schedule(900)},
    "index-pending": {"task": "search.tasks.index_pending", "schedule": schedule(5)},
    "index-code": {"task": "search.tasks.index_code", "schedule": schedule(300)},
    "resume-imports": {"task": "projects.tasks.resume_imports", "schedule": schedule(30)},
    "resume-mirror-lists": {"task": "projects.tasks.resume_mirror_lists", "schedule": schedule(30)},
    "resume-purges": {"task": "projects.tasks.resume_purges", "schedule": schedule(30)},
    "settle-pulls": {"task": "pulls.tasks.settle_pulls", "schedule": schedule(60)},
    "sweep-blobs": {"task": "core.tasks.sweep_blobs", "schedule": schedule(6 * 3600)},
    "analyse-database": {"task": "core.tasks.analyse_database", "schedule": schedule(3600)},
    "sweep-pools": {"task": "projects.tasks.sweep_pools", "schedule": schedule(1800)},
}
NUDGE_WORKER = env.bool("NUDGE_WORKER", default=True)  # off in tests: they drain the outbox themselves

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend", "allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "accounts.adapters.SocialAccountAdapter"
MFA_ADAPTER = "accounts.adapters.MFAAdapter"
ACCOUNT_FORMS = {"signup": "accounts.forms.SignupForm"}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PRESERVE_USERNAME_CASING = True
ACCOUNT_USERNAME_VALIDATORS = "accounts.forms.username_validators"
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_LOGOUT_ON_GET = False
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE_COOKIES
SITE_NAME = "OpenI 启智"  # in mails and authenticators
MFA_TOTP_ISSUER = SITE_NAME
USERSESSIONS_TRACK_ACTIVITY = False  # a write at every page view; sign-in time and address are kept
SOCIALACCOUNT_FORMS = {"signup": "accounts.forms.social.SocialSignupForm"}
SOCIALACCOUNT_PROVIDERS = env.json("SOCIAL_PROVIDERS", default={})  # {"github": {"APPS": [{"client_id": …, "secret": …}]}, …}
SOCIAL_HOSTS = env.json("SOCIAL_HOSTS", default={})  # {"api.github.com": "https://gateway.example/github"}: where such a site is reached
INSTALLED_APPS += [
    "accounts.providers.gitee" if name == "gitee" else f"allauth.socialaccount.providers.{name}" for name in SOCIALACCOUNT_PROVIDERS
]

if _smtp := env.str("SMTP_URL", default=""):
    _mail = urlsplit(_smtp)
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _mail.hostname or "", _mail.port or 25
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.username or "", _mail.password or ""
    EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.scheme == "smtp+tls", _mail.scheme == "smtps"
    MAIL_IS_FILED = False
else:
    EMAIL_BACKEND = "core.mail.FileBackend"
    MAIL_IS_FILED = True
MAIL_DIR = DATA_DIR / "mail"
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", default=f"OpenI <noreply@{_base.hostname}>")
EMAIL_TIMEOUT = 10

MIRROR_HOSTS = env.list("MIRROR_HOSTS", default=["github.com", "gitee.com", "gitlab.com", "bitbucket.org", "codeberg.org", "gitcode.com"])
MIRROR_THREADS = env.int("MIRROR_THREADS", default=8)  # looks and fetches at once, in the worker
MIRROR_MAX_BYTES = env.int("MIRROR_MAX_BYTES", default=20 * 1024**3)  # what one fetch may add
MIRROR_GIT_PROTOCOL = env.bool("MIRROR_GIT_PROTOCOL", default=False)  # git:// upstreams: nothing is encrypted, nobody is authenticated
MIRROR_FREE_BYTES = env.int("MIRROR_FREE_BYTES", default=2 * 1024**3)  # the floor of free disk, below which nothing is fetched
ELASTICSEARCH_URL = env.str("ELASTICSEARCH_URL", default="")  # empty: the embedded index
SEARCH_PREFIX = env.str("SEARCH_PREFIX", default="openi")  # of index names in Elasticsearch
SEARCH_DIR = DATA_DIR / "search"
REPOSITORIES_DIR = Path(env.str("REPOSITORIES_DIR", default=str(DATA_DIR / "repositories")))
BLOBS_DIR = DATA_DIR / "blobs"
S3 = {
    "endpoint": env.str("S3_ENDPOINT", default=""),
    "bucket": env.str("S3_BUCKET", default=""),
    "access_key": env.str("S3_ACCESS_KEY", default=""),
    "secret_key": env.str("S3_SECRET_KEY", default=""),
    "region": env.str("S3_REGION", default="us-east-1"),
}
ACCEL_REDIRECT = env.str("ACCEL_REDIRECT", default="")  # nginx's internal location of BLOBS_DIR
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
API_ORIGINS: list[str] = env.list(
    "API_ORIGINS", default=[]
)  # sites whose pages may call the API from a browser, "*" for all; never with cookies
ALLOW_PRIVATE_ADDRESSES = env.bool("ALLOW_PRIVATE_ADDRESSES", default=False)
QUOTA_BYTES = env.int("QUOTA_BYTES", default=10 * 1024**3)
MAX_BLOB_BYTES = env.int("MAX_BLOB_BYTES", default=2 * 1024**3)
MAX_ATTACHMENT_BYTES = env.int("MAX_ATTACHMENT_BYTES", default=25 * 1024**2)  # of a file in an issue or comment
PROPOSAL_BYTES = env.int("PROPOSAL_BYTES", default=100 * 1024**2)  # of one push by people who may only propose (refs/for/…)
ANONYMOUS_SHARE = env.float("ANONYMOUS_SHARE", default=0.2)  # processors a web process gives to readers without account (0: no limit)
GIT_TRANSFERS = env.int("GIT_TRANSFERS", default=136)  # a process; all may come to one, and 100 strangers find room (three quarters)
GIT_SECONDS = env.int("GIT_SECONDS", default=6 * 3600)  # a transfer takes no longer
GIT_SILENT_SECONDS = env.int("GIT_SILENT_SECONDS", default=300)  # a client that takes nothing for so long is cut off
SMS_GATEWAY = env.str("SMS_GATEWAY", default="")
SMS_PER_DAY = env.int("SMS_PER_DAY", default=2000)  # messages of the whole site
OPERATOR = env.str("OPERATOR", default="鹏城实验室")
ICP_NUMBER = env.str("ICP_NUMBER", default="")

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.str("TIME_ZONE", default="Asia/Shanghai")
USE_TZ = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MAX_AGE = 3600
if env.bool("RELOAD", default=False):  # script/server --reload: templates and static files are read at each use
    TEMPLATES[0]["OPTIONS"]["loaders"] = [
        (
            "template_partials.loader.Loader",
            [
                "django_cotton.cotton_loader.Loader",
                "django.template.loaders.filesystem.Loader",
                "django.template.loaders.app_directories.Loader",
            ],
        )
    ]
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024**2  # above a text of 10 MB, which its page refuses with the words kept
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024**2
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SILENCED_SYSTEM_CHECKS: list[str] = []

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.ActorAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "core.schema.ApiSchema",
    "EXCEPTION_HANDLER": "core.api.problem",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "OpenI API",
    "VERSION": "1",
    "DESCRIPTION": "Repositories, people and releases of the OpenI portal. Errors are RFC 9457 problems.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": ["core.schema.finish"],
    "ENUM_NAME_OVERRIDES": {},
}
LOGGING_CONFIG = "core.logs.configure"
LOGGING = {"level": env.str("LOG_LEVEL", default="INFO"), "json": env.bool("LOG_JSON", default=True)}
LANGUAGE_NAMES = {"zh-hans": _("Chinese"), "en": _("English")}
CSRF_FAILURE_VIEW = "core.pages.csrf_failure"
