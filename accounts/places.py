"""Named places of people's pages, where other packages add their own."""

from collections.abc import Callable

from accounts.models import User
from core.actors import Actor
from core.places import Place

before_delete: Place[Callable[[User], str]] = Place("before an account is deleted")  # a sentence why not yet, "" to go on
repository_choices: Place[Callable[[Actor], list[tuple[int, str]]]] = Place("repositories a token can be limited to")  # (id, label)
samples: Place[Callable[[], dict[str, int]]] = Place("figures of a day's sample of the site")  # name → rows or bytes
