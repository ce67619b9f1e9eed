"""The trust page: what is found in a real repository, how it is judged, what a licence answers."""

import subprocess
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import gitstore
from core import licences
from core.actors import SYSTEM
from core.errors import NotFound
from projects import commands
from projects.models import Repository, TrustReport
from projects.trust import checks, terms
from projects.trust.checks import Facts
from tests.factories.accounts import actor, person
from tests.factories.histories import ENV, git, repository, settle

TODAY = date(2026, 11, 24)
GOOD = Facts(
    licence="MIT", licence_path="LICENSE", security_path="SECURITY.md", ci_path=".github/workflows/ci.yml", tags=2, tags_looked_at=["v2", "v1"],
    tags_signed=["v2", "v1"], commits_lately=40, commits_year=90, authors_year=9, bus_factor=3, release="v2", released_on="2026-10-01",
)  # fmt: skip


def results(facts: Facts) -> dict[str, str]:
    return {check.key: check.result for check in checks.judge(facts, today=TODAY)}


def but(**changes: object) -> Facts:
    return Facts.of({**{name: getattr(GOOD, name) for name in Facts.__slots__}, **changes})


def test_each_check_can_pass_in_full_in_part_and_not_at_all() -> None:
    assert set(results(GOOD).values()) == {"pass"}
    cases = [
        ("licence", {"licence": ""}, "part"), ("licence", {"licence": "", "licence_path": ""}, "fail"), ("security", {"security_path": ""}, "fail"),
        ("ci", {"ci_path": ""}, "fail"), ("signed", {"tags_signed": ["v2"]}, "part"), ("signed", {"tags_signed": []}, "fail"),
        ("signed", {"tags_signed": [], "tags_looked_at": [], "tags": 0}, "fail"), ("maintained", {"commits_lately": 3}, "part"),
        ("maintained", {"commits_lately": 0}, "fail"), ("maintained", {"archived": True}, "fail"), ("people", {"bus_factor": 2}, "part"),
        ("people", {"bus_factor": 1}, "fail"), ("people", {"bus_factor": 0}, "fail"), ("release", {"released_on": "2024-01-01"}, "part"),
        ("release", {"released_on": ""}, "fail"),
    ]  # fmt: skip
    for key, changes, wanted in cases:
        assert results(but(**changes))[key] == wanted, (key, changes)
    assert set(results(Facts()).values()) == {"fail"}
    assert Facts.of({"licence": "MIT", "of a later version": 1}).licence == "MIT"


@pytest.mark.parametrize(
    ("commits", "wanted"), [([], 0), ([5], 1), ([5, 5], 2), ([6, 5], 1), ([1] * 10, 6), ([100, 1, 1, 1], 1), ([3, 3, 3], 2)]
)
def test_bus_factor(commits: list[int], wanted: int) -> None:
    assert checks.bus_factor(commits) == wanted


def test_files_that_count() -> None:
    assert checks.security_file(["docs/SECURITY.rst", "SECURITY.md"]) == "SECURITY.md"
    assert checks.security_file(["insecurity.md", "docs/security-notes.md"]) == ""
    assert checks.ci_file([".github/workflows/test.yaml"]) == ".github/workflows/test.yaml"
    assert checks.ci_file([".github/workflows/notes.md", "ci.yml"]) == ""
    assert checks.ci_file(["Jenkinsfile"]) == "Jenkinsfile"


def test_every_licence_we_know_by_text_has_terms() -> None:
    assert {one.id for one in licences.offered()} <= set(terms.known())
    for licence in terms.known():
        for use in terms.USES:
            assert terms.verdict(licence, [use]).answer in ("yes", "conditions", "no")
        assert licence in licences.names(), licence


@pytest.mark.parametrize(
    ("licence", "uses", "answer", "conditions"),
    [
        ("MIT", ["use", "modify", "network"], "yes", ()), ("MIT", ["sell"], "conditions", ("notice",)),
        ("Apache-2.0", ["distribute"], "conditions", ("notice", "changes")),
        ("GPL-3.0-only", ["network", "use"], "yes", ()), ("GPL-3.0-only", ["sell"], "conditions", ("notice", "source-whole", "same-licence")),
        ("AGPL-3.0-only", ["network"], "conditions", ("source-users",)), ("CC-BY-NC-4.0", ["use", "sell"], "no", ()),
        ("OpenI-1.0", ["sell"], "conditions", ("notice", "declare")), ("Nobody-1.0", ["use"], "unknown", ()), ("", ["use"], "none", ()),
        ("MIT", ["evil"], "yes", ()),
    ],
)  # fmt: skip
def test_answers_of_licences(licence: str, uses: list[str], answer: str, conditions: tuple[str, ...]) -> None:
    found = terms.verdict(licence, uses)
    assert (found.answer, found.conditions) == (answer, conditions)


@pytest.mark.django_db
class TestPages:
    def made(self) -> Repository:
        row, history = repository(person("ada"), "demo")
        now = int(datetime.now(UTC).timestamp())
        text = licences.template("MIT", holder="Ada")
        files = {"LICENSE": text, ".github/SECURITY.md": "Write to us.\n", ".github/workflows/ci.yml": "on: push\n", "a.py": "x = 1\n"}
        history.write(files, "Begin", when=now - 40 * 86400)
        for number, name in enumerate([b"Ada", b"Bo", b"Cy"] * 5):
            history.write(
                {"a.py": f"x = {number}\n"}, "More", when=now - 30 * 86400 + number, author=b"%s <%s@example.org>" % (name, name.lower())
            )
        git(row.path, "tag", "-a", "-m", "two", "v2.0", "main")
        git(row.path, "tag", "v1.0", "main~3")
        settle(row)
        commands.index_repository(SYSTEM, row.pk)
        row.refresh_from_db()
        return row

    def page(self, address: str, language: str = "en") -> str:
        answer = Client().get(address, headers={"accept-language": language})
        assert answer.status_code == 200
        return answer.content.decode()

    def test_facts_of_a_repository_and_their_evidence(self) -> None:
        row = self.made()
        assert "has not been looked at yet" in self.page(f"{row.get_absolute_url()}/trust")
        assert commands.due_assessments(10) == [row.pk]
        commands.assess_repository(SYSTEM, row.pk)
        assert commands.due_assessments(10) == []
        report = TrustReport.objects.get(repository=row)
        facts = Facts.of(report.facts)
        assert (facts.licence, facts.licence_path, facts.security_path) == ("MIT", "LICENSE", ".github/SECURITY.md")
        assert (facts.commits_lately, facts.authors_year, facts.bus_factor) == (16, 3, 2)
        assert (facts.tags_looked_at, facts.tags_signed, facts.release) == (["v2.0", "v1.0"], [], "v2.0")
        assert (report.passed, report.total, report.oid) == (5, 7, row.head_oid)
        with CaptureQueriesContext(connection) as queries:
            html = self.page(f"{row.get_absolute_url()}/trust")
        assert len(queries) <= 12
        assert f'href="/ada/demo/blob/{row.head_oid}/.github/SECURITY.md"' in html
        assert "16 commits in 90 days" in html
        assert "0 of the newest 2 tags carry a signature." in html
        assert "computed here on" in html
        assert Client().get(f"/ada/demo/blob/{row.head_oid}/.github/workflows/ci.yml").status_code == 200
        cache.clear()  # a head is kept for some seconds
        assert "Trust 5/7" in self.page(row.get_absolute_url())

    def test_a_signed_tag_is_seen(self, tmp_path) -> None:
        row = self.made()
        key = tmp_path / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True, env=ENV)
        git(row.path, "-c", "gpg.format=ssh", "-c", f"user.signingkey={key}", "tag", "-s", "-m", "three", "v3.0", "main")
        assert gitstore.tags(row.path)
        commands.assess_repository(SYSTEM, row.pk)
        assert TrustReport.objects.get(repository=row).facts["tags_signed"] == ["v3.0"]
        assert "1 of the newest 3 tags" in self.page(f"{row.get_absolute_url()}/trust")

    def test_a_push_and_an_archiving_are_looked_at_and_a_star_is_not(self, deliver) -> None:
        row = self.made()
        commands.assess_repository(SYSTEM, row.pk)
        deliver()
        before = TrustReport.objects.get(repository=row).computed_at
        commands.star_repository(actor(person()), row)
        deliver()
        assert TrustReport.objects.get(repository=row).computed_at == before
        commands.set_archived(actor(row.namespace.user), row, archived=True)
        deliver()
        found = TrustReport.objects.get(repository=row)
        assert found.computed_at > before
        assert found.passed == 4
        assert "Archived: nothing changes any more." in self.page(f"{row.get_absolute_url()}/trust")

    def test_old_reports_are_due_again_and_nobody_else_may_ask(self) -> None:
        row = self.made()
        commands.assess_repository(SYSTEM, row.pk)
        TrustReport.objects.update(computed_at=timezone.now() - timedelta(days=8))
        assert commands.due_assessments(10) == [row.pk]
        with pytest.raises(NotFound):
            commands.assess_repository(actor(row.namespace.user), row.pk)

    def test_the_chooser_asks_the_licence(self) -> None:
        row = self.made()
        address = f"{row.get_absolute_url()}/trust"
        assert "copyright notice and licence text stay with it" in self.page(f"{address}?use=sell&use=network")
        chosen = self.page(f"{address}?use=sell&use=evil")
        assert 'value="sell" checked' in chosen
        assert 'value="modify" checked' not in chosen
        assert "保留版权声明" in self.page(f"{address}?use=sell", "zh-hans")
        Repository.objects.filter(pk=row.pk).update(licence="")
        assert "No licence was found" in self.page(f"{address}?use=use")

    def test_an_empty_repository_and_a_private_one(self) -> None:
        row, _history = repository(person("bob"), "empty")
        commands.assess_repository(SYSTEM, row.pk)
        assert TrustReport.objects.get(repository=row).passed == 0
        assert Client().get("/bob/empty/trust").status_code == 200
        Repository.objects.filter(pk=row.pk).update(visibility="private")
        assert Client().get("/bob/empty/trust").status_code == 404
