"""Reads exported responses back: our CSV, JSON Lines and Parquet files, with their types."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from snapshots.errors import FileUnreadable
from snapshots.exports.csv import unguard_cells
from snapshots.exports.flat import flat_schema
from snapshots.foreign_parquet import foreign_batches, foreign_schema
from snapshots.schema import STEP_COLUMN_TYPES

_BLOCK_BYTES = 2 << 20  # a row must fit into one block; Arrow reads some 32 of them ahead
_MAX_LINE_BYTES = 16 << 20
_ROWS_AT_ONCE = 8_192


def read_responses(
    source: BinaryIO, extension: str, step_fields: Sequence[pa.Field] | None = None
) -> Iterator[pa.RecordBatch]:
    """The rows of an exported file, in batches with the columns of `exports.flat.flat_schema`.

    source: the file, opened in binary; Parquet needs one that can seek. extension: csv, jsonl or parquet.
    step_fields: the study's step columns and their types. None = take the columns that are not ours as they
        come: texts in CSV; in JSON Lines what the first rows hold; in Parquet what the file says.
    Columns may stand in any order. Raises FileUnreadable naming row, column and value.
    """
    readers: dict[str, Callable[[BinaryIO, Sequence[pa.Field] | None], Iterator[pa.RecordBatch]]] = {
        "csv": _read_csv,
        "jsonl": _read_jsonl,
        "parquet": _read_parquet,
    }
    if extension not in readers:
        raise FileUnreadable(f"Responses are read from csv, jsonl or parquet files, not from {extension!r}.")
    return readers[extension](source, step_fields)


def _schema(columns: Sequence[str], step_fields: Sequence[pa.Field] | None, guess: dict[str, pa.DataType]) -> pa.Schema:
    own = flat_schema([]).names
    if step_fields is None:
        step_fields = [pa.field(name, guess.get(name, pa.string())) for name in columns if name not in own]
    schema = flat_schema([pa.field(field.name, field.type, nullable=True) for field in step_fields])
    if missing := [name for name in schema.names if name not in columns]:
        raise FileUnreadable(f"The column {missing[0]!r} is missing; the file has {list(columns)}. Nothing was read.")
    if unknown := [name for name in columns if name not in schema.names]:
        raise FileUnreadable(f"The column {unknown[0]!r} is not known; expected {schema.names}. Nothing was read.")
    if len(set(columns)) != len(columns):
        raise FileUnreadable(f"A column appears twice: {list(columns)}. Nothing was read.")
    return schema


def _read_csv(source: BinaryIO, step_fields: Sequence[pa.Field] | None) -> Iterator[pa.RecordBatch]:
    head = source.readline(_BLOCK_BYTES).decode("utf-8-sig", "replace").strip("\r\n")
    names = [name.strip().strip('"') for name in head.split(",")]
    schema = _schema(names, step_fields, {})
    try:
        reader = arrow_csv.open_csv(
            source,
            read_options=arrow_csv.ReadOptions(column_names=names, block_size=_BLOCK_BYTES, use_threads=False),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types={name: pa.string() for name in names},
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                null_values=[""],
            ),
        )
    except pa.ArrowInvalid as problem:
        if "Empty CSV" in str(problem):
            return
        raise FileUnreadable(f"The CSV file cannot be read ({problem}).") from None
    row = 2  # the header is row 1, as a spreadsheet counts
    while True:
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            return
        except pa.ArrowInvalid as problem:
            raise FileUnreadable(f"The CSV file cannot be read after row {row - 1} ({problem}).") from None
        arrays = [_from_cells(batch.column(field.name), field, row) for field in schema]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)
        row += batch.num_rows


def _from_cells(column: pa.StringArray, field: pa.Field, first_row: int) -> pa.Array:
    if pa.types.is_string(field.type):
        column = unguard_cells(column)
        # A spreadsheet drops the quotation marks of empty texts when it saves a file.
        return column if field.nullable else column.fill_null("")
    if column.null_count and not field.nullable:
        row = first_row + pc.index(column.is_null(), True).as_py()
        raise FileUnreadable(f"Row {row}, column {field.name}: the cell is empty, but a value is needed.")
    try:
        return column.cast(field.type)
    except pa.ArrowInvalid:
        place = next(number for number, cell in enumerate(column) if not _casts(cell, field.type))
        raise FileUnreadable(
            f"Row {first_row + place}, column {field.name}: {column[place].as_py()!r} is not of type {field.type}."
        ) from None


def _casts(cell: pa.Scalar, data_type: pa.DataType) -> bool:
    try:
        cell.cast(data_type)
    except pa.ArrowInvalid:
        return False
    return True


def _read_jsonl(source: BinaryIO, step_fields: Sequence[pa.Field] | None) -> Iterator[pa.RecordBatch]:
    rows = _json_rows(source)
    schema: pa.Schema | None = None
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        if schema is None:
            schema = _schema(list(some[0][1]), step_fields, _guess(some))
        for line, row in some:
            if row.keys() != set(schema.names):
                odd = sorted(row.keys() ^ set(schema.names))
                raise FileUnreadable(f"Line {line}: the keys differ from the first line's: {odd}.")
        yield pa.RecordBatch.from_arrays([_from_json(some, field) for field in schema], schema=schema)


def _json_rows(source: BinaryIO) -> Iterator[tuple[int, dict[str, Any]]]:
    line = 0
    while text := source.readline(_MAX_LINE_BYTES):
        line += 1
        if not text.strip():
            continue
        try:
            row = json.loads(text)
        except (ValueError, RecursionError) as problem:
            raise FileUnreadable(f"Line {line}: not readable as JSON ({problem}).") from None
        if not isinstance(row, dict):
            raise FileUnreadable(f"Line {line}: a JSON object is needed, got {text[:60]!s}.")
        yield line, row


def _guess(rows: list[tuple[int, dict[str, Any]]]) -> dict[str, pa.DataType]:
    kinds = {bool: pa.bool_(), int: pa.int64(), float: pa.float64()}
    guesses: dict[str, pa.DataType] = {}
    for _, row in rows:
        for name, value in row.items():
            if type(value) in kinds and guesses.get(name) != pa.float64():
                guesses[name] = kinds[type(value)]
    return guesses


def _from_json(rows: list[tuple[int, dict[str, Any]]], field: pa.Field) -> pa.Array:
    values = []
    for line, row in rows:
        value = row[field.name]
        try:
            values.append(_typed(value, field))
        except (TypeError, ValueError):
            raise FileUnreadable(
                f"Line {line}, key {field.name}: {value!r} is not of type {field.type}"
                + ("." if field.nullable else ", or a value is missing.")
            ) from None
    try:
        return pa.array(values, field.type)
    except (pa.ArrowException, OverflowError) as problem:
        raise FileUnreadable(f"Key {field.name}: a value does not fit into {field.type} ({problem}).") from None


def _typed(value: Any, field: pa.Field) -> Any:
    if value is None:
        if not field.nullable:
            raise TypeError
        return None
    if pa.types.is_timestamp(field.type):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError
        return moment
    expected: type | tuple[type, ...] = str
    if pa.types.is_boolean(field.type):
        expected = bool
    elif pa.types.is_integer(field.type):
        expected = int
    elif pa.types.is_floating(field.type):
        expected = (int, float)
    if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
        raise TypeError
    return value


def _read_parquet(source: BinaryIO, step_fields: Sequence[pa.Field] | None) -> Iterator[pa.RecordBatch]:
    try:
        found = foreign_schema(source)
        schema = _schema(found.names, step_fields, {field.name: field.type for field in found})
        for field in schema:
            if field.type not in STEP_COLUMN_TYPES.values():
                raise FileUnreadable(f"Column {field.name}: the type {field.type} is not one of ours.")
        for batch in foreign_batches(source):
            arrays = [batch.column(field.name).cast(field.type) for field in schema]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)
    except pa.ArrowException as problem:
        raise FileUnreadable(f"The Parquet file cannot be read ({problem}).") from None
