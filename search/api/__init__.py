"""Search as JSON."""
