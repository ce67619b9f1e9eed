"""`python -P openi/supervisor`: Python puts this folder first on its path; the checkout takes its place."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent.parent)

from openi.supervisor.loop import main  # noqa: E402 - the path comes first

sys.exit(main(sys.argv[1:]))
