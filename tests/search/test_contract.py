"""Every engine answers alike."""

from datetime import UTC, datetime, timedelta

import pytest

from core.documents import Access, Document
from core.errors import Invalid, NotFound
from search.logic.language import parse, synonyms
from search.ports.index import Request, entry

START = datetime(2026, 1, 1, tzinfo=UTC)
PUBLIC = {"projects": Access(frozenset({"public"})), "people": Access(frozenset({"public"}))}


def document(pk, name, **values):
    values.setdefault("updated", START + timedelta(days=pk))
    values.setdefault("created", START)
    return Document(pk=pk, name=name, url=f"/{values.get('owner', 'pcl')}/{name}", owner=values.pop("owner", "pcl"), **values)


ROWS = [
    document(1, "PanGu-Alpha", description="鹏城·盘古大模型：中文预训练语言模型", topics=("大模型", "mindspore"), language="Python", licence="Apache-2.0", stars=90,
             readme="MindSpore 上训练，支持 openI 云脑。"),
    document(2, "cloudbrain", title="鹏城云脑", description="人工智能芯片上的训练平台", topics=("调度",), language="Go", licence="MulanPSL-2.0", stars=40),
    document(3, "data_share", description="數據安全與隱私計算", language="C++", licence="MIT", stars=5, owner="baai"),
    document(4, "parseHttpResponse", description="A small parser written in PyTorch style", language="JavaScript", licence="GPL-3.0-only", stars=7, is_fork=True),
    document(5, "secret-model", description="盘古 的私有实验", level="private", owner="lin-yue"),
    document(6, "intranet", description="内部 盘古 文档", level="internal", stars=3, is_archived=True),
    document(7, "ＭｉｎｄＳｐｏｒｅ-lite", description="轻量推理框架", topics=("mindspore", "推理"), language="C++", licence="Apache-2.0", stars=300),
]  # fmt: skip


@pytest.fixture
def filled(engine):
    engine.create("g1")
    engine.put("g1", [entry("projects", row) for row in ROWS])
    engine.put("g1", [entry("people", document(1, "pan-gu", title="潘固", owner=""))])
    return engine


def find(engine, text, *, access=PUBLIC, known=None, spoken=False, **request):
    found = engine.search("g1", Request(parse(text, known=known, spoken=spoken), access, "projects", **request))
    return [hit.document.pk for hit in found.hits], found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("盘古", {1}), ("盘古模型", {1}), ("盘古大模型", {1}), ("鹏城", {1, 2}), ("鹏城 云脑", {1, 2}), ("人工智能芯片", {2}),
        ("pangu-alpha", {1}), ("PanGuAlpha", {1}), ("pangu", {1}), ("pengcheng", {2}), ("pcyn", {2}), ("pengchengyunnao", {2}),
        ("数据安全", {3}), ("數據", {3}), ("data share", {3}), ("datashare", {3}), ("parse http", {4}), ("httpresponse", {4}),
        ("ｐｙｔｏｒｃｈ", {4}), ("mindspore", {1, 7}), ("MindSpore", {1, 7}), ("mindsporelite", {7}), ("openi", {1}), ("云脑 openI", {1}),
        ('"预训练语言模型"', {1}), ('"语言 预训练"', set()), ("模型 -盘古", set()), ("mindspore -lite", {1}), ("lang:c++", {3, 7}), ("lang:cpp", {3, 7}),
        ("-lang:c++ 鹏城", {1, 2}), ("license:gpl", {4}), ("license:mit", {3}), ("org:BAAI", {3}), ("topic:mindspore stars:>100", {7}),
        ("topic:mindspore topic:推理", {7}), ("stars:40..90", {1, 2}), ("stars:<=5", {3}), ("in:readme 云脑", {1}), ("in:name mindspore", {7}),
        ("is:fork", {4}), ("-is:fork lang:python", {1}), ("is:archived", set()), ("updated:>=2026-01-07", {7}), ("updated:2026-01-02", {1}),
        ("pcl", {1, 2, 4, 7}), ("不存在的词语", set()),
    ],
)  # fmt: skip
def test_finds(filled, text, expected):
    assert set(find(filled, text)[0]) == expected


def test_the_name_itself_comes_first(filled):
    filled.put(
        "g1", [entry("projects", document(20 + n, f"other{n}", description="mindspore mindspore mindspore", stars=5000)) for n in range(5)]
    )
    filled.put("g1", [entry("projects", document(30, "mindspore", description="框架", stars=1))])
    assert find(filled, "mindspore")[0][0] == 30


def test_who_may_find_what(filled):
    assert set(find(filled, "盘古")[0]) == {1}
    assert set(find(filled, "盘古", access={"projects": Access(frozenset({"public", "internal"}))})[0]) == {1, 6}
    assert set(find(filled, "盘古", access={"projects": Access(frozenset({"public"}), frozenset({5}))})[0]) == {1, 5}
    assert set(find(filled, "盘古", access={"projects": None})[0]) == {1, 5, 6}
    assert find(filled, "盘古", access={"projects": Access(frozenset())})[1].totals == {"projects": 0}


def test_counts_are_exact_under_all_other_filters(filled):
    pks, found = find(
        filled, "", facets=("language", "licence", "topic"), chosen={"language": ["C++"]}, access={"projects": None, "people": None}
    )
    assert set(pks) == {3, 7}
    assert dict(found.facets["language"]) == {"Python": 1, "Go": 1, "C++": 2, "JavaScript": 1}
    assert dict(found.facets["licence"]) == {"MIT": 1, "Apache-2.0": 1}
    assert dict(found.facets["topic"]) == {"mindspore": 1, "推理": 1}
    assert found.totals == {"projects": 2, "people": 1}


@pytest.mark.parametrize("sort", ["relevance", "stars", "updated", "name", "created", "forks"])
def test_pages_run_to_the_last_row_once_each(engine, sort):
    engine.create("g1")
    engine.put("g1", [entry("projects", document(n, f"row{n:02}", description="盘古 模型", stars=n // 3)) for n in range(1, 48)])
    seen, after = [], ""
    while True:
        pks, found = find(engine, "盘古", sort=sort, after=after, limit=10)
        seen += pks
        if not (after := found.next):
            break
    assert sorted(seen) == list(range(1, 48))
    if sort == "stars":
        assert [n // 3 for n in seen] == sorted((n // 3 for n in seen), reverse=True)
    if sort == "name":
        assert seen == list(range(1, 48))


def test_a_cursor_of_someone_else_is_refused(filled):
    for cursor in ("x", "W10", "bm9wZQ", "W3sxOjF9XQ"):
        with pytest.raises(Invalid):
            find(filled, "盘古", after=cursor)


def test_writing_replaces_and_deletes(filled):
    filled.put("g1", [entry("projects", document(1, "renamed", description="新的 说明"))])
    assert find(filled, "盘古")[0] == []
    assert find(filled, "renamed")[0] == [1]
    filled.delete("g1", "projects", [1, 999])
    assert find(filled, "renamed")[0] == []
    assert set(find(filled, "")[0]) == {2, 3, 4, 7}


def test_suggestions(filled):
    def labels(prefix, access=PUBLIC):
        return [one.label for one in filled.suggest("g1", prefix, access, 5)]

    assert labels("pan") == ["pcl/PanGu-Alpha", "pan-gu"]
    assert labels("mindsp")[0] == "pcl/ＭｉｎｄＳｐｏｒｅ-lite"
    assert "pcl/cloudbrain" in labels("鹏城云")
    assert "pcl/cloudbrain" in labels("pengch")
    assert "pcl/cloudbrain" in labels("pcy")
    assert labels("secret") == []
    assert labels("secret", {"projects": Access(frozenset(), frozenset({5}))}) == ["lin-yue/secret-model"]
    assert labels("!!") == []


@pytest.mark.parametrize(
    ("wrong", "right"), [("pytroch", "pytorch"), ("mindsproe", "mindspore"), ("mindspor", "mindspore"), ("cloudbrian", "cloudbrain")]
)
def test_corrections(filled, wrong, right):
    assert right in filled.corrections("g1", wrong)


def test_synonyms_and_sound(filled):
    known = synonyms([["大模型", "llm", "large language model"], ["推理", "inference"]])
    assert set(find(filled, "llm", known=known)[0]) == {1}
    assert set(find(filled, "large language model", known=known)[0]) == {1}
    assert set(find(filled, "inference", known=known)[0]) == {7}
    assert set(find(filled, "朋城云脑", spoken=True)[0]) == {2}


def test_generations_stand_side_by_side(filled):
    filled.create("g2")
    filled.put("g2", [entry("projects", ROWS[0])])
    assert set(filled.names()) == {"g1", "g2"}
    assert filled.dump("g2") == {key: value for key, value in filled.dump("g1").items() if key == ("projects", 1)}
    filled.drop("g1")
    assert filled.names() == ["g2"]
    with pytest.raises(NotFound):
        find(filled, "盘古")


def test_nothing_typed_breaks_it(filled):
    for text in ('"', "-", "AND OR NOT", "NEAR(a b)", "*", "a*", "{name}:x", "'; drop table words", "^", "(((", "in:", "stars:", "\\", "\u0000", "é" * 400, "lang:", "-\"", "c++ c#",
                 "🙂", "ा", "a:b:c", "std::vector", '"" ""', "。，！"):  # fmt: skip
        find(filled, text)
        filled.suggest("g1", text, PUBLIC, 3)
