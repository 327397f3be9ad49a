"""Descriptions of texts that were made before, so that a study that grew describes only what is new.

A file of this machine that may be deleted at any time: hashes of texts, numbers, and the words they are made of. It is
written anew with what the newest snapshot holds, so what was withdrawn leaves it with the next analysis.
"""

import os
import time
import zipfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from analysis.language.describe import DescribedTexts

UNUSED_AFTER_SECONDS = 90 * 86_400
_ARRAYS = ("keys", "languages", "numbers", "similes", "else_group", "offsets", "ids", "tags")
_WORDS = ("words", "language_names")


def read_descriptions(path: Path) -> DescribedTexts | None:
    """What was kept; None where nothing was, or where the file is not whole."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            arrays: dict[str, Any] = {name: kept[name] for name in _ARRAYS}
            words: dict[str, Any] = {
                name: tuple(bytes(kept[name]).decode().split("\n")) if kept[name].size else () for name in _WORDS
            }
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return DescribedTexts(**arrays, **words)


def keep_descriptions(path: Path, texts: DescribedTexts) -> None:
    """Puts each text of these there once, in place of what was there, and forgets files that nobody used for long."""
    _, first = np.unique(texts.keys, return_index=True)
    once = texts.take(np.sort(first))
    path.parent.mkdir(parents=True, exist_ok=True)
    for other in path.parent.iterdir():
        if other != path and other.stat().st_mtime < time.time() - UNUSED_AFTER_SECONDS:
            other.unlink(missing_ok=True)
    words: dict[str, Any] = {name: np.frombuffer("\n".join(getattr(once, name)).encode(), np.uint8) for name in _WORDS}
    partial = path.with_name(f"{uuid4().hex}.partial")
    try:
        with partial.open("wb") as file:
            np.savez(file, **{name: getattr(once, name) for name in _ARRAYS}, **words)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
