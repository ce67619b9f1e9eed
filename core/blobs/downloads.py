"""A blob as an HTTP answer: strong ETag, 304, one range (RFC 9110), attachment unless inline is safe, never in our origin."""

import re
from collections.abc import Iterable
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from core import blobs

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def range_of(header: str, size: int) -> tuple[int, int] | None:
    """(start, end exclusive) of a single byte range, None to answer whole. Raises ValueError if it cannot be satisfied."""
    match = _RANGE.fullmatch(header.strip())
    if not match or match[1] == match[2] == "":
        return None
    if not match[1]:
        start, end = max(size - int(match[2]), 0), size
    else:
        start, end = int(match[1]), min(int(match[2]) + 1 if match[2] else size, size)
    if start >= size or end <= start:
        raise ValueError("range")
    return start, end


def response(
    request: HttpRequest, sha256: str, *, filename: str = "", content_type: str = "application/octet-stream", inline: bool = False
) -> HttpResponseBase:
    """The blob, or 304, 206 or 416. Raises blobs.BlobMissing."""
    size = blobs.size(sha256)
    etag = f'"{sha256}"'
    headers = {
        "ETag": etag, "Accept-Ranges": "bytes", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": SANDBOX,
        "Content-Disposition": ("inline" if inline else "attachment") + (f"; filename*=UTF-8''{quote(filename)}" if filename else ""),
    }  # fmt: skip
    if etag in [part.strip() for part in request.headers.get("If-None-Match", "").split(",")]:
        return HttpResponse(status=304, headers=headers)
    wanted = request.headers.get("Range", "") if request.headers.get("If-Range", etag) == etag else ""
    try:
        part = range_of(wanted, size) if wanted else None
    except ValueError:
        return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    if settings.ACCEL_REDIRECT and not settings.S3["bucket"]:
        internal = f"{settings.ACCEL_REDIRECT.rstrip('/')}/{sha256[:2]}/{sha256[2:4]}/{sha256}"
        return HttpResponse(headers={**headers, "X-Accel-Redirect": internal}, content_type=content_type)
    start, end = part or (0, size)
    body: Iterable[bytes] = blobs.read(sha256, start, end) if request.method != "HEAD" else ()
    answer = StreamingHttpResponse(body, status=206 if part else 200, headers=headers, content_type=content_type)
    answer["Content-Length"] = str(end - start)
    if part:
        answer["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return answer
