"""Bytes to text: Chinese files of every age are shown right; what is invisible is found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import tables, unicode
from core.encodings import decode, encode, is_binary

SIMPLIFIED = "鹏城实验室开源了盘古大模型，欢迎大家下载、训练和改进。" * 8
TRADITIONAL = "人工智慧開源社群歡迎大家下載資料集，訓練模型並參加競賽。" * 8


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (SIMPLIFIED, "utf-8"), (SIMPLIFIED, "utf-8-sig"), (SIMPLIFIED, "gbk"), (SIMPLIFIED, "gb18030"), (SIMPLIFIED, "utf-16"), (TRADITIONAL, "big5"),
        ("中文", "gbk"), ("注释", "gbk"), ("# 读取数据\nimport os\n", "gbk"), ("Größe café naïve\n" * 20, "latin-1"), ("plain", "ascii"),
    ],
)  # fmt: skip
def test_text_is_read_in_its_encoding_and_written_back_unchanged(text: str, codec: str) -> None:
    data = text.encode(codec)
    read = decode(data)
    assert read.text == text
    assert not is_binary(data)
    assert encode(read.text, read) == data


@given(st.binary(max_size=300))
def test_decoding_never_fails(data: bytes) -> None:
    assert isinstance(decode(data).text, str)
    is_binary(data)


@given(st.text(alphabet=st.characters(exclude_characters="\r\ufeff\0", exclude_categories=["Cs"]), max_size=100))
def test_utf8_comes_back_unchanged(text: str) -> None:
    read = decode(text.encode())
    assert read.text == text
    assert encode(read.text, read) == text.encode()


def test_line_ends_are_kept() -> None:
    read = decode(b"a\r\nb\r\n")
    assert (read.text, read.newline) == ("a\nb\n", "\r\n")
    assert encode("a\nc\n", read) == b"a\r\nc\r\n"


def test_a_cut_character_is_no_reason_for_another_encoding() -> None:
    assert decode(SIMPLIFIED.encode()[:-1]).encoding == "utf-8"


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\x7fELF\x02\x01\x01\0\0\0", b"PK\x03\x04\0\0"])
def test_binary_files_are_known(data: bytes) -> None:
    assert is_binary(data)


def test_bidi_controls_and_invisible_characters_are_found_with_their_place() -> None:
    found = unicode.suspicious("ok\nif x:\u202e # \u2066admin\nzero\u200bwidth")
    assert [(f.line, f.column, f.name) for f in found] == [
        (2, 6, "RIGHT-TO-LEFT OVERRIDE"), (2, 10, "LEFT-TO-RIGHT ISOLATE"), (3, 5, "ZERO WIDTH SPACE"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["السلام عليكم", "یہ ایک اردو جملہ ہے", "שלום", "中文 é ü", "می\u200cخواهم", "\ufeffmark first", ""])
def test_ordinary_letters_are_not_warned_of(text: str) -> None:
    assert unicode.suspicious(text) == []


def test_warnings_are_bounded() -> None:
    assert len(unicode.suspicious("\u202e" * 10_000, limit=20)) == 20


def test_tables_are_read_by_their_delimiter_and_bounded() -> None:
    assert tables.parse('a,b\n1,"x, y"\n', "t.csv").rows == [["1", "x, y"]]
    assert tables.parse("a\tb\n1\t2\n", "t.tsv").head == ["a", "b"]
    assert tables.parse("a;b\n1;2\n", "t.csv").rows == [["1", "2"]]
    large = tables.parse("a,b\n" * 10_000, "t.csv")
    assert (len(large.rows), large.cut) == (tables.ROWS, True)
    assert len(tables.parse("," * 1000, "t.csv").head) == tables.COLUMNS
    assert tables.parse("", "t.csv").head == []
