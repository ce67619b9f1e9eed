"""Code search: what is found, by whom, within which time."""

import random
import re
import time

import pytest

from core.actors import ANONYMOUS, SYSTEM
from core.documents import Access
from core.errors import Invalid
from projects import commands as projects
from search import commands, ports, queries
from search.logic.patterns import expression, needed, parse_code
from search.logic.symbols import symbols
from search.ports.code import CodeIndex, Source
from tests.factories.accounts import actor, person
from tests.factories.projects import commit, repository

PUBLIC = Access(frozenset({"public"}))
FILES = {
    "src/model.py": "import torch\n\nclass PanGuModel(Base):\n    def forward(self, x):\n        return x @ self.weight\n\nMAX_LEN = 512\n",
    "src/main.go": 'package main\n\nfunc (s *Server) ServeHTTP(w http.ResponseWriter) {\n\tfmt.Println("你好，世界")\n}\n',
    "include/list.h": "#define LIST_INIT(x) { &(x), &(x) }\nstatic inline void list_add(struct list *new)\n{\n}\n",
    "docs/a.md": "The forward pass. TODO: explain.\n",
}


@pytest.fixture
def code(tmp_path):
    index = CodeIndex(tmp_path / "code")
    languages = {"py": "Python", "go": "Go", "h": "C", "md": "Markdown"}
    for pk, level in ((1, "public"), (2, "private")):
        index.describe(pk, label=f"pcl/r{pk}", owner="pcl", level=level, head="x")
        sources = [Source(path, f"{path}-{pk if path.startswith('docs') else 0}", languages[path.rpartition(".")[2]], text + ("\n" * pk if path.startswith("docs") else "")) for path, text in FILES.items()]  # fmt: skip
        index.add(sources)
        index.place(pk, gone=(), put=[(one.path, one.oid) for one in sources])
    return index


def paths(index, text, access=PUBLIC, **options):
    return [
        f"{hit.label}:{hit.path}:{','.join(str(line.number) for line in hit.lines)}"
        for hit in index.search(parse_code(text), access, **options).hits
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("forward", ["pcl/r1:src/model.py:4", "pcl/r1:docs/a.md:1"]), ("FORWARD", []), ("Forward", []), ('"def forward"', ["pcl/r1:src/model.py:4"]),
        (r"/func \(\w+ \*\w+\) Serve/", ["pcl/r1:src/main.go:3"]), ("/forward|list_add/ lang:c", ["pcl/r1:include/list.h:2"]), ("世界，", []), ("好，世", ["pcl/r1:src/main.go:4"]),
        ("torch weight", ["pcl/r1:src/model.py:1,5"]), ("torch nothing", []), ("sym:PanGuModel", ["pcl/r1:src/model.py:3"]), ("sym:serve*", ["pcl/r1:src/main.go:3"]),
        ("sym:list_init", ["pcl/r1:include/list.h:1"]), ("forward path:docs/", ["pcl/r1:docs/a.md:1"]), ("forward path:*.py", ["pcl/r1:src/model.py:4"]),
        ("forward lang:python repo:PCL/r1 org:pcl", ["pcl/r1:src/model.py:4"]), ("/^#define/", ["pcl/r1:include/list.h:1"]), ("std::vector", []), ("x) path:list", ["pcl/r1:include/list.h:1"]),
    ],
)  # fmt: skip
def test_finds(code, text, expected):
    assert paths(code, text) == expected


def test_only_readable_repositories(code):
    assert [hit.copies for hit in code.search(parse_code("torch"), PUBLIC).hits] == [0]
    assert [hit.copies for hit in code.search(parse_code("torch"), None).hits] == [1]
    assert len(paths(code, "forward", None)) == 3
    assert paths(code, "forward", Access(frozenset())) == []
    assert len(paths(code, "forward", Access(frozenset(), frozenset({2})))) == 2


def test_a_pattern_without_trigrams_needs_a_filter(code):
    for text in ("/a.b/", "/x*/", "ab", "/(a|bc)de?/", r"/\w+/"):
        with pytest.raises(Invalid) as refusal:
            code.search(parse_code(text), PUBLIC)
        assert "repo:" in refusal.value.message
    assert paths(code, r"/\bw\b/ path:main.go") == ["pcl/r1:src/main.go:3"]


def test_a_wrong_pattern_is_a_sentence(code):
    for text in ("/abc(/", "/abc[/", r"/abc(?<=d)/", r"/(abc)\1/", "/abc**/"):
        with pytest.raises(Invalid):
            code.search(parse_code(text), PUBLIC)


def test_a_pathological_pattern_ends_in_time(code):
    code.add([Source("bad", "bad", "", ("a" * 400 + "\n") * 1000)])
    code.place(1, gone=(), put=[("bad", "bad")])
    began = time.monotonic()
    code.search(parse_code("/aaaa(a+)+b?c/"), PUBLIC)
    code.search(parse_code("/(a|aa|aaa)*aaa!/ path:bad"), PUBLIC)
    assert time.monotonic() - began < 4
    assert code.search(parse_code("forward"), PUBLIC, seconds=0).stopped


def test_pages(code):
    code.add([Source(f"f{n}", f"oid{n}", "", f"needle {n}\n") for n in range(45)])
    code.place(1, gone=(), put=[(f"f{n}", f"oid{n}") for n in range(45)])
    seen, after = [], 0
    while True:
        found = code.search(parse_code("needle"), PUBLIC, after=int(after), limit=20)
        seen += [hit.path for hit in found.hits]
        if not (after := found.next):
            break
    assert sorted(seen) == sorted(f"f{n}" for n in range(45))


def test_what_is_looked_up_never_hides_a_match():
    """Whatever a pattern matches has the texts that are asked for."""
    chance = random.Random(3)
    patterns = [
        r"foo(bar|baz)+qux",
        r"(abc|abd)?xyz+",
        r"a{3}bc",
        r"(?:one|two)three",
        r"[ab]cde.*fgh",
        r"fooo?bar",
        r"(?i:ABC)d",
        "x|yyy",
        r"\bword\b",
        "Straße",
    ]
    samples = [
        "foobarqux",
        "foobazbarqux",
        "xyz",
        "abcxyzz",
        "aaabc",
        "onethree",
        "twothree",
        "acde--fgh",
        "fobar foobar fooobar",
        "abcd",
        "ABCd",
        "x",
        "yyy",
        "a word",
        "Straße",
    ]
    for pattern in patterns:
        need = needed(pattern)
        for sample in samples:
            if re.search(pattern, sample):
                assert holds(need, "".join(chance.choices("abxyz ", k=5)) + sample.lower()), (pattern, sample)
    assert expression([needed("foo(bar|xyz)")]) == '("foo" AND ("bar" OR "xyz"))'


def holds(need, text) -> bool:
    if not need:
        return True
    if need[0] == "has":
        return need[1].lower() in text
    return (all if need[0] == "and" else any)(holds(part, text) for part in need[1])


def test_symbols():
    assert symbols(FILES["src/model.py"], "Python") == [("PanGuModel", "class", 3), ("forward", "function", 4), ("MAX_LEN", "constant", 7)]
    assert symbols("pub async fn run<T>(x: T) {}\nstruct A;\n", "Rust") == [("run", "function", 1), ("A", "type", 2)]
    assert symbols("export const useThing = () => 1\nclass A {}\n", "TypeScript") == [("useThing", "constant", 1), ("A", "class", 2)]
    assert symbols("int main(int argc, char **argv)\n{\n  return run(argc);\n}\n", "C++") == [("main", "function", 1)]


@pytest.fixture
def followed(tmp_path, monkeypatch, db):
    index = CodeIndex(tmp_path / "followed")
    monkeypatch.setattr(ports, "code", lambda: index)
    return index


def test_code_follows_pushes_renames_visibility_and_deletion(followed, deliver, client):
    owner = person("ada")
    row = repository(
        owner, name="engine", files={"a.py": b"def first_thing(): pass\n", "b.bin": b"\0first_thing", "node_modules/x.js": b"first_thing"}
    )
    deliver()

    def found(text, who=ANONYMOUS):
        return [f"{hit.label}/{hit.path}" for hit in queries.code_results(who, text)[1].hits]

    assert found("first_thing") == ["ada/engine/a.py"]
    commit(row, {"a.py": b"def second_thing(): pass\n", "c.py": b"first_thing()\n"})
    deliver()
    assert found("first_thing") == ["ada/engine/c.py"]
    assert found("sym:second_thing") == ["ada/engine/a.py"]
    page = client.get("/search?type=code&q=second_thing", headers={"accept-language": "en"}).content.decode()
    assert "<mark>second_thing</mark>" in page
    assert '/ada/engine/blob/HEAD/a.py#L1"' in page
    assert client.get("/ada/engine/blob/HEAD/a.py").status_code == 200
    assert client.get("/search?type=code&q=/a/").status_code == 422
    projects.rename_repository(actor(owner), row, name="motor")
    deliver()
    assert found("second_thing") == ["ada/motor/a.py"]
    projects.set_visibility(actor(owner), row, visibility="private")
    assert found("second_thing") == []
    deliver()
    assert found("second_thing") == []
    assert found("second_thing", actor(owner)) == ["ada/motor/a.py"]
    before = followed.dump()
    for _twice in range(2):
        assert commands.rebuild_code(SYSTEM) == 1
        assert followed.dump() == before
        assert [path.name for path in followed.folder.glob("*.sqlite3")] == [followed.path.name]
    assert CodeIndex(followed.folder).dump() == before  # as another process sees it
    projects.delete_repository(actor(owner), row, confirmation="ada/motor")
    deliver()
    assert found("second_thing", actor(owner)) == []


def test_what_no_event_brought_in_is_swept_in(followed):
    owner = person("ada")
    row = repository(owner, name="engine", files={"a.py": b"lost_and_found = 1\n"})
    assert commands.keep_code(SYSTEM) == 1
    assert commands.keep_code(SYSTEM) == 0
    assert len(queries.code_results(ANONYMOUS, "lost_and_found")[1].hits) == 1
    row.deleted_at = "2026-01-01T00:00Z"
    row.save()
    assert commands.keep_code(SYSTEM) == 1
    assert followed.dump() == {}


def test_texts_without_a_place_are_left_behind_in_time(followed, monkeypatch):
    row = repository(person("ada"), name="engine", files={"a.py": b"first = 1\n"})
    commands.keep_code(SYSTEM)
    for n in range(4):
        commit(row, {"a.py": f"again = {n}\n".encode()})
        commands.keep_code(SYSTEM)
    assert followed.sizes() == (5, 1)
    monkeypatch.setattr(commands.code, "LEAST", 3)
    commands.keep_code(SYSTEM)
    assert followed.sizes() == (1, 1)
    assert len(queries.code_results(ANONYMOUS, "again")[1].hits) == 1
