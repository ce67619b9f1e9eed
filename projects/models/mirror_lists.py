"""Lists of many mirrors that curators hand in. States and constraints only; `commands` write."""

from django.db import models

from projects.models.repositories import Run


class MirrorList(Run):
    """A file of addresses on its way into the catalogue: first looked at (`is_begun` false), then taken row by row."""

    name = models.CharField(max_length=200)  # of the file; "" for pasted text
    sha256 = models.CharField(max_length=64)  # its bytes are a blob
    size = models.BigIntegerField(default=0)
    columns = models.JSONField(default=dict, blank=True)  # head in the file → ours; {}: as lists.NAMES says
    is_begun = models.BooleanField(default=False)
    rows = models.PositiveIntegerField(default=0)  # counted when it was handed in
    done = models.PositiveIntegerField(default=0)  # number of the last row that is settled
    counts = models.JSONField(default=dict, blank=True)  # outcome → rows
    unknown_categories = models.JSONField(default=dict, blank=True)  # name → rows

    class Meta:
        indexes = [models.Index(fields=["-created_at"], name="mirror_list_recent")]

    def __str__(self) -> str:
        return f"{self.name or self.sha256[:10]}: {self.state}"


class MirrorListPart(models.Model):
    """What became of some rows, written with them in one transaction: a list that was interrupted goes on after the last part."""

    mirror_list = models.ForeignKey(MirrorList, on_delete=models.CASCADE, related_name="parts")
    outcomes = models.JSONField(default=list)  # [[row, outcome, text], …]

    def __str__(self) -> str:
        return f"{self.mirror_list_id}: {len(self.outcomes)}"
