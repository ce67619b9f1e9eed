#!/usr/bin/env python3
"""The sync engine against a local host that plays 25,741 upstreams. See `--help`; `--small` runs all of it on a few."""

import argparse
import contextlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

sys.path.insert(0, str(Path(__file__).resolve().parent))
from common import ROOT, environment, git, table

HOSTS = [f"host{number:02}.example" for number in range(10)]
COMMITS = 5
SECONDS = 6 * 3600
Row = tuple[str, str, str]


def made(folder: Path, count: int) -> None:
    """Bare repositories of some commits each; the last tenth are forks of the first hundredth, the others have a beginning of their own."""
    script = ""
    for number in range(COMMITS):
        text = "# line\n" * (40 + number)
        script += f"commit refs/heads/main\ncommitter B <b@example.org> {1_700_000_000 + number} +0800\ndata <<.\nCommit {number}\n.\n"
        script += f"M 100644 inline src/{number % 3}.py\ndata <<.\n{text}.\n\n"
    for number in range(count):
        path, forked = folder / f"{number:05}.git", base_of(number, count)
        if forked is not None:
            shutil.copytree(folder / f"{forked:05}.git", path)
            own = f"commit refs/heads/main\ncommitter B <b@example.org> 1700009999 +0800\ndata 1\nm\nfrom refs/heads/main^0\nM 100644 inline own\ndata 5\n{number:05}\n\n"
            git(f"--git-dir={path}", "fast-import", "--quiet", stdin=own.encode())
        else:
            git("init", "-q", "--bare", "-b", "main", path)
            noise = random.Random(number).randbytes(15_000).hex()  # noqa: S311
            more = f"M 100644 inline noise\ndata 30000\n{noise}\n\n"
            whole_script = script.replace("Commit 0", f"Repository {number}").replace(".\n\n", ".\n" + more, 1)
            git(f"--git-dir={path}", "fast-import", "--quiet", stdin=whole_script.encode())
        tips = git(f"--git-dir={path}", "rev-parse", "main~1", "main")
        (path / "tips").write_text(tips)


def base_of(number: int, count: int) -> int | None:
    """Which repository it is a fork of."""
    return number % max(count // 100, 2) if number >= count - count // 10 else None


@contextlib.contextmanager
def host(folder: Path) -> Iterator[str]:
    """Its address."""
    player = subprocess.Popen([sys.executable, str(ROOT / "bench" / "upstreams.py"), str(folder)], stdout=subprocess.PIPE, text=True)
    assert player.stdout is not None
    try:
        yield f"http://127.0.0.1:{player.stdout.readline().strip()}"
    finally:
        player.kill()
        player.wait()


class Site:
    """The portal's rows in this process, its worker in another."""

    def __init__(self, data: Path, upstreams: str) -> None:
        self.data, self.upstreams = data, upstreams
        os.environ.update(OPENI_ALLOW_PRIVATE_ADDRESSES="true", OPENI_MIRROR_HOSTS=",".join(HOSTS))
        from inside import django_on

        django_on(data)

    def ask(self, path: str) -> Any:
        """What the host says."""
        with urlopen(self.upstreams + path, timeout=60) as answer:
            return json.loads(answer.read()) if "stats" in path else answer.read()

    def command(self, *more: str) -> list[str]:
        """The worker's."""
        return [sys.executable, str(Path(__file__).resolve()), "--worker", str(self.data), *more]

    def worked(self) -> dict[str, float]:
        """A worker until nothing is due; seconds, its processor seconds and those of its children, MB of memory."""
        run = subprocess.run(self.command(), env=environment_of_worker(), capture_output=True, text=True, timeout=SECONDS)
        if run.returncode:
            raise RuntimeError(run.stderr[-2000:])
        found: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
        return found

    def rows(self) -> Any:
        """All mirrors by number."""
        from projects.models import Mirror

        return Mirror.objects.order_by("pk")


def environment_of_worker() -> dict[str, str]:
    """Ours, with what `django_on` set."""
    return {**environment(), **{key: value for key, value in os.environ.items() if key.startswith(("OPENI_", "DJANGO_"))}}


def name_of(number: int) -> str:
    """Forks are called like what they were forked from."""
    forked = base_of(number, REAL) if number < REAL else None
    return f"m{number if forked is None else forked}"


def imported(site: Site, count: int) -> Row:
    """Rows and index of a list."""
    from core import events
    from core.actors import SYSTEM
    from search import commands as search

    path = site.data / "list.csv"
    lines = [f"https://{HOSTS[number % len(HOSTS)]}/lab{number}/{name_of(number)},描述 {number},{number % 97}\n" for number in range(count)]
    path.write_text("address,description,stars\n" + "".join(lines))
    began = time.perf_counter()
    command = [sys.executable, "manage.py", "import_mirrors", str(path)]
    subprocess.run(command, cwd=ROOT, env=environment_of_worker(), check=True, capture_output=True)
    rows = time.perf_counter() - began
    while events.drain(2000):
        pass
    search.keep_index(SYSTEM)
    whole = time.perf_counter() - began
    point_at(site)
    return f"import of {count:,} rows", f"{rows:.0f} s rows, {whole:.0f} s with the index", "≤ 3 min"


def point_at(site: Site) -> None:
    """Each row's address is the local host's."""
    from django.db.models import CharField, F, Value
    from django.db.models.functions import Cast, Concat

    first = site.rows().first().pk
    number = Cast(F("pk") - first, CharField())
    site.rows().update(address=Concat(Value(f"{site.upstreams}/u/"), number, Value("/lab/m.git")))


def due(site: Site, **changes: Any) -> None:
    """All of them at once."""
    from datetime import timedelta

    from django.utils import timezone

    site.rows().update(next_at=timezone.now() - timedelta(hours=1), lease="", leased_until=None, **changes)


def unchanged(site: Site, real: int) -> Row:
    """A round over mirrors of which none moved; on the disk nothing is needed for it, and nothing is there."""
    from django.utils import timezone

    from projects.mirrors import advertisement

    rows = list(site.rows().only("pk"))
    tips = [(folder / "tips").read_text().split()[0] for folder in sorted((site.data.parent / "upstreams").glob("*.git"))]
    digests = [advertisement.digest_of({"refs/heads/main": tip}, "main") for tip in tips]
    for number, row in enumerate(rows):
        row.digest = digests[number % real]
    type(rows[0]).objects.bulk_update(rows, ["digest"], batch_size=500)
    due(site, state="fresh", filled_at=timezone.now(), refs_listed=1)
    before = site.ask("/-/stats").get("requests", 0)
    found = site.worked()
    asked = site.ask("/-/stats")["requests"] - before
    cpu = 1000 * (found["cpu"] + found["children"]) / len(rows)
    shown = f"{found['wall'] / 60:.1f} min, {cpu:.1f} ms CPU each, {found['memory']:.0f} MB, {asked / len(rows):.2f} requests each"
    return f"a round over {len(rows):,} unchanged", shown, "≤ 30 min, ≤ 40 ms, ≤ 250 MB, ≤ 2"


def filled(site: Site, count: int, kills: int) -> Row:
    """First fills of real repositories, a tenth of them forks; the worker is killed meanwhile."""
    from datetime import timedelta

    from django.utils import timezone

    site.rows().update(next_at=timezone.now() + timedelta(days=9))
    chosen = site.rows().filter(pk__lt=site.rows().first().pk + count)
    chosen.update(state="listed", filled_at=None, digest="", is_urgent=True, next_at=timezone.now(), refs_listed=0)
    order, running = random.Random(3), 0  # noqa: S311
    for _ in range(kills):
        running += stopped(site, order.uniform(1.0, 4.0))
    time.sleep(6)  # no push of a dead worker is settled earlier
    chosen.filter(filled_at=None).update(lease="", leased_until=None)  # instead of waiting 90 s
    found = site.worked()
    good = chosen.filter(state="fresh", repository__is_empty=False).count()
    packs = site.ask("/-/stats").get("packs", 0)
    shown = f"{good:,} filled by {packs:,} packs, the last in {found['wall']:.0f} s; {running} were held at a kill"
    return (
        f"first fill of {count:,}, {count // 10} of them forks, {kills} kills",
        f"{shown}; disk {disk(site, count):.2f} × distinct",
        "nothing twice, ≤ 1.1 ×",
    )


def stopped(site: Site, seconds: float) -> int:
    """A worker that is killed after so long; how many mirrors it held."""
    from django.utils import timezone

    worker = subprocess.Popen(site.command("--forever"), env=environment_of_worker(), stdout=subprocess.PIPE)
    assert worker.stdout is not None
    worker.stdout.readline()
    time.sleep(seconds)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    return int(site.rows().filter(leased_until__gt=timezone.now()).count())


def disk(site: Site, count: int) -> float:
    """Bytes of our packs and loose objects, each file once, by those of the distinct objects over there."""
    ours = {
        entry.stat().st_ino: entry.stat().st_size
        for entry in (site.data / "repositories").rglob("objects/**/*")
        if entry.is_file() and entry.suffix in ("", ".pack")
    }
    theirs = 0
    for number in range(count):
        path, forked = site.data.parent / "upstreams" / f"{number:05}.git", base_of(number, count)
        left = [] if forked is None else [f"^{(path.parent / f'{forked:05}.git' / 'tips').read_text().split()[1]}"]
        tip = (path / "tips").read_text().split()[0]
        theirs += int(git(f"--git-dir={path}", "rev-list", "--disk-usage", "--objects", tip, *left))
    return sum(ours.values()) / theirs


def changed(site: Site, count: int) -> Row:
    """One small commit each."""
    from django.utils import timezone

    site.ask(f"/-/changed?first=0&last={count}")
    chosen = site.rows().filter(pk__lt=site.rows().first().pk + count)
    chosen.update(next_at=timezone.now())
    found = site.worked()
    good = chosen.filter(state="fresh", changed_at__isnull=False, lease="").count()
    shown = f"{found['wall'] / 60:.1f} min, {1000 * found['children'] / count:.0f} ms CPU of git each, {good:,} fetched"
    return f"{count:,} changed, one commit each", shown, "≤ 10 min"


def hanging(site: Site, count: int, others: int) -> Row:
    """One host takes connections and never answers; the time until all others were looked at, beside the time without it."""
    from datetime import timedelta

    from django.utils import timezone

    first = site.rows().first().pk
    mine = site.rows().filter(pk__gte=first + others, pk__lt=first + others + count)
    rest = site.rows().filter(pk__lt=first + others)
    site.rows().update(next_at=timezone.now() + timedelta(days=9))
    times = []
    for with_them in (False, True):
        if with_them:
            mine.update(host="hang.example", address=f"{site.upstreams}/hang/lab/m.git", next_at=timezone.now() - timedelta(days=1))
        now = timezone.now()
        rest.update(next_at=now, lease="", leased_until=None)
        worker = subprocess.Popen(site.command("--forever"), env=environment_of_worker(), stdout=subprocess.DEVNULL)
        while rest.filter(checked_at__gte=now).count() < others and worker.poll() is None:
            time.sleep(0.2)
        times.append((timezone.now() - now).total_seconds())
        worker.kill()
        worker.wait()
    asked = site.ask("/-/stats").get("hanging", 0)
    shown = f"{others:,} others in {times[1]:.1f} s, {times[0]:.1f} s without it; {asked} connections hung"
    return f"{count} mirrors of a host that hangs", shown, "others on time"


def killed(site: Site, times: int, count: int) -> Row:
    """The worker is killed at random moments while all mirrors change; in the end all are whole, and none was fetched twice at once."""
    from django.utils import timezone

    site.rows().exclude(pk__lt=site.rows().first().pk + count).update(state="paused", lease="", leased_until=None)
    order = random.Random(5)  # noqa: S311
    for number in range(times):
        site.ask(f"/-/changed?first=0&last={count * (number % 2)}")
        site.rows().filter(state="fresh").update(next_at=timezone.now())
        stopped(site, order.uniform(0.0, 2.5))
    site.ask(f"/-/changed?first=0&last={count}")
    while (held := site.rows().filter(leased_until__gt=timezone.now()).first()) is not None:  # what the dead held
        time.sleep(max((held.leased_until - timezone.now()).total_seconds(), 0) + 0.1)
    site.rows().exclude(state="paused").update(next_at=timezone.now())
    site.worked()
    broken, late = whole(site)
    at_once = site.ask("/-/stats")["at_once"]
    shown = f"{broken} broken, {late} behind or held, at most {at_once} fetch of one at once"
    return f"worker killed {times} times, {count} mirrors", shown, "0, 0, 1"


def whole(site: Site) -> tuple[int, int]:
    """(mirrors that git finds broken, mirrors that are not at upstream's tip or still held)."""
    first, broken, late = site.rows().first().pk, 0, 0
    for row in site.rows().exclude(state="paused").select_related("repository"):
        number = row.pk - first
        tip = (site.data.parent / "upstreams" / f"{number % REAL:05}.git" / "tips").read_text().split()[1]
        path = row.repository.path
        run = subprocess.run(["git", f"--git-dir={path}", "fsck", "--connectivity-only"], capture_output=True, env=environment())
        broken += run.returncode != 0
        late += git(f"--git-dir={path}", "rev-parse", "main") != tip or row.lease != "" or row.state != "fresh"
    return broken, late


REAL = 1  # repositories behind the upstreams


def work(data: Path, *, forever: bool) -> None:
    """The worker: its threads until nothing is due."""
    from inside import django_on

    django_on(data)
    from projects import rounds

    print("began", flush=True)
    began, before = time.perf_counter(), time.process_time()
    while True:
        started = rounds.top_up()
        rounds.drained()
        if forever:
            time.sleep(0.05 if started else 0.3)
        elif not started:
            break
    own, children = time.process_time() - before, resource.getrusage(resource.RUSAGE_CHILDREN)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    used = {"wall": time.perf_counter() - began, "cpu": own, "children": children.ru_utime + children.ru_stime, "memory": memory}
    print(json.dumps(used), flush=True)
    os._exit(0)


def measured(given: argparse.Namespace, folder: Path) -> list[Row]:
    """All rows of the table."""
    global REAL  # noqa: PLW0603 - of this run
    small = given.small
    count, real, kills = (60, 20, 2) if small else (given.mirrors, given.real, 50)
    REAL = real
    made(folder / "upstreams", real)
    with host(folder / "upstreams") as address:
        site = Site(folder / "data", address)
        steps: dict[str, Callable[[], Row]] = {
            "imported": lambda: imported(site, count),
            "unchanged": lambda: unchanged(site, real),
            "filled": lambda: filled(site, real, 2 if small else 10),
            "changed": lambda: changed(site, real),
            "hanging": lambda: hanging(site, 10 if small else 500, real),
            "killed": lambda: killed(site, kills, 10 if small else 200),
        }
        rows = []
        for name, step in steps.items():
            if given.only and name not in (*given.only, "imported"):
                continue
            rows.append(step())
            print(*rows[-1], sep="  ", file=sys.stderr, flush=True)
        return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="60 mirrors: does it run?")
    parser.add_argument("--mirrors", type=int, default=25_741)
    parser.add_argument("--real", type=int, default=2000, help="repositories behind them, filled and changed")
    parser.add_argument(
        "--only", nargs="+", help="of unchanged, filled, changed, hanging, killed (which needs filled); the import always runs"
    )
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--forever", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        work(given.worker, forever=given.forever)
    folder = Path(tempfile.mkdtemp(prefix="openi-bench-"))
    (folder / "upstreams").mkdir()
    try:
        table(("what", "found", "goal"), measured(given, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
