"""Fetching from another host (or a folder of the operator) with git: judged address, clean environment, watched size and silence."""

import os
import re
import shutil
import signal
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from django.utils.translation import gettext as _

import gitstore
from core import outgoing
from core.errors import Invalid, Unavailable
from core.outgoing import Target, check_url
from core.relay import relayed

QUIET_SECONDS = 600  # no byte and no progress for so long: give up
TOTAL_SECONDS = 6 * 3600
REFS_MAX = 100_000
DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL", "--") if shutil.which("setpriv") else ()  # util-linux: no fetch survives its worker
MEMORY_BYTES = 3 * 1024**3  # of each process of a fetch; a delta may claim any size
FOLLOWS = (
    "could not read from remote repository",
    "invalid index-pack output",
    "some local refs could not be updated",
)  # git's words after somebody else's
REFSPECS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
PROGRESS = re.compile(rb"(Counting objects|Compressing objects|Receiving objects|Resolving deltas):\s+(\d+)%")
SHARE = {"Counting objects": (0, 2), "Compressing objects": (2, 5), "Receiving objects": (5, 80), "Resolving deltas": (80, 95)}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where to fetch from: the argument for git, its settings, and the protocol it may use."""

    argument: str
    settings: dict[str, str]
    protocol: str
    target: Target | None = None


def origin_of(source: str) -> Origin:
    """Judge the address again: names may have moved since it was given."""
    if source.startswith("folder:"):
        return Origin(source.removeprefix("folder:"), {}, "file")
    target = check_url(source)
    config = {
        "http.followRedirects": "false",
        "http.curloptResolve": target.curl_resolve,
        "http.lowSpeedLimit": "1",
        "http.lowSpeedTime": str(QUIET_SECONDS),
        "http.proxy": "",
    }
    return Origin(target.url, config, target.scheme, target)


def environment_of(origin: Origin, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """From nothing, with `more` settings; the user name and password travel in the environment alone, never in arguments, addresses or files."""
    config = {
        **origin.settings,
        f"protocol.{origin.protocol}.allow": "always",
        "credential.helper": "",
        "fetch.unpackLimit": "1",
        "fetch.fsckObjects": "true",
        "fetch.fsck.zeroPaddedFilemode": "warn",
        "fetch.fsck.missingSpaceBeforeDate": "warn",
        "fetch.fsck.badTimezone": "warn",
        "fetch.recurseSubmodules": "false",
        **(more or {}),
    }
    if origin.target and origin.target.username:
        pair = b64encode(f"{origin.target.username}:{origin.target.password}".encode()).decode()
        config["http.extraHeader"] = f"Authorization: Basic {pair}"
    return gitstore.environment(config, {"GIT_ALLOW_PROTOCOL": origin.protocol})


@contextmanager
def routed(origin: Origin, environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """The environment with which git takes the administrator's route to the target, as long as the block runs."""
    if origin.target is None or origin.protocol not in ("http", "https"):
        yield environment
        return
    with relayed(origin.target) as proxy:
        count = int(environment["GIT_CONFIG_COUNT"])  # the last value of a key counts
        more = {f"GIT_CONFIG_KEY_{count}": "http.proxy", f"GIT_CONFIG_VALUE_{count}": proxy, "GIT_CONFIG_COUNT": str(count + 1)}
        yield {**environment, **more} if proxy else environment


def refs_of(path: Path) -> dict[str, str]:
    """Branches and tags."""
    return {**gitstore.refs(path, "refs/heads"), **gitstore.refs(path, "refs/tags")}


def require_git_host(target: Target) -> None:
    """git takes an HTML page for an empty repository (git 2.39), so look at the first answer ourselves. Raises Invalid, Unavailable."""
    userinfo = f"{quote(target.username, safe='')}:{quote(target.password, safe='')}@" if target.username else ""
    url = target.url.rstrip("/").replace("://", f"://{userinfo}", 1)
    answer = outgoing.get(f"{url}/info/refs?service=git-upload-pack", redirects=0, max_bytes=4096)
    if answer.status in (401, 403, 404):
        raise Invalid(
            _("The other side says that there is no such repository, or that it is not for everyone."), field="address", code="refused"
        )
    if answer.status in outgoing.REDIRECTS:
        raise Invalid(
            _("This address redirects to %s. Give that one.") % outgoing.shown(answer.headers.get("location", "?"))[:200], field="address"
        )
    if answer.status >= 500:
        raise Unavailable(_("%s does not answer.") % target.host)
    if answer.status != 200 or answer.headers.get("content-type", "") != "application/x-git-upload-pack-advertisement":
        raise Invalid(_("There is no Git repository at this address."), field="address", code="no_git")


def remote_head(origin: Origin, environment: dict[str, str]) -> str:
    """The branch the other side's HEAD names, "" if it says none. Raises Unavailable, LimitReached."""
    command = ["git", "ls-remote", "--symref", "--end-of-options", origin.argument]
    try:
        with routed(origin, environment) as routed_environment:
            done = subprocess.run(
                command, env=routed_environment, capture_output=True, timeout=300, stdin=subprocess.DEVNULL, cwd="/", check=False
            )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(_("The other side took too long to list its branches.")) from error
    if done.returncode:
        raise Unavailable(reason(done.stderr))
    if re.search(rb"^[0-9a-f]{64}\t", done.stdout, re.MULTILINE):
        raise Invalid(
            _("The repository on the other side names its objects by SHA-256; only SHA-1 repositories can be hosted here."), code="sha256"
        )
    if done.stdout.count(b"\n") > REFS_MAX:
        raise Invalid(_("The other side has more than %d branches and tags.") % REFS_MAX, code="too_many_refs")
    match = re.match(rb"ref: refs/heads/([^\t]+)\tHEAD", done.stdout)
    return match[1].decode("utf-8", "replace") if match else ""


def listed(origin: Origin, environment: dict[str, str]) -> bytes:
    """What `git ls-remote --symref` prints of HEAD, branches and tags. Raises Unavailable (code slow if it took too long)."""
    options = ("--symref", "--end-of-options", origin.argument, "HEAD", "refs/heads/*", "refs/tags/*")
    try:
        done = subprocess.run(
            [*DIES_WITH_US, "git", "ls-remote", *options],
            env=environment, capture_output=True, timeout=120, stdin=subprocess.DEVNULL, cwd="/", check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise Unavailable(_("The other side took too long to list its branches."), code="slow") from error
    if done.returncode:
        raise Unavailable(reason(done.stderr))
    return done.stdout


def default_branch(head: str, refs: dict[str, str]) -> str:
    """HEAD's branch if there is one, else a usual name, else the first; none whose name is no UTF-8."""
    for branch in (head, "main", "master"):
        if branch and f"refs/heads/{branch}" in refs:
            return branch
    names = (ref.removeprefix("refs/heads/") for ref in refs if ref.startswith("refs/heads/"))
    return min((name for name in names if not any("\udc80" <= letter <= "\udcff" for letter in name)), default="")


def fetch(
    path: Path, origin: Origin, environment: dict[str, str], *, limit: int, refspecs: Sequence[str] = REFSPECS
) -> Iterator[tuple[str, int]]:
    """`git fetch` with its progress as (phase, percent of the whole); at most `limit` bytes of packs. Raises Unavailable, LimitReached."""
    with routed(origin, environment) as routed_environment:
        yield from _fetch(path, origin, routed_environment, limit=limit, refspecs=refspecs)


def _fetch(path: Path, origin: Origin, environment: dict[str, str], *, limit: int, refspecs: Sequence[str]) -> Iterator[tuple[str, int]]:
    drop_temporary(path)
    options = ("--progress", "--prune", "--no-tags", "--no-write-fetch-head", "--end-of-options")
    bounded = ("prlimit", f"--data={MEMORY_BYTES}", "--") if shutil.which("prlimit") else ()
    command = [*DIES_WITH_US, *bounded, "git", f"--git-dir={path}", "fetch", *options, origin.argument, *refspecs]
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    assert process.stderr is not None  # noqa: S101 - for the type checker
    os.set_blocking(process.stderr.fileno(), False)
    watch = Watch(path, limit=limit)
    tail, current = b"", ("Counting objects", 0)
    try:
        while process.poll() is None:
            time.sleep(0.2)
            read = process.stderr.read() or b""
            tail = (tail + read)[-4000:]
            for match in PROGRESS.finditer(read):
                low, high = SHARE[match[1].decode()]
                current = (match[1].decode(), low + (high - low) * int(match[2]) // 100)
            watch.look(moved=bool(read))
            yield current
        tail = (tail + (process.stderr.read() or b""))[-4000:]
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            drop_temporary(path)
        process.stderr.close()
    if process.returncode:
        drop_temporary(path)
        raise Unavailable(reason(tail))
    watch.require_room()  # what came within the last second


def drop_temporary(path: Path) -> None:
    """Half a pack of a fetch that was killed. Pushes keep theirs elsewhere (quarantine)."""
    for left in (path / "objects" / "pack").glob("tmp_*"):
        left.unlink(missing_ok=True)


class Watch:
    """Ends a fetch that is too large, too long or silent."""

    def __init__(self, path: Path, *, limit: int) -> None:
        self.path, self.limit = path, limit  # bytes
        self.started = self.moved = self.looked = time.monotonic()
        self.size = 0

    def look(self, *, moved: bool) -> None:
        """Once a second. Raises Unavailable (silent, too long), Invalid (too large)."""
        now = time.monotonic()
        if moved:
            self.moved = now
        if now - self.looked < 1:
            return
        self.looked = now
        before = self.size
        self.require_room()
        if self.size != before:
            self.moved = now
        if now - self.moved > QUIET_SECONDS or now - self.started > TOTAL_SECONDS:
            raise Unavailable(_("The other side stopped sending."))

    def require_room(self) -> None:
        """Raises Invalid (too large)."""
        self.size = folder_size(self.path / "objects")
        if self.size > self.limit:
            raise Invalid(_("The repository is larger than your quota allows."), code="quota")


def folder_size(folder: Path) -> int:
    """Bytes of the packs; loose objects do not appear while fetching."""
    return sum(entry.stat().st_size for entry in os.scandir(folder / "pack") if entry.is_file()) if (folder / "pack").exists() else 0


def reason(stderr: bytes) -> str:
    """git's last line of complaint, without addresses that may carry credentials."""
    lines = [line.strip() for line in stderr.decode("utf-8", "replace").replace("\r", "\n").splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("fatal:", "error:", "remote:"))] or lines[-1:]
    causes = [line for line in told if not any(words in line.lower() for words in FOLLOWS)]
    said = (causes or [""])[-1]
    if told and not causes:  # ssh's word, or the other side's, stands before git's
        said = lines[max(lines.index(told[0]) - 1, 0)]
    return _("git could not fetch: %s") % re.sub(r"//[^/@\s]*@", "//", said)[:500]
