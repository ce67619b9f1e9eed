"""Which Git transfers are downloads: a client that had nothing and got everything, over each of the three servers."""

import pytest

from core.actors import SYSTEM
from projects import commands
from projects.models import Repository, TrafficDay, Visit
from tests.factories import accounts
from tests.projects.test_transport_door import as_sshd, door
from tests.projects.test_transport_ssh import Keys, address
from tests.projects.wire import Git, git, repository, ssh_port, url, wait_until, web

__all__ = ["as_sshd", "door", "git", "ssh_port", "web"]
pytestmark = pytest.mark.django_db(transaction=True)


def clones(row: Repository) -> int:
    found = TrafficDay.objects.filter(repository=row).first()
    return found.clones if found else 0


def counted(row: Repository, wanted: int) -> None:
    """Wait until the server's thread has put aside what it noted, and it is counted."""

    def there() -> bool:
        commands.count_visits(SYSTEM)
        return clones(row) >= wanted

    wait_until(there, seconds=20)
    assert clones(row) == wanted


@pytest.fixture
def demo():
    return repository(accounts.person("alice"), "demo")


def test_a_clone_over_http_counts_once_and_fetches_do_not(web, git: Git, demo, tmp_path):
    token = accounts.token(demo.namespace.user, "write")
    folder = git.new()
    git.run("push", "-q", url(web, demo, token), "main", cwd=folder)
    git.run("ls-remote", url(web, demo), cwd=folder)
    git.run("clone", "-q", url(web, demo), str(tmp_path / "first"))
    counted(demo, 1)
    git.run("clone", "-q", url(web, demo), str(tmp_path / "second"))
    git.run("commit", "-q", "--allow-empty", "-m", "more", cwd=folder)
    git.run("push", "-q", url(web, demo, token), "main", cwd=folder)
    Visit.objects.all().delete()  # or the same reader could not be counted again today
    git.run("fetch", "-q", cwd=tmp_path / "first")
    git.run("-c", "protocol.version=0", "clone", "-q", "--depth", "1", url(web, demo), str(tmp_path / "third"))
    counted(demo, 2)
    assert TrafficDay.objects.get(repository=demo).known == 0


def test_a_fetch_of_news_is_no_download(web, git: Git, demo, tmp_path):
    token = accounts.token(demo.namespace.user, "write")
    folder = git.new()
    git.run("push", "-q", url(web, demo, token), "main", cwd=folder)
    git.run("clone", "-q", url(web, demo), str(tmp_path / "copy"))
    counted(demo, 1)
    Visit.objects.all().delete()
    git.run("commit", "-q", "--allow-empty", "-m", "more", cwd=folder)
    git.run("push", "-q", url(web, demo, token), "main", cwd=folder)
    git.run("fetch", "-q", cwd=tmp_path / "copy")
    other = repository(demo.namespace.user, "mark")
    git.run("push", "-q", url(web, other, token), "main", cwd=folder)
    git.run("clone", "-q", url(web, other), str(tmp_path / "mark"))
    counted(other, 1)  # so everything before has been put aside too
    assert clones(demo) == 1


def test_clones_over_ssh_count(ssh_port, git: Git, demo, tmp_path):
    keys = Keys(git)
    keys.belongs_to(demo.namespace.user)
    folder = git.new()
    git.run("push", "-q", address(ssh_port, demo), "main", cwd=folder, env=keys.environment)
    git.run("clone", "-q", address(ssh_port, demo), str(tmp_path / "copy"), env=keys.environment)
    counted(demo, 1)


def test_clones_through_the_door_count(door, git: Git, as_sshd, demo, tmp_path):
    keys = Keys(git)
    keys.belongs_to(demo.namespace.user)
    folder = git.new()
    git.run("push", "-q", "git@host:alice/demo.git", "main", cwd=folder, env=as_sshd(keys))
    git.run("clone", "-q", "git@host:alice/demo.git", str(tmp_path / "copy"), env=as_sshd(keys))
    counted(demo, 1)
