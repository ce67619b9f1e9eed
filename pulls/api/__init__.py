"""`/api/v1/repositories/…/pulls`: pull requests, their commits, files, versions, reviews, comments on lines, merging."""
