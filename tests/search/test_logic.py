"""Analysis, the query language and highlights by themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.logic import analysis, highlights
from search.logic.language import address, parse, synonyms
from search.ports.match import corrected, distance


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MindSpore2", {"mindspore2", "mind", "spore", "2"}), ("parse_http-response", {"parse", "http", "response"}), ("C++", {"cplusplus"}), ("C#", {"csharp"}),
        ("ＰｙＴｏｒｃｈ", {"pytorch"}), ("數據安全", {"数据", "安全"}), ("人工智能芯片", {"人工智能", "芯片"}), ("openI启智2026", {"openi", "启智", "2026"}), ("", set()), ("！？…", set()),
    ],
)  # fmt: skip
def test_words(text, expected):
    assert expected <= set(analysis.words(text))


def test_pinyin_of_stretches():
    assert {"pengcheng", "pc", "pengchengyunnao", "pcyn", "yunnao", "yn"} == set(analysis.pinyin("鹏城云脑"))
    assert "chongqing" in analysis.pinyin("重庆大学")
    assert analysis.pinyin("no Chinese") == []


@given(st.text(max_size=200))
def test_tokens_are_plain_whatever_is_typed(text):
    assert all(token.isalnum() for token in (*analysis.names(text), *analysis.characters(text), *analysis.pinyin(text)))
    parse(text)


@given(st.text(max_size=120), st.lists(st.text(min_size=1, max_size=6), max_size=4))
def test_marks_change_no_text(text, words):
    wanted = tuple(filter(None, map(analysis.folded, words)))
    assert "".join(piece for piece, _marked in highlights.marked(text, wanted)) == text


def marks(text, query, **options):
    return [piece for piece, is_marked in highlights.marked(text, highlights.wanted(parse(query, **options))) if is_marked]


def test_marks():
    assert marks("鹏城·盘古大模型", "盘古模型") == ["盘古", "模型"]
    assert marks("MindSpore 与 mind", "spore") == ["Spore"]
    assert marks("start art Art", "art") == ["art", "Art"]
    assert marks("ＭＩＮＤ數據", "mind 数据") == ["ＭＩＮＤ數據"]
    assert marks("基于大模型", "llm", known=synonyms([["大模型", "llm"]])) == ["大模型"]


def test_the_excerpt_is_where_most_words_are():
    text = "盘古 " + "填充" * 200 + "。盘古 和 云脑 在一起。" + "填充" * 200
    shown = "".join(piece for piece, _marked in highlights.excerpt(text, ("盘古", "云脑")))
    assert "盘古 和 云脑" in shown
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert highlights.excerpt(text, ("没有",)) == []


def test_operators():
    read = parse(
        '训练 lang:C++ -topic:nlp stars:10..50 updated:>=2026-01-01 is:fork -is:archived in:name,readme sort:stars -坏 "a b" foo:bar'
    )
    assert read.keys == {"language": (("c++", True),), "topic": (("nlp", False),)}
    assert read.ranges["stars"] == (10, 50)
    assert read.ranges["updated"] == (1767225600.0, None)
    assert read.flags == {"fork": True, "archived": False}
    assert read.fields == ("name", "readme")
    assert read.sort == "stars"
    assert [unit.text for unit in read.without] == ["坏"]
    assert {unit.text for unit in read.units} == {"a b", "训练", "foo", "bar"}
    assert parse("stars：＞１００").ranges["stars"] == (101, None)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("stars:many", "number"), ("updated:2026-02-31", "date"), ("in:body", "field"), ("is:nice", "flag"), ("sort:up", "sort")],
)
def test_faults(text, wanted):
    assert [fault.wanted for fault in parse(text).faults] == [wanted]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://github.com/A/B.git", "github.com/a/b"), ("git@gitee.com:a/b", "gitee.com/a/b"), ("ssh://git@h.org:22/a/b/c/", "h.org/a/b/c"),
        ("https://user:secret@h.org/a/b", "h.org/a/b"), ("github.com/a/b", ""), ("std::vector", ""), ("https://github.com", ""), ("a@b.c", ""),
    ],
)  # fmt: skip
def test_addresses(text, expected):
    assert address(text) == expected


def test_distance_and_corrections():
    assert distance("pytroch", "pytorch", 2) == 1
    assert distance("abc", "abcd", 2) == 1
    assert distance("kitten", "sitting", 2) == 3
    known = {"pytorch": 9, "pytest": 5, "tensorflow": 3}
    assert corrected("pytroch", known) == ["pytorch"]
    assert corrected("tensoflow", known) == ["tensorflow"]
    assert corrected("pytorch", known) == []
    assert corrected("abc", known) == []
