"""Lists of many mirrors: formats, encodings, broken rows, repeats, and 25,000 rows in time."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from core.actors import SYSTEM
from core.errors import NotFound
from core.models import Event
from projects import commands
from projects.mirrors import lists
from projects.models import Mirror, Repository
from tests.factories.accounts import actor, person


def wishes(path: Path, content: bytes) -> list[lists.Wish]:
    path.write_bytes(content)
    return list(lists.read(path))


def test_csv_of_the_old_site_in_gbk_with_broken_rows(tmp_path: Path) -> None:
    text = (
        "原始仓库地址,简介,项目类别,标签,收藏\r\n"
        '"https://toscode.gitee.com/pkumlq/to-fu.git","少样本学习, 工具箱",计算机视觉,"少样本;视觉","1,204"\r\n'
        "too,few\r\n"
        "https://github.com/a/b,好,其他,,x\r\n"
    )
    first, broken, second = wishes(tmp_path / "a.csv", text.encode("gbk"))
    assert first == lists.Wish(
        2, "https://toscode.gitee.com/pkumlq/to-fu.git", "少样本学习, 工具箱", ("少样本", "视觉"), "计算机视觉", 1204
    )
    assert broken.fault == "columns"
    assert (second.description, second.stars) == ("好", 0)
    assert wishes(tmp_path / "b.csv", b"\xef\xbb\xbf" + text.encode())[0] == first


def test_a_stray_quote_costs_its_own_row_alone(tmp_path: Path) -> None:
    many = "".join(f"https://github.com/b/m{number},d,1\n" for number in range(3000))
    text = (
        "address,description,stars\nhttps://github.com/a/one,ok,1\n"
        'https://github.com/a/two,"broken,1\n"https://github.com/a/three","two\nlines, or ""more""",4\nhttps://github.com/a/four,"open,1\n'
        + many
    )
    rows = wishes(tmp_path / "a.csv", text.encode())
    assert [(row.number, row.address, row.fault) for row in rows[:4]] == [
        (2, "https://github.com/a/one", ""), (3, "", "columns"), (5, "https://github.com/a/three", ""), (6, "", "columns"),
    ]  # fmt: skip
    assert rows[2].description == 'two\nlines, or "more"'
    assert [row.fault for row in rows[4:]] == [""] * 3000


def test_chinese_that_comes_late_is_understood(tmp_path: Path) -> None:
    text = "address,description,stars\n" + "https://github.com/a/one,words,1\n" * 5000 + "https://github.com/a/last,中文说明,1\n"
    for encoding in ("gbk", "utf-8"):
        assert wishes(tmp_path / encoding, text.encode(encoding))[-1].description == "中文说明"


def test_json_lines_and_plain_lists(tmp_path: Path) -> None:
    lines = [json.dumps({"html_url": "https://github.com/a/b", "topics": ["x", "y"], "stargazers_count": 5}), "not json", "[1]", ""]
    good, *bad = wishes(tmp_path / "a.jsonl", "\n".join(lines).encode())
    assert (good.address, good.topics, good.stars) == ("https://github.com/a/b", ("x", "y"), 5)
    assert [row.fault for row in bad] == ["json", "json"]
    plain = wishes(tmp_path / "a.txt", b"# ours\nhttps://github.com/a/b\n\ngit@github.com:c/d.git extra words\n")
    assert [row.address for row in plain] == ["https://github.com/a/b", "git@github.com:c/d.git"]


def test_a_csv_without_addresses_says_so(tmp_path: Path) -> None:
    assert [row.fault for row in wishes(tmp_path / "a.csv", b"name,size\nx,1\n")] == ["columns"]
    assert wishes(tmp_path / "b.csv", b"") == []


pytestmark = pytest.mark.django_db


def test_rows_are_judged_one_by_one_and_repeating_adds_nothing(tmp_path: Path, capsys) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        "address,category,stars\n"
        "https://github.com/Lab/One,计算机视觉,3\n"
        "git@github.com:lab/one.git,,\n"
        "https://github.com/lab/two,No such field,\n"
        "https://gitee.com/Lab/three,未分类,\n"
        "file:///etc/passwd,,\n"
        "https://me:secret@unknown.example/a/b,,\n"
        "a,b\n"
    )
    call_command("import_mirrors", str(path), "--faults")
    out = capsys.readouterr().out
    assert "3 listed" in out
    assert "1 twice in the file" in out
    assert "1 of the unknown category “No such field” stay uncategorised" in out
    assert "secret" not in out
    one = Repository.objects.select_related("category", "namespace").get(name="One")
    assert (one.get_absolute_url(), one.category.slug) == ("/github.com/Lab/One", "computer-vision")
    assert Repository.objects.get(name="two").namespace == one.namespace
    told = Event.objects.get(name="projects.MirrorsListed")  # one for the whole batch
    assert sorted(told.payload["repository_ids"]) == sorted(Repository.objects.values_list("pk", flat=True))
    call_command("import_mirrors", str(path))
    assert "3 in the catalogue already" in capsys.readouterr().out
    assert Mirror.objects.count() == 3


def test_only_curators_and_a_missing_file() -> None:
    with pytest.raises(NotFound):
        commands.list_mirrors(actor(person()), [])
    with pytest.raises(CommandError):
        call_command("import_mirrors", "/nowhere.csv")


def test_a_list_can_be_stopped_anywhere_and_run_again() -> None:
    rows = [lists.Wish(number, f"https://github.com/lab/m{number}") for number in range(450)]

    def stopped():
        yield from rows[:430]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        commands.list_mirrors(SYSTEM, stopped())
    assert Mirror.objects.count() == 400
    assert commands.list_mirrors(SYSTEM, rows).counts == {"listed": 50, "known": 400}
