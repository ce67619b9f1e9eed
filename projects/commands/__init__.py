"""The only writers of repositories."""

from projects.commands.pushes import record_push, settle_intents
