"""Sign-in providers of our own."""
