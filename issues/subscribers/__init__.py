"""What follows from facts; each module is one noun."""

from issues.subscribers import commits  # noqa: F401 - registers them
