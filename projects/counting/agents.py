"""Machines among readers, by what they say of themselves and by what a browser never leaves out."""

import re
from collections.abc import Mapping
from functools import lru_cache

_CRAWLERS = re.compile(
    r"(?<!cu)bot(?![a-z])|crawl|spider|slurp|scrap(?:er|y)|archiv|feed|rss|monitor|uptime|pingdom|preview|facebookexternal|whatsapp|"
    r"lighthouse|pagespeed|httrack|nutch|sogou|yandex|bingpreview|baiduspider|bytespider|petalbot|gptbot|claude|perplexity|software ?heritage",
    re.IGNORECASE,
)
_PROGRAMS = re.compile(
    r"headless|phantomjs|selenium|webdriver|puppeteer|playwright|electron|curl|wget|python|aiohttp|httpx|urllib|okhttp|java[/ ]|go-http|"
    r"libwww|perl|ruby|php|node|axios|undici|postman|insomnia|guzzle|winhttp|git/|libcurl|apachebench|siege|hey/|vegeta|k6/|jmeter|locust",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def is_crawler(agent: str) -> bool:
    """It names itself a robot, a feed reader, a monitor or a previewer."""
    return bool(_CRAWLERS.search(agent))


@lru_cache(maxsize=4096)
def is_browser(agent: str) -> bool:
    """A person's browser, as far as the name goes; programs that fetch for somebody are none."""
    return (
        20 <= len(agent) <= 1000 and agent.startswith(("Mozilla/5.0 (", "Opera/")) and not is_crawler(agent) and not _PROGRAMS.search(agent)
    )


def is_reading(headers: Mapping[str, str]) -> bool:
    """Whether a request with these headers is somebody opening a page: a browser's, not fetched ahead, and no part of a page.

    Every browser says which languages and that it wants HTML; scripts that copy the name of a browser often leave it out. `Sec-Fetch-*` (W3C
    Fetch Metadata) and `Sec-Purpose` are believed where they come.
    """
    if not is_browser(headers.get("User-Agent", "")):
        return False
    if not headers.get("Accept-Language") or "text/html" not in headers.get("Accept", ""):
        return False
    purpose = f"{headers.get('Sec-Purpose', '')} {headers.get('Purpose', '')} {headers.get('X-Moz', '')}".lower()
    if "prefetch" in purpose or "prerender" in purpose or headers.get("HX-Request"):
        return False
    return headers.get("Sec-Fetch-Mode", "navigate") == "navigate" and headers.get("Sec-Fetch-Dest", "document") == "document"


def is_downloading(agent: str) -> bool:
    """Programs may download; robots and clients that say nothing of themselves are not counted."""
    return bool(agent.strip()) and not is_crawler(agent)
