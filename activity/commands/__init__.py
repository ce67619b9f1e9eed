"""Commands; each module one noun."""
