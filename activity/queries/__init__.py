"""Reads; each module one noun."""
