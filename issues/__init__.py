"""Issues, and what pull requests share with them: numbers, talk, labels, milestones, timeline."""
