"""script/messages: merging, compiling without GNU gettext, and what it finds missing."""

import gettext
import importlib.machinery
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.operate.servers import ROOT


@pytest.fixture(scope="module")
def messages() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("messages", str(ROOT / "script/messages"))
    spec = importlib.util.spec_from_loader("messages", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["messages"] = module
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    loader.exec_module(module)
    sys.dont_write_bytecode = before
    return module


PART = """
msgid ""
msgstr "Language: zh_Hans\\n"

#: somewhere.py:1
msgid "Fork"
msgstr "复刻"

msgctxt "verb"
msgid "Fork"
msgstr "去复刻"

msgid "%d line"
msgid_plural "%d lines"
msgstr[0] "%d 行"

msgid ""
"Two \\"quoted\\"\\n"
"lines"
msgstr "两\\n行"

#, fuzzy
msgid "Unsure"
msgstr "不确定"

#~ msgid "Gone"
#~ msgstr "没了"
"""


def test_a_part_becomes_a_catalogue_that_gettext_reads(messages: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "part.po").write_text(PART, encoding="utf-8")
    messages.ROOT = tmp_path
    entries = messages.parse(tmp_path / "part.po")
    (tmp_path / "django.mo").write_bytes(messages.mo("zh_Hans", entries))
    with (tmp_path / "django.mo").open("rb") as file:
        catalogue = gettext.GNUTranslations(file)
    assert catalogue.gettext("Fork") == "复刻"
    assert catalogue.pgettext("verb", "Fork") == "去复刻"
    assert catalogue.ngettext("%d line", "%d lines", 5) == "%d 行"
    assert catalogue.gettext('Two "quoted"\nlines') == "两\n行"
    assert catalogue.gettext("Unsure") == "Unsure"
    assert len(entries) == 4


def test_the_written_po_reads_back_the_same(messages: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "part.po").write_text(PART, encoding="utf-8")
    messages.ROOT = tmp_path
    entries = messages.parse(tmp_path / "part.po")
    (tmp_path / "again.po").write_text(messages.po("zh_Hans", entries), encoding="utf-8")
    assert messages.parse(tmp_path / "again.po") == entries


def test_texts_of_code_and_templates_are_found(messages: ModuleType, tmp_path: Path) -> None:
    code = tmp_path / "a.py"
    code.write_text('_("One")\nngettext("%d a", "%d as", n)\npgettext("c", "Two")\n_(variable)\n')
    assert [key for key, _, _ in messages.of_code(code)] == [("", "One"), ("", "%d a"), ("c", "Two")]
    template = tmp_path / "a.html"
    template.write_text(
        '{% translate \'One\' %}{% translate "Two" as x %}{{ y|default:_("Three") }}'
        "{% blocktranslate trimmed count n=n %}\n  {{ n }} of 5%\n{% plural %}\n  {{ n }} all\n{% endblocktranslate %}"
    )
    assert [(key[1], plural) for key, plural, _ in messages.of_template(template)] == [
        ("Three", ""),
        ("One", ""),
        ("Two", ""),
        ("%(n)s of 5%%", "%(n)s all"),
    ]
