"""Prometheus metrics, summed over the web server's processes through files in the data directory."""

import os
from pathlib import Path

from django.conf import settings

_folder = settings.DATA_DIR / "metrics"
_folder.mkdir(parents=True, exist_ok=True)
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(_folder))

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess  # noqa: E402

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
