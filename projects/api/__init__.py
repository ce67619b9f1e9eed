"""`/api/v1/repositories/…`: repositories, refs, trees, blobs, commits, contents, forks, stars, protections, releases."""
