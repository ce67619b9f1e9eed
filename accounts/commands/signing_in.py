"""Limits of signing in that a script cannot get round: by account, whatever it is called, and by network."""

from accounts import queries
from core import limits
from core.secrets import keyed_hash

BY_ACCOUNT = (20, 3600)  # wrong passwords, seconds
BY_NETWORK = (100, 600)  # of a /24 or /48
Taken = tuple[tuple[str, int, int], ...]


def take_sign_in(name: str, *, network: str) -> Taken:
    """Count one try before the password is looked at, so that many at once get no free guesses. Raises LimitReached.

    An account counts once under its login and its addresses; names that nobody has are counted in the same way.
    """
    person = queries.person_signing_in(name)
    who = str(person.pk) if person else keyed_hash(name.lower(), purpose="sign-in-name")
    taken: Taken = ((f"sign-in-network:{network}", *BY_NETWORK), (f"sign-in:{who}", *BY_ACCOUNT))
    for key, limit, seconds in taken:
        limits.take(key, limit=limit, seconds=seconds)
    return taken


def give_back_sign_in(taken: Taken) -> None:
    """The password was right: only wrong ones count."""
    for key, _limit, seconds in taken:
        limits.take(key, limit=10**9, seconds=seconds, cost=-1)
