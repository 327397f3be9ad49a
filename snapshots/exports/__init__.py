"""The formats in which a snapshot can be taken away: one file per format, one row per format below."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from snapshots.archive import write_archive
from snapshots.exports.affection_preprocessed import write_affection_preprocessed
from snapshots.exports.affection_raw import write_affection_raw
from snapshots.exports.csv import write_csv
from snapshots.exports.jsonl import write_jsonl
from snapshots.exports.parquet import write_parquet
from snapshots.reader import Snapshot


@dataclass(frozen=True)
class ExportFormat:
    """A format: its name in addresses and commands, and what the page says about it.

    write(snapshot, out, progress): streams the snapshot to a binary file in bounded memory; progress is
        called with (done, total) and may raise to stop. Raises ExportImpossible if the study does not fit.
    """

    name: str
    title: str
    extension: str
    write: Callable[[Snapshot, BinaryIO, Callable[[int, int], None]], None]
    sentence: str


EXPORT_FORMATS: dict[str, ExportFormat] = {
    export.name: export
    for export in (
        ExportFormat(
            "csv",
            "CSV",
            "csv",
            write_csv,
            "One row per response, safe to open in a spreadsheet; can be imported again.",
        ),
        ExportFormat(
            "jsonl",
            "JSON Lines",
            "jsonl",
            write_jsonl,
            "One JSON object per response and line; can be imported again.",
        ),
        ExportFormat(
            "parquet",
            "Parquet",
            "parquet",
            write_parquet,
            "One typed, compressed table of responses for pandas, Polars, R or DuckDB; can be imported again.",
        ),
        ExportFormat(
            "affection_raw",
            "Affection, raw",
            "csv",
            write_affection_raw,
            "Accepted responses in the columns of Affection's public raw file.",
        ),
        ExportFormat(
            "affection_preprocessed",
            "Affection, preprocessed",
            "csv",
            write_affection_preprocessed,
            "The raw columns with corrected spelling, tokens, vocabulary numbers and the split by image.",
        ),
        ExportFormat(
            "snapshot",
            "Whole snapshot",
            "zip",
            write_archive,
            "Everything: study, stimuli, images, people, responses and revisions; imports back to the same id.",
        ),
    )
}
