"""The bytes that are hashed: one text for a JSON value, one byte string for a column of a chunk.

These two rules make the id of a snapshot. They are described for other languages in
docs/reference/snapshot_format.md; a change here is a new format version.
"""

import hashlib
import json
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

CHUNK_ROWS = 65_536
"""Columns are hashed, and Parquet row groups cut, in chunks of exactly this many rows; the last may be shorter."""


class Hash(Protocol):
    """What `hashlib` gives back."""

    def update(self, data: Any, /) -> None: ...

    def hexdigest(self) -> str: ...


def canonical_json(value: Any) -> str:
    """The one JSON text of a value: keys sorted by code point, no spaces, nothing escaped that need not be.

    Raises ValueError for NaN, infinities and texts that are not Unicode; TypeError for what JSON cannot say.
    """
    text = json.dumps(
        value,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )
    text.encode()  # half a surrogate pair has no UTF-8, so no hash: refuse it here
    return text


def sha256_of_json(value: Any) -> str:
    """The sha256 (64 hex digits) of the canonical JSON of a value, as UTF-8."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def text_bytes(column: pa.StringArray) -> tuple[np.ndarray, memoryview]:
    """The length in bytes of every cell (0 where null), and the UTF-8 of all cells one after the other.

    Returns (n,) little-endian int32 and the bytes. Copies nothing unless the column has nulls: Arrow may
    keep anything under a null.
    """
    if column.null_count:
        lengths = np.zeros(len(column), "<i4")
        lengths[column.is_valid().to_numpy(zero_copy_only=False)], data = text_bytes(column.drop_null())
        return lengths, data
    _, offsets_buffer, data_buffer = column.buffers()
    if len(column) == 0 or offsets_buffer is None:
        return np.zeros(0, "<i4"), memoryview(b"")
    offsets = np.frombuffer(offsets_buffer, "<i4", len(column) + 1, 4 * column.offset)
    lengths = np.diff(offsets)
    data = memoryview(data_buffer)[offsets[0] : offsets[-1]] if data_buffer is not None else memoryview(b"")
    return lengths, data


def update_hash(digest: Hash, column: pa.Array) -> None:
    """Feed one chunk of a column: a byte per row (1 = a value, 0 = null), then the values.

    Texts: the lengths in bytes as little-endian int32 (0 for null), then the UTF-8 of all cells.
    Integers, booleans (0 or 1) and timestamps (microseconds since 1970 in UTC): little-endian int64, 0 for null.
    Floats: little-endian IEEE 754 doubles, 0 for null.
    """
    if column.null_count:
        digest.update(column.is_valid().to_numpy(zero_copy_only=False).astype(np.uint8).data)
    else:
        digest.update(b"\x01" * len(column))
    if pa.types.is_string(column.type):
        lengths, data = text_bytes(column)
        digest.update(np.ascontiguousarray(lengths, "<i4").data)
        digest.update(data)
        return
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    if column.null_count:
        column = column.fill_null(False if pa.types.is_boolean(column.type) else 0)
    dtype = "<f8" if pa.types.is_floating(column.type) else "<i8"
    digest.update(np.ascontiguousarray(column.to_numpy(zero_copy_only=False), dtype).data)
