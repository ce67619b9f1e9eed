"""What this app puts into named places."""

from core.places import blob_holders
from issues import events, places  # noqa: F401 - registers rows about people, and the facts

blob_holders.add(("issues.Attachment", "sha256"))
