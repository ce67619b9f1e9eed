"""Categories. States and constraints only; `commands` write."""

from django.db import models
from django.utils.translation import get_language


class Category(models.Model):
    """A field of the market; a tree of two levels. Names, order and icon are data that curators change."""

    slug = models.SlugField(max_length=60, unique=True)  # in addresses
    name_zh = models.CharField(max_length=60)
    name_en = models.CharField(max_length=80)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    position = models.PositiveSmallIntegerField(default=0)
    icon = models.CharField(max_length=40, blank=True)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")  # its address redirects
    words = models.JSONField(default=list, blank=True)  # synonyms, for import files and suggestions

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.slug

    @property
    def name(self) -> str:
        """In the reader's language."""
        return self.name_zh if (get_language() or "").startswith("zh") else self.name_en
