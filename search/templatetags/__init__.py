"""Template tags of the search pages."""
