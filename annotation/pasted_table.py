"""A small table that somebody pastes into a form, or sends as a file of text."""

import csv
import io

from django.utils.translation import gettext as _

from annotation.errors import InvalidInput


def pasted_rows(text: str) -> list[list[str]]:
    """Its rows, cells separated as in the first line: by commas, semicolons or tabs. Raises InvalidInput."""
    text = text.removeprefix("\ufeff").replace("\x00", "")
    first = (text.lstrip().splitlines() or [""])[0]
    delimiter = max((",", ";", "\t"), key=first.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True))
    except csv.Error as error:
        raise InvalidInput(
            _("The table cannot be read: a cell is longer than %s characters, or a quotation mark is not closed.")
            % f"{csv.field_size_limit():,}"
        ) from error
