"""How drf-spectacular sees our views."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers


class ProblemSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """RFC 9457 problem."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField(required=False)
    field = serializers.CharField(required=False)
    request_id = serializers.CharField(required=False)


class ApiSchema(AutoSchema):
    """Operation ids come from the view's class and the method; problems are documented for every operation."""

    def get_operation_id(self) -> str:
        """`repository_get`, `repository_patch` …"""
        name = self.view.__class__.__name__.removesuffix("Api")
        snake = "".join("_" + letter.lower() if letter.isupper() else letter for letter in name).lstrip("_")
        return f"{snake}_{self.method.lower()}"

    def get_tags(self) -> list[str]:
        """The first noun of the path."""
        return [self.path.split("/")[3]]

    def get_auth(self) -> list[dict[str, list[str]]]:
        """A bearer token, or nothing for public things."""
        return [{"token": []}, {}]

    def get_override_parameters(self) -> list[Any]:
        """The view's `parameters` for this method."""
        found: list[Any] = getattr(self.view, "parameters", {}).get(self.method, [])
        return found


def finish(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Post-processing hook: the token scheme, and a `default` problem answer on each operation."""
    result.setdefault("components", {}).setdefault("securitySchemes", {})["token"] = {"type": "http", "scheme": "bearer"}
    schema = {
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            name: {"type": "integer" if name == "status" else "string"}
            for name in ("type", "title", "status", "detail", "code", "field", "request_id")
        },
    }
    result["components"].setdefault("schemas", {})["Problem"] = schema
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"]["default"] = {
                "description": "A problem (RFC 9457)",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }
    return result
