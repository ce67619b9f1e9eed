"""Text messages through an HTTP gateway: what it is sent, what happens when it refuses, and what the site spends."""

import base64
import json
import logging
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import structlog

from accounts.models import Phone
from accounts.ports import sms
from core import events
from core.errors import Unavailable
from core.models import Delivery, Event
from tests.factories import accounts as make

pytestmark = pytest.mark.django_db
NUMBER = "+8613800138000"


class FakeGateway(BaseHTTPRequestHandler):
    """Keeps what it is sent; answers as the test says."""

    got: list[tuple[str, dict[str, str]]] = []
    status = 200
    wait = 0.0

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).got.append((self.headers.get("Authorization", ""), body))
        time.sleep(self.wait)
        self.send_response(self.status)
        if self.status == 302:
            self.send_header("Location", "http://169.254.169.254/")
        self.end_headers()

    def log_message(self, *parts: object) -> None: ...


@pytest.fixture
def gateway(settings) -> Iterator[type[FakeGateway]]:
    """The settings name a gateway with user name and password."""

    class Handler(FakeGateway):
        got: list[tuple[str, dict[str, str]]] = []

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever)
    thread.start()
    settings.SMS_GATEWAY = f"http://portal:s%40cret-word@127.0.0.1:{server.server_port}/send"
    yield Handler
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def person(client):
    made = make.person()
    make.sign_in(client, made)
    return made


def send(client, number: str = NUMBER, **meta: str):
    return client.post("/settings/phone", {"act": "send", "number": number}, **meta)


def test_the_gateway_gets_number_text_and_credentials(client, gateway, person):
    assert send(client, "138 0013 8000").status_code == 200
    ((credentials, body),) = gateway.got
    assert base64.b64decode(credentials.removeprefix("Basic ")).decode() == "portal:s@cret-word"
    assert body["to"] == NUMBER
    code = "".join(filter(str.isdigit, body["text"]))[:6]
    assert client.post("/settings/phone", {"act": "check", "code": code}).status_code == 302
    phone = Phone.objects.get(user=person)
    assert "13800138000" not in phone.number_encrypted + phone.number_hash


@pytest.mark.parametrize("status", [302, 400, 401, 500])
def test_a_refusal_is_a_sentence(client, gateway, person, status):
    gateway.status = status
    answer = send(client)
    assert answer.status_code == 503
    assert len(gateway.got) == 1, "no redirect is followed, nothing is tried twice while someone waits"


def test_a_gateway_that_hangs_is_given_up(client, gateway, person, monkeypatch):
    monkeypatch.setattr(sms, "SECONDS", 0.3)
    gateway.wait = 2
    started = time.monotonic()
    assert send(client).status_code == 503
    assert time.monotonic() - started < 2


def test_a_gateway_that_is_away(settings):
    settings.SMS_GATEWAY = "http://127.0.0.1:9/"
    with pytest.raises(Unavailable):
        sms.gateway().send(NUMBER, "x")


def test_neither_secret_nor_code_is_logged(client, gateway, person, caplog):
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as lines:
        send(client)
        gateway.status = 500
        send(client)
    code = "".join(filter(str.isdigit, gateway.got[0][1]["text"]))[:6]
    written = caplog.text + json.dumps(lines)
    assert "sms_refused" in written, "the log is looked at in earnest"
    for secret in ("s@cret", "s%40cret", "13800138000", code):
        assert secret not in written


def test_signing_in_waits_for_no_gateway(client, gateway, person):
    """A known number answers as fast as an unknown one: the worker sends."""
    send(client)
    code = "".join(filter(str.isdigit, gateway.got[-1][1]["text"]))[:6]
    client.post("/settings/phone", {"act": "check", "code": code})
    client.post("/logout")
    gateway.got.clear()
    gateway.wait = 1
    started = time.monotonic()
    assert client.post("/login/phone", {"act": "send", "number": NUMBER}).status_code == 200
    assert time.monotonic() - started < 0.9
    assert not gateway.got
    assert NUMBER not in json.dumps(list(Event.objects.values_list("payload", flat=True)))
    gateway.wait = 0
    events.drain()
    assert gateway.got[0][1]["to"] == NUMBER


def test_a_code_too_old_is_not_sent_any_more(client, gateway, person):
    send(client)
    client.post("/settings/phone", {"act": "check", "code": "".join(filter(str.isdigit, gateway.got[-1][1]["text"]))[:6]})
    client.post("/login/phone", {"act": "send", "number": NUMBER})
    gateway.got.clear()
    row = Event.objects.get(name="accounts.MessageWritten")
    row.payload["written_at"] -= 601
    row.save()
    events.drain()
    assert not gateway.got
    assert not Delivery.objects.filter(event=row, done_at=None).exists()


def test_limits_by_number_address_and_day(client, gateway, person, settings):
    assert [send(client).status_code for _number in range(6)] == [200] * 5 + [422]
    others = [send(client, f"+86139{number:08d}").status_code for number in range(16)]
    assert others == [200] * 15 + [422], "twenty an hour from one address, whoever they are to"
    assert send(client, "+8613711112222", REMOTE_ADDR="203.0.113.5").status_code == 200
    settings.SMS_PER_DAY = 1
    assert send(client, "+8613711113333", REMOTE_ADDR="203.0.113.6").status_code == 422


def test_ten_a_day_to_one_number(client, gateway, person):
    import time_machine

    sent = 0
    for hour in range(4):
        with time_machine.travel(f"2030-01-01 {hour * 2 + 1:02d}:00", tick=True):
            make.sign_in(client, person)
            sent += [send(client).status_code for _number in range(4)].count(200)
    assert sent == 10
