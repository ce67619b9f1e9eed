"""Merging by every method, what hinders it, what follows it, races, and what is left after a kill."""

import threading

import pytest
from django.db import connection

import gitstore
from core import events
from core.actors import SYSTEM
from core.errors import Conflict, DomainError, Forbidden
from issues.commands import open_issue
from issues.models import Thread
from projects.commands import fork_repository
from projects.commands.deletion import purge_repository
from projects.models import Collaborator, Protection, Push, Repository
from pulls.commands import auto, following, heads, merging, opening, undoing
from pulls.commands.mergeability import check_pulls, unchecked
from pulls.models import MergeSettings, Pull
from tests.factories import accounts, projects
from tests.factories.accounts import actor
from tests.factories.projects import git

pytestmark = pytest.mark.django_db
LINES = b"".join(b"line %d\n" % number for number in range(1, 31))


def changed(number, text=b"changed"):
    return LINES.replace(b"line %d\n" % number, text + b"\n")


@pytest.fixture
def ada():
    return accounts.person("ada")


@pytest.fixture
def ben():
    return accounts.person("ben")


@pytest.fixture
def demo(ada, ben):
    """Ada's repository, where Ben may write."""
    made = projects.repository(ada, name="demo", files={"a": LINES, "k": b"k\n"})
    Collaborator.objects.create(repository=made, user=ben, access="write")
    made.refresh_from_db()
    return made


def propose(who, repository, files, *, branch="topic", base="main", title="Change a", body="", home=None):
    """A branch with one commit of `files`, and the pull request of it, looked at by the worker."""
    home = home or repository
    projects.commit(home, files, branch=branch, message=title)
    made = opening.open_pull(
        actor(who), repository, head=home, head_branch=branch, base_branch=base, title=title, body=body
    )  # fmt: skip
    events.drain()
    return merging.fresh(made)


def tip(repository, branch="main"):
    return gitstore.ref_oid(repository.path, f"refs/heads/{branch}")


def content(repository, name, oid=""):
    entry = gitstore.entry_at(repository.path, oid or tip(repository), name)
    return gitstore.blob(repository.path, entry.oid).data if entry else None


@pytest.mark.parametrize("method", ["merge", "squash", "rebase", "forward"])
def test_each_method(demo, ada, ben, method):
    pull = propose(ben, demo, {"b": b"b\n"}, body="Why.")
    before = tip(demo)
    if method != "forward":
        before = projects.commit(demo, {"a": changed(3)})
    events.drain()
    pull = merging.fresh(pull)
    assert pull.mergeability == ("forward" if method == "forward" else "clean")
    done = merging.merge_pull(actor(ada), pull, method=method, expected=pull.head_oid)
    assert (done.is_merged, done.merged_by, done.merge_method, done.merged_oid) == (True, ada, method, tip(demo))
    assert (done.thread.state, done.thread.state_reason) == ("closed", "merged")
    found = gitstore.commit(demo.path, tip(demo))
    parents = {"merge": (before, pull.head_oid), "forward": (before,)}.get(method, (before,))
    assert found.parents == parents
    if method == "merge":
        assert found.message == f"Merge pull request #{pull.number} from topic\n\nChange a\n"
    if method == "squash":
        assert found.message.startswith(f"Change a (#{pull.number})\n\nWhy.\n\nCo-authored-by: T <t@example.org>")
        assert (found.author.name, found.committer.name) == ("ben", "ada")
    if method == "rebase":
        assert (found.author.name, found.committer.name, found.message) == ("T", "ada", "Change a")
    assert content(demo, "b") == b"b\n"
    assert Push.objects.order_by("-pk")[0].updates == [["refs/heads/main", before, tip(demo)]]
    events.drain()
    again = merging.merge_pull(actor(ada), pull, method=method, expected=pull.head_oid)
    assert again.merged_oid == done.merged_oid, "a double click is one merge"
    with pytest.raises(Conflict) as caught:
        merging.merge_pull(actor(ben), pull)
    assert caught.value.code == "merged"
    assert list(done.thread.happenings.filter(kind="closed").values_list("facts", flat=True)) == [
        {"reason": "merged", "oid": done.merged_oid, "method": method, "base": "main"}
    ]


def test_rules_and_words(demo, ada, ben):
    stranger = accounts.person("eve")
    pull = propose(ben, demo, {"b": b"b\n"})
    with pytest.raises(Forbidden):
        merging.merge_pull(actor(stranger), pull)
    with pytest.raises(merging.Moved):
        merging.merge_pull(actor(ada), pull, expected="0" * 40)
    MergeSettings.objects.create(repository=demo, allow_merge=False, default_method="squash")
    with pytest.raises(Conflict) as caught:
        merging.merge_pull(actor(ada), pull, method="merge")
    assert caught.value.code == "method"
    Protection.objects.create(repository=demo, pattern="main", push_access="nobody", merge_access="maintain")
    with pytest.raises(Forbidden):
        merging.merge_pull(actor(ben), pull)
    done = merging.merge_pull(actor(ada), pull, title="All  of\nit", message="words\r\nmore")
    assert gitstore.commit(demo.path, done.merged_oid).message.startswith("All of it\n\nwords\nmore\n"), (
        "nobody pushes, but this is a merge"
    )
    assert done.merge_method == "squash"


def test_content_policies_of_the_base_hold_in_a_merge(demo, ada, ben):
    fork = fork_repository(actor(ben), demo, into=ben.namespace)
    pull = propose(ben, demo, {"x.exe": b"x"}, home=fork)
    Repository.objects.filter(pk=demo.pk).update(forbidden_paths=["*.exe"])
    before = tip(demo)
    with pytest.raises(Forbidden, match=r"x\.exe"):
        merging.merge_pull(actor(ada), pull)
    pull = merging.fresh(pull)
    assert (tip(demo), pull.is_merged, pull.merged_oid, pull.is_open) == (before, False, "", True)


def test_conflicts_are_named_before_anyone_tries_and_resolved(demo, ada, ben):
    pull = propose(ben, demo, {"a": changed(3, b"mine")})
    assert "refs/pull/1/merge" in gitstore.refs(demo.path, "refs/pull")
    projects.commit(demo, {"a": changed(3, b"yours"), "new": b"n\n"})
    events.drain()
    pull = merging.fresh(pull)
    assert (pull.mergeability, pull.conflicts) == ("conflicts", [{"path": "a", "kind": "content"}])
    assert "refs/pull/1/merge" not in gitstore.refs(demo.path, "refs/pull")
    for act in (lambda: merging.merge_pull(actor(ada), pull), lambda: heads.update_branch(actor(ben), pull)):
        with pytest.raises(Conflict) as caught:
            act()
        assert caught.value.code == "conflicts"
    with pytest.raises(Conflict):
        heads.resolve_conflicts(actor(ben), pull, {}, expected=pull.head_oid)
    with pytest.raises(merging.Moved):
        heads.resolve_conflicts(actor(ben), pull, {"a": b"x"}, expected=pull.head_oid, base=pull.merge_base)
    after = heads.resolve_conflicts(actor(ben), pull, {"a": changed(3, b"both")}, expected=pull.head_oid, base=tip(demo))
    assert after.head_oid == tip(demo, "topic")
    events.drain()
    after = merging.fresh(after)
    assert (after.mergeability, after.versions.count()) == ("forward", 2)
    merging.merge_pull(actor(ada), after, method="merge")
    assert (content(demo, "a"), content(demo, "new")) == (changed(3, b"both"), b"n\n")


@pytest.mark.parametrize("method", ["merge", "rebase"])
def test_bringing_a_fork_up_to_date_and_losing_it(demo, ada, ben, method):
    fork = fork_repository(actor(ben), demo, into=ben.namespace)
    pull = propose(ben, demo, {"b": b"b\n"}, home=fork)
    projects.commit(demo, {"new": b"n\n"})
    events.drain()
    after = heads.update_branch(actor(ben), pull, method=method, expected=pull.head_oid)
    assert tip(fork, "topic") == after.head_oid
    assert len(gitstore.commit(fork.path, after.head_oid).parents) == (2 if method == "merge" else 1)
    assert content(fork, "new", after.head_oid) == b"n\n"
    with pytest.raises(Conflict) as caught:
        heads.update_branch(actor(ben), after)
    assert caught.value.code == "up_to_date"
    events.drain()
    Repository.objects.filter(pk=fork.pk).update(deleted_at=after.thread.created_at)
    purge_repository(SYSTEM, Repository.objects.get(pk=fork.pk))
    events.drain()
    assert not fork.path.exists()
    assert gitstore.fsck(demo.path, full=True) == []
    done = merging.merge_pull(actor(ada), merging.fresh(pull), method="merge")
    assert content(demo, "b", done.merged_oid) == b"b\n"
    assert {"refs/keep/pull/1/1", "refs/keep/pull/1/2"} <= set(gitstore.refs(demo.path)), "no version is ever lost"


def test_pushes_become_versions_and_merges_by_hand(demo, ada, ben):
    pull = propose(ben, demo, {"b": b"1\n"})
    first = pull.head_oid
    between = projects.commit(demo, {"b": b"2\n"}, branch="topic")
    second = projects.commit(demo, {"b": b"3\n"}, branch="topic")
    events.drain()
    pull = merging.fresh(pull)
    assert (pull.head_oid, pull.commits) == (second, 3)
    assert list(pull.versions.order_by("number").values_list("head_oid", flat=True)) == [first, between, second], "each push is a version"
    git(demo.path, "update-ref", "refs/heads/topic", first)
    from projects.commands import record_push

    record_push(actor(ben), demo, [("refs/heads/topic", second, first)])
    events.drain()
    version = pull.versions.get(number=4)
    assert (version.head_oid, version.is_forced, version.pushed_by) == (first, True, ben)

    git(demo.path, "update-ref", "refs/heads/main", first)
    record_push(actor(ada), demo, [("refs/heads/main", pull.base_oid, first)])
    events.drain()
    pull = merging.fresh(pull)
    assert (pull.is_merged, pull.merge_method, pull.merged_by, pull.merged_oid) == (True, "by_hand", ada, first)
    events.drain()
    assert pull.thread.happenings.filter(kind="closed").count() == 1


def test_a_branch_that_goes_and_comes_back(demo, ada, ben):
    from projects.commands import delete_branch

    pull = propose(ben, demo, {"b": b"1\n"})
    oid = delete_branch(actor(ben), demo, branch="topic")
    events.drain()
    pull = merging.fresh(pull)
    assert (pull.is_open, pull.branch_deleted_oid) == (True, oid)
    heads.restore_head_branch(actor(ben), pull)
    assert tip(demo, "topic") == oid
    with pytest.raises(Conflict) as caught:
        heads.delete_head_branch(actor(ben), pull)
    assert caught.value.code == "open"
    merging.merge_pull(actor(ada), pull)
    heads.delete_head_branch(actor(ben), pull)
    assert tip(demo, "topic") == ""
    heads.restore_head_branch(actor(ben), pull)
    assert tip(demo, "topic") == oid
    projects.commit(demo, {"z": b"z"}, branch="topic")
    with pytest.raises(Conflict) as caught:
        heads.delete_head_branch(actor(ben), pull)
    assert caught.value.code == "moved"


def test_what_follows_a_merge(demo, ada, ben):
    """Issues that it names are closed, the branch goes, and what stands on it goes to where it went."""
    first = open_issue(actor(ben), demo, title="One")
    second = open_issue(actor(ben), demo, title="Two")
    elsewhere = open_issue(actor(ada), projects.repository(ada, name="other", files={"a": b"a"}), title="Far")
    MergeSettings.objects.create(repository=demo, delete_branch=True)
    stray = propose(ben, demo, {"s": b"s"}, branch="stray")
    assert stray.number == 3
    for act, there in ((opening.close_pull, False), (opening.reopen_pull, True), (opening.close_pull, False)):
        act(actor(ben), merging.fresh(stray))
        events.drain()
        assert ("refs/pull/3/merge" in gitstore.refs(demo.path)) == there
    text = f"Closes #{first.number}. Mentions #{second.number}. Fixes ada/other#{elsewhere.number}"
    pull = propose(ben, demo, {"b": b"b\n"}, body=text)
    upper = propose(ben, demo, {"c": b"c\n", "b": b"b\n"}, branch="upper", base="topic", title="Upper")
    assert upper.base_branch == "topic"
    merging.merge_pull(actor(ben), pull, method="merge")
    events.drain()
    states = dict(Thread.objects.filter(kind="issue").values_list("title", "state"))
    assert states == {"One": "closed", "Two": "open", "Far": "open"}, "Ben may not close issues in ada/other"
    assert "refs/pull/4/merge" not in gitstore.refs(demo.path), "what is merged is no trial any more"
    assert tip(demo, "topic") == ""
    upper = merging.fresh(upper)
    assert (upper.base_branch, upper.is_open, upper.mergeability) == ("main", True, "clean")
    MergeSettings.objects.update(delete_branch=False)
    lost = propose(ben, demo, {"d": b"d\n"}, branch="d", base="upper", title="Lost")
    gitstore.update_refs(demo.path, [("refs/heads/upper", tip(demo, "upper"), gitstore.ZERO)])
    following.follow_push(SYSTEM, demo.pk, by_id=ben.pk, updates=[], total=60)
    assert not merging.fresh(lost).is_open
    assert merging.fresh(upper).is_open


def test_auto_merge_waits_for_what_hinders(demo, ada, ben):
    pull = propose(ben, demo, {"a": changed(3, b"mine")})
    projects.commit(demo, {"a": changed(3, b"yours")})
    events.drain()
    set_ = auto.set_auto_merge(actor(ada), pull, method="squash", title="By itself")
    assert (set_.auto_merge_by, set_.is_merged) == (ada, False)
    auto.cancel_auto_merge(actor(ben), pull)
    assert merging.fresh(pull).auto_merge_by is None
    auto.set_auto_merge(actor(ada), pull, method="squash", title="By itself")
    events.drain()
    heads.resolve_conflicts(actor(ben), pull, {"a": changed(3, b"both")})
    events.drain()
    pull = merging.fresh(pull)
    assert (pull.is_merged, pull.merged_by, gitstore.commit(demo.path, tip(demo)).subject) == (True, ada, "By itself")
    other = propose(ben, demo, {"n": b"n"}, branch="n")
    opening.set_draft(actor(ben), other, is_draft=True)
    auto.set_auto_merge(actor(ben), merging.fresh(other))
    Collaborator.objects.all().delete()
    opening.set_draft(actor(ada), merging.fresh(other), is_draft=False)
    events.drain()
    other = merging.fresh(other)
    assert (other.is_merged, other.auto_merge_by) == (False, None)
    assert "ben" in other.auto_merge_failed
    with pytest.raises(Forbidden):
        auto.set_auto_merge(actor(ben), other)
    now = auto.set_auto_merge(actor(ada), other)
    assert now.is_merged, "nothing hinders it, so it is merged at once"


@pytest.mark.parametrize("method", ["merge", "rebase"])
def test_revert_and_cherry_pick(demo, ada, ben, method):
    gitstore.update_refs(demo.path, [("refs/heads/release", gitstore.ZERO, tip(demo))])
    pull = propose(ben, demo, {"a": changed(3)})
    projects.commit(demo, {"a": changed(20)})
    events.drain()
    with pytest.raises(Conflict) as caught:
        undoing.revert_pull(actor(ada), pull)
    assert caught.value.code == "not_merged"
    merging.merge_pull(actor(ada), pull, method=method)
    projects.commit(demo, {"later": b"l"})
    back = undoing.revert_pull(actor(ada), pull)
    assert (back.base_branch, back.head_branch, back.thread.title) == ("main", "revert-1", 'Revert "Change a"')
    assert content(demo, "a", back.head_oid) == changed(20)
    picked = undoing.cherry_pick_pull(actor(ada), pull, onto="release")
    assert (picked.base_branch, picked.head_branch) == ("release", "pick-1-release")
    assert content(demo, "a", picked.head_oid) == changed(3)
    events.drain()
    merging.merge_pull(actor(ada), back, method="merge")
    with pytest.raises(Conflict) as caught:
        undoing.revert_pull(actor(ada), pull)
    assert caught.value.code == "nothing_left"
    with pytest.raises(Forbidden):
        undoing.revert_pull(actor(accounts.person("eve")), pull)


def test_a_kill_between_branch_and_rows_is_repaired(demo, ada, ben, monkeypatch):
    """Whatever died: the commit is in the branch, so the pull request is merged; it is not, so it is open as before."""
    pull = propose(ben, demo, {"b": b"b\n"})

    class Killed(BaseException):
        pass

    def die(*_arguments, **_options):
        raise Killed

    for name, merged in (("apply_updates", False), ("finish_merge", True)):
        with monkeypatch.context() as patch:
            patch.setattr(merging, name, die)
            with pytest.raises(Killed):
                merging.merge_pull(actor(ada), pull, method="squash")
        row = merging.fresh(pull)
        assert (row.is_merged, row.is_open, bool(row.merged_oid)) == (False, True, True)
        assert merging.settle_merges(SYSTEM) == merged
        row = merging.fresh(pull)
        assert (row.is_merged, row.merge_method) == (merged, "squash" if merged else "")
    assert (row.merged_by, row.merged_oid, row.thread.state_reason) == (ada, tip(demo), "merged")
    events.drain()
    assert merging.fresh(pull).merge_method == "squash", "the push that follows does not make it a merge by hand"
    with pytest.raises(DomainError):
        merging.settle_merges(actor(ada))


def test_one_batch_looks_at_many_and_costs_one_process_more_or_less(demo, ada, ben, monkeypatch):
    for number in range(6):
        propose(ben, demo, {f"f{number}": b"x", "a": changed(number + 1, b"x%d" % number)}, branch=f"b{number}", title=f"T{number}")
    projects.commit(demo, {"a": changed(2, b"other")})
    started = []
    begin = gitstore.process.start
    monkeypatch.setattr(
        "gitstore.process.start", lambda path, arguments, **options: started.append(arguments[0]) or begin(path, arguments, **options)
    )
    looked = check_pulls(SYSTEM, demo.pk, base_branch="main")
    assert [pull.mergeability for pull in looked].count("conflicts") == 3, "the neighbours of the line conflict too"
    assert sorted(started) == ["merge-tree", "pack-objects", "rev-list", "update-ref"]
    assert check_pulls(SYSTEM, demo.pk) == []
    assert unchecked() == []
    assert len(started) == 4


@pytest.mark.django_db(transaction=True)
class TestRaces:
    """Two at once, on threads with connections of their own."""

    def both(self, *acts):
        """Run them at the same moment; what each returned or raised."""
        gate, results = threading.Barrier(len(acts)), [None] * len(acts)

        def run(index, act):
            gate.wait()
            try:
                results[index] = act()
            except Exception as error:  # noqa: BLE001 - looked at by the test
                results[index] = error
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
        [thread.start() for thread in threads]
        [thread.join(60) for thread in threads]
        return results

    def test_two_merges_of_two_and_two_of_one(self, demo, ada, ben):
        one = propose(ben, demo, {"b": b"b\n"}, branch="one")
        two = propose(ben, demo, {"c": b"c\n"}, branch="two", title="Two")
        results = self.both(*(lambda pull=pull: merging.merge_pull(actor(ada), pull, method="merge") for pull in (one, two, one, two)))
        assert all(isinstance(each, Pull) for each in results), results
        assert (content(demo, "b"), content(demo, "c")) == (b"b\n", b"c\n")
        assert git(demo.path, "rev-list", "--merges", "--count", "main") == "2"

    def test_merge_and_close(self, demo, ada, ben):
        pull = propose(ben, demo, {"b": b"b\n"})
        self.both(lambda: merging.merge_pull(actor(ada), pull), lambda: opening.close_pull(actor(ben), pull))
        row = merging.fresh(pull)
        assert row.thread.state == "closed"
        assert row.is_merged == (content(demo, "b") is not None)
        assert (row.thread.state_reason == "merged") == row.is_merged
        assert row.repository.thread_counter.closed_pulls == 1

    def test_merge_and_pushes_to_base_and_head(self, demo, ada, ben):
        from projects.commands import commit_files
        from projects.commands.edits import Write

        pull = propose(ben, demo, {"b": b"b\n"})
        push = lambda branch, name: commit_files(actor(ben), demo, branch=branch, changes=[Write(name, b"p")], message="push")  # noqa: E731
        results = self.both(
            lambda: merging.merge_pull(actor(ada), pull, method="merge"), lambda: push("main", "p1"), lambda: push("topic", "p2")
        )
        assert isinstance(results[1], str), "a push that races the merge is not refused"
        assert isinstance(results[2], str)
        events.drain()
        assert content(demo, "p1") == b"p", "and not lost"
        row = merging.fresh(pull)
        if isinstance(results[0], Pull):
            assert row.is_merged
            assert content(demo, "b") == b"b\n"
        else:
            assert isinstance(results[0], merging.Moved)
            assert (row.is_open, row.head_oid, row.versions.count()) == (True, results[2], 2)
