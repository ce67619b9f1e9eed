"""What a worker leaves behind that dies at one step of a fetch (`test_worker_killed` kills real ones at random moments)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.actors import SYSTEM
from projects import commands
from projects.commands import pushes, syncing
from projects.models import Mirror, MirrorRun, Push
from tests.factories.projects import git
from tests.mirrors.test_syncing import listed, refs, synced

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """Nothing after it runs, as after a kill."""


def killed(*_args):
    raise Killed


def test_killed_after_the_switch_while_upstream_returns_to_what_it_was(upstream, monkeypatch) -> None:
    """The row still knew the refs of before the switch: a look that compared with them would take ours for upstream's."""
    mirror = synced(listed(upstream))
    old = upstream.tip()
    new = upstream.commit()

    with monkeypatch.context() as patched:  # the last thing before the row is written
        patched.setattr(syncing, "count_pointers", killed)
        with pytest.raises(Killed):
            commands.sync_mirror(SYSTEM, mirror.pk)
    assert refs(mirror) == {"refs/heads/trunk": new}
    assert Mirror.objects.get().lease  # nobody gave it back
    git(upstream.path, "update-ref", "refs/heads/trunk", old)
    Mirror.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    again = synced(mirror)
    assert refs(again) == {"refs/heads/trunk": old}
    assert (again.state, again.lease) == ("fresh", "")
    assert MirrorRun.objects.order_by("-pk").first().rewritten == [["refs/heads/trunk", new]]


def test_killed_between_the_switch_and_its_record(upstream, monkeypatch) -> None:
    """The first fill moved the refs and told nobody: the next look tells, with the same words as the dead one's intent."""
    mirror = listed(upstream)

    with monkeypatch.context() as patched:
        patched.setattr(syncing, "record_push", killed)
        with pytest.raises(Killed):
            commands.sync_mirror(SYSTEM, mirror.pk)
    assert refs(mirror)
    assert not Push.objects.exists()
    Mirror.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    monkeypatch.setattr(pushes, "SETTLE_SECONDS", 0.0)
    again = synced(mirror)
    assert (again.state, again.repository.is_empty) == ("fresh", False)
    assert Push.objects.get().updates == [["refs/heads/trunk", "0" * 40, upstream.tip()]]
    assert commands.settle_intents() == 0
