"""Children: environment from scratch, limits, no left-overs."""

import os
import time
from pathlib import Path

import pytest

import gitstore
from gitstore import process
from tests.gitstore.conftest import Work


def test_nothing_is_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_DIR", "GIT_SSH_COMMAND", "GIT_INDEX_FILE", "HTTPS_PROXY", "GIT_TRACE", "GIT_CONFIG_PARAMETERS"):
        monkeypatch.setenv(name, "/tmp/evil")
    made = gitstore.environment({"a.b": "c"}, {"GIT_PROTOCOL": "version=2"})
    assert "/tmp/evil" not in made.values()
    assert made["GIT_PROTOCOL"] == "version=2"
    settings = {made[f"GIT_CONFIG_KEY_{n}"]: made[f"GIT_CONFIG_VALUE_{n}"] for n in range(int(made["GIT_CONFIG_COUNT"]))}
    assert settings["a.b"] == "c"
    assert settings["protocol.allow"] == "never"
    assert settings["core.hooksPath"] == "/dev/null"


def _alive(pid: int) -> bool:
    return os.path.exists(f"/proc/{pid}")


def test_an_abandoned_stream_ends_its_child(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    tip = work.commit({f"f{number}": os.urandom(20_000) for number in range(200)}, push=True)
    pids: list[int] = []
    start = process.start
    monkeypatch.setattr(process, "start", lambda *a, **k: (child := start(*a, **k), pids.append(child.pid))[0])
    pieces = gitstore.archive(work.bare, tip, "tar.gz", "x")
    next(pieces)
    assert _alive(pids[0])
    pieces.close()  # type: ignore[attr-defined]
    deadline = time.monotonic() + 2
    while _alive(pids[0]) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _alive(pids[0])


def test_time_is_limited(tmp_path: Path) -> None:
    bare = tmp_path / "x.git"
    gitstore.init_bare(bare)
    with pytest.raises(gitstore.TimedOut):
        gitstore.run(bare, ["-c", "alias.wait=!sleep 30", "wait"], timeout=0.3)
    with pytest.raises(gitstore.TimedOut):
        list(gitstore.stream(bare, ["-c", "alias.wait=!sleep 30", "wait"], timeout=0.3))


def test_a_talkative_child_is_not_stuck(tmp_path: Path) -> None:
    bare = tmp_path / "x.git"
    gitstore.init_bare(bare)
    with pytest.raises(gitstore.GitFailed) as caught:
        list(gitstore.stream(bare, ["-c", "alias.talk=!head -c 300000 /dev/zero | tr '\\\\0' x >&2; exit 3", "talk"], timeout=20))
    assert caught.value.returncode != 0
    with pytest.raises(gitstore.TooLarge):
        gitstore.run(bare, ["-c", "alias.talk=!head -c 300000 /dev/zero", "talk"], limit=1000)


def test_archives_and_search(work: Work) -> None:
    tip = work.commit({"a.py": "值 = 1\nprint(值)\n".encode(), "b": b"\0PRINT(", "d/c.py": b"x\nPRINT(2)\n"}, push=True)
    assert b"".join(gitstore.archive(work.bare, tip, "zip", "项目-1"))[:2] == b"PK"
    one, two = (b"".join(gitstore.archive(work.bare, tip, "tar.gz", "x")) for _ in range(2))
    assert one == two
    for form, prefix in (("rar", "x"), ("zip", "../x"), ("zip", ".."), ("zip", ""), ("zip", "a\nb")):
        with pytest.raises(gitstore.NameInvalid):
            list(gitstore.archive(work.bare, tip, form, prefix))
    assert [(match.path, match.line) for match in gitstore.grep(work.bare, tip, "print(")] == [("a.py", 2), ("d/c.py", 2)]
    assert gitstore.grep(work.bare, tip, "值 =")[0].text == "值 = 1"
    assert gitstore.grep(work.bare, tip, "nothing") == []
    assert gitstore.grep(work.bare, tip, "--open-files-in-pager=x") == []
    assert len(gitstore.grep(work.bare, tip, "print(", limit=1)) == 1
