"""bench/gpu says where there is no GPU, and its tiny form runs every part on a processor."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from bench.gpu import NO_GPU, PEAKS
from bench.gpu_networks import NETWORKS, SPEAKERS


def bench(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench.gpu", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=280)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_without_a_gpu_it_says_so_and_measures_nothing() -> None:
    done = bench()
    assert done.returncode == NO_GPU == 3
    assert "no GPU that torch can use, so nothing was measured" in done.stdout
    assert bench("--device", "cpu").returncode == 2  # a processor at full size would take days


def test_the_tiny_form_runs_every_part(tmp_path: Path) -> None:
    done = bench("--tiny", "--device", "cpu", "--folder", str(tmp_path), "--json", str(tmp_path / "found.json"))
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "found.json").read_text())
    rows = {row["network"]: row for row in found["networks"]}
    assert list(rows) == list(NETWORKS)
    assert set(SPEAKERS) <= rows.keys()
    for name, row in rows.items():
        assert row["seconds"] > 0
        assert row["tflops"] > 0, name
        assert row["gb_per_second"] > 0, name
        assert (row["tokens_per_second"] is None) == name.startswith("image")
    assert "none of these figures says anything about a GPU" in done.stdout


def test_peaks_are_plausible() -> None:
    assert all(50 < tflops < 3000 and 0.2 < tb < 10 for tflops, tb in PEAKS.values())
