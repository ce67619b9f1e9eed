"""The demo: its rows are as old as the commits they belong to, and loading it twice changes nothing."""

import pytest
from django.utils import timezone

from accounts.models import User
from projects.management.demo.load import load
from projects.models import Push, Release, Repository, Star
from projects.queries.explore import ridges

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
    before = Push.objects.count(), Star.objects.count()
    assert load(lambda _line: None) == []
    assert (Push.objects.count(), Star.objects.count()) == before
