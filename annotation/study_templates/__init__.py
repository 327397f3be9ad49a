"""Ready compositions of steps, as data files beside this one: <name>.json."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from annotation.emotions import LABEL_SETS

FOLDER = Path(__file__).parent


@cache
def study_templates() -> dict[str, dict[str, Any]]:
    """All templates by name, in the order of their titles."""
    templates = [json.loads(file.read_text()) for file in sorted(FOLDER.glob("*.json"))]
    return {template["name"]: template for template in sorted(templates, key=lambda template: template["title"])}


def own_labels(options: dict[str, Any]) -> list[dict[str, Any]]:
    """The labels of a template's step: its own, or those of the label set that it names."""
    return [dict(label) for label in options.get("labels") or LABEL_SETS.get(options.get("label_set", ""), [])]


@cache
def built_in_texts(template: str, language: str) -> dict[str, dict[str, str]]:
    """{key of a text (annotation/languages.py): {original: translation}} of a template, from languages/<language>.json.

    A text counts only while it is the template's own: a researcher's words are not ours to translate.
    """
    file = FOLDER / "languages" / f"{language}.json"
    source = study_templates().get(template)
    if source is None or not file.exists():
        return {}
    translated = json.loads(file.read_text()).get(template, {})
    found = {key: {source[key]: translated[key]} for key in ("instructions", "consent") if key in translated}
    for step in source["steps"]:
        place, options = f"steps.{step['name']}", step["options"]
        for part in ("question", "hint"):
            if f"{place}.{part}" in translated:
                found[f"{place}.{part}"] = {options[part]: translated[f"{place}.{part}"]}
        for label in own_labels(options):
            key = f"{place}.labels.{label['id']}"
            if key in translated:
                found[key] = {label["name"]: translated[key]}
    return found
