"""Judged queries over the demo catalogue and generated mirrors."""
