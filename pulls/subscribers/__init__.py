"""What follows from facts; each module is one noun."""

from pulls.subscribers import branches, reviews  # noqa: F401 - registers them
