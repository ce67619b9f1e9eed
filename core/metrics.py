"""Prometheus metrics, summed over the web server's processes through files in the data directory."""

import os
from pathlib import Path

from django.conf import settings

_folder = settings.DATA_DIR / "metrics"
_folder.mkdir(parents=True, exist_ok=True)
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(_folder))

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess, values  # noqa: E402
from prometheus_client.mmap_dict import MmapedDict  # noqa: E402

ROOM = 1024**2  # bytes of a file of counters: some 7,000 series


class RoomyDict(MmapedDict):
    """The library's file of counters with its room taken at once: writing through memory to a full disk ends the process (SIGBUS, mmap(2))."""

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        if read_mode:
            super().__init__(filename, read_mode)  # type: ignore[no-untyped-call]
            return
        descriptor, name = _room(filename)
        try:
            super().__init__(name)  # type: ignore[no-untyped-call]
        finally:
            os.close(descriptor)


def _room(filename: str) -> tuple[int, str]:
    """An open file of ROOM bytes and its name; on a full disk one in memory, which counts for nobody but lets the process live."""
    descriptor = os.open(filename, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        os.posix_fallocate(descriptor, 0, ROOM)
    except OSError:
        os.close(descriptor)
        Path(filename).unlink(missing_ok=True)
        descriptor = os.memfd_create("metrics", os.MFD_CLOEXEC)
        os.ftruncate(descriptor, ROOM)
        return descriptor, f"/proc/self/fd/{descriptor}"
    return descriptor, filename


values.MmapedDict = RoomyDict  # type: ignore[attr-defined]

REQUESTS = Counter("openi_requests_total", "Requests by route", ["method", "route", "status"])
LATENCY = Histogram(
    "openi_request_seconds",
    "Time to the first byte of an answer",
    ["route"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
GIT_PROCESSES = Gauge("openi_git_processes", "Git children now running", ["service"], multiprocess_mode="livesum")
TRANSFER_BYTES = Counter("openi_git_transfer_bytes_total", "Bytes of Git packs", ["direction", "protocol"])

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "GIT"}


def count(method: str, route: str, status: int, seconds: float) -> None:
    """One answered request. A client may invent methods; they are one label."""
    REQUESTS.labels(method if method in METHODS else "other", route, status).inc()
    LATENCY.labels(route).observe(seconds)


def bury() -> None:
    """Take away the gauges of processes that are gone: what they counted as running died with them."""
    for path in _folder.glob("gauge_live*_*.db"):
        process = path.stem.rpartition("_")[2]
        if process.isdigit() and not Path("/proc", process).exists():
            path.unlink(missing_ok=True)


def text() -> bytes:
    """All processes' metrics in Prometheus' text format."""
    bury()
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
