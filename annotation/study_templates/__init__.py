"""Ready compositions of steps, as data files beside this one: <name>.json."""

import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@cache
def study_templates() -> dict[str, dict[str, Any]]:
    """All templates by name, in the order of their titles."""
    templates = [json.loads(file.read_text()) for file in sorted(FOLDER.glob("*.json"))]
    return {template["name"]: template for template in sorted(templates, key=lambda template: template["title"])}
