"""The only writers of repositories."""
