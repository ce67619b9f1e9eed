"""Pages about repositories."""
