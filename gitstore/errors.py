"""What can go wrong with Git, as types. Messages are for logs; pages make their own sentences."""


class GitError(Exception):
    """Base of all errors of this package."""


class RepositoryMissing(GitError):
    """There is no repository in that folder."""


class RefMissing(GitError):
    """No branch, tag or commit of that name."""


class PathMissing(GitError):
    """No such path at that commit, or no such object."""


class NameInvalid(GitError):
    """A ref or path that Git or we refuse; `code` says why."""

    def __init__(self, name: str, code: str) -> None:
        super().__init__(f"{name!r}: {code}")
        self.name = name
        self.code = code


class RefConflict(GitError):
    """A ref was not at the expected oid."""


class RepositoryBusy(GitError):
    """Another maintenance run, move or repack holds the repository's lock."""


class TooLarge(GitError):
    """More bytes than the caller allowed."""


class TimedOut(GitError):
    """A child process passed its wall-clock limit and was killed."""


class GitFailed(GitError):
    """A child exited non-zero."""

    def __init__(self, arguments: list[str], returncode: int, stderr: str) -> None:
        super().__init__(f"git {' '.join(arguments[:3])}: {returncode}: {stderr[-500:]}")
        self.returncode = returncode
        self.stderr = stderr
