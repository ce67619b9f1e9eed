"""Pages of pull requests."""
