"""Pull requests as documents of the search; the id of a document is the thread's."""

from django.db.models import Q

from issues.models import Thread
from issues.queries.documents import Documents
from pulls.events import PullClosed, PullMerged, PullOpened, PullReopened

PULLS = Documents(Thread.Kind.PULL, Q)
FOLLOWS = PULLS.follows(PullOpened, PullClosed, PullReopened, PullMerged)
