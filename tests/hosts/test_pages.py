"""Pages of hosts, routes and what upstream says."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry
from core.actors import SYSTEM
from projects import commands
from projects.models import HostApi, HostToken, Mirror, MirrorHost, OutgoingRoute, UpstreamFacts
from tests.factories.accounts import person, sign_in

pytestmark = pytest.mark.django_db
HOSTS, ENGLISH = "/-/admin/mirrors/hosts", {"accept-language": "en"}


@pytest.fixture
def desk():
    client = Client(headers=ENGLISH)
    sign_in(client, person(is_admin=True))
    return client


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_hosts_show_what_is_known_of_them(desk, route) -> None:
    commands.list_mirror(SYSTEM, "https://github.com/Lab/Model")
    MirrorHost.objects.create(
        host="github.com", at_once=7, fetches=1234, bytes=5 * 1024**2, quiet_until=timezone.now() + timedelta(minutes=5)
    )
    token = commands.add_token(SYSTEM, "github.com", name="lab", secret="ghp_abcdefghijklmnop1234")
    HostToken.objects.filter(pk=token.pk).update(remaining=4321, limit=5000, reset_at=timezone.now())
    made = route("socks5", 1080, patterns=["github.com"])
    OutgoingRoute.objects.filter(pk=made.pk).update(
        connections=12, failures=3, bytes=2048, failures_in_a_row=1, said="refused", latency_ms=42
    )
    page = text(desk, HOSTS)
    for part in ("github.com", "1,234", "5 MiB", "left alone", "4,321 requests left", "1 token", "127.0.0.1:1080", "fails", "refused"):
        assert part in page, part
    page = text(desk, f"{HOSTS}/github.com")
    for part in ("…1234", "4,321 / 5,000", "in use", "timed out three times", "socks5 1080"):
        assert part in page, part
    assert "ghp_" not in page


def test_settings_are_kept_audited_and_wrong_ones_lose_nothing(desk) -> None:
    page = f"{HOSTS}/github.com"
    assert desk.post(page, {"act": "at_once", "at_once": "5"}).status_code == 302
    assert MirrorHost.objects.get().at_once == 5
    assert desk.post(page, {"act": "at_once", "at_once": "999"}).status_code == 422
    wrong = desk.post(page, {"act": "api", "kind": "github", "base": "https://u:p@x/", "is_on": "on"})
    assert wrong.status_code == 422
    assert "https://u:p@x/" in wrong.content.decode()
    assert desk.post(page, {"act": "api", "kind": "gitlab", "base": "", "is_on": "on"}).status_code == 302
    assert HostApi.objects.get().base == "https://github.com/api/v4"
    assert desk.post(page, {"act": "token", "name": "lab", "secret": "no"}).status_code == 422
    assert desk.post(page, {"act": "token", "name": "lab", "secret": "ghp_abcdefghijklmnop1234"}).status_code == 302
    token = HostToken.objects.get()
    HostToken.objects.update(refused_at=timezone.now(), said="HTTP 401 Bad credentials")
    assert "HTTP 401 Bad credentials" in text(desk, page)
    assert desk.post(page, {"act": "retry", "token": token.pk}).status_code == 302
    assert HostToken.objects.get().refused_at is None
    for bad in ("0", "x", "9" * 30):
        assert desk.post(page, {"act": "remove", "token": bad}).status_code == 404
    assert desk.post(page, {"act": "remove", "token": token.pk}).status_code == 302
    MirrorHost.objects.update(quiet_until=timezone.now() + timedelta(minutes=5), silences=3)
    assert desk.post(page, {"act": "wake"}).status_code == 302
    assert MirrorHost.objects.get().quiet_until is None
    acts = set(AuditEntry.objects.values_list("act", flat=True))
    assert {"change_host", "change_host_api", "add_host_token", "retry_host_token", "remove_host_token", "wake_host"} <= acts
    assert not AuditEntry.objects.filter(detail__icontains="ghp_").exists()
    assert desk.get(f"{HOSTS}/nowhere.example.org").status_code == 404
    assert desk.get(f"{HOSTS}/..").status_code == 404


def test_a_route_is_made_changed_tried_and_removed(desk, proxies) -> None:
    proxy = proxies("socks5")
    new = "/-/admin/mirrors/routes/new"
    values = {
        "act": "save", "name": "Night", "kind": "socks5", "address": "127.0.0.1", "port": proxy.port, "username": "u", "password": "geheim",
        "patterns": "github.com\n*.github.com", "hour_from": 22, "hour_to": 6, "position": 1, "is_on": "on",
    }  # fmt: skip
    wrong = desk.post(new, {**values, "patterns": "a b"})
    assert wrong.status_code == 422
    assert "a b" in wrong.content.decode()
    assert "Night" in wrong.content.decode()
    assert desk.post(new, values).status_code == 302
    made = OutgoingRoute.objects.get()
    assert made.patterns == ["github.com", "*.github.com"]
    page = f"/-/admin/mirrors/routes/{made.pk}"
    assert "geheim" not in text(desk, page)
    assert desk.post(page, {**values, "password": "", "name": "Nacht"}).status_code == 302
    assert OutgoingRoute.objects.get().password_encrypted == made.password_encrypted
    assert desk.post(page, {"act": "try", "host": "127.0.0.1"}).status_code == 422, "a private target"
    assert desk.post(page, {"act": "remove"}).status_code == 302
    assert not OutgoingRoute.objects.exists()


def test_others_learn_nothing() -> None:
    client = Client()
    sign_in(client, person())
    for path in (HOSTS, f"{HOSTS}/github.com", "/-/admin/mirrors/routes/new", "/-/admin/mirrors/routes/1"):
        assert client.get(path).status_code == 404
        assert client.post(path, {"act": "wake"}).status_code == 404
        assert Client().get(path).status_code == 404


def test_the_page_costs_the_same_for_one_host_and_for_many(desk, settings) -> None:
    commands.list_mirror(SYSTEM, "https://github.com/Lab/Model")

    def cost() -> int:
        desk.get(HOSTS)
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(HOSTS).status_code == 200
        return len(queries)

    one = cost()
    settings.MIRROR_HOSTS = [*settings.MIRROR_HOSTS, *(f"h{number}.example.org" for number in range(20))]
    for number in range(20):
        commands.list_mirror(SYSTEM, f"https://h{number}.example.org/Lab/Model")
        commands.add_token(SYSTEM, f"h{number}.example.org", name="t", secret="x" * 20)
    assert cost() == one


def test_the_mirrors_page_shows_what_the_other_side_says(desk) -> None:
    mirror = commands.list_mirror(SYSTEM, "https://github.com/Lab/Model")
    Mirror.objects.update(filled_at=timezone.now(), state="fresh")
    UpstreamFacts.objects.create(
        mirror=mirror, state="moved", moved_to="New-Lab/Model", stars=80, forks=9, is_archived=True, licence="MIT", description="said there"
    )
    page = text(desk, "/github.com:Lab/Model/mirror")
    for part in ("The other side says", "New-Lab/Model", "archived", "MIT", "said there", "/mirror/hook"):
        assert part in page, part


def test_what_the_api_says_is_listed_by_state(desk) -> None:
    said = {"missing": "HTTP 404 Not Found", "blocked": "HTTP 451 Repository access blocked", "ok": "", "moved": ""}
    for number, (state, words) in enumerate(said.items()):
        mirror = commands.list_mirror(SYSTEM, f"https://github.com/Lab/m{number}")
        UpstreamFacts.objects.create(
            mirror=mirror, state=state, said=words, is_archived=state == "ok", moved_to="New/Place" if state == "moved" else ""
        )
    page = text(desk, f"{HOSTS}/github.com")
    assert "?said=missing" in page
    assert "?said=ok" not in page
    assert "HTTP 404" not in page
    missing = text(desk, f"{HOSTS}/github.com?said=missing")
    assert "HTTP 404 Not Found" in missing
    assert "/github.com/Lab/m0/mirror" in missing
    assert "/github.com/Lab/m1/mirror" not in missing
    assert "New/Place" in text(desk, f"{HOSTS}/github.com?said=moved")
    assert "/github.com/Lab/m2/mirror" in text(desk, f"{HOSTS}/github.com?said=archived")
    assert desk.get(f"{HOSTS}/github.com?said=nonsense&page=x").status_code == 200
