"""Bulk edits, categories, tags, collections, reports."""

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from core.templatetags.openi import icon
from projects.models import Category, Collection, Report, Tag
from projects.queries.curation import category_choices

ICONS = (
    "atom", "audio-lines", "award", "blend", "blocks", "book-open", "bot", "box", "brain", "brain-circuit", "building-2", "car",
    "chart-line", "chart-scatter", "circuit-board", "code", "cpu", "database", "flask-conical", "folder-tree", "gamepad-2", "git-fork",
    "graduation-cap", "hard-drive", "highlighter", "images", "languages", "lasso", "layers", "map-pin", "message-square",
    "messages-square", "network", "radio", "scale", "scan-eye", "scan-search", "search", "server", "shapes", "share-2", "shield-check",
    "sprout", "star", "stethoscope", "table", "terminal", "thumbs-up", "trophy", "users", "video", "waypoints", "whole-word",
)  # fmt: skip
DATE = {"type": "date"}
SLUG = {"autocomplete": "off", "spellcheck": "false", "pattern": "[a-z0-9]+(-[a-z0-9]+)*"}


class IconPicker(forms.RadioSelect):
    """Icons to look at; their names are for readers' aids."""

    is_grid = True


class IconField(forms.ChoiceField):
    """One of ICONS; "" only where none is allowed."""

    widget = IconPicker

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=self._shown, **kwargs)

    def _shown(self) -> list[tuple[str, Any]]:
        none = [] if self.required else [("", _("None"))]
        return [*none, *((name, format_html('{}<span class="visually-hidden">{}</span>', icon(name), name)) for name in ICONS)]


class WordsField(forms.CharField):
    """Words with commas between them (、 and ， too) or on lines of their own."""

    def to_python(self, value: Any) -> Any:
        """A list."""
        text = str(value or "")
        for mark in "，、,;；":
            text = text.replace(mark, "\n")
        return [word.strip() for word in text.splitlines() if word.strip()]

    def prepare_value(self, value: Any) -> Any:
        """A line again."""
        return ", ".join(value) if isinstance(value, list) else value


class BulkForm(forms.Form):
    """What changes of a selection; what stays empty stays as it is."""

    category = forms.ChoiceField(label=_("Category"), required=False)
    add_tags = forms.MultipleChoiceField(label=_("Add tags"), required=False, widget=forms.CheckboxSelectMultiple)
    remove_tags = forms.MultipleChoiceField(label=_("Take tags away"), required=False, widget=forms.CheckboxSelectMultiple)
    collection = forms.ChoiceField(label=_("Put into a collection"), required=False)
    sync = forms.ChoiceField(label=_("Sync"), required=False, choices=[("", _("as it is")), ("now", _("now"))])
    watch = forms.ChoiceField(
        label=_("Keep in sync"), required=False, choices=[("", _("as it is")), ("pause", _("Pause")), ("resume", _("Resume"))]
    )
    hidden = forms.ChoiceField(
        label=_("In market and search"),
        required=False,
        choices=[("", _("as it is")), ("hide", _("Hide")), ("show", _("Show"))],
    )
    featured = forms.ChoiceField(label=_("Featured"), required=False, choices=[("", _("as it is")), ("on", _("on")), ("off", _("off"))])
    featured_from = forms.DateField(label=_("Featured: first day"), required=False, widget=forms.DateInput(attrs=DATE))
    featured_until = forms.DateField(label=_("Featured: last day"), required=False, widget=forms.DateInput(attrs=DATE))
    boutique = forms.ChoiceField(label=_("Boutique"), required=False, choices=[("", _("as it is")), ("on", _("on")), ("off", _("off"))])
    boutique_from = forms.DateField(label=_("Boutique: first day"), required=False, widget=forms.DateInput(attrs=DATE))
    boutique_until = forms.DateField(label=_("Boutique: last day"), required=False, widget=forms.DateInput(attrs=DATE))
    removed = forms.BooleanField(label=_("Remove from the catalogue"), required=False)
    reason = forms.CharField(label=_("Reason (for the trail)"), required=False, max_length=500)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tags = [(str(tag.pk), tag.name) for tag in Tag.objects.all()]
        kept = [("", _("as it is"))]
        self.fields["category"].choices = [*kept, ("-", _("Uncategorised")), *category_choices()]  # type: ignore[attr-defined]
        self.fields["collection"].choices = [*kept, *((str(row.pk), row.title) for row in Collection.objects.all())]  # type: ignore[attr-defined]
        for name in ("add_tags", "remove_tags"):
            self.fields[name].choices = tags  # type: ignore[attr-defined]
            if not tags:
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """A range needs its first day."""
        cleaned: dict[str, Any] = super().clean() or {}
        for name in ("featured", "boutique"):
            if cleaned.get(name) == "on" and not cleaned.get(f"{name}_from") and f"{name}_from" not in self.errors:
                self.add_error(f"{name}_from", _("Give the first day."))
        return cleaned

    def changes(self) -> dict[str, Any]:
        """As commands.request_edit takes them."""
        given = self.cleaned_data
        found: dict[str, Any] = {}
        if given["category"]:
            slug = given["category"]
            found["category"] = 0 if slug == "-" else Category.objects.only("pk").get(slug=slug).pk
        for name in ("add_tags", "remove_tags"):
            if given.get(name):
                found[name] = [int(pk) for pk in given[name]]
        for name in ("sync", "watch"):
            if given[name]:
                found[name] = given[name]
        if given["collection"]:
            found["collection"] = int(given["collection"])
        if given["hidden"]:
            found["hidden"] = given["hidden"] == "hide"
        for name in ("featured", "boutique"):
            if given[name]:
                found[name] = [given[f"{name}_from"], given[f"{name}_until"]] if given[name] == "on" else []
        if given["removed"]:
            found["removed"] = True
        return found


class CategoryForm(forms.Form):
    """A new category, or another wording."""

    name_zh = forms.CharField(label=_("Chinese name"), max_length=60)
    name_en = forms.CharField(label=_("English name"), max_length=80)
    slug = forms.CharField(
        label=_("Address"), max_length=60, widget=forms.TextInput(attrs=SLUG), help_text=_("An old one leads to the new one.")
    )
    icon = IconField(label=_("Icon"), required=False)
    words = WordsField(
        label=_("Words"),
        required=False,
        max_length=2000,
        help_text=_("Synonyms, with commas: lists and suggestions know the category by them."),
    )


class SplitForm(forms.Form):
    """Part of a category becomes one of its own."""

    name_zh = forms.CharField(label=_("Chinese name"), max_length=60)
    name_en = forms.CharField(label=_("English name"), max_length=80)
    slug = forms.CharField(label=_("Address"), max_length=60, widget=forms.TextInput(attrs=SLUG))
    words = WordsField(label=_("Words"), max_length=2000, help_text=_("Projects with one of them in name, description or topics move."))


class TagForm(forms.Form):
    """A tag."""

    name_zh = forms.CharField(label=_("Chinese name"), max_length=60)
    name_en = forms.CharField(label=_("English name"), max_length=60)
    slug = forms.CharField(label=_("Address"), max_length=60, widget=forms.TextInput(attrs=SLUG))


class CollectionForm(forms.Form):
    """A collection's words."""

    title_zh = forms.CharField(label=_("Chinese title"), max_length=80)
    title_en = forms.CharField(label=_("English title"), max_length=80)
    slug = forms.CharField(label=_("Address"), max_length=60, widget=forms.TextInput(attrs=SLUG))
    text_zh = forms.CharField(label=_("Chinese text"), max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 4}))
    text_en = forms.CharField(label=_("English text"), max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 4}))
    icon = IconField(label=_("Cover"), initial="layers")
    is_published = forms.BooleanField(label=_("Public"), required=False)


class MemberForm(forms.Form):
    """One more project in a collection."""

    project = forms.CharField(label=_("Project"), max_length=600, help_text=_("owner/name, or the address of the original"))
    note = forms.CharField(label=_("Why it is here"), max_length=200, required=False)


class HotForm(forms.Form):
    """One more hot organisation."""

    owner = forms.CharField(label=_("Organization"), max_length=200, help_text=_("its name here, or host/owner such as github.com/apache"))


class ReportForm(forms.Form):
    """Something is wrong with a project."""

    reason = forms.ChoiceField(label=_("What is wrong"), choices=Report.Reason.choices, widget=forms.RadioSelect)
    text = forms.CharField(label=_("In your words"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))
    email = forms.EmailField(label=_("E-mail address for the answer"), max_length=254, required=False)

    def __init__(self, *args: Any, signed_in: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if signed_in:
            del self.fields["email"]
        else:
            self.fields["email"].required = True


class AnswerForm(forms.Form):
    """A report is decided."""

    state = forms.ChoiceField(
        label=_("Decision"), choices=[(Report.State.RESOLVED, _("Acted on")), (Report.State.DISMISSED, _("Nothing to do"))]
    )
    answer = forms.CharField(label=_("Answer to the reporter"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))


class OversizedForm(forms.Form):
    """From which size on a project stands in the queue."""

    gigabytes = forms.DecimalField(label=_("Oversized from (GB)"), min_value=0, max_value=100_000, max_digits=9, decimal_places=1)
