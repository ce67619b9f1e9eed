"""The site's size, day by day."""

import shutil

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import rules
from accounts.models import Organization, SiteSample, User
from accounts.places import samples
from core.actors import Actor


def sample_site(actor: Actor) -> SiteSample:
    """Count people, organisations, disk and what other packages add, and keep it as today's sample (UTC). Raises NotFound (not staff)."""
    rules.can_administer_site(actor).require()
    settings.REPOSITORIES_DIR.mkdir(parents=True, exist_ok=True)
    usage = shutil.disk_usage(settings.REPOSITORIES_DIR)
    figures = {
        "people": User.objects.filter(is_active=True).count(),
        "organizations": Organization.objects.filter(deleted_at=None).count(),
        "disk_used": usage.used,
        "disk_total": usage.total,
    }
    for count in samples:
        figures.update(count())
    with transaction.atomic():
        sample, _made = SiteSample.objects.update_or_create(day=timezone.now().date(), defaults={"figures": figures})
    return sample
