"""How the description of the API names what it describes."""

from typing import Any

from drf_spectacular.openapi import AutoSchema


class Schema(AutoSchema):
    """Serializers stand inside their endpoint, all as `Input`; in the description they carry the endpoint's name."""

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        return type(serializer).__qualname__.replace(".", "")
