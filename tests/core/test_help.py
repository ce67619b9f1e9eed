"""User help: every topic in both languages, searchable, its links lead somewhere."""

import re

import pytest
from django.test import Client

from core import help as user_help

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("name", user_help.ORDER)
def test_topic(client: Client, language: str, name: str) -> None:
    response = client.get(f"/-/help/{name}", headers={"accept-language": language})
    body = response.content.decode()
    assert response.status_code == 200
    assert body.count("<h1") == 1
    for link in re.findall(r'href="(/[^"#]*)"', body.partition("<main")[2].partition("</main")[0]):
        assert client.get(link).status_code in (200, 302), link


def test_both_languages_have_the_same_topics() -> None:
    files = {path.name for path in user_help.FOLDER.glob("*.md")}
    assert files == {f"{name}{suffix}.md" for name in user_help.ORDER for suffix in ("", ".zh")}


def test_search(client: Client) -> None:
    def found(words: str, language: str) -> list[str]:
        body = client.get("/-/help", {"q": words}, headers={"accept-language": language}).content.decode()
        return re.findall(r'item-title"><a href="/-/help/([a-z-]+)"', body)

    assert found("部署公钥", "zh-hans")[0] == "keys"
    assert found("DEPLOY key", "en")[0] == "keys"
    assert found("no-such-word", "en") == []
    assert len(found("", "en")) == len(user_help.ORDER)
    assert "<script>" not in client.get("/-/help", {"q": "<script>"}).content.decode()


def test_unknown_topic(client: Client) -> None:
    assert client.get("/-/help/nothing").status_code == 404
    assert client.get("/-/help/..%2f..%2fREADME").status_code == 404
