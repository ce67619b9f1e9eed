#!/usr/bin/env python3
"""Server time of warm pages in process, against G: the time to start `git --version` once on this machine."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
DATA = tempfile.mkdtemp(prefix="openi-bench-")
os.environ.update(
    OPENI_DATA_DIR=DATA,
    OPENI_NUDGE_WORKER="false",
    OPENI_LOG_LEVEL="ERROR",
    OPENI_ALLOWED_HOSTS="testserver",
    DJANGO_SETTINGS_MODULE="openi.settings",
)


def start_of_git(rounds: int = 30) -> float:
    """Median seconds of `git --version`."""
    samples = []
    for _ in range(rounds):
        began = time.perf_counter()
        subprocess.run(["git", "--version"], stdout=subprocess.DEVNULL, check=True)
        samples.append(time.perf_counter() - began)
    return statistics.median(samples)


def measured(client: object, path: str, rounds: int = 40) -> tuple[float, float, float, int]:
    """(p50, p95) seconds, CPU seconds per request, bytes of a warm page."""
    get = client.get  # type: ignore[attr-defined]
    answer = get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    get(path)
    samples, cpu = [], time.process_time()
    for _ in range(rounds):
        began = time.perf_counter()
        size = len(get(path).content)
        samples.append(time.perf_counter() - began)
    cpu = (time.process_time() - cpu) / rounds
    samples.sort()
    return samples[len(samples) // 2], samples[int(len(samples) * 0.95)], cpu, size


def main(source: Path) -> None:
    """Import the repository, warm each page, print a table."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client

    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    call_command("migrate", verbosity=0)
    from accounts import commands as people
    from core import events
    from core.actors import SYSTEM
    from projects import commands

    person = people.create_user(SYSTEM, "bench", email="bench@example.org", password="a long password 9")
    run = commands.request_import_of_folder(
        SYSTEM, person.namespace, folder=source, name="big", visibility="public", description="", queued=False
    )
    commands.run_import(SYSTEM, run.pk)
    events.drain(1000)
    client = Client()
    client.force_login(person)
    base = "/bench/big"
    branch = run.repository.__class__.objects.get(pk=run.repository_id).default_branch
    pages = {
        "front page": base,
        "history": f"{base}/commits/{branch}",
        "branches": f"{base}/branches",
        "tags": f"{base}/tags",
        "explore": "/explore",
    }
    start = start_of_git()
    print(f"G (start of git --version): {start * 1000:.1f} ms")
    print(f"{'page':<14}{'p50 ms':>9}{'p95 ms':>9}{'p50/G':>8}{'cpu ms':>9}{'kB':>8}")
    for name, path in pages.items():
        p50, p95, cpu, size = measured(client, path)
        print(f"{name:<14}{p50 * 1000:>9.1f}{p95 * 1000:>9.1f}{p50 / start:>8.2f}{cpu * 1000:>9.1f}{size / 1000:>8.0f}")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    finally:
        shutil.rmtree(DATA, ignore_errors=True)
