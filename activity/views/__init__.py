"""Pages; each module one noun."""
