"""The only writers of people and organisations."""

from accounts.commands.people import create_user
from accounts.commands.security import record_security_event
from accounts.commands.tokens import create_token, note_token_use, revoke_token

__all__ = ["create_token", "create_user", "note_token_use", "record_security_event", "revoke_token"]
