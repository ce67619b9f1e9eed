"""What this app puts into named places."""

from issues import events, places  # noqa: F401 - registers rows about people, and the facts
