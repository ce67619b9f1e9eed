"""Pure rules of pull requests: code owners, suggestions, places of comments, words of refs and messages."""
