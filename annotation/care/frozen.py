"""How a study's care travels in a snapshot, so that it is there again where the snapshot is brought in.

The study's settings stand in its description as `care`, what is said of one image in the stimulus's metadata, under the
names that a manifest has for it. Neither is there where nothing was set: such a study keeps its id.
"""

from typing import Any

from annotation.care.options import clean_care
from annotation.care.ratings import clean_note, clean_strength, clean_themes
from annotation.errors import InvalidInput

_CLEAN = {"content_note": clean_note, "themes": clean_themes, "strength": clean_strength}

# The metadata of a stimulus `s`, with what was said about it.
METADATA = """
    case when s.content_note = '' and s.themes = '{}' and s.strength_rated is null then s.metadata
    else s.metadata || jsonb_strip_nulls(jsonb_build_object('content_note', nullif(s.content_note, ''),
      'themes', case when s.themes <> '{}' then to_jsonb(s.themes) end, 'strength', s.strength_rated)) end
"""


def care_of_snapshot(description: dict[str, Any]) -> dict[str, Any]:
    """`Study.care` as a snapshot's description says it. Raises InvalidInput where it is another version's."""
    given = description.get("care", {})
    try:
        care = clean_care(given).stored()
    except InvalidInput as refusal:
        raise InvalidInput(
            f"The snapshot's care cannot be kept here: {refusal.message} Nothing was imported."
        ) from None
    if care != given:
        raise InvalidInput("The snapshot's care was written by another version of Commonground; nothing was imported.")
    return care


def apart(metadata: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(metadata, fields of Stimulus). What cannot be a note, themes or a strength is somebody's own, and stays."""
    rest, said = dict(metadata), {}
    for name, clean in _CLEAN.items():
        try:
            value = clean(metadata.get(name))
        except ValueError:
            continue
        # exactly as it would be written again, or the snapshot would have another id
        if value not in (None, "", []) and value == metadata[name] and not isinstance(metadata[name], bool):
            said["strength_rated" if name == "strength" else name] = value
            del rest[name]
    return rest, said
