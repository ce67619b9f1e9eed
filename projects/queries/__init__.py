"""Reads about repositories."""

from projects.queries.repositories import former_repository, repositories, repository, repository_for_git

__all__ = ["former_repository", "repositories", "repository", "repository_for_git"]
