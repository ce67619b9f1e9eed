"""`/-/health`, `/-/ready`, `/-/metrics`."""

import shutil
import uuid
from collections.abc import Callable
from ipaddress import ip_address
from secrets import compare_digest

from celery import current_app
from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from core import metrics
from core.clients import client_ip
from core.errors import NotFound
from core.models import Delivery


def health(request: HttpRequest) -> HttpResponse:
    """200 while the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM core_event LIMIT 1")


def _cache() -> None:
    key = f"ready-{uuid.uuid4().hex}"
    caches["default"].set(key, 1, 10)
    if caches["default"].get(key) != 1:
        raise OSError("the cache forgot a value at once")
    caches["default"].delete(key)


def _queue() -> None:
    with current_app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=1, timeout=2)


def _storage() -> None:
    for folder in (settings.REPOSITORIES_DIR, settings.BLOBS_DIR):
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".ready-{uuid.uuid4().hex}"
        probe.write_bytes(b"1")
        probe.unlink()
    if shutil.disk_usage(settings.REPOSITORIES_DIR).free < 64 * 1024**2:
        raise OSError("less than 64 MiB free")


FORWARDED = {"HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_VIA"}
PARTS: dict[str, Callable[[], None]] = {"database": _database, "cache": _cache, "queue": _queue, "storage": _storage}


def ready(request: HttpRequest) -> HttpResponse:
    """200 with each part "ok", or 503 naming what does not answer."""
    answer: dict[str, str] = {}
    for name, check in PARTS.items():
        try:
            check()
            answer[name] = "ok"
        except Exception as error:  # noqa: BLE001 - whatever it is, the part is not ready
            answer[name] = f"{type(error).__name__}: {error}"[:200] if _is_local(request) else "failed"
    good = all(value == "ok" for value in answer.values())
    return JsonResponse({"ready": good, **answer}, status=200 if good else 503)


def _is_local(request: HttpRequest) -> bool:
    """Asked on this machine itself: the socket's other end is loopback, and no proxy says that it asks for somebody else."""
    if not settings.TRUSTED_PROXIES and FORWARDED & request.META.keys():
        return False
    addresses = (request.META.get("REMOTE_ADDR", ""), client_ip(request))
    try:
        return all(ip_address(address).is_loopback for address in addresses)
    except ValueError:
        return False


def metrics_text(request: HttpRequest) -> HttpResponse:
    """Prometheus text for loopback, or with `Authorization: Bearer <OPENI_METRICS_TOKEN>`; 404 for everyone else."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    named = bool(settings.METRICS_TOKEN) and compare_digest(given.encode(), settings.METRICS_TOKEN.encode())
    if not (named or _is_local(request)):
        raise NotFound("")
    depth = Delivery.objects.filter(done_at=None, failed_at=None).count()
    lines = f"# TYPE openi_queue_depth gauge\nopeni_queue_depth {depth}\n".encode()
    return HttpResponse(metrics.text() + lines, content_type="text/plain; version=0.0.4; charset=utf-8")
