"""Every test process has its own data directory; nothing outside it is written and no socket leaves loopback."""

import os
import shutil
import tempfile
from collections.abc import Iterator

_data = tempfile.mkdtemp(prefix="openi-test-")
os.environ["OPENI_DATA_DIR"] = _data
os.environ["DJANGO_SETTINGS_MODULE"] = (
    "openi.settings"  # here and not in pyproject.toml: pytest-django would read the settings before this file
)
os.environ["OPENI_NUDGE_WORKER"] = "false"
os.environ["OPENI_ANONYMOUS_SHARE"] = "0"  # tests ask faster than people; tests/core/test_crowd.py sets it
os.environ.setdefault("OPENI_LOG_LEVEL", "ERROR")
os.environ.setdefault("OPENI_BASE_URL", "http://127.0.0.1:8000")
os.environ["OPENI_ALLOWED_HOSTS"] = "testserver"
_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if _worker and os.environ.get("OPENI_REDIS_URL"):
    os.environ["OPENI_REDIS_URL"] = os.environ["OPENI_REDIS_URL"].rsplit("/", 1)[0] + f"/{int(_worker[2:]) + 1}"
if _worker and os.environ.get("OPENI_S3_BUCKET"):
    os.environ["OPENI_S3_BUCKET"] += f"-{_worker}"

import django  # noqa: E402
import pytest  # noqa: E402
from django.core.cache import caches  # noqa: E402

django.setup()
del os.environ[
    "DJANGO_SETTINGS_MODULE"
]  # or pytest-django would read the settings in xdist's workers before this file gives them their own folder


def pytest_unconfigure() -> None:
    shutil.rmtree(_data, ignore_errors=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first: processes that share the tests then end together."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest) -> None:
    """The test database is a file of this process's data directory, so xdist needs no suffix on SQLite; on PostgreSQL it does."""
    if os.environ.get("OPENI_DATABASE_URL"):
        request.getfixturevalue("django_db_modify_db_settings_parallel_suffix")


@pytest.fixture(autouse=True)
def _clean_caches() -> Iterator[None]:
    """Counters and cached pages never leak from one test into another."""
    yield
    for alias in ("default", "pages"):
        caches[alias].clear()


@pytest.fixture(autouse=True)
def _static_without_manifest(settings) -> None:
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


@pytest.fixture(autouse=True)
def _fast_passwords(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


_tree: list[object] = []  # rows of the default categories


@pytest.fixture(autouse=True)
def _default_categories(request: pytest.FixtureRequest) -> None:
    """What a migration brought stands in every test: a test outside a transaction empties all tables when it ends."""
    marker = request.node.get_closest_marker("django_db")
    empties = bool(marker and marker.kwargs.get("transaction")) or {"live_server", "transactional_db"} & set(request.fixturenames)
    if not empties:
        return
    request.getfixturevalue("transactional_db")
    from projects.market import tree
    from projects.models import Category

    if Category.objects.exists():
        return
    if not _tree:
        tree.install(Category)
        _tree.extend(Category.objects.order_by("pk"))
    else:
        Category.objects.bulk_create(_tree)


@pytest.fixture
def deliver():
    """Run the worker's part: deliver everything published so far."""
    from core import events

    return events.drain
