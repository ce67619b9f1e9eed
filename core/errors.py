"""The six errors of the domain. One object makes the page, the toast and the problem+json (RFC 9457)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar


class DomainError(Exception):
    """What went wrong, in the reader's language. `field` names the input it belongs to, `code` is stable for programs."""

    status: ClassVar[int] = 500
    default_code: ClassVar[str] = "error"

    def __init__(self, message: str = "", *, field: str = "", code: str = "", retry_after: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.code = code or self.default_code
        self.retry_after = retry_after  # seconds


class Invalid(DomainError):
    """The input breaks a rule of form."""

    status, default_code = 422, "invalid"


class InvalidFields(Invalid):
    """Several inputs break rules; the message is the first one's."""

    def __init__(self, faults: Sequence[DomainError]) -> None:
        super().__init__(faults[0].message, field=faults[0].field)
        self.faults = tuple(faults)


class Faults:
    """What is wrong with several inputs, told at once: each is checked in `with faults.of_a_field():`, then `require` raises."""

    def __init__(self) -> None:
        self._found: list[DomainError] = []

    @contextmanager
    def of_a_field(self) -> Iterator[None]:
        """Keep an Invalid or Conflict for later."""
        try:
            yield
        except (Invalid, Conflict) as error:
            self._found.append(error)

    def require(self) -> None:
        """Raise the one fault, or InvalidFields with all of them."""
        if len(self._found) == 1:
            raise self._found[0]
        if self._found:
            raise InvalidFields(self._found)


class NotFound(DomainError):
    """No such thing, or none that this actor may know of."""

    status, default_code = 404, "not_found"


class Forbidden(DomainError):
    """The actor may see the thing but not do this to it."""

    status, default_code = 403, "forbidden"


class Conflict(DomainError):
    """The state changed meanwhile, or the name is taken."""

    status, default_code = 409, "conflict"


class LimitReached(DomainError):
    """A quota or a rate limit is used up; `retry_after` in seconds where waiting helps."""

    status, default_code = 429, "limit_reached"


class Unavailable(DomainError):
    """A part the act needs does not answer now."""

    status, default_code = 503, "unavailable"


class TakenDown(DomainError):
    """Not available for legal reasons (RFC 7725); the message is the reason shown to everyone."""

    status, default_code = 451, "taken_down"
