"""Release notes as HTML."""

from django.core.cache import caches

from core import markdown
from projects.models import Repository


def rendered_notes(repository: Repository, text: str, ref: str) -> str:
    """Safe HTML of Markdown; relative links lead into the tree at `ref` ("" for the default branch)."""
    if not text:
        return ""
    base, at = repository.get_absolute_url(), ref or repository.default_branch
    links = markdown.Links(blob=f"{base}/blob/{at}/", raw=f"{base}/raw/{at}/", directory="")
    key = markdown.cache_key("notes", text, links)
    html = caches["pages"].get(key)
    if html is None:
        html = markdown.render(text, links).html
        caches["pages"].set(key, html)
    return str(html)
