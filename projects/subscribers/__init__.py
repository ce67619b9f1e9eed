"""What follows from facts about repositories; each module is one noun."""

from projects.subscribers import imports, index, pools, purges  # noqa: F401 - registers them
