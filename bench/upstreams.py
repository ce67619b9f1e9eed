#!/usr/bin/env python3
"""A local host that plays thousands of upstreams from some real bare repositories. Started by `mirrors.py`; prints its port.

`/u/<number>/…` is served from repository `number % count`: advertised from memory, fetched through git's own `upload-pack`. Each has two
states: `main` at the last commit but one, or at the last (`POST /-/changed?first=A&last=B`). `/hang/…` takes a request and never answers.
`GET /-/stats`: requests, packs, and how many packs of one upstream were ever asked for at once.
"""

import asyncio
import contextlib
import gzip
import json
import os
import re
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

WORDS = (
    b"multi_ack thin-pack side-band side-band-64k ofs-delta no-progress multi_ack_detailed no-done symref=HEAD:refs/heads/main agent=git/2"
)
PLAIN = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
ANY = ("-c", "uploadpack.allowAnySHA1InWant=true", "-c", "safe.directory=*")


def packet(text: bytes) -> bytes:
    """One pkt-line."""
    return b"%04x%s" % (len(text) + 4, text)


class Player:
    """`tips` of each repository: (last but one, last)."""

    def __init__(self, folder: Path) -> None:
        self.folders = sorted(folder.glob("*.git"))
        self.tips = [tuple((one / "tips").read_text().split()) for one in self.folders]
        self.first = self.last = 0  # upstreams of the second state
        self.counts: Counter[str] = Counter()
        self.running: Counter[int] = Counter()
        self.at_once = 0

    def advertised(self, number: int) -> bytes:
        """The answer to info/refs."""
        tip = self.tips[number % len(self.tips)][self.first <= number < self.last].encode()
        lines = (packet(tip + b" HEAD\0" + WORDS + b"\n"), packet(tip + b" refs/heads/main\n"), b"0000")
        return packet(b"# service=git-upload-pack\n") + b"0000" + b"".join(lines)

    async def packed(self, number: int, body: bytes) -> bytes:
        """The answer of upload-pack."""
        self.running[number] += 1
        self.at_once = max(self.at_once, self.running[number])
        folder = self.folders[number % len(self.folders)]
        try:
            git = await asyncio.create_subprocess_exec(
                "git", *ANY, "upload-pack", "--stateless-rpc", str(folder),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, env=PLAIN,
            )  # fmt: skip
            answer, _errors = await git.communicate(body)
            self.counts["packs"] += b"PACK" in answer
            return answer
        finally:
            self.running[number] -= 1

    async def answer(self, method: str, target: str, body: bytes) -> tuple[str, bytes]:
        """(content type, body)."""
        parts = urlsplit(target)
        asked = parse_qs(parts.query)
        if parts.path == "/-/changed":
            self.first, self.last = int(asked["first"][0]), int(asked["last"][0])
            return "text/plain", b"ok"
        if parts.path == "/-/stats":
            return "application/json", json.dumps({**self.counts, "at_once": self.at_once}).encode()
        if parts.path.startswith("/hang/"):
            self.counts["hanging"] += 1
            await asyncio.sleep(3600)
        number = int(re.match(r"/u/(\d+)/", parts.path)[1])  # type: ignore[index]
        self.counts["requests"] += 1
        if method == "GET":
            return "application/x-git-upload-pack-advertisement", self.advertised(number)
        return "application/x-git-upload-pack-result", await self.packed(number, body)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept alive."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while head := (await reader.readuntil(b"\r\n\r\n")).decode("latin-1"):
                method, target, _version = head.split("\r\n", 1)[0].split()
                headers = {name.lower(): value for name, value in re.findall(r"^([\w-]+): *(.*?)\r$", head, re.MULTILINE)}
                body = await self._body(reader, headers)
                kind, content = await self.answer(method, target, body)
                writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)
                await writer.drain()
        writer.close()

    async def _body(self, reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
        body = b""
        if headers.get("transfer-encoding") == "chunked":
            while size := int(await reader.readline(), 16):
                body += (await reader.readexactly(size + 2))[:-2]
            await reader.readline()
        else:
            body = await reader.readexactly(int(headers.get("content-length", 0)))
        return gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body


async def main() -> None:
    """Serve the repositories of a folder until killed."""
    server = await asyncio.start_server(Player(Path(sys.argv[1])).serve, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
