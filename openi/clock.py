"""Celery beat's own application: the schedule and the broker, without loading the portal (half the memory).

`celery -A openi.clock beat`. Tasks are named in settings.CELERY_BEAT_SCHEDULE; the worker (`openi.celery`) has them.
"""

from celery import Celery

app = Celery("openi-clock", fixups=[])
app.config_from_object("openi.settings", namespace="CELERY")
