"""A checkpoint is there whole or not at all."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import modelserve.checkpoints
from modelserve.checkpoints import Checkpoint, newest_checkpoint, save_checkpoint


def checkpoint(steps: int) -> Checkpoint:
    return Checkpoint(steps, {"weights/w": torch.full((3,), float(steps))}, {"epoch": steps})


def test_the_newest_comes_back_with_everything(tmp_path: Path) -> None:
    for steps in (5, 10, 1000):
        save_checkpoint(tmp_path, checkpoint(steps))
    newest = newest_checkpoint(tmp_path)
    assert newest is not None
    assert (newest.steps, newest.facts) == (1000, {"epoch": 1000})
    assert torch.equal(newest.tensors["weights/w"], torch.full((3,), 1000.0))


def test_no_folder_and_an_empty_one_hold_none(tmp_path: Path) -> None:
    assert newest_checkpoint(tmp_path / "missing") is None
    assert newest_checkpoint(tmp_path) is None


def test_only_two_are_kept_and_nothing_is_pickled(tmp_path: Path) -> None:
    for steps in range(1, 6):
        save_checkpoint(tmp_path, checkpoint(steps))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-0000000004", "step-0000000005"]
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} == {".safetensors", ".json"}


def test_dying_while_writing_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_checkpoint(tmp_path, checkpoint(1))

    def die_half_way(tensors: dict[str, torch.Tensor], path: Path) -> None:
        save_file(tensors, path)
        path.write_bytes(path.read_bytes()[:20])
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(modelserve.checkpoints, "save_file", die_half_way)
        with pytest.raises(KeyboardInterrupt):
            save_checkpoint(tmp_path, checkpoint(2))
    newest = newest_checkpoint(tmp_path)
    assert newest is not None
    assert newest.steps == 1
    save_checkpoint(tmp_path, checkpoint(2))
    again = newest_checkpoint(tmp_path)
    assert again is not None
    assert again.steps == 2


def test_a_torn_one_falls_back_to_the_one_before(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, checkpoint(1))
    save_checkpoint(tmp_path, checkpoint(2))
    (tmp_path / "step-0000000002" / "state.safetensors").write_bytes(b"torn")
    newest = newest_checkpoint(tmp_path)
    assert newest is not None
    assert newest.steps == 1
