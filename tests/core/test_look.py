"""Tags, components and error pages as readers get them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.forms import CharField, ChoiceField, Form, RadioSelect
from django.template import engines
from django.test import Client, RequestFactory
from django.utils import timezone, translation
from django_cotton.compiler_regex import CottonCompiler  # type: ignore[import-untyped]

from core import errors, pages
from core.middleware import error_response
from core.templatetags import openi

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def render(source: str, **context: object) -> str:
    """`source` through the product's template engine, component tags included."""
    return engines["django"].from_string(CottonCompiler().process(source)).render(context)


@pytest.mark.parametrize(
    ("before", "zh", "en"),
    [
        (timedelta(seconds=59), "刚刚", "just now"),
        (timedelta(seconds=60), "1 分钟前", "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "59 分钟前", "59 minutes ago"),
        (timedelta(hours=1), "1 小时前", "1 hour ago"),
        (timedelta(hours=23, minutes=59), "23 小时前", "23 hours ago"),
        (timedelta(days=29, hours=23), "29 天前", "29 days ago"),
        (timedelta(days=30), "2026-10-25", "2026-10-25"),
        (timedelta(minutes=-5), "2026-11-24", "2026-11-24"),
    ],
)
def test_relative_time(before: timedelta, zh: str, en: str) -> None:
    with translation.override("zh-hans"):
        assert openi.relative(NOW - before, NOW) == zh
    with translation.override("en"):
        assert openi.relative(NOW - before, NOW) == en


def test_ago_names_the_moment_in_the_readers_zone() -> None:
    with timezone.override("Asia/Shanghai"):
        html = str(openi.ago(datetime(2026, 1, 2, 20, 5, tzinfo=UTC)))
    assert 'datetime="2026-01-02T20:05:00+00:00"' in html
    assert 'title="2026-01-03 04:05 CST"' in html
    assert ">2026-01-03<" in html
    assert openi.ago(None) == ""


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, "0 B"),
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (39845888, "38 MiB"),
        (200 * 1024**3, "200 GiB"),
        (5 * 1024**4, "5 TiB"),
    ],
)
def test_bytes(number: int | None, text: str) -> None:
    assert openi.bytes_(number) == text


def test_icon_and_avatar_escape() -> None:
    class Holder:
        username = slug = "x"
        shown_name = "<b>"
        avatar_url = ""

    assert "<b>" not in openi.icon('"><b>')
    assert "&lt;" in openi.avatar(Holder())
    assert 'data-c="0"' in openi.avatar(None)


class SampleForm(Form):
    name = CharField(help_text="letters")
    kind = ChoiceField(choices=[("a", "A"), ("b", "B")], widget=RadioSelect)


def test_a_refused_field_is_tied_to_its_error_and_help() -> None:
    form = SampleForm({"name": ""})
    html = render('<c-field :field="form.name" />', form=form)
    assert 'aria-invalid="true"' in html
    assert "is-invalid" in html
    assert 'aria-describedby="id_name_help id_name_error"' in html
    assert html.count('id="id_name_error"') == html.count('id="id_name_help"') == 1
    assert '<label class="form-label" for="id_name">' in html


def test_choices_have_a_legend() -> None:
    html = render('<c-field :field="form.kind" />', form=SampleForm({"name": "x", "kind": "b"}))
    assert "<fieldset" in html
    assert "<legend" in html
    assert html.count('type="radio"') == html.count("form-check-input") == 2
    assert html.count("checked") == 1


def test_the_summary_leads_to_the_fields_and_is_silent_without_errors() -> None:
    assert 'href="#id_name"' in render('<c-error-summary :form="form" />', form=SampleForm({}))
    assert "error-summary" not in render('<c-error-summary :form="form" />', form=SampleForm({"name": "x", "kind": "a"}))


def test_components_escape_what_they_are_given() -> None:
    html = render('<c-copy-line :text="text" label="Copy" />', text='"><script>')
    assert "<script>" not in html
    html = render('<c-empty :title="text" />', text="<script>")
    assert "<script>" not in html


@pytest.mark.django_db
def test_gallery(client: Client) -> None:
    response = client.get("/_components/")
    assert response.status_code == 200
    body = response.content.decode()
    ids = [part.split('"')[0] for part in body.split(' id="')[1:]]
    assert len(ids) == len(set(ids)), "an id stands twice on the page"
    assert "<c-" not in body


@pytest.mark.django_db
@pytest.mark.parametrize(
    "kind", [errors.Invalid, errors.NotFound, errors.Forbidden, errors.Conflict, errors.LimitReached, errors.Unavailable]
)
def test_error_pages(kind: type[errors.DomainError]) -> None:
    request = RequestFactory().get("/somewhere?a=1&b=2")
    request.id = "abc123"  # type: ignore[attr-defined]
    response = error_response(request, kind("<i>What happened</i>"))
    body = response.content.decode()
    assert response.status_code == kind.status
    assert str(kind.status) in body
    assert "&lt;i&gt;What happened" in body
    assert "abc123" in body
    assert body.count("<h1") == 1


def test_500_needs_nothing() -> None:
    """No database (this test has none), no session, no context."""
    response = pages.server_error(RequestFactory().get("/"))
    assert response.status_code == 500
    assert "服务器出错了" in response.content.decode()


@pytest.mark.django_db
def test_language_switch_stays_on_the_site(client: Client) -> None:
    response = client.post("/-/language", {"language": "en", "next": "/market?q=x"})
    assert response["Location"] == "/market?q=x"
    assert 'lang="en"' in client.get("/market").content.decode()
    for target in ("https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"):
        assert client.post("/-/language", {"language": "en", "next": target})["Location"] == "/"
    assert client.get("/-/language").status_code == 405


@pytest.mark.django_db
def test_pages_for_readers_carry_no_cookie_and_do_not_change(client: Client) -> None:
    first, second = client.get("/market"), client.get("/market")
    assert not first.cookies
    assert first.content == second.content
