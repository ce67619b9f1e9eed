"""Forms; each module one noun."""
