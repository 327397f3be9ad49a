"""Two processes, as torchrun starts them, learn as one does; parts of a batch are as the whole."""

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from modelserve.networks.text_emotion import TextEmotion
from modelserve.networks.transformer_speaker import TransformerSpeaker
from modelserve.options import SpeakerOptions, TextEmotionOptions, TrainingOptions
from modelserve.parallel import Team
from modelserve.training import Examples, fit, seeded

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = TrainingOptions(epochs=4, learning_rate=5e-3, batch_size=16, device="cpu", threads=1)


def examples() -> Examples:
    random = np.random.default_rng(1)
    labels = random.integers(0, 3, 90)
    words = random.integers(4 + 8 * labels[:, None], 12 + 8 * labels[:, None], (90, 6))
    return Examples(torch.from_numpy(words), torch.eye(3)[labels])


def curve(folder: Path, options: TrainingOptions = OPTIONS) -> list[tuple[float, float]]:
    with seeded(7, torch.device("cpu")):
        # Dropout is a process's own; without it two processes can be compared with one.
        network = TextEmotion(30, 3, TextEmotionOptions(embedding=8, hidden=16, dropout=0.0))
    rows = examples()
    fitted = fit(network, rows, rows, options, checkpoints=folder)
    return [(point.train_loss, point.validation_loss) for point in fitted.curve]


def speaker_curve(folder: Path, options: TrainingOptions = OPTIONS) -> list[tuple[float, float]]:
    """Texts of one to nine words, one or two of an image: no two shares of a batch have as many words."""
    random = np.random.default_rng(2)
    words = np.zeros((40, 2, 12), dtype=np.int64)
    labels = random.integers(0, 3, (40, 2))
    labels[random.random(40) < 0.4, 1] = -1
    for image, place in np.argwhere(labels >= 0):
        said = random.integers(4, 20, random.integers(1, 10))
        words[image, place, : len(said) + 2] = [1, *said, 2]
    pixels = random.integers(0, 256, (40, 32, 32, 3)).astype(np.uint8)
    rows = Examples((torch.from_numpy(pixels), torch.from_numpy(words)), torch.from_numpy(labels))
    chosen = SpeakerOptions(
        decoder="transformer", side=32, hidden=16, heads=2, layers=1, max_tokens=12, texts_per_image=2, dropout=0.0
    )
    with seeded(7, torch.device("cpu")):
        network = TransformerSpeaker.create(20, 3, replace(chosen, joint_label=True))  # is told nothing: no luck
    fitted = fit(network, rows, rows, options, checkpoints=folder)
    return [(point.train_loss, point.validation_loss) for point in fitted.curve]


class Dice(nn.Module):
    """Learns nothing and writes down the random numbers that it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.thrown: list[float] = []

    def loss(self, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.thrown.append(float(torch.rand(())))
        return (self.weight * inputs.mean()).sum()

    def parameter_groups(self) -> list[tuple[float, list[nn.Parameter]]]:
        return [(1.0, [self.weight])]


def thrown(folder: Path) -> list[float]:
    dice, rows = Dice(), torch.ones(32, 1)
    fit(dice, Examples(rows, rows), Examples(rows, rows), replace(OPTIONS, epochs=2), checkpoints=folder)
    return dice.thrown


def test_two_processes_give_the_loss_curve_of_one(tmp_path: Path) -> None:
    alone, spoken, dice = curve(tmp_path / "alone"), speaker_curve(tmp_path / "spoken"), thrown(tmp_path / "dice")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "CURVE_FOLDER": str(tmp_path)}
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    command += ["--master-addr", "127.0.0.1", "--master-port", str(port), "-m", "tests.modelserve.test_parallel"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr[-3000:]
    for rank in range(2):
        together = json.loads((tmp_path / f"curve-{rank}.json").read_text())
        assert np.abs(np.array(together["curve"]) - np.array(alone)).max() < 1e-4
        # a mean over words, of which the two have not as many
        assert np.abs(np.array(together["speaker"]) - np.array(spoken)).max() < 1e-4
        assert (together["dice"] == dice) is (rank == 0)  # dropout of two processes is not one and the same
        assert len(set(together["dice"])) == len(dice) == 16
    assert (tmp_path / "together").is_dir()  # the first process keeps the checkpoints


def test_a_batch_in_parts_gives_the_loss_curve_of_the_whole(tmp_path: Path) -> None:
    for number, made in enumerate((curve, speaker_curve)):
        whole = np.array(made(tmp_path / f"whole{number}"))
        parts = np.array(made(tmp_path / f"parts{number}", replace(OPTIONS, accumulate=3)))
        assert np.abs(whole - parts).max() < 1e-4


def test_a_run_that_goes_on_draws_what_it_would_have_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    with seeded(7, torch.device("cpu")):
        for rank, steps in ((1, 8), (1, 8), (1, 9), (2, 8)):
            monkeypatch.setenv("RANK", str(rank))
            Team().own_luck(7, steps)
            drawn.append(float(torch.rand(())))
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) == 3


def test_half_the_digits_learn_as_well(tmp_path: Path) -> None:
    losses = curve(tmp_path, replace(OPTIONS, precision="bfloat16", epochs=6))
    assert losses[-1][1] < 0.7 * losses[0][1]


def test_a_snapshot_is_learned_by_two_processes_with_the_same_command(tmp_path: Path) -> None:
    from tests.modelserve.tiny_world import TinyWorld

    folder = TinyWorld(n_stimuli=60).freeze(tmp_path / "snapshots").folder
    environment = os.environ | {"OMP_NUM_THREADS": "1", "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "manage.py"]
    command += ["train", str(folder), "--task", "text_emotion", "--epochs", "2", "--out", str(tmp_path / "out")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("Written into") == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "metrics.json",
        "network.json",
        "network.safetensors",
    ]


@pytest.mark.parametrize("n", [0, 1, 5])
def test_every_row_has_one_process(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    shares = []
    for rank in range(3):
        monkeypatch.setenv("WORLD_SIZE", "3")
        monkeypatch.setenv("RANK", str(rank))
        shares.append(Team().share_of(torch.arange(n)))
    assert sorted(torch.cat(shares).tolist()) == list(range(n))


if __name__ == "__main__":
    place = Path(os.environ["CURVE_FOLDER"])
    found = {
        "curve": curve(place / "together"),
        "speaker": speaker_curve(place / "speaker"),
        "dice": thrown(place / "dice-of-two"),
    }
    (place / f"curve-{os.environ['RANK']}.json").write_text(json.dumps(found))
