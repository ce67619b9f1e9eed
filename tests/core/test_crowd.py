"""The anonymous share: many readers without an account wait, everybody else does not notice."""

import threading

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from core import crowd
from core.actors import ANONYMOUS, SYSTEM, Actor


class Clock:
    """Seconds set by the test."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def asked(share: crowd.AnonymousShare, path: str = "/a/b", actor: Actor = ANONYMOUS, method: str = "GET", **headers: str) -> HttpResponse:
    request = RequestFactory().generic(method, path, headers=headers)
    request.actor = actor
    return share(request)


@pytest.fixture(autouse=True)
def shared(settings) -> None:  # type: ignore[no-untyped-def]
    settings.ANONYMOUS_SHARE = 0.3


@pytest.fixture(autouse=True)
def crowded(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """One address makes a crowd, and somebody signed in is always about."""
    monkeypatch.setattr(crowd, "CROWD", 1)
    monkeypatch.setattr(crowd, "PRESENCE", float("inf"))


@pytest.fixture
def share() -> crowd.AnonymousShare:
    return crowd.AnonymousShare(lambda request: HttpResponse("page"))


def test_a_bucket_fills_at_its_share_and_no_further_than_its_burst() -> None:
    clock = Clock()
    bucket = crowd.Bucket(share=0.5, burst=2.0, clock=clock)
    assert bucket.spend(3.0) == -1.0
    clock.now = 4.0
    assert bucket.left() == 1.0
    clock.now = 400.0
    assert bucket.left() == 2.0


def test_readers_without_an_account_wait_when_their_share_is_used_up(share: crowd.AnonymousShare) -> None:
    assert asked(share).status_code == 200
    share.bucket.spend(1000)
    answer = asked(share)
    assert answer.status_code == 429
    assert answer["Retry-After"] == "5"
    assert b"git clone" in answer.content
    assert b"/login" in answer.content
    assert asked(share, "/api/v1/repositories")["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "asking",
    [
        {"actor": SYSTEM},
        {"method": "POST"},
        {"path": "/login"},
        {"path": "/-/ready"},
        {"path": "/api/v1/user", "Authorization": "Bearer x"},
    ],
    ids=["signed in", "form", "sign-in page", "health", "token"],
)
def test_others_are_never_held_up(share: crowd.AnonymousShare, asking: dict) -> None:
    share.bucket.spend(1000)
    assert asked(share, **asking).status_code == 200


def test_an_answer_is_paid_with_its_processor_time() -> None:
    share = crowd.AnonymousShare(lambda request: HttpResponse(str(sum(range(3_000_000)))))
    before = share.bucket.left()
    asked(share)
    assert share.bucket.left() < before - 0.005


def test_only_so_many_are_made_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "PATIENCE", 0.05)
    going, entered = threading.Event(), threading.Semaphore(0)

    def page(request: object) -> HttpResponse:
        entered.release()
        going.wait(10)
        return HttpResponse("page")

    share = crowd.AnonymousShare(page)
    threads = [threading.Thread(target=asked, args=(share,)) for _ in range(crowd.SLOTS)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert entered.acquire(timeout=10)
    assert asked(share).status_code == 429
    going.set()
    for thread in threads:
        thread.join()
    assert asked(share).status_code == 200


def test_the_portal_holds_back_anonymous_readers_alone(client, db, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    assert client.get("/explore").status_code == 200
    monkeypatch.setattr(crowd.Bucket, "left", lambda self: -1.0)
    assert client.get("/explore").status_code == 429
    assert client.get("/login").status_code == 200


def test_without_a_share_nobody_waits(settings, client, db, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    settings.ANONYMOUS_SHARE = 0
    monkeypatch.setattr(crowd.Bucket, "left", lambda self: -1.0)
    assert client.get("/explore").status_code == 200


def test_a_few_readers_are_never_held_up_however_busy(share: crowd.AnonymousShare, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(crowd, "CROWD", 100)
    share.bucket.spend(1000)
    assert {asked(share).status_code for _ in range(500)} == {200}


def test_a_crowd_is_served_while_nobody_is_signed_in(share: crowd.AnonymousShare, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(crowd, "PRESENCE", 60.0)
    share.bucket.spend(1000)
    assert asked(share).status_code == 200
    assert asked(share, actor=SYSTEM).status_code == 200
    assert asked(share).status_code == 429


def test_arrivals_count_addresses_of_two_windows() -> None:
    clock = Clock()
    arrivals = crowd.Arrivals(clock)
    assert [arrivals.note(f"10.0.0.{number % 3}") for number in range(6)][-1] == 3
    clock.now = crowd.WINDOW
    assert arrivals.note("10.0.0.9") >= 1
    clock.now = crowd.WINDOW * 5
    assert arrivals.note("10.0.0.9") == 1
