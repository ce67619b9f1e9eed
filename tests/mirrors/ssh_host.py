"""A host that serves repositories over SSH to keys it knows, in a thread of the test; and git's own daemon for git://."""

import asyncio
import contextlib
import shlex
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import asyncssh

from tests.factories.projects import ENVIRONMENT


class SshHost:
    """`allow` takes a line of authorized_keys; `commands` lists what was run; `change_key` makes it another host."""

    def __init__(self, root: Path) -> None:
        self.root, self.commands, self.allowed = root, [], []
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.port = 0
        self.change_key()

    def change_key(self) -> None:
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        asyncio.run_coroutine_threadsafe(self._listen(), self.loop).result(20)

    async def _listen(self) -> None:
        if self.port:
            self.server.close()
            await self.server.wait_closed()
        host = self

        class Server(asyncssh.SSHServer):
            def begin_auth(self, username: str) -> bool:
                return True

            def public_key_auth_supported(self) -> bool:
                return True

            def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
                return key.export_public_key().decode().split()[:2] in [line.split()[:2] for line in host.allowed]

        self.server = await asyncssh.listen(
            "127.0.0.1", self.port, server_factory=Server, server_host_keys=[self.key], process_factory=self._process, encoding=None
        )
        self.port = self.server.get_port()

    async def _process(self, process: asyncssh.SSHServerProcess) -> None:
        self.commands.append(process.command)
        program, path = shlex.split(process.command)
        git = await asyncio.create_subprocess_exec(
            "git", program.removeprefix("git-"), f"{self.root}/{path.lstrip('/')}", env=ENVIRONMENT,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        await process.redirect(stdin=git.stdin, stdout=git.stdout, stderr=git.stderr)
        process.exit(await git.wait())

    def close(self) -> None:
        async def end() -> None:
            self.server.close()
            await self.server.wait_closed()

        asyncio.run_coroutine_threadsafe(end(), self.loop).result(20)
        self.loop.call_soon_threadsafe(self.loop.stop)


@contextlib.contextmanager
def git_daemon(*options: str) -> Iterator[int]:
    """The port of a `git daemon` that runs with these options."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["git", "daemon", "--listen=127.0.0.1", f"--port={port}", *options]
    daemon = subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        daemon.terminate()
        daemon.wait(10)
