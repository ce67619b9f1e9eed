"""Mirrors that grew from the same first commits share one pool; what leaves, leaves with what it alone reached."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from django.test import Client

import gitstore
from core.actors import SYSTEM
from projects import commands, tasks
from projects.commands import families
from projects.commands import pools as pool_commands
from projects.models import Mirror, MirrorRun, MirrorStore, Repository, RootCommit
from projects.queries import families as reads
from tests.factories.accounts import actor, person, sign_in
from tests.factories.projects import ENVIRONMENT, git

pytestmark = pytest.mark.django_db
NOISE = 400_000  # bytes of the original's large file


@pytest.fixture
def original(upstream) -> Mirror:
    """A filled mirror of some size."""
    upstream.commit(text=os.urandom(NOISE // 2).hex())
    return filled(upstream, "lab/model", upstream.url, stars=50)


def filled(upstream, path: str, url: str, *, stars: int = 0) -> Mirror:
    made = commands.list_mirror(SYSTEM, f"https://github.com/{path}", stars=stars)
    Mirror.objects.filter(pk=made.pk).update(address=url)
    commands.sync_mirror(SYSTEM, made.pk)
    found = Mirror.objects.select_related("repository").get(pk=made.pk)
    assert (found.state, found.cause) == ("fresh", ""), found.said
    return found


def forked(upstream, name: str) -> str:
    """A fork over there with a commit of its own; its address."""
    path = upstream.root / f"{name}.git"
    shutil.copytree(upstream.path, path)
    script = f"commit refs/heads/trunk\ncommitter T <t@x.y> 1700009999 +0800\ndata 2\nm\nfrom refs/heads/trunk^0\nM 100644 inline own\ndata {len(name)}\n{name}\n\n"
    git(path, "fast-import", "--quiet", data=script.encode())
    return upstream.url.replace("lab/model.git", f"{name}.git")


def disk(settings) -> int:
    """Bytes of all object files, each once, however many names it has."""
    found = {}
    for pack in Path(settings.REPOSITORIES_DIR).rglob("objects/**/*"):
        if pack.is_file() and pack.suffix in (".pack", ""):
            found[pack.stat().st_ino] = pack.stat().st_size
    return sum(found.values())


def whole(mirror: Mirror) -> bool:
    gitstore.forget()
    path = Repository.objects.get(pk=mirror.repository_id).path
    return git(path, "fsck", "--full", "--no-dangling") == ""


def holds(mirror: Mirror, oid: str) -> bool:
    gitstore.forget()
    return (
        subprocess.run(["git", f"--git-dir={mirror.repository.path}", "cat-file", "-e", oid], env=ENVIRONMENT, check=False).returncode == 0
    )


def test_five_forks_fetch_what_is_missing_and_share_the_rest(upstream, original, settings) -> None:
    alone = disk(settings)
    forks = [filled(upstream, f"fork{number}/model", forked(upstream, f"f{number}/model")) for number in range(5)]
    for one in forks:
        run = MirrorRun.objects.get(mirror=one)
        assert run.bytes < 10_000  # a commit, not the large file
        assert whole(one)
        assert one.repository.pool_id == Repository.objects.get(pk=original.repository_id).pool_id
        assert one.store.lender_id == original.repository_id
        assert one.store.saved_bytes > NOISE // 2
    assert whole(original)
    assert disk(settings) <= 1.1 * (alone + 5 * 2_000)
    assert reads.saved() == {"bytes": sum(one.store.saved_bytes for one in forks), "mirrors": 5}
    assert RootCommit.objects.values("oid").distinct().count() == 1
    assert not list(Path(settings.REPOSITORIES_DIR).rglob("openi/borrowed"))


def test_a_fork_of_another_name_is_found_by_its_first_commit(upstream, original, settings) -> None:
    alone = disk(settings)
    fork = filled(upstream, "other/renamed", forked(upstream, "other/renamed"))
    assert MirrorRun.objects.get(mirror=fork).bytes > NOISE // 2  # nothing said beforehand that it is a fork
    assert fork.repository.pool_id is not None
    assert disk(settings) <= 1.1 * (alone + 2_000)
    assert whole(fork)
    assert whole(original)


def test_a_namesake_that_is_no_relative_stays_alone(upstream, original) -> None:
    path = upstream.root / "other" / "model.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "trunk", str(path)], env=ENVIRONMENT, check=True)
    script = b"commit refs/heads/trunk\ncommitter T <t@x.y> 1600000000 +0800\ndata 2\nm\nM 100644 inline f\ndata 2\nhi\n\n"
    git(path, "fast-import", "--quiet", data=script)
    fork = filled(upstream, "other/model", upstream.url.replace("lab/", "other/"))
    assert (fork.repository.pool_id, gitstore.pool_of(fork.repository.path)) == (None, None)
    assert whole(fork)
    assert Repository.objects.get(pk=original.repository_id).pool_id is None


def test_shared_by_a_side_branch_only_is_filled_again_alone(upstream, original) -> None:
    """The default branches have nothing in common, but a side branch was left out as known: it comes after all."""
    path = upstream.root / "other" / "model.git"
    shutil.copytree(upstream.path, path)
    git(path, "update-ref", "refs/heads/side", "refs/heads/trunk")
    git(path, "update-ref", "-d", "refs/heads/trunk")
    script = b"commit refs/heads/trunk\ncommitter T <t@x.y> 1600000000 +0800\ndata 2\nm\nM 100644 inline f\ndata 2\nhi\n\n"
    git(path, "fast-import", "--quiet", data=script)
    fork = filled(upstream, "other/model", upstream.url.replace("lab/", "other/"))
    assert fork.repository.pool_id is None
    assert whole(fork)


def test_a_fill_that_died_before_it_was_settled_begins_anew(upstream, original, monkeypatch) -> None:
    url = forked(upstream, "f/model")

    def dies(*args, **kwargs):
        raise KeyboardInterrupt

    made = commands.list_mirror(SYSTEM, "https://github.com/f/model")
    Mirror.objects.filter(pk=made.pk).update(address=url)
    with monkeypatch.context() as patched:
        patched.setattr(families, "settle", dies)
        with pytest.raises(KeyboardInterrupt):
            commands.sync_mirror(SYSTEM, made.pk)
    assert families.is_half_filled(made.repository.path)
    Mirror.objects.update(leased_until=None, lease="")
    assert commands.sync_mirror(SYSTEM, made.pk).state == "fresh"
    assert whole(made)


def test_private_and_password_mirrors_never_take_part(upstream, original) -> None:
    owner = person()
    for number, visibility in enumerate(("private", "public")):
        mirror = commands.mirror_into(
            actor(owner), owner.namespace, address=forked(upstream, f"p{number}/model"), name=f"model{number}", visibility=visibility
        )
        commands.sync_mirror(SYSTEM, mirror.pk)
        assert Repository.objects.get(pk=mirror.repository_id).pool_id is None
    assert Repository.objects.get(pk=original.repository_id).pool_id is None


def test_made_private_it_leaves_with_what_it_alone_had(upstream, original, deliver) -> None:
    fork = filled(upstream, "f/model", forked(upstream, "f/model"))
    secret = upstream.commit(text="only in the original")
    commands.sync_mirror(SYSTEM, original.pk)
    gitstore.maintain(original.repository.path)
    commands.set_visibility(actor(person(is_admin=True)), Repository.objects.get(pk=original.repository_id), visibility="private")
    deliver()
    assert Repository.objects.get(pk=original.repository_id).pool_id is None
    assert gitstore.pool_of(original.repository.path) is None
    assert whole(original)
    assert whole(fork)
    assert not holds(fork, secret)
    assert reads.saved()["mirrors"] == 1


def test_removed_for_good_the_others_stay_whole(upstream, original, deliver) -> None:
    fork = filled(upstream, "f/model", forked(upstream, "f/model"))
    gitstore.maintain(original.repository.path)
    row = Repository.objects.get(pk=original.repository_id)
    commands.delete_repository(SYSTEM, row, confirmation=str(row))
    Repository.objects.filter(pk=row.pk).update(deleted_at="2020-01-01T00:00Z")
    commands.purge_repository(SYSTEM, Repository.objects.get(pk=row.pk))
    deliver()
    assert whole(fork)
    assert not row.path.exists()
    assert MirrorStore.objects.get(mirror=fork).lender is None


def test_a_purge_and_a_promotion_keep_everything(upstream, original, deliver, monkeypatch) -> None:
    from projects.commands import purges

    monkeypatch.setattr(purges, "SETTLE_SECONDS", 0.0)
    fork = filled(upstream, "f/model", forked(upstream, "f/model"))
    admin = actor(person(is_admin=True))
    commands.promote_mirror(admin, fork)
    row = Repository.objects.get(pk=original.repository_id)
    run = commands.request_purge(admin, row, confirmation=str(row))
    deliver()
    run.refresh_from_db()
    assert (run.state, run.error) == ("done", "")
    assert whole(fork)
    assert whole(original)
    upstream.commit()
    assert commands.sync_mirror(SYSTEM, original.pk).state == "fresh"
    assert whole(original)


def test_lost_history_survives_a_new_generation_of_the_pool(upstream, original, deliver) -> None:
    """What upstream rewrote lies under a hidden ref for 30 days; its objects may be in the pool alone."""
    filled(upstream, "f/model", forked(upstream, "f/model"))
    lost = upstream.commit(text="soon rewritten")
    commands.sync_mirror(SYSTEM, original.pk)
    third = filled(upstream, "g/model", forked(upstream, "g/model"))  # feeds the pool anew
    gitstore.maintain(original.repository.path)
    for path in (upstream.path, upstream.root / "g/model.git"):
        git(path, "update-ref", "refs/heads/trunk", f"{lost}^")
    commands.sync_mirror(SYSTEM, original.pk)
    commands.sync_mirror(SYSTEM, third.pk)
    commands.renew_pool(SYSTEM, Repository.objects.get(pk=original.repository_id).pool_id.hex)
    assert holds(original, lost)
    assert whole(original)
    gitstore.maintain(original.repository.path)


def test_filled_at_the_same_time_they_come_together_later(upstream, settings, monkeypatch) -> None:
    upstream.commit(text=os.urandom(NOISE // 2).hex())
    with monkeypatch.context() as patched:
        patched.setattr(families, "_share", lambda *args: None)
        patched.setattr(families, "helpers", lambda mirror: [])
        one = filled(upstream, "lab/model", upstream.url, stars=5)
        other = filled(upstream, "f/model", forked(upstream, "f/model"))
    twice = disk(settings)
    assert tasks.share_relatives() is None
    assert disk(settings) < twice - NOISE // 4
    assert {row.pool_id for row in Repository.objects.all()} != {None}
    assert MirrorStore.objects.get().mirror == other
    assert whole(one)
    assert whole(other)
    assert not Mirror.objects.exclude(lease="")
    assert commands.share_relatives(SYSTEM) == 0


def two_families(upstream, original) -> list[Mirror]:
    """Two pools that have nothing in common, and then a mirror whose history joined both."""
    theirs = upstream.root / "other" / "second.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "trunk", str(theirs)], env=ENVIRONMENT, check=True)
    noise = os.urandom(NOISE // 2).hex()
    script = (
        f"commit refs/heads/trunk\ncommitter T <t@x.y> 1600000000 +0800\ndata 2\nm\nM 100644 inline other\ndata {len(noise)}\n{noise}\n\n"
    )
    git(theirs, "fast-import", "--quiet", data=script.encode())
    url = upstream.url.replace("lab/model.git", "{}.git")
    other = filled(upstream, "other/second", url.format("other/second"), stars=20)
    shutil.copytree(theirs, upstream.root / "g/second.git")
    their_fork = filled(upstream, "g/second", url.format("g/second"))
    fork = filled(upstream, "f/model", forked(upstream, "f/model"))
    shutil.copytree(upstream.path, upstream.root / "h/both.git")
    git(upstream.root / "h/both.git", "fetch", "-q", str(theirs), "trunk:refs/heads/theirs")
    merge = (
        b"commit refs/heads/trunk\ncommitter T <t@x.y> 1700009999 +0800\ndata 2\nm\nfrom refs/heads/trunk^0\nmerge refs/heads/theirs^0\n\n"
    )
    git(upstream.root / "h/both.git", "fast-import", "--quiet", data=merge)
    both = filled(upstream, "h/both", url.format("h/both"))
    assert len({row.pool_id for row in Repository.objects.all()}) == 2
    return [original, fork, other, their_fork, both]


def test_families_that_turn_out_to_be_one_share_one_pool(upstream, original, settings, monkeypatch) -> None:
    """Killed half way, everybody stays whole, and the next run joins them; the old pools go after their time."""
    family = two_families(upstream, original)
    apart = disk(settings)

    def pools() -> set[object]:
        return set(Repository.objects.values_list("pool_id", flat=True))

    before = pools()
    build, moved = pool_commands.build_generation, []

    def killed(old, new, members, **more):
        build(old, new, members[:2], **more)
        moved.append(new)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(pool_commands, "build_generation", killed)
        with pytest.raises(KeyboardInterrupt):
            commands.join_families(SYSTEM)
    assert pools() == before
    assert sum(gitstore.pool_of(one.repository.path) == moved[0] for one in family) == 2
    assert all(whole(one) for one in family)
    assert commands.join_families(SYSTEM) == 1
    assert len(pools()) == 1
    assert not pools() & before
    assert all(whole(one) for one in family)
    assert reads.saved()["mirrors"] == 4
    assert commands.sweep_pools(SYSTEM, grace=0) != []
    assert all(whole(one) for one in family)
    assert disk(settings) < apart - NOISE // 2  # each history lies here once
    assert commands.join_families(SYSTEM) == 0
    upstream.commit()
    commands.sync_mirror(SYSTEM, original.pk)
    assert whole(original)


def test_what_both_fetched_later_is_kept_once_too(upstream, original, settings) -> None:
    fork = filled(upstream, "f/model", forked(upstream, "f/model"))
    upstream.commit(text=os.urandom(NOISE // 2).hex())
    later, theirs = upstream.tip(), upstream.root / "f/model.git"
    git(theirs, "fetch", "-q", str(upstream.path), "trunk:refs/heads/merged")
    for one in (original, fork):
        commands.sync_mirror(SYSTEM, one.pk)
    twice = disk(settings)
    for one in (original, fork, original):
        assert commands.maintain_repository(SYSTEM, one.repository_id)
    assert disk(settings) < twice - NOISE // 4
    for one in (original, fork):
        assert holds(one, later)
        assert whole(one)


def test_pages_say_what_is_shared(upstream, original) -> None:
    filled(upstream, "f/model", forked(upstream, "f/model"))
    client = Client()
    page = client.get("/github.com/f/model/mirror", headers={"accept-language": "en"}).content.decode()
    assert "saved: they lie here once" in page
    assert 'href="/github.com/lab/model"' in page
    sign_in(client, person(is_admin=True))
    assert "Saved by sharing" in client.get("/-/admin/mirrors", headers={"accept-language": "en"}).content.decode()
