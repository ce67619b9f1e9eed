"""How drf-spectacular sees our views."""

from drf_spectacular.openapi import AutoSchema


class ApiSchema(AutoSchema):
    """Operation ids come from the view's name and method."""
