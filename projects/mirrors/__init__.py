"""Remote mirrors: addresses of code hosts, what the other side advertises, the pace of looking, states and causes.

Pure logic; `projects.models.mirrors` holds the rows, `projects.commands.mirrors` and `.syncing` do the work.
"""
