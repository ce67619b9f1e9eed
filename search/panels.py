"""What this app puts into named places."""

from core.documents import segmentation
from search.logic import analysis

segmentation.add(analysis.words)
