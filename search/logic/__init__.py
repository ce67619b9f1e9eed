"""Analysis, query language, highlights and spelling, in pure Python."""
