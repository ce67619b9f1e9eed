"""Remote mirrors: addresses of code hosts, what the other side advertises, the pace of looking, states and causes.

`models` holds the rows; the rest is pure logic. `projects.commands.mirrors` and `projects.commands.syncing` do the work.
"""
