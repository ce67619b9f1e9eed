"""Tags of the pages of pull requests."""
