"""Version 1 of the API: issues, their talk, labels, milestones."""
