"""Take-down answers 451 everywhere and can be lifted; both acts are audited."""

import pytest

from accounts.models import AuditEntry
from projects import commands
from tests.factories import accounts as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def repository():
    owner = make.person("ada")
    return commands.create_repository(make.actor(owner), owner.namespace, name="demo", readme=True)


def test_take_down_and_put_back(client, repository):
    staff = make.person("boss", is_admin=True)
    make.sign_in(client, staff)
    page = "/-/admin/repositories/ada/demo"
    assert client.post(page, {"act": "take_down", "reason": ""}).status_code == 422
    assert client.post(page, {"act": "take_down", "reason": "Court order 7"}).status_code == 302
    client.logout()
    answer = client.get("/ada/demo")
    assert answer.status_code == 451
    assert "Court order 7" in answer.content.decode()
    assert client.get("/api/v1/repositories/ada/demo").status_code == 451
    make.sign_in(client, staff)
    assert client.get("/ada/demo").status_code == 200
    assert client.post(page, {"act": "put_back"}).status_code == 302
    client.logout()
    assert client.get("/ada/demo").status_code == 200
    assert list(AuditEntry.objects.order_by("pk").values_list("act", flat=True)) == ["take_down_repository", "put_back_repository"]


@pytest.mark.parametrize(
    "path", ["/-/admin/repositories", "/-/admin/repositories/ada/demo", "/-/admin", "/-/admin/people", "/-/admin/queue", "/-/admin/audit"]
)
def test_the_desk_is_hidden_from_everyone_else(client, repository, path):
    assert client.get(path).status_code == 404
    client.force_login(repository.namespace.user)
    assert client.get(path).status_code == 404
    client.force_login(make.person("boss", is_admin=True))
    assert client.get(path).status_code == 200
