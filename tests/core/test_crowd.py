"""The anonymous share: many readers without an account wait, everybody else does not notice."""

import threading

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from core import crowd
from core.actors import ANONYMOUS, SYSTEM, Actor
from core.models import Delivery


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


def test_one_is_made_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "PATIENCE", 0.05)
    going, entered = threading.Event(), threading.Semaphore(0)

    def page(request: object) -> HttpResponse:
        entered.release()
        going.wait(10)
        return HttpResponse("page")

    share = crowd.AnonymousShare(page)
    thread = threading.Thread(target=asked, args=(share,))
    thread.start()
    assert entered.acquire(timeout=10)
    assert asked(share).status_code == 429
    going.set()
    thread.join()
    assert asked(share).status_code == 200


@pytest.mark.django_db
def test_who_is_signed_in_goes_before_an_answer_of_the_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "CROWD", 1)
    monkeypatch.setattr(crowd, "YIELD", 30.0)
    order: list[str] = []
    crowd_began, person_began, person_may_end = threading.Event(), threading.Event(), threading.Event()

    def page(request: HttpRequest) -> HttpResponse:
        if request.actor.is_anonymous:  # type: ignore[attr-defined]
            crowd_began.set()
            assert person_began.wait(10)
            Delivery.objects.exists()
            order.append("crowd")
        elif crowd_began.is_set():
            person_began.set()
            assert person_may_end.wait(10)
            order.append("person")
        return HttpResponse("page")

    share = crowd.AnonymousShare(page)
    asked(share, actor=SYSTEM)  # somebody is about
    person = threading.Thread(target=lambda: crowd_began.wait(10) and asked(share, actor=SYSTEM))
    person.start()
    release = threading.Timer(0.3, person_may_end.set)
    release.start()
    asked(share)
    person.join()
    assert order == ["person", "crowd"]


def test_the_crowd_is_not_put_off_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = crowd.Turns()
    with turns.first():
        assert turns.take(0.01)
        assert not turns.take(0.01)
    turns.give_back()
    assert turns.take(0.01)


def test_the_portal_holds_back_anonymous_readers_alone(client, db, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    assert client.get("/").status_code == 200
    monkeypatch.setattr(crowd.Bucket, "left", lambda self: -1.0)
    assert client.get("/").status_code == 429
    assert client.get("/login").status_code == 200


def test_without_a_share_nobody_waits(settings, client, db, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    settings.ANONYMOUS_SHARE = 0
    monkeypatch.setattr(crowd.Bucket, "left", lambda self: -1.0)
    assert client.get("/").status_code == 200


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
