"""One listening socket for all workers of a web server.

On Linux granian gives each worker a socket of its own (SO_REUSEPORT, socket(7)): the kernel deals connections out to them, and those
dealt to a worker that dies, ends or hangs are reset or wait for it. One socket, opened by granian's first process, has one queue:
whichever worker is free takes the next connection, and a worker's end loses nothing but what it was answering.
"""

from typing import Any


def share_socket() -> None:
    """Have granian's first process open the socket, as it does on other systems; call before its command line runs."""
    from granian.server.common import AbstractServer

    def open_once(server: Any) -> None:
        plain(server)  # type: ignore[no-untyped-call]
        if server._ssp is not None:
            server._shd = server._ssp.build()
            server._sfd = server._shd.get_fd()
            server._ssp = None

    plain = AbstractServer._init_shared_socket
    AbstractServer._init_shared_socket = open_once  # type: ignore[method-assign]
