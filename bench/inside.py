"""The portal's pages in this process: settings on a data directory of its own, a test client, time and queries of a page."""

import gzip
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import ROOT, percentile


def django_on(data: Path) -> None:
    """Set Django up with `data` as data directory; tables are made if there are none. OPENI_DATABASE_URL is kept."""
    sys.path.insert(0, str(ROOT))
    os.chdir(ROOT)
    os.environ.update(
        OPENI_DATA_DIR=str(data),
        OPENI_NUDGE_WORKER="false",
        OPENI_LOG_LEVEL="ERROR",
        OPENI_ALLOWED_HOSTS="testserver",
        OPENI_ANONYMOUS_SHARE="0",
        DJANGO_SETTINGS_MODULE="openi.settings",
    )
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    call_command("migrate", verbosity=0)


def person_and_repository(source: Path, name: str = "big") -> tuple[Any, Any]:
    """The bench person with the repository `name`, imported and indexed."""
    from accounts import commands as people
    from accounts.models import User
    from core import events
    from core.actors import SYSTEM
    from projects import commands
    from projects.models import Repository

    person = User.objects.filter(username="bench").first()
    if person is None:
        person = people.create_user(SYSTEM, "bench", email="bench@example.org", password="a long password 9")
    repository = Repository.objects.filter(namespace=person.namespace, name=name).first()
    if repository is None:
        run = commands.request_import_of_folder(
            SYSTEM, person.namespace, folder=source, name=name, visibility="public", description="", queued=False
        )
        commands.run_import(SYSTEM, run.pk)
        repository = Repository.objects.get(pk=run.repository_id)
    events.drain(1000)
    repository.refresh_from_db()
    return person, repository


def signed_in(person: Any) -> Any:
    """A test client with the person's session."""
    from django.test import Client

    client = Client()
    client.force_login(person)
    return client


@dataclass(frozen=True)
class Cost:
    """Of one warm page: seconds, processor seconds, SQL queries, bytes plain and compressed."""

    p50: float
    p95: float
    cpu: float
    queries: int
    size: int
    packed: int


def cost(client: Any, path: str, *, rounds: int = 40, headers: dict[str, str] | None = None, status: int = 200) -> Cost:
    """Ask for the page twice, then measure it. Raises RuntimeError for another status than `status`."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def get() -> Any:
        return client.get(path, headers=headers)

    get()
    with CaptureQueriesContext(connection) as captured:
        answer = get()
    queries = len(captured)  # later requests empty the log
    if answer.status_code != status:
        raise RuntimeError(f"{path}: {answer.status_code}")
    samples, began_cpu = [], time.process_time()
    for _ in range(rounds):
        began = time.perf_counter()
        get()
        samples.append(time.perf_counter() - began)
    cpu = (time.process_time() - began_cpu) / rounds
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return Cost(percentile(samples, 0.5), percentile(samples, 0.95), cpu, queries, len(body), len(gzip.compress(body, 6)))


def profiled(work: Callable[[], object], lines: int = 45) -> None:
    """Print where the time of 30 calls goes."""
    import cProfile
    import pstats

    profile = cProfile.Profile()
    profile.enable()
    for _ in range(30):
        work()
    profile.disable()
    pstats.Stats(profile).sort_stats("cumulative").print_stats(lines)
