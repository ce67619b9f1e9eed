"""The security log."""

from accounts.commands.faces import note_faces
from accounts.models import SecurityEvent

SHOWN = ("signing_key_added", "signing_key_removed", "email_added", "email_removed", "email_changed")  # others see the effect


def record_security_event(
    user_id: int, kind: str, *, detail: dict[str, str] | None = None, ip: str = "", user_agent: str = ""
) -> SecurityEvent:
    """Append one line to a person's security log; `kind` is a word of `queries.SECURITY_KINDS`."""
    if kind in SHOWN:
        note_faces()
    return SecurityEvent.objects.create(user_id=user_id, kind=kind, detail=detail or {}, ip=ip, user_agent=user_agent[:200])
