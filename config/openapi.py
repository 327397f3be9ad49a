"""How the description of the API names what it describes."""

import re
from typing import Any

from drf_spectacular.openapi import AutoSchema


class Schema(AutoSchema):
    """Serializers stand inside their endpoint, all as `Input`; in the description they carry the endpoint's name."""

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        return type(serializer).__qualname__.replace(".", "")

    def get_operation_id(self) -> str:
        """`get_one_study`: the method and the endpoint's name, since two addresses may differ in their ends only."""
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(self.view).__name__).lower()
        return f"{self.method.lower()}_{name}"
