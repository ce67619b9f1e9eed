"""What follows from facts about repositories; each module is one noun."""

from projects.subscribers import checks, curation, imports, index, mirror_lists, mirrors, pools, purges, pushing, trust  # noqa: F401 - registers them
