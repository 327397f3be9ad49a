"""Descriptions of texts as bytes: parts that workers hand to each other, and what was described before.

What was described before is a file of this machine that may be deleted at any time: hashes of texts, numbers, and the
words they are made of. It is written anew with what the newest snapshot holds, so what was withdrawn leaves it with the
next analysis. A study that grew describes only what is new.
"""

import os
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa

from analysis.language.describe import NUMBERS, DescribedTexts

UNUSED_AFTER_SECONDS = 90 * 86_400
_ARRAYS = ("keys", "languages", "numbers", "similes", "else_group", "offsets", "ids", "tags")
_WORDS = ("words", "language_names")


def read_descriptions(path: Path) -> DescribedTexts | None:
    """What was kept; None where nothing was, or where the file is not whole. Its arrays lie in the file."""
    try:
        with pa.memory_map(str(path)) as file:
            return _read(file)
    except (OSError, pa.ArrowException, KeyError, ValueError):
        return None


def keep_descriptions(path: Path, texts: DescribedTexts) -> None:
    """Puts these there in place of what was there, and forgets files that nobody used for long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for other in path.parent.iterdir():
        if other != path and other.stat().st_mtime < time.time() - UNUSED_AFTER_SECONDS:
            other.unlink(missing_ok=True)
    partial = path.with_name(f"{uuid4().hex}.partial")
    try:
        with pa.OSFile(str(partial), "wb") as file:
            _write(texts, file)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def to_bytes(texts: DescribedTexts) -> bytes:
    stream = pa.BufferOutputStream()
    _write(texts, stream)
    content: bytes = stream.getvalue().to_pybytes()
    return content


def from_bytes(content: bytes) -> DescribedTexts:
    return _read(pa.BufferReader(content))


def _write(texts: DescribedTexts, file: Any) -> None:
    """One row, each array a list in it: Arrow's file format, so that reading copies nothing."""
    columns: dict[str, Any] = {name: pa.array(np.ravel(getattr(texts, name))) for name in _ARRAYS}
    columns |= {name: pa.array(getattr(texts, name), pa.string()) for name in _WORDS}
    lists = [pa.LargeListArray.from_arrays(pa.array([0, len(each)], pa.int64()), each) for each in columns.values()]
    batch = pa.record_batch(lists, names=list(columns))
    with pa.ipc.new_file(file, batch.schema) as writer:
        writer.write_batch(batch)


def _read(file: Any) -> DescribedTexts:
    batch = pa.ipc.open_file(file).get_batch(0)
    batch.validate()
    arrays: dict[str, Any] = {name: batch.column(name).values.to_numpy() for name in _ARRAYS}
    arrays["numbers"] = arrays["numbers"].reshape(-1, len(NUMBERS))
    arrays |= {name: tuple(batch.column(name).values.to_pylist()) for name in _WORDS}
    return DescribedTexts(**arrays)
