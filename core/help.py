"""User help at `/-/help`: the Markdown files of docs/help in the reader's language, with a search."""

import re
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from core import markdown
from core.errors import NotFound

FOLDER = settings.BASE_DIR / "docs" / "help"
ORDER = (
    "clone",
    "keys",
    "signin",
    "browse",
    "search",
    "forks",
    "projects",
    "issues",
    "issue-search",
    "issues-more",
    "pulls",
    "mirrors",
    "suggestions",
    "push-mirrors",
    "hosts",
    "counting",
    "trust",
    "curation",
    "organizations",
    "checks",
    "notifications",
    "webhooks",
    "api",
    "api-github",
)


@dataclass(frozen=True)
class Topic:
    """One page of help; `text` is its Markdown, whose first line is the title."""

    name: str
    title: str
    text: str


@cache
def topics(language: str) -> tuple[Topic, ...]:
    """All topics in `language` ("en", or Chinese for everything else), in reading order."""
    found = []
    for name in ORDER:
        text = (FOLDER / f"{name}{'' if language == 'en' else '.zh'}.md").read_text(encoding="utf-8")
        found.append(Topic(name, text.partition("\n")[0].removeprefix("# "), text))
    return tuple(found)


def matching(words: str, among: tuple[Topic, ...]) -> list[tuple[Topic, str]]:
    """Topics that contain every word, each with the first line that has one of them."""
    wanted = words.lower().split()[:10]
    results = []
    for topic in among:
        if all(word in topic.text.lower() for word in wanted):
            lines = [line for line in topic.text.splitlines()[1:] if any(word in line.lower() for word in wanted)]
            results.append((topic, re.sub(r"[*`|#\[\]]|\(\w+\)", "", lines[0]).strip(" -") if lines else ""))
    return results


def help_index(request: HttpRequest) -> HttpResponse:
    """The list of topics, or those that match `?q=`."""
    words = request.GET.get("q", "").strip()[:100]
    every = topics(request.LANGUAGE_CODE)
    return render(request, "core/help.html", {"topics": every, "q": words, "results": matching(words, every) if words else None})


def help_topic(request: HttpRequest, name: str) -> HttpResponse:
    """One topic. Raises NotFound."""
    every = topics(request.LANGUAGE_CODE)
    topic = next((each for each in every if each.name == name), None)
    if topic is None:
        raise NotFound(_("There is no such help page."))
    content = markdown.render(topic.text, markdown.Links()).html
    return render(request, "core/help.html", {"topics": every, "topic": topic, "content": content})
