"""Outside services of people's accounts."""
