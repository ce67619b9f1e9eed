"""Reads about repositories."""

from projects.queries.header import Header, header
from projects.queries.repositories import former_repository, repositories, repository, repository_for_git

__all__ = ["Header", "header", "former_repository", "repositories", "repository", "repository_for_git"]
