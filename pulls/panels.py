"""What this app puts into named places."""

from pulls import events, places  # noqa: F401 - registers rows about people, and the facts
