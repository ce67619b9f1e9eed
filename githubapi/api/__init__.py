"""Views: each parses what GitHub's clients send, asks one query or command, and prints what they expect."""
