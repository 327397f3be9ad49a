"""Checkpoints of a running training: safetensors and a JSON side file, written whole or not at all. Never pickle."""

import contextlib
import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

KEPT = 2  # the newest, and the one before in case the newest cannot be read
_FOLDER_NAME = re.compile(r"step-(\d{10})\Z")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """steps: done so far, which orders checkpoints; tensors by name; facts: everything else, as JSON."""

    steps: int
    tensors: dict[str, Tensor]
    facts: dict[str, Any]


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write beside, reach the disk, then rename: a power cut leaves the old checkpoint or the new one, never half."""
    folder.mkdir(parents=True, exist_ok=True)
    final = folder / f"step-{checkpoint.steps:010d}"
    beside = folder / f".{final.name}.writing"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    save_file({name: value.contiguous() for name, value in checkpoint.tensors.items()}, beside / "state.safetensors")
    facts = {"steps": checkpoint.steps, "facts": checkpoint.facts}
    (beside / "state.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    for path in (beside / "state.safetensors", beside / "state.json", beside):
        _reach_the_disk(path)
    shutil.rmtree(final, ignore_errors=True)
    beside.rename(final)
    _reach_the_disk(folder)
    for _, old in _complete(folder)[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def newest_checkpoint(folder: Path) -> Checkpoint | None:
    """The newest checkpoint that can be read, or None."""
    for steps, path in _complete(folder):
        with contextlib.suppress(OSError, ValueError, KeyError, SafetensorError):
            described = json.loads((path / "state.json").read_text(encoding="utf-8"))
            return Checkpoint(steps, load_file(path / "state.safetensors"), described["facts"])
    return None


def forget_checkpoints(folder: Path) -> None:
    """Delete every finished checkpoint: those of another run, further on, would push this run's own out."""
    for _, path in _complete(folder):
        shutil.rmtree(path, ignore_errors=True)


def _complete(folder: Path) -> list[tuple[int, Path]]:
    """Finished checkpoints, newest first."""
    if not folder.is_dir():
        return []
    found = [(match, path) for path in folder.iterdir() if (match := _FOLDER_NAME.match(path.name))]
    return sorted(((int(match[1]), path) for match, path in found), reverse=True)


def _reach_the_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
