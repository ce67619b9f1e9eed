"""Webhooks: what is sent, signed, kept in order, tried again, given up; and what nobody may learn by them."""

import hashlib
import hmac
import json
import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from activity.commands import hooks, sending
from activity.models import KEPT, Dispatch, Hook, Notification, Round
from core.actors import SYSTEM
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.models import Delivery, Event
from issues import commands as issue_commands
from projects import commands
from tests.factories import issues as make
from tests.factories import pulls
from tests.factories.accounts import actor, organization, person, sign_in
from tests.factories.projects import commit, git, repository

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return person("ada")


@pytest.fixture
def code(owner, deliver):
    made = repository(owner, name="code", files={"a.txt": b"1"})
    deliver()
    return made


def test_a_day_in_githubs_words(owner, code, listener, work):
    """Pushes, branches, tags, releases, stars and forks reach the other side in order, signed over the very bytes."""
    hook = hooks.add_hook(actor(owner), code, address=f"{listener.url}/in?token=secret-in-query", format="github", secret="s3cret")
    commit(code, {"b.txt": b"2"}, message="第二个 & <b>")
    commit(code, {"c.txt": b"3"}, branch="side")
    commands.save_release(actor(owner), code, tag="v1", target="main", title="One", notes="n")
    bob = person("bob")
    commands.star_repository(actor(bob), code)
    fork = commands.fork_repository(actor(bob), code, into=bob.namespace)
    assert work() == len(listener.heard)
    assert listener.kinds() == ["push", "create", "push", "create", "push", "release", "star", "fork"]
    for one in listener.heard:
        assert one.headers["x-hub-signature-256"] == "sha256=" + hmac.new(b"s3cret", one.body, hashlib.sha256).hexdigest()
        assert one.json["repository"]["full_name"] == "ada/code"
    push = listener.heard[0].json
    assert push["ref"] == "refs/heads/main"
    assert push["after"] == git(code.path, "rev-parse", "main")
    assert [one["message"] for one in push["commits"]] == ["第二个 & <b>"]
    assert push["forced"] is False
    assert listener.heard[1].json["ref"] == "side"
    assert listener.heard[5].json["release"]["tag_name"] == "v1"
    assert listener.heard[6].json["sender"]["login"] == "bob"
    assert listener.heard[7].json["forkee"]["full_name"] == str(fork)
    row = Dispatch.objects.filter(hook=hook).first()
    assert (row.state, row.status, row.answer_body, row.attempts) == ("sent", 200, "ok", 1)
    everything = (
        json.dumps(list(Dispatch.objects.values("request_headers", "request_body", "answer_headers")), default=str) + hook.address_shown
    )
    assert "s3cret" not in everything
    assert "secret-in-query" not in everything
    assert "hidden" not in everything
    assert listener.heard[0].path == "/in?token=secret-in-query"


def test_only_chosen_events_in_our_format_and_deletions(owner, code, listener, work):
    hooks.add_hook(actor(owner), code, address=listener.url, events=["delete", "repository"])
    commit(code, {"c.txt": b"3"}, branch="side")
    commands.delete_branch(actor(owner), code, branch="side")
    commands.set_visibility(actor(owner), code, visibility="private")
    work()
    assert [(one.json["event"], one.json["action"]) for one in listener.heard] == [("delete", ""), ("repository", "privatized")]
    assert listener.heard[0].json["delete"] == {"ref": "refs/heads/side", "name": "side", "type": "branch"}
    assert listener.heard[0].json["sender"]["login"] == "ada"
    assert "x-hub-signature-256" not in listener.heard[0].headers


def test_delivered_twice_is_queued_once(owner, code, listener, deliver):
    hooks.add_hook(actor(owner), code, address=listener.url)
    commit(code, {"b.txt": b"2"})
    deliver()
    Delivery.objects.filter(event=Event.objects.latest("pk")).update(done_at=None)
    deliver()
    assert Dispatch.objects.count() == 1


@pytest.mark.parametrize(
    "format,answer",
    [("dingtalk", b'{"errcode":0}'), ("feishu", b'{"code":0}'), ("wecom", b'{"errcode":0}'), ("slack", b"ok")],
)
def test_chats_get_a_message_nobody_can_dress_up(owner, code, listener, work, format, answer):
    """Signed by their schemes; what people write makes no link, no mention and no markup; the keyword is there."""
    listener.answers = [(200, answer)]
    hooks.add_hook(
        actor(owner),
        code,
        address=f"{listener.url}/robot/send/abcdefghijklmnop?access_token=TOK",
        format=format,
        secret="SEC1",
        keyword="启智",
    )
    commit(code, {"b.txt": b"2"}, message="[x](https://evil.example) <!channel> <@all> *b*")
    work()
    [heard] = listener.heard
    sent = heard.json
    text = json.dumps(sent, ensure_ascii=False)
    assert "启智" in text
    assert "](https://evil" not in text or format in ("feishu", "slack")  # their texts know no such links
    assert "<!channel>" not in text or format == "feishu"
    assert "<@all>" not in text or format == "feishu"  # a text part of Feishu is no markup
    assert "/commit/" in text
    if format == "dingtalk":
        stamp = heard.path.split("timestamp=")[1].split("&")[0]
        from urllib.parse import quote_plus

        from activity.logic.chats import dingtalk_sign

        assert heard.path.endswith(f"sign={quote_plus(dingtalk_sign('SEC1', int(stamp)))}")
        assert "access_token=TOK" in heard.path
    if format == "feishu":
        expected = hmac.new(f"{sent['timestamp']}\nSEC1".encode(), b"", hashlib.sha256).digest()
        import base64

        assert sent["sign"] == base64.b64encode(expected).decode()
    row = Dispatch.objects.get()
    assert row.state == "sent"
    assert "TOK" not in row.hook.address_shown
    assert "abcdefghijklmnop" not in row.hook.address_shown


def test_a_chat_that_says_200_and_means_no(owner, code, listener, work):
    hooks.add_hook(actor(owner), code, address=listener.url, format="dingtalk")
    listener.answers = [(200, b'{"errcode":310000,"errmsg":"keywords not in content"}')]
    commit(code, {"b.txt": b"2"})
    work()
    row = Dispatch.objects.get()
    assert (row.state, row.said) == ("failed", "310000 keywords not in content")


def test_order_holds_while_the_other_side_fails(owner, code, listener, work):
    """What came later waits behind what failed; it goes on from there, each once; a day later it is given up, after three the hook is off."""
    hook = hooks.add_hook(actor(owner), code, address=listener.url, format="github", events=["push"])
    listener.answers = [(503, b"busy")] * 2
    first = commit(code, {"b.txt": b"2"})
    second = commit(code, {"b.txt": b"3"})
    assert work() == 1
    hook.refresh_from_db()
    assert hook.next_at > timezone.now()
    assert hook.lease == ""
    assert work() == 0
    Hook.objects.update(next_at=timezone.now())
    assert work() == 1
    assert Dispatch.objects.order_by("pk").first().attempts == 2
    Hook.objects.update(next_at=timezone.now())
    assert work() == 2
    assert [one.json["after"] for one in listener.heard] == [first, first, first, second]
    assert len({one.headers["x-github-delivery"] for one in listener.heard}) == 2
    hook.refresh_from_db()
    assert (hook.failing_since, hook.failures, hook.next_at) == (None, 0, None)

    listener.answers = [(500, b"")] * 9
    commit(code, {"b.txt": b"4"})
    work()
    Dispatch.objects.filter(state="waiting").update(created_at=timezone.now() - timedelta(hours=25))
    Hook.objects.update(next_at=timezone.now())
    work()
    assert Dispatch.objects.order_by("-pk").first().state == "failed"
    Hook.objects.update(failing_since=timezone.now() - timedelta(hours=73))
    commit(code, {"b.txt": b"5"})
    work()
    hook.refresh_from_db()
    assert (hook.is_active, hook.stopped_because) == (False, "failing")
    assert Round.objects.get(kind="hook").facts["people"] == [owner.pk]
    listener.answers = []
    hooks.change_hook(actor(owner), hook, is_active=True)
    assert work() == 1
    assert Hook.objects.get().failing_since is None


def test_what_is_refused_is_not_repeated_but_can_be_sent_again(owner, code, listener, work):
    hook = hooks.add_hook(actor(owner), code, address=listener.url, format="github")
    listener.answers = [(404, b"nothing here"), (302, b"")]
    commit(code, {"b.txt": b"2"})
    commit(code, {"b.txt": b"3"})
    assert work() == 2
    assert list(Dispatch.objects.order_by("pk").values_list("state", "status")) == [("failed", 404), ("failed", 302)]
    failed = Dispatch.objects.order_by("pk").first()
    again = hooks.redeliver(actor(owner), failed)
    with pytest.raises(Conflict):
        hooks.redeliver(actor(owner), again)
    hooks.test_hook(actor(owner), hook)
    assert work() == 2
    assert listener.heard[2].headers["x-github-delivery"] == str(failed.key)
    assert listener.kinds()[2:] == ["push", "ping"]
    assert listener.heard[3].json["hook_id"] == hook.pk


def test_a_worker_that_dies_loses_the_lease_and_nothing_else(owner, code, listener, work):
    """Its message goes again under the same id; the late answer of the one that lost it is no reason to send twice."""
    hooks.add_hook(actor(owner), code, address=listener.url)
    commit(code, {"b.txt": b"2"})
    from core import events

    events.drain()
    [(pk, lease)] = sending.claim_due_hooks(10)
    assert sending.claim_due_hooks(10) == []  # held
    Hook.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    [(_pk, other)] = sending.claim_due_hooks(10)
    assert sending.run_hook(SYSTEM, pk, lease=lease) == 0
    assert sending.run_hook(SYSTEM, pk, lease=other) == 1
    assert len(listener.heard) == 1


def test_nothing_that_comes_while_a_queue_is_emptied_is_overlooked(owner, code, listener, work, deliver):
    hook = hooks.add_hook(actor(owner), code, address=listener.url)
    commit(code, {"b.txt": b"2"})
    deliver()
    [(pk, lease)] = sending.claim_due_hooks(10)
    commit(code, {"b.txt": b"3"})
    deliver()
    assert sending.run_hook(SYSTEM, pk, lease=lease) == 2
    commit(code, {"b.txt": b"4"})
    deliver()
    hook.refresh_from_db()
    assert hook.next_at is not None
    assert work() == 1


def test_the_log_keeps_the_last_hundred(owner, code, listener, work):
    hook = hooks.add_hook(actor(owner), code, address=listener.url)
    Dispatch.objects.bulk_create(Dispatch(hook=hook, kind="ping", state="sent") for _ in range(KEPT + 20))
    hooks.test_hook(actor(owner), hook)
    work()
    assert Dispatch.objects.count() == KEPT
    assert Dispatch.objects.order_by("-pk").first().state == "sent"


def test_it_tells_what_its_owner_may_see_and_no_more(owner, listener, work, deliver):
    """A private fork is nobody's business; who lost the rights is told nothing; another administrator takes the hook over by saving it."""
    lab = organization("lab", owner=owner)
    made = repository(lab, name="secret", visibility="private", by=owner, files={"a": b"1"})
    bob = person("bob")
    commands.set_collaborator(actor(owner), made, bob, access="admin")
    deliver()
    hook = hooks.add_hook(actor(bob), made, address=listener.url, format="github", events=["push", "fork"])
    eve = person("eve")
    commands.set_collaborator(actor(owner), made, eve, access="read")
    commands.fork_repository(actor(eve), made, into=eve.namespace)
    commit(made, {"a": b"2"})
    work()
    assert listener.kinds() == ["push"]
    assert Dispatch.objects.get(kind="fork").state == "skipped"
    commands.remove_collaborator(actor(owner), made, bob)
    commit(made, {"a": b"3"})
    work()
    assert len(listener.heard) == 1
    assert Dispatch.objects.order_by("-pk").first().state == "skipped"
    hooks.change_hook(actor(owner), hook)
    commit(made, {"a": b"4"})
    work()
    assert len(listener.heard) == 2
    commands.delete_repository(actor(owner), made, confirmation=str(made))
    assert work() == 0


def test_hooks_of_an_organization(owner, listener, work, deliver):
    """Everything in its repositories, also in those made later; nothing of a repository that left."""
    lab, bob = organization("lab", owner=owner), person("bob")
    hooks.add_hook(actor(owner), lab, address=listener.url, format="github", events=["repository", "push"])
    with pytest.raises(Forbidden):
        hooks.add_hook(actor(bob), lab, address=listener.url)
    made = repository(lab, name="one", by=owner, files={"a": b"1"})
    other = repository(bob, name="elsewhere", files={"a": b"1"})
    work()
    assert [(one.json["repository"]["full_name"], one.json.get("action", "")) for one in listener.heard] == [
        ("lab/one", "created"), ("lab/one", ""),
    ]  # fmt: skip
    assert listener.heard[0].json["organization"]["login"] == "lab"
    commit(made, {"a": b"2"})
    commit(other, {"a": b"2"})
    deliver()
    type(made).objects.filter(pk=made.pk).update(namespace=bob.namespace)
    assert work() == 1
    assert len(listener.heard) == 2


def test_addresses_that_are_not_asked(owner, code, settings):
    """Private networks, other schemes, ourselves; and who may not."""
    for address, fault in [
        ("http://example.org/x", "scheme"), ("https://127.0.0.1/x", "private_address"), ("https://[::1]/x", "private_address"),
        ("https://169.254.169.254/latest", "private_address"), ("nonsense", "scheme"), ("https://exa mple/", "address"),
    ]:  # fmt: skip
        with pytest.raises(Invalid) as caught:
            hooks.add_hook(actor(owner), code, address=address)
        assert caught.value.code == fault, address
    settings.ALLOW_PRIVATE_ADDRESSES = True
    with pytest.raises(Invalid) as caught:
        hooks.add_hook(actor(owner), code, address=f"{settings.BASE_URL}/x")
    assert caught.value.code == "loop"
    for wrong in ({"format": "x"}, {"events": ["x"]}, {"keyword": "k" * 61}, {"secret": "s" * 501}):
        with pytest.raises(Invalid):
            hooks.add_hook(actor(owner), code, address="http://127.0.0.1:1/", **wrong)
    writer = person("writer")
    commands.set_collaborator(actor(owner), code, writer, access="maintain")
    with pytest.raises(Forbidden):
        hooks.add_hook(actor(writer), code, address="http://127.0.0.1:1/")
    commands.set_visibility(actor(owner), code, visibility="private")
    with pytest.raises(NotFound):
        hooks.add_hook(actor(person("stranger")), code, address="http://127.0.0.1:1/")
    for number in range(hooks.MOST):
        hooks.add_hook(actor(owner), code, address=f"http://127.0.0.1:1/{number}")
    with pytest.raises(Conflict):
        hooks.add_hook(actor(owner), code, address="http://127.0.0.1:1/more")


def test_an_address_that_turned_private_is_not_asked(owner, code, listener, work, settings):
    """The name is judged anew each time."""
    hooks.add_hook(actor(owner), code, address=listener.url)
    settings.ALLOW_PRIVATE_ADDRESSES = False
    commit(code, {"b.txt": b"2"})
    work()
    assert listener.heard == []
    assert Dispatch.objects.get().state == "waiting"


def test_a_silent_and_an_endless_answer_end(owner, code, work, settings, monkeypatch):
    """A server that says nothing is left after SILENT_SECONDS; of one that never stops 16 kB are read."""
    import socket

    settings.ALLOW_PRIVATE_ADDRESSES = True
    monkeypatch.setattr(sending, "SILENT_SECONDS", 0.3)
    door = socket.create_server(("127.0.0.1", 0))
    talks = threading.Event()

    def serve():
        while True:
            try:
                connection, _ = door.accept()
            except OSError:
                return
            connection.recv(65536)
            if talks.is_set():
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 200_000)
            waiting.append(connection)

    waiting: list[socket.socket] = []
    threading.Thread(target=serve, daemon=True).start()
    hooks.add_hook(actor(owner), code, address=f"http://127.0.0.1:{door.getsockname()[1]}/")
    commit(code, {"b.txt": b"2"})
    work()
    row = Dispatch.objects.get()
    assert (row.state, row.status) == ("waiting", None)
    talks.set()
    Hook.objects.update(next_at=timezone.now())
    work()
    row.refresh_from_db()
    assert (row.state, len(row.answer_body)) == ("sent", 16384)
    for one in [*waiting, door]:
        one.close()


def test_pages(client, owner, code, listener, work):
    """Made, tested, looked at, sent again, changed, removed; wrong input stays beside its field and nothing typed is lost; no secret is shown."""
    sign_in(client, owner)
    base = "/ada/code/settings/hooks"
    assert client.get(base).status_code == 200
    wrong = client.post(base, {"act": "add", "address": "ftp://x", "format": "slack", "keyword": "kept"})
    assert wrong.status_code == 422
    assert b'value="ftp://x"' in wrong.content
    assert b'value="kept"' in wrong.content
    sent = {
        "act": "add",
        "address": f"{listener.url}/path?key=QUERYSECRET",
        "format": "github",
        "secret": "FORMSECRET",
        "events": ["push", "star"],
        "is_active": "on",
    }
    page = client.post(base, sent)["Location"]
    hook = Hook.objects.get()
    assert page == f"{base}/{hook.pk}"
    assert hook.events == ["push", "star"]
    assert 'hx-trigger="load' in client.get(page).content.decode()  # the test waits
    work()
    assert listener.kinds() == ["ping"]
    dispatch = Dispatch.objects.get()
    delivery = f"{page}/deliveries/{dispatch.pk}"
    for address in (base, page, delivery):
        text = client.get(address).content.decode()
        assert "QUERYSECRET" not in text
        assert "FORMSECRET" not in text
    assert "x-hub-signature-256" in client.get(delivery).content.decode().lower()
    assert client.post(delivery)["Location"] == page
    changed = {"act": "change", "address": "", "format": "github", "secret": "", "events": [], "is_active": ""}
    assert client.post(page, changed)["Location"] == page
    hook.refresh_from_db()
    assert (hook.events, hook.is_active) == ([], False)
    commit(code, {"b.txt": b"2"})
    work()
    assert listener.kinds() == ["ping", "ping"]  # switched off: nothing but what was asked for
    assert listener.heard[1].path.endswith("QUERYSECRET")
    assert client.post(page, {"act": "test"}).status_code == 302
    assert client.post(page, {"act": "remove"})["Location"] == base
    assert not Hook.objects.exists()
    sign_in(client, person("bob"))
    assert client.get(base).status_code == 403
    lab = organization("lab", owner=owner)
    assert client.get("/-/orgs/lab/hooks").status_code == 403
    sign_in(client, owner)
    made = client.post("/-/orgs/lab/hooks", {"act": "add", "address": listener.url, "format": "openi"})["Location"]
    assert client.get(made).status_code == 200
    assert Hook.objects.get().organization == lab
    assert not Notification.objects.exists()


def test_issues_and_comments(owner, code, listener, work):
    """Opened, labelled, assigned, talked about, edited, closed: as GitHub tells it; what was deleted meanwhile says nothing."""
    bob = person("bob")
    hooks.add_hook(actor(owner), code, address=listener.url, format="github", events=["issues", "issue_comment"])
    hooks.add_hook(actor(owner), code, address=f"{listener.url}/chat", format="slack", events=["issues", "issue_comment"])
    thread = make.issue(code, bob, title="Broken <b>", body="words")
    issue_commands.change_labels(actor(owner), thread, add=[make.label(code, owner, "bug")])
    issue_commands.change_assignees(actor(owner), thread, add=[owner])
    comment = make.comment(thread, bob, "more words")
    gone = make.comment(thread, bob, "never mind")
    issue_commands.delete_comment(actor(bob), gone)
    issue_commands.close_issue(actor(owner), thread)
    work()
    heard = [one for one in listener.heard if one.path == "/"]
    assert [(one.headers["x-github-event"], one.json["action"]) for one in heard] == [
        ("issues", "opened"), ("issues", "labeled"), ("issues", "assigned"), ("issue_comment", "created"), ("issue_comment", "deleted"),
        ("issues", "closed"),
    ]  # fmt: skip
    assert heard[0].json["issue"]["title"] == "Broken <b>"
    assert heard[1].json["label"]["name"] == "bug"
    assert heard[2].json["assignee"]["login"] == "ada"
    assert heard[3].json["comment"] | {"created_at": 0} == {
        "id": comment.pk, "html_url": heard[3].json["comment"]["html_url"], "body": "more words", "user": heard[3].json["sender"], "created_at": 0,
    }  # fmt: skip
    assert heard[5].json["issue"]["state"] == "closed"
    chat = [one.json["text"] for one in listener.heard if one.path == "/chat"]
    assert len(chat) == len(heard)
    assert all("<b>" not in one for one in chat)


def test_pull_requests_from_first_to_last(owner, code, listener, work):
    """Each of their facts can be told, in JSON and to a chat; a merge says what was merged and by whom."""
    bob = person("bob")
    hooks.add_hook(
        actor(owner),
        code,
        address=listener.url,
        format="github",
        events=["pull_request", "pull_request_review", "pull_request_review_comment"],
    )
    hooks.add_hook(actor(owner), code, address=f"{listener.url}/ours")
    hooks.add_hook(actor(owner), code, address=f"{listener.url}/chat", format="slack")
    pulls.story(owner, bob, code)
    work()
    assert set(Dispatch.objects.values_list("state", flat=True)) == {"sent"}
    heard = [one for one in listener.heard if one.path == "/"]
    actions = [(one.headers["x-github-event"], one.json["action"]) for one in heard]
    assert actions[0] == ("pull_request", "opened")
    assert {
        ("pull_request", "review_requested"), ("pull_request", "synchronize"), ("pull_request", "converted_to_draft"), ("pull_request", "ready_for_review"),
        ("pull_request", "reopened"), ("pull_request_review", "submitted"), ("pull_request_review_comment", "created"),
    } <= set(actions)  # fmt: skip
    last = [one.json for one, action in zip(heard, actions, strict=True) if action == ("pull_request", "closed")][-1]
    assert last["pull_request"]["merged"] is True
    assert last["pull_request"]["head"]["ref"] == "tale"
    assert last["pull_request"]["base"]["repo"]["full_name"] == "ada/code"
    assert last["sender"]["login"] == "ada"
    assert len([one for one in listener.heard if one.path == "/ours"]) == len([one for one in listener.heard if one.path == "/chat"])
