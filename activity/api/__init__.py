"""API; each module one noun."""
