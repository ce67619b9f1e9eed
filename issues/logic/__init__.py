"""Pure parts: the query language, references, task lists, templates, word differences."""
