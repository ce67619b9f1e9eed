#!/usr/bin/env python3
"""Git over HTTP against nginx + git-http-backend on the same repositories, in the same run. See `--help`."""

import argparse
import http.client
import json
import multiprocessing
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

sys.path.insert(0, str(Path(__file__).resolve().parent))
from common import LOGIN, Portal, Reference, git, in_turn, seconds, table

Row = tuple[str, str, str, float, str]
BLOCK = 1 << 20


# --- a client that throws the pack away ---------------------------------------------------------------------------


def pkt(line: str) -> bytes:
    """One packet (gitprotocol-common(5))."""
    return b"%04x%s\n" % (len(line) + 5, line.encode())


def fetch_request(repository: Path) -> bytes:
    """What a clone of everything asks for in protocol v2 (gitprotocol-v2(5))."""
    oids = sorted(set(git(f"--git-dir={repository}", "for-each-ref", "--format=%(objectname)", "refs/heads", "refs/tags").split()))
    head = pkt("command=fetch") + pkt("object-format=sha1") + b"0001"
    return head + pkt("no-progress") + pkt("ofs-delta") + b"".join(pkt(f"want {oid}") for oid in oids) + pkt("done") + b"0000"


def discard(address: str, body: bytes) -> int:
    """Bytes of the answer."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=600)
    headers = {"Content-Type": "application/x-git-upload-pack-request", "Git-Protocol": "version=2"}
    connection.request("POST", f"{parts.path}/git-upload-pack", body, headers)
    answer = connection.getresponse()
    if answer.status != 200:
        raise RuntimeError(f"{address}: {answer.status}")
    total, buffer = 0, bytearray(BLOCK)
    while count := answer.readinto(buffer):
        total += count
    connection.close()
    return total


def at_once(count: int, address: str, body: bytes) -> None:
    """`count` clients, a process each."""
    clients = [multiprocessing.Process(target=discard, args=(address, body)) for _ in range(count)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
        if client.exitcode:
            raise RuntimeError(f"a client failed: {client.exitcode}")


# --- what is measured ---------------------------------------------------------------------------------------------


def shown(value: float) -> str:
    """Seconds as ms or s."""
    return f"{value * 1000:.0f} ms" if value < 2 else f"{value:.2f} s"


def compared(what: str, pair: tuple[float, float], goal: float) -> Row:
    """A row whose goal is a largest ratio of times."""
    ratio = pair[0] / pair[1]
    return what, shown(pair[0]), shown(pair[1]), ratio, f"≤ {goal}{'' if ratio <= goal else '  MISSED'}"


class Wire:
    """One portal and one reference over the same two repositories: `big`, and `refs` with very many refs."""

    def __init__(self, portal: Portal, reference: Reference, folder: Path, rounds: int) -> None:
        self.portal, self.reference, self.folder, self.rounds = portal, reference, folder, rounds
        self.big = Path(portal.folder("big"))
        self.mine, self.theirs = portal.address("big"), reference.address("big")
        self.signed = portal.address("big", signed=True)
        self.work = folder / "work.git"
        git("clone", "--bare", "--shared", "--quiet", self.big, self.work)
        self.made, self.mark = 0, f"bench-{time.time_ns()}"  # a name no earlier run used

    def packs(self) -> list[Row]:
        """Raw packs, one and eight at once; the first request, which fills the cache, apart."""
        body = fetch_request(self.big)
        cold, size = seconds(lambda: discard(self.mine, body)), discard(self.mine, body)
        if (their_size := discard(self.theirs, body)) < size * 0.9 or their_size > size * 1.1:
            raise RuntimeError(f"different packs: {size} and {their_size} bytes")
        rows = [("pack, first request", shown(cold), "", 0.0, f"{size / 1e6:.0f} MB")]
        for count, goal, rounds in ((1, 0.95, self.rounds), (8, 2.0, max(1, self.rounds // 3))):
            mine, plain = in_turn(
                lambda count=count: at_once(count, self.mine, body), lambda count=count: at_once(count, self.theirs, body), rounds
            )
            faster = plain / mine
            rows.append(
                (f"pack, {count} at once: × faster", shown(mine), shown(plain), faster, f"≥ {goal}{'' if faster >= goal else '  MISSED'}")
            )
        return rows

    def clone(self) -> list[Row]:
        """`git clone --bare`, whose indexing takes most of the time."""

        def run(address: str) -> None:
            target = self.folder / "clone.git"
            git("clone", "--bare", "--quiet", address, target)
            shutil.rmtree(target)

        pair = in_turn(lambda: run(self.mine), lambda: run(self.theirs), max(1, self.rounds // 3))
        return [compared("git clone --bare", pair, 1.05)]

    def commit(self) -> str:
        """A new commit on top of the default branch."""
        self.made += 1
        tree = git(f"--git-dir={self.work}", "rev-parse", "HEAD^{tree}")
        blob = git(f"--git-dir={self.work}", "hash-object", "-w", "--stdin", stdin=f"{time.time_ns()}".encode())
        listing = git(f"--git-dir={self.work}", "ls-tree", tree) + f"\n100644 blob {blob}\tbench-{self.made}.txt\n"
        tree = git(f"--git-dir={self.work}", "mktree", stdin=listing.encode())
        return git(f"--git-dir={self.work}", "commit-tree", tree, "-p", "HEAD", "-m", f"Bench {self.made}")

    def pushes(self) -> list[Row]:
        """One commit; the header is sent at once on our side, as a credential helper that knows does after the first answer."""

        def run(address: str) -> Callable[[], None]:
            def push() -> None:
                git(f"--git-dir={self.work}", "push", "--quiet", address, f"{self.queue.pop()}:refs/heads/{self.mark}")

            return push

        rounds = self.rounds * 3
        first = self.commit()
        for address in (self.signed, self.theirs):
            git(f"--git-dir={self.work}", "push", "--quiet", address, f"{first}:refs/heads/{self.mark}")
        self.queue: list[str] = []
        tip = first
        for _ in range(rounds):  # each commit goes to both, on top of the one before
            tree = git(f"--git-dir={self.work}", "rev-parse", f"{self.commit()}^{{tree}}")
            tip = git(f"--git-dir={self.work}", "commit-tree", tree, "-p", tip, "-m", "Bench")
            self.queue[:0] = [tip, tip]
        return [compared("push of one commit, 1,000 refs there", in_turn(run(self.signed), run(self.theirs), rounds), 1.3)]

    def refs(self) -> list[Row]:
        """ls-remote with many refs; a thousand refs made and deleted."""
        listed = git("ls-remote", self.portal.address("refs")).count("\n") + 1
        pair = in_turn(
            lambda: git("ls-remote", self.portal.address("refs")), lambda: git("ls-remote", self.reference.address("refs")), self.rounds * 3
        )
        rows = [compared(f"ls-remote, {listed:,} refs", pair, 1.1)]
        oid = git(f"--git-dir={self.work}", "rev-parse", "HEAD")
        names = [f"refs/heads/{self.mark}-many/{number}" for number in range(1000)]

        def push(address: str, oid: str) -> float:
            return seconds(lambda: git(f"--git-dir={self.work}", "push", "--quiet", address, *(f"{oid}:{name}" for name in names)))

        for what, source in (("push of 1,000 new refs", oid), ("deletion of 1,000 refs", "")):
            rows.append(compared(what, (push(self.signed, source), push(self.theirs, source)), 2))
        return rows

    def fork(self) -> list[Row]:
        """Through the API, then cloned at once (its refs listed and one shallow clone)."""
        took, disk, refs, usable = [], 0, 1, 0.0
        for number in range(self.rounds):
            name = f"fork-{time.time_ns()}"
            body = json.dumps({"namespace": LOGIN, "name": name}).encode()
            headers = {"Authorization": f"Bearer {self.portal.token}", "Content-Type": "application/json"}
            request = Request(f"{self.portal.url}/api/v1/repositories/{LOGIN}/big/forks", body, headers)  # noqa: S310
            took.append(seconds(lambda request=request: urlopen(request, timeout=60).read()))
            usable = seconds(lambda name=name: git("ls-remote", self.portal.address(name)))
            if number == 0:
                git("clone", "--quiet", "--depth=1", self.portal.address(name), self.folder / "shallow")
                folder = Path(self.portal.folder(name))
                refs = git(f"--git-dir={folder}", "for-each-ref").count("\n") + 1
                disk = sum(path.lstat().st_size for path in folder.rglob("*"))
        middle, room = sorted(took)[len(took) // 2], 200_000 + 110 * refs
        late, large = "" if max(took) <= 0.1 else "  MISSED", "" if disk <= room else "  MISSED"
        return [
            (
                "fork: median (slowest), its ls-remote",
                f"{middle * 1000:.0f} ({max(took) * 1000:.0f}) ms",
                shown(usable),
                0.0,
                f"≤ 100 ms{late}",
            ),
            (f"fork on disk, {refs:,} refs", f"{disk / 1000:.0f} kB", f"{room / 1000:.0f} kB", disk / room, f"≤ 1{large}"),
        ]


def many_refs(folder: Path, count: int) -> Path:
    """A small bare repository with `count` branches."""
    git("init", "--quiet", "--bare", folder)
    tree = git(f"--git-dir={folder}", "mktree", stdin=b"")
    oid = git(f"--git-dir={folder}", "commit-tree", tree, "-m", "One")
    updates = "".join(f"create refs/heads/{'main' if number == 0 else f'b{number:05}'} {oid}\n" for number in range(count))
    git(f"--git-dir={folder}", "update-ref", "--stdin", stdin=updates.encode())
    git(f"--git-dir={folder}", "symbolic-ref", "HEAD", "refs/heads/main")
    git(f"--git-dir={folder}", "pack-refs", "--all")
    return folder


def main() -> None:
    """Set both up, measure the parts asked for, print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--history", type=Path, required=True, help="a bare repository with a long history, such as git's own")
    parser.add_argument("--data", type=Path, help="data directory to keep and use again (the import takes minutes)")
    parser.add_argument("--only", default="packs,clone,pushes,refs,fork", help="parts to measure, with commas")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="one round and few refs: does it run?")
    given = parser.parse_args()
    rounds = 1 if given.quick else given.rounds
    folder = Path(tempfile.mkdtemp(prefix="openi-bench-", dir=given.data and given.data.parent))
    try:
        portal = Portal(given.data or folder / "portal")
        portal.prepare({"big": given.history, "refs": many_refs(folder / "refs.git", 50 if given.quick else 10_000)})
        sources = {name: Path(portal.folder(name)) for name in ("big", "refs")}
        with Reference(folder / "reference", sources) as reference, portal:
            wire = Wire(portal, reference, folder, rounds)
            for part in given.only.split(","):
                table(("what", "ours", "reference", "ratio", "goal"), getattr(wire, part)())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
