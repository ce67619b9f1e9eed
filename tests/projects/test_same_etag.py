"""Pages have the same ETag whichever process of the server makes them."""

import multiprocessing
import os

from projects.views import common


def test_the_processes_of_one_parent_agree() -> None:
    with multiprocessing.get_context("fork").Pool(2) as workers:
        first, second = workers.apply(common._server), workers.apply(common._server)
    assert first == second
    assert first.startswith(f"{os.getpid()}.")
    assert first != common._server()
