"""`/api/v1/`: people, organisations, keys, tokens."""
