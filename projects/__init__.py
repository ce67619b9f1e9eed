"""Repositories and what surrounds them: refs, forks, protections, releases, stars; Git's wire protocol in `transport/`."""
