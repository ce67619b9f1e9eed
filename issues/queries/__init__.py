"""Reads about issues and threads, complete with what pages and the API show."""
