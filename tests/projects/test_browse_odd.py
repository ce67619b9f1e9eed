"""Repositories that no client of ours would make: every page answers, none with an error of the server."""

import time
from contextlib import suppress

import pygit2
import pytest
from django.test import Client

import gitstore
from core import filenames
from core.actors import SYSTEM
from projects import commands
from tests.factories import histories
from tests.factories.accounts import person

pytestmark = pytest.mark.django_db
PAGES = [
    "", "/tree/{ref}", "/find/{ref}", "/commits/{ref}", "/commits/{ref}?graph=1", "/commits/{ref}?author=x&q=y", "/commit/{oid}", "/commit/{oid}?view=split&w=1",
    "/commit/{oid}.patch", "/commit/{oid}.diff", "/branches", "/tags", "/compare/{ref}...{oid}", "/compare/{oid}..{ref}", "/contributors", "/commits.atom", "/tags.atom",
    "/archive/{ref}.zip", "/archive/{ref}.tar.gz",
]  # fmt: skip
FILE_PAGES = [
    "/blob/{ref}/{path}",
    "/blob/{ref}/{path}?view=source",
    "/raw/{ref}/{path}",
    "/blame/{ref}/{path}",
    "/commits/{ref}/{path}?follow=1",
    "/tree/{ref}/{path}",
]
SIGNATURES = [
    b"Nobody <> 99999999999999999 +9999", b"Nobody <> -1 -0000", b"No Date <a@b>", b"<> 1 +0000", b"A <a@b> 1e9 +0800", b"A <a@b> 1700000000 -9961", b"A <a@b> 0 +0000",
    b"A <a@b> 1700000000", b"A <<a@b>> 1700000000 +0800", b"\xff\xfe <\xff@\xff> 1700000000 +0800", b"A <a@b> 253402300800 +1400", b"A\x1b[31m <a\xe2\x80\xae@b> 1 +0000",
    "李雷 <李@例子>".encode("gb18030") + b" 1700000000 +0800",
]  # fmt: skip


def answers(client: Client, address: str) -> int:
    """The status, with what is streamed read to its end; redirects are followed. An archive that git gives up on is cut off."""
    response = client.get(address, follow=True)
    if response.streaming:
        with suppress(gitstore.GitFailed):
            for _piece in response.streaming_content:
                pass
    return response.status_code


def walk(client: Client, base: str, ref: str, oid: str, paths: list[bytes] = []) -> dict[str, int]:  # noqa: B006 - only read
    """Address → status, of every page of the ref and of the files."""
    addresses = [base + page.format(ref=ref, oid=oid) for page in PAGES]
    for path in paths:
        name = filenames.quoted(path.decode("utf-8", "surrogateescape"))
        addresses += [base + page.format(ref=ref, path=name) for page in FILE_PAGES]
    return {address: answers(client, address) for address in addresses}


def raw_commit(
    history: histories.History, tree: str, author: bytes, committer: bytes, message: bytes = b"odd\n", extra: bytes = b""
) -> str:
    """A commit written as it is given, whatever git thinks of it; the branch `odd` leads to it."""
    data = b"tree " + tree.encode() + b"\nauthor " + author + b"\ncommitter " + committer + b"\n" + extra + b"\n" + message
    oid = histories.git(history.path, "hash-object", "-t", "commit", "-w", "--stdin", "--literally", data=data).decode().strip()
    histories.git(history.path, "update-ref", "refs/heads/odd", oid)
    return oid


def tree_of(history: histories.History, entries: list[tuple[str, bytes, str]]) -> str:
    """A tree object with the entries (mode, name, oid) in the given order, unchecked."""
    data = b"".join(mode.encode() + b" " + name + b"\0" + bytes.fromhex(oid) for mode, name, oid in entries)
    return histories.git(history.path, "hash-object", "-t", "tree", "-w", "--stdin", "--literally", data=data).decode().strip()


@pytest.fixture
def odd():
    row, history = histories.repository(person("ada"), "odd")
    history.write({"a.txt": "x\n"})
    blob = histories.git(history.path, "hash-object", "-w", "--stdin", data=b"[core]\n\tx = y\n").decode().strip()
    return row, history, blob


@pytest.mark.parametrize("signature", SIGNATURES)
def test_malformed_people_and_dates(odd, client: Client, signature: bytes):
    row, history, _blob = odd
    histories.settle(row)
    tree = histories.git(history.path, "rev-parse", "main^{tree}").decode().strip()
    oid = raw_commit(history, tree, signature, signature)
    found = walk(client, "/ada/odd", "odd", oid, [b"a.txt"])
    assert all(status in (200, 404, 409) for status in found.values()), found
    assert found[f"/ada/odd/commit/{oid}"] == 200
    row.refresh_from_db()
    commands.index_repository(SYSTEM, row.pk)


@pytest.mark.parametrize(
    ("message", "extra"),
    [
        (b"", b""), (b"\n\n\n", b""), (b"a\0b\nc", b""), ("中文".encode("gb18030"), b"encoding GB18030\n"), (b"\xff\xfe", b"encoding nosuch\n"), (b"x" * 1_000_000, b""),
        (b"a\r\nb\rc", b""), ("\u202e<b>".encode(), b""), (b"x", b"gpgsig -----BEGIN PGP SIGNATURE-----\n broken\n"), (b"x", b"parent 0\n"), (b"x\n" * 100_000, b"unknown header\n"),
    ],
)  # fmt: skip
def test_odd_messages_and_headers(odd, client: Client, message: bytes, extra: bytes):
    row, history, _blob = odd
    histories.settle(row)
    tree = histories.git(history.path, "rev-parse", "main^{tree}").decode().strip()
    oid = raw_commit(history, tree, b"A <a@b> 1700000000 +0800", b"A <a@b> 1700000000 +0800", message, extra)
    found = walk(client, "/ada/odd", "odd", oid)
    assert all(status in (200, 404, 409) for status in found.values()), found


def test_odd_entries(odd, client: Client):
    row, history, blob = odd
    inner = tree_of(history, [("100644", b"config", blob), ("100755", b"hooks", blob)])
    gone = "12" * 20
    names = [
        b"-x",
        b"a\nb",
        b"a\rb",
        b"a b",
        b"\xff\xfe",
        b"\x01\x7f",
        b"..x",
        b"con",
        "\u202egpj.exe".encode(),
        b"%2e%2e",
        b"a\\b",
        b"x" * 4000,
        b"'\"<>&",
    ]
    entries = [("100644", name, blob) for name in names]
    entries += [
        ("120000", b"absolute", _blob(history, b"/etc/passwd")),
        ("120000", b"up", _blob(history, b"../../../x")),
        ("120000", b"self", _blob(history, b"self")),
    ]
    entries += [
        ("120000", b"empty-link", _blob(history, b"")),
        ("120000", b"nul-link", _blob(history, b"a\0b")),
        ("160000", b"module", gone),
        ("100666", b"mode", blob),
    ]
    entries += [("40000", b".git", inner), ("40000", b"zz", inner)]
    top = tree_of(history, sorted(entries, key=lambda one: one[1] + (b"/" if one[0] == "40000" else b"")))
    oid = raw_commit(history, top, b"A <a@b> 1700000000 +0800", b"A <a@b> 1700000000 +0800")
    histories.settle(row)
    row.refresh_from_db()
    client.force_login(row.namespace.user)  # beyond the budget of anonymous readers
    found = walk(
        client,
        "/ada/odd",
        "odd",
        oid,
        [*names, b".git/config", b"absolute", b"up", b"self", b"empty-link", b"nul-link", b"module", b"mode", b"zz/hooks"],
    )
    assert all(status in (200, 404, 409) for status in found.values()), {
        key: value for key, value in found.items() if value not in (200, 404, 409)
    }
    assert found["/ada/odd/tree/odd"] == found["/ada/odd/blob/odd/.git/config"] == 200


def _blob(history: histories.History, data: bytes) -> str:
    return histories.git(history.path, "hash-object", "-w", "--stdin", data=data).decode().strip()


@pytest.mark.parametrize("kind", ["missing tree", "missing blob", "dots", "unsorted", "empty name", "truncated"])
def test_broken_trees(odd, client: Client, kind: str):
    row, history, blob = odd
    histories.settle(row)
    if kind == "missing tree":
        top = "12" * 20
    elif kind == "truncated":
        top = (
            histories.git(history.path, "hash-object", "-t", "tree", "-w", "--stdin", "--literally", data=b"100644 a\0short")
            .decode()
            .strip()
        )
    else:
        entries = {
            "missing blob": [("100644", b"a", "12" * 20)],
            "dots": [
                ("40000", b".", tree_of(history, [])),
                ("40000", b"..", tree_of(history, [("100644", b"x", blob)])),
                ("100644", b"a/b", blob),
            ],
            "unsorted": [("100644", b"z", blob), ("100644", b"a", blob), ("100644", b"a", blob)],
            "empty name": [("100644", b"", blob)],
        }[kind]
        top = tree_of(history, entries)
    oid = raw_commit(history, top, b"A <a@b> 1700000000 +0800", b"A <a@b> 1700000000 +0800")
    found = walk(client, "/ada/odd", "odd", oid, [b"a", b"./x", b"../x", b"a/b"])
    assert all(status < 500 for status in found.values()), {key: value for key, value in found.items() if value >= 500}


def test_a_hundred_thousand_entries(odd, client: Client):
    row, history, blob = odd
    wide = tree_of(history, [("100644", b"f%06d" % number, blob) for number in range(100_000)])
    oid = raw_commit(history, tree_of(history, [("40000", b"wide", wide)]), b"A <a@b> 1700000000 +0800", b"A <a@b> 1700000000 +0800")
    histories.settle(row)
    started = time.process_time()
    page = client.get("/ada/odd/tree/odd/wide").content.decode()
    assert page.count("<tr><td class=name>") == 1000
    assert "/ada/odd/blob/odd/wide/f000999" in page
    assert "?from=1000" in page
    for address in (
        "/tree/odd/wide?from=99000",
        "/blob/odd/wide/f050000",
        "/find/odd?q=f0500",
        f"/commit/{oid}",
        "/archive/odd.tar.gz",
        "/compare/main...odd",
    ):
        assert answers(client, f"/ada/odd{address}") == 200, address
    assert time.process_time() - started < 40  # each page is a matter of a second or two


def test_four_thousand_folders_deep(odd, client: Client):
    row, history, blob = odd
    store = pygit2.Repository(str(history.path))
    oid = pygit2.Oid(hex=tree_of(history, [("100644", b"leaf", blob)]))
    for _depth in range(4000):
        builder = store.TreeBuilder()
        builder.insert("d", oid, 0o040000)
        oid = builder.write()
    commit = raw_commit(history, str(oid), b"A <a@b> 1700000000 +0800", b"A <a@b> 1700000000 +0800")
    histories.settle(row)
    found = walk(client, "/ada/odd", "odd", commit, [b"d/" * 4000 + b"leaf", b"d/" * 2000 + b"d"])
    assert all(status < 500 for status in found.values()), {key[:60]: value for key, value in found.items() if value >= 500}
    assert found[f"/ada/odd/commit/{commit}"] == 200
