"""Search: the index of what others register as documents, code of default branches, the results page, suggestions, synonyms."""
