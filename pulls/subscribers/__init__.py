"""What follows from facts; each module is one noun."""
