"""A figure's table as a CSV file, its cells safe to open in a spreadsheet."""

import csv
from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from snapshots.csv_cells import safe_cell


def csv_response(file_name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """UTF-8 with a header; texts that begin like a formula get a ' in front, missing numbers stay empty.

    file_name: without its ending; it may hold anything, such as a pseudonym that came with an import.
    """
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    name = "".join(letter if letter.isprintable() and letter not in "/\\" else "-" for letter in file_name)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=f"{name}.csv")
    writer = csv.writer(response)
    writer.writerow(columns)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return response
