"""The subset of GitHub's REST API that its clients need, at `/api/v3`, over the queries and commands of the pages."""
