"""Clients and servers of Git's wire for the tests of this folder."""

from tests.projects.wire import git, ssh_port, web

__all__ = ["git", "ssh_port", "web"]
