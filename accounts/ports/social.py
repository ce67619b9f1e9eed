"""How the server talks to the sites that people sign in through."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from django.conf import settings

SECONDS = 10


class SocialSession(requests.Session):
    """Bounded in time, follows no redirect, ignores proxy variables. `OPENI_SOCIAL_HOSTS` may send a host elsewhere.

    The operator names the sites (OPENI_SOCIAL_PROVIDERS), so they may be private ones.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> requests.Response:
        """As requests does."""
        options["allow_redirects"] = False
        options.setdefault("timeout", SECONDS)
        return super().request(method, elsewhere(str(url)), *args, **options)


def elsewhere(url: str) -> str:
    """The address with scheme and host that the operator put in place of the site's own."""
    parts = urlsplit(url)
    base = dict(settings.SOCIAL_HOSTS).get(parts.netloc)
    if not base:
        return url
    there = urlsplit(base)
    return urlunsplit(parts._replace(scheme=there.scheme, netloc=there.netloc, path=there.path.rstrip("/") + parts.path))
