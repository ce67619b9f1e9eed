"""The worker's threads that send and tell. The rows are the truth."""

from activity.commands import notifying, sending
from core.actors import SYSTEM
from core.threads import Threads

HOOK_THREADS = 8
NOTIFY_THREADS = 2


def _send(hook_id: int, lease: str) -> object:
    return sending.run_hook(SYSTEM, hook_id, lease=lease)


def _tell(round_id: int, lease: str) -> object:
    return notifying.run_round(SYSTEM, round_id, lease=lease)


hooks = Threads("hooks", HOOK_THREADS, sending.claim_due_hooks, _send, goes_on=True)
notices = Threads("notices", NOTIFY_THREADS, notifying.claim_rounds, _tell, goes_on=True)
