"""The ground: actors, rules, errors, events (outbox), named places, markdown, blobs, guarded outgoing requests."""
