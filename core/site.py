"""Settings an administrator changes in the page, with their defaults."""

from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from core.models import SiteSetting

DEFAULTS: dict[str, Any] = {
    "signup": "open",  # open | invitation | approval
    "banner": {"zh": "", "en": "", "level": "note", "since": "", "until": ""},  # level: note | warn | bad; ISO 8601 or ""
    "operator": "",
    "icp": "",
    "quota_bytes": 0,  # 0: settings.QUOTA_BYTES
    "suggestions": {"threshold": 0.9, "automatic": False},  # of categories: what counts as sure; sorting without a person
    "oversized_bytes": 2 * 10**9,  # larger projects stand in the curators' queue
    "mirror_moves": {"automatic": False},  # take over what moved upstream without a person, once it is found to hold the same history
    "mirror_fill": {"bytes_per_day": 0, "from": 0, "to": 0},  # first fills: none until bytes are given; hours of the site's time zone
}
_KEY = "site-settings"


def setting(key: str) -> Any:
    """The current value of `key`; one cached read for all settings (at most 60 s old in other processes)."""
    values = cache.get(_KEY)
    if values is None:
        values = dict(SiteSetting.objects.values_list("key", "value"))
        cache.set(_KEY, values, 60)
    return values.get(key, DEFAULTS[key])


def store(key: str, value: Any) -> None:
    """Write one setting; only `accounts.commands.change_site_setting` calls it."""
    if key not in DEFAULTS:
        raise KeyError(key)
    SiteSetting.objects.update_or_create(key=key, defaults={"value": value})
    cache.delete(_KEY)


def banner_is_on(banner: dict[str, str]) -> bool:
    """True inside the banner's window; an end that is not set is open."""
    since, until = (datetime.fromisoformat(text) if (text := banner.get(key, "")) else None for key in ("since", "until"))
    now = timezone.now()
    return (since is None or since <= now) and (until is None or now < until)
