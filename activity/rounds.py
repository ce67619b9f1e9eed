"""The worker's threads that send. The rows are the truth."""

from activity.commands import sending
from core.actors import SYSTEM
from core.threads import Threads

HOOK_THREADS = 8


def _send(hook_id: int, lease: str) -> object:
    return sending.run_hook(SYSTEM, hook_id, lease=lease)


hooks = Threads("hooks", HOOK_THREADS, sending.claim_due_hooks, _send, goes_on=True)
