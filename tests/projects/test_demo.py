"""The demo: its rows are as old as the commits they belong to, and loading it twice changes nothing."""

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import User
from projects.commands.claims import claim_due
from projects.management.demo import catalogue
from projects.management.demo.load import load
from projects.mirrors import lists
from projects.models import BulkEdit, Collection, Mirror, MirrorDay, Nomination, Push, Release, Report, Repository, Star
from projects.queries.explore import ridges
from projects.queries.hosts import api_of, due_for_facts

pytestmark = pytest.mark.django_db


def test_the_demo_has_a_past():
    logins = load(lambda _line: None)
    now = timezone.now()
    assert len(logins) == User.objects.count()
    alpha = Repository.objects.get(namespace__slug="PCL-Platform.Intelligence", name="PanGu-Alpha")
    pushes = list(Push.objects.filter(repository=alpha).order_by("at"))
    assert len(pushes) > 30
    assert alpha.created_at < pushes[0].at < pushes[-1].at < now
    assert (now - alpha.created_at).days > 100
    assert pushes[-1].updates[0][2] == alpha.head_oid
    assert [push.updates[0][1] for push in pushes[1:]] == [push.updates[0][2] for push in pushes[:-1]]
    assert alpha.created_at < Release.objects.get(repository=alpha).published_at < pushes[-1].at
    assert all(alpha.created_at < star.at < now for star in Star.objects.filter(repository=alpha))
    for push in Push.objects.select_related("user"):
        assert push.user is None or push.user.date_joined < push.at
    for ridge in ridges():
        heights = set(ridge.path.replace("C", " ").split(" ")[1::2])
        assert len(heights) > 2, f"{ridge.key} is flat"
    _the_market_and_the_desk_are_alive()
    before = Push.objects.count(), Star.objects.count(), BulkEdit.objects.count(), Collection.objects.count()
    assert load(lambda _line: None) == []
    assert (Push.objects.count(), Star.objects.count(), BulkEdit.objects.count(), Collection.objects.count()) == before


def _the_market_and_the_desk_are_alive() -> None:
    """Every row of the list lies where it says; nothing of it would be asked of another host; no figure is made up."""
    now, wishes = timezone.now(), list(lists.read(catalogue.LIST))
    mirrors = Mirror.objects.filter(is_public_mirror=True)
    assert len(wishes) == mirrors.count() == mirrors.filter(state="listed", upstream_stars=0, is_urgent=False).count()
    assert not [mirror for host in settings.MIRROR_HOSTS for mirror in due_for_facts(host, now) if (api := api_of(host)) and api.is_on]
    assert claim_due(100) == []
    for old in ("computer-vision", "nlp", "speech", "big-data", "robotics", "ai-chips", "other", "risc-v", "quantum-computing"):
        assert mirrors.filter(repository__category__slug=old).exists(), old
    assert mirrors.filter(repository__category=None).exists()
    assert not BulkEdit.objects.exclude(state="done", changed__gt=0).exists()
    page = Client(headers={"accept-language": "zh-CN"}).get("/market").content.decode()
    for words in ("推荐", "精品", "大模型", "RISC-V 工具链", "旧站首页所列", "apache"):
        assert words in page, words
    assert (Nomination.objects.filter(state="open").count(), Report.objects.filter(state="open").count()) == (2, 1)
    assert MirrorDay.objects.get(measure="backlog", key="listed").value == len(wishes)
