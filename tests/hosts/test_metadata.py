"""What the APIs of hosts say: fake hosts speak as their documents say, limits are obeyed, what people wrote stays."""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.actors import SYSTEM
from core.errors import Invalid, NotFound
from core.models import Event
from projects import asking, commands
from projects.models import Finding, HostApi, HostToken, Mirror, MirrorHost, Repository, UpstreamFacts
from tests.factories.accounts import actor, person
from tests.hosts import documents

pytestmark = pytest.mark.django_db
LEFT = {"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "41", "X-RateLimit-Reset": "4000000000"}


def mirror(address: str = "https://github.com/Lab/Model", **options) -> Mirror:
    return commands.list_mirror(SYSTEM, address, **options)


def serve(api, kind: str = "github", host: str = "github.com") -> None:
    MirrorHost.objects.get_or_create(host=host)
    commands.change_api(SYSTEM, host, kind=kind, base=api.url, is_on=True)


def refresh(host: str = "github.com", **options):
    return dict(commands.refresh_host(SYSTEM, host, seconds=60, **options))


def overdue() -> None:
    UpstreamFacts.objects.update(next_at=timezone.now() - timedelta(seconds=1))


def facts() -> UpstreamFacts:
    return UpstreamFacts.objects.get()


def test_github_tells_and_an_unchanged_answer_costs_a_304(api) -> None:
    serve(api)
    one = mirror()
    api.answers["/repos/Lab/Model"] = (200, {"ETag": 'W/"abc"', **LEFT}, documents.github())
    assert refresh() == {"ok": 1}
    repository = Repository.objects.get()
    assert (repository.description, repository.website) == ("A model of things", "https://model.example.org")
    assert repository.topics == ["machine-learning", "vision"]
    assert (repository.licence, repository.default_branch) == ("MIT", "trunk")
    assert Mirror.objects.get(pk=one.pk).upstream_stars == 80
    known = facts()
    assert (known.state, known.forks, known.is_archived, known.moved_to) == ("ok", 9, False, "")
    assert known.next_at > timezone.now() + timedelta(days=5)
    path, headers = api.requests[0]
    assert headers["accept"] == "application/vnd.github+json"
    assert "authorization" not in headers
    assert Event.objects.filter(name="projects.RepositoryChanged").count() == 1
    assert refresh() == {}, "it is not due"
    overdue()
    assert refresh() == {"same": 1}
    assert api.requests[1][1]["if-none-match"] == 'W/"abc"'
    row = HostApi.objects.get()
    assert (row.requests, row.unchanged, row.limit, row.remaining) == (2, 1, 60, 41)
    assert Event.objects.filter(name="projects.RepositoryChanged").count() == 1


def test_gitee_and_a_gitlab_of_its_own(api, settings) -> None:
    settings.MIRROR_HOSTS = [*settings.MIRROR_HOSTS, "gitlab.example.org"]
    serve(api, "gitee", "gitee.com")
    serve(api, "gitlab", "gitlab.example.org")
    mirror("https://gitee.com/lab/model")
    mirror("https://gitlab.example.org/lab/deep/model")
    api.answers["/repos/lab/model"] = (200, {}, documents.gitee())
    api.answers["/projects/lab%2Fdeep%2Fmodel?license=true"] = (200, {}, documents.gitlab())
    assert refresh("gitee.com") == refresh("gitlab.example.org") == {"ok": 1}
    chinese = UpstreamFacts.objects.get(mirror__host="gitee.com")
    assert (chinese.description, chinese.topics, chinese.licence, chinese.stars) == (
        "一个模型",
        ["计算机视觉", "pytorch"],
        "MulanPSL-2.0",
        12,
    )
    own = UpstreamFacts.objects.get(mirror__host="gitlab.example.org")
    assert (own.topics, own.licence, own.is_archived, own.default_branch) == (["vision"], "GPL-3.0-only", True, "main")


def test_what_people_wrote_is_never_overwritten(api) -> None:
    serve(api)
    mirror(description="我们的介绍")
    api.answers["/repos/Lab/Model"] = (200, {}, documents.github())
    refresh()
    repository = Repository.objects.get()
    assert repository.description == "我们的介绍"
    assert repository.topics == ["machine-learning", "vision"]
    Repository.objects.update(topics=["cv"], website="")
    overdue()
    api.answers["/repos/Lab/Model"] = (200, {}, documents.github(topics=["new"], description="Other", homepage="https://other.example.org"))
    assert refresh() == {"ok": 1}
    repository.refresh_from_db()
    assert (repository.description, repository.topics, repository.website) == ("我们的介绍", ["cv"], "")


def test_what_upstream_wrote_follows_upstream(api) -> None:
    serve(api)
    mirror()
    api.answers["/repos/Lab/Model"] = (200, {}, documents.github())
    refresh()
    overdue()
    api.answers["/repos/Lab/Model"] = (200, {}, documents.github(topics=["new"], description="Other"))
    refresh()
    repository = Repository.objects.get()
    assert (repository.description, repository.topics) == ("Other", ["new"])


def test_a_filled_mirrors_branch_and_licence_come_from_git(api) -> None:
    serve(api)
    mirror()
    Mirror.objects.update(filled_at=timezone.now(), state="fresh")
    Repository.objects.update(licence="Apache-2.0", default_branch="main", indexed_oid="a" * 40)
    api.answers["/repos/Lab/Model"] = (200, {}, documents.github())
    refresh()
    repository = Repository.objects.get()
    assert (repository.licence, repository.default_branch) == ("Apache-2.0", "main")


@pytest.mark.parametrize(
    ("after", "told"), [({"spdx_id": "GPL-3.0"}, "GPL-3.0-only"), (None, "–"), ({"spdx_id": "NOASSERTION"}, "NOASSERTION")]
)
def test_a_change_of_licence_comes_before_the_curators(api, after, told) -> None:
    serve(api)
    mirror()
    api.answers["/repos/Lab/Model"] = (200, {}, documents.github())
    refresh()
    assert not Finding.objects.exists()
    overdue()
    api.answers["/repos/Lab/Model"] = (200, {}, documents.github(license=after))
    refresh()
    found = Finding.objects.get()
    assert (found.kind, found.detail, found.settled_at) == ("licence", ["MIT", told], None)
    Finding.objects.update(settled_at=timezone.now())
    overdue()
    refresh()
    assert Finding.objects.get().settled_at is not None


def test_moved_at_the_same_host(api) -> None:
    serve(api)
    mirror()
    api.answers["/repos/Lab/Model"] = (301, {"Location": f"{api.url}/repositories/7"}, {"message": "Moved Permanently"})
    api.answers["/repositories/7"] = (200, {}, documents.github(full_name="New-Lab/Model"))
    assert refresh() == {"moved": 1}
    assert (facts().moved_to, facts().stars) == ("New-Lab/Model", 80)


def test_a_redirect_elsewhere_takes_no_token_along(api) -> None:
    serve(api)
    mirror()
    commands.add_token(SYSTEM, "github.com", name="t", secret="ghp_abcdefghijklmnop")
    api.answers["/repos/Lab/Model"] = (302, {"Location": "https://evil.example.org/repos/Lab/Model"}, None)
    assert refresh() == {"moved": 1}
    assert len(api.requests) == 1
    assert facts().moved_to == ""


@pytest.mark.parametrize(
    ("status", "document", "state"),
    [
        (404, {"message": "Not Found"}, "missing"),
        (451, {"message": "Repository access blocked", "block": {"reason": "dmca"}}, "blocked"),
        (403, {"message": "Repository access blocked"}, "refused"),
        (401, {"message": "Requires authentication"}, "unauthorized"),
        (500, {}, "failed"),
        (200, ["no repository"], "failed"),
        (200, {"full_name": None}, "failed"),
    ],
)
def test_other_answers_are_states_and_nothing_is_lost(api, status, document, state) -> None:
    serve(api)
    mirror(description="kept")
    api.answers["/repos/Lab/Model"] = (status, {}, document)
    assert refresh() == {state: 1}
    assert Repository.objects.get().description == "kept"
    assert facts().next_at > timezone.now() + (timedelta(minutes=8) if state == "failed" else timedelta(hours=20))
    assert facts().state == ("refused" if state == "unauthorized" else state)


def test_what_only_our_token_may_see_is_not_told(api) -> None:
    serve(api)
    mirror()
    commands.add_token(SYSTEM, "github.com", name="t", secret="ghp_abcdefghijklmnop")
    api.answers["/repos/Lab/Model"] = (200, {"ETag": '"x"'}, documents.github(private=True, description="secret plans"))
    assert refresh() == {"refused": 1}
    assert (Repository.objects.get().description, facts().description, facts().etag) == ("", "", "")


def test_a_used_up_budget_ends_the_asking_until_it_begins_anew(api) -> None:
    serve(api)
    for number in range(3):
        mirror(f"https://github.com/Lab/m{number}")
        left = {"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": str(1 - number), "X-RateLimit-Reset": str(int(time.time()) + 3000)}
        api.answers[f"/repos/Lab/m{number}"] = (200, left, documents.github(full_name=f"Lab/m{number}"))
    assert refresh() == {"ok": 2}
    assert refresh() == {}
    assert len(api.requests) == 2
    HostApi.objects.update(reset_at=timezone.now() - timedelta(seconds=1))
    api.answers["/repos/Lab/m2"] = (200, LEFT, documents.github(full_name="Lab/m2"))
    assert refresh() == {"ok": 1}


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"Retry-After": "120"}, 120),
        (403, {"Retry-After": "60"}, 60),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "+900"}, 900),
        (429, {"RateLimit-Remaining": "0", "RateLimit-Reset": "+300"}, 300),
        (429, {}, 60),
        (403, {"X-RateLimit-Remaining": "12"}, 60),
    ],
)
def test_told_to_wait_we_wait(api, status, headers, seconds) -> None:
    serve(api)
    mirror()
    headers = {name: str(int(time.time()) + int(value)) if value.startswith("+") else value for name, value in headers.items()}
    api.answers["/repos/Lab/Model"] = (status, headers, {"message": "You have exceeded a secondary rate limit."})
    assert refresh() == {}
    wait = HostApi.objects.get().quiet_until - timezone.now()
    assert timedelta(seconds=seconds - 30) < wait <= timedelta(seconds=seconds + 1)
    assert not UpstreamFacts.objects.exists()
    assert refresh() == {}
    assert len(api.requests) == 1
    assert commands.hosts_to_ask(SYSTEM) == []


def test_the_token_with_most_left_is_used_and_a_refused_one_set_aside(api) -> None:
    serve(api)
    admin = actor(person(is_admin=True))
    few = commands.add_token(admin, "github.com", name="few", secret="ghp_few4567890123456789")
    many = commands.add_token(admin, "github.com", name="many", secret="ghp_many567890123456789")
    bad = commands.add_token(admin, "github.com", name="bad", secret="ghp_bad4567890123456789")
    HostToken.objects.filter(pk=few.pk).update(remaining=3, reset_at=timezone.now() + timedelta(hours=1))
    HostToken.objects.filter(pk=many.pk).update(remaining=4000, reset_at=timezone.now() + timedelta(hours=1))
    mirror()

    def answer(path, headers):
        if headers["authorization"] == "Bearer ghp_bad4567890123456789":
            return 401, {}, {"message": "Bad credentials"}
        return 200, {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "3999", "X-RateLimit-Reset": "4000000000"}, documents.github()

    api.answer = answer
    assert refresh() == {"ok": 1}
    assert [headers["authorization"][-20:-16] for _path, headers in api.requests] == ["_bad", "_man"]
    bad.refresh_from_db()
    many.refresh_from_db()
    assert bad.refused_at is not None
    assert bad.said == "HTTP 401 Bad credentials"
    assert (many.remaining, many.limit, many.requests) == (3999, 5000, 1)
    assert "ghp" not in many.secret_encrypted
    assert many.hint == "6789"
    commands.retry_token(admin, bad)
    assert HostToken.objects.get(pk=bad.pk).refused_at is None
    commands.remove_token(admin, bad)
    assert HostToken.objects.count() == 2


def test_one_tokens_limit_is_not_the_others(api) -> None:
    serve(api)
    first = commands.add_token(SYSTEM, "github.com", name="a", secret="ghp_aaaaaaaaaaaaaaaa")
    commands.add_token(SYSTEM, "github.com", name="b", secret="ghp_bbbbbbbbbbbbbbbb")
    mirror()

    def answer(path, headers):
        if "aaaa" in headers["authorization"]:
            return 403, {"Retry-After": "600"}, {"message": "slow"}
        return 200, LEFT, documents.github()

    api.answer = answer
    assert refresh() == {"ok": 1}
    first.refresh_from_db()
    assert first.quiet_until > timezone.now() + timedelta(minutes=5)
    assert HostApi.objects.get().quiet_until is None


def test_a_host_with_faults_rests(api) -> None:
    serve(api)
    for number in range(6):
        mirror(f"https://github.com/Lab/m{number}")
    api.answer = lambda path, headers: (502, {}, {})
    assert sum(refresh().values()) <= 3
    assert len(api.requests) == 3
    assert HostApi.objects.get().quiet_until > timezone.now()
    assert commands.hosts_to_ask(SYSTEM) == []
    commands.wake_host(SYSTEM, "github.com")
    assert commands.hosts_to_ask(SYSTEM) == ["github.com"]


def test_no_answer_says_nothing_about_a_mirror(api) -> None:
    serve(api)
    mirror()
    commands.change_api(SYSTEM, "github.com", kind="github", base="http://127.0.0.1:9", is_on=True)
    assert refresh() == {}
    assert not UpstreamFacts.objects.exists()
    row = HostApi.objects.get()
    assert row.quiet_until > timezone.now() + timedelta(minutes=9)
    assert "127.0.0.1" in row.said


def test_who_is_asked_for_first_and_how_many(api) -> None:
    serve(api)
    for number, stars in ((0, 5), (1, 50), (2, 1)):
        one = mirror(f"https://github.com/Lab/m{number}", stars=stars)
        api.answers[f"/repos/Lab/m{number}"] = (200, LEFT, documents.github(full_name=f"Lab/m{number}"))
    Mirror.objects.filter(pk=one.pk).update(is_urgent=True)
    assert refresh(most=2) == {"ok": 2}
    assert [path for path, _headers in api.requests] == ["/repos/Lab/m2", "/repos/Lab/m1"]
    refresh()
    UpstreamFacts.objects.update(checked_at=timezone.now() - timedelta(minutes=11))
    refresh()
    assert [path for path, _headers in api.requests][3:] == ["/repos/Lab/m2"], "“sync now” asks the API too"


def test_one_worker_asks_a_host_at_a_time(api) -> None:
    serve(api)
    mirror()
    HostApi.objects.update(leased_until=timezone.now() + timedelta(minutes=1))
    assert refresh() == {}
    HostApi.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    api.answers["/repos/Lab/Model"] = (200, {}, documents.github())
    assert refresh() == {"ok": 1}
    assert HostApi.objects.get().leased_until is None
    with pytest.raises(NotFound):
        commands.refresh_host(actor(person(is_admin=True)), "github.com", seconds=1)


def test_a_switched_off_or_unknown_api_is_not_asked(api) -> None:
    serve(api)
    commands.change_api(SYSTEM, "github.com", kind="github", base=api.url, is_on=False)
    mirror()
    mirror("https://bitbucket.org/Lab/Model")
    assert refresh() == refresh("bitbucket.org") == {}
    assert asking.ask_hosts() == []
    assert api.requests == []


def test_choosing_due_mirrors_costs_the_same_for_one_and_for_many(api) -> None:
    serve(api)
    mirror()

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert commands.hosts_to_ask(SYSTEM)
        return len(queries)

    one = cost()
    for number in range(20):
        mirror(f"https://github.com/Lab/m{number}")
    assert cost() == one


def test_what_is_an_api_and_a_token(api) -> None:
    admin = actor(person(is_admin=True))
    assert commands.change_api(admin, "gitlab.com", kind="gitlab", base="", is_on=True).base == "https://gitlab.com/api/v4"
    for base in ("ftp://x", "https://user:pw@x/api", "https://x/api?y=1", "https://x y", "https://[x"):
        with pytest.raises(Invalid) as caught:
            commands.change_api(admin, "gitlab.com", kind="gitlab", base=base, is_on=True)
        assert caught.value.field == "base"
    for secret in ("short", "with space inside", "中文中文中文中文", "x" * 300):
        with pytest.raises(Invalid) as caught:
            commands.add_token(admin, "gitlab.com", name="t", secret=secret)
        assert caught.value.field == "secret"
    with pytest.raises(NotFound):
        commands.add_token(admin, "nowhere.example.org", name="t", secret="x" * 20)
    for act in (
        lambda who: commands.change_host(who, "github.com", at_once=3),
        lambda who: commands.add_token(who, "github.com", name="t", secret="x" * 20),
        lambda who: commands.wake_host(who, "github.com"),
    ):
        with pytest.raises(NotFound):
            act(actor(person()))
