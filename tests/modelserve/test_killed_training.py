"""A training that is killed by SIGKILL at a random step ends with the very weights of one that was not, on the CPU."""

import json
import os
import subprocess
import sys
from pathlib import Path

from modelserve.world import World, WorldOptions
from modelserve.world.freeze import freeze_world
from tests.conftest import ROOT

SEEDS = 10
SCRIPT = "tests.modelserve.trained_and_killed"


def test_ten_seeds(tmp_path: Path) -> None:
    freeze_world(World(WorldOptions(seed=5)), 60, 3, folder=tmp_path / "world")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.modelserve.trained_and_killed",
            tmp_path / "world",
            tmp_path,
            "text_emotion",
            str(SEEDS),
        ],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["steps"] > 20
    assert found["kills"] > SEEDS
    assert list(found["resumed"].values()) == [found["whole"]] * SEEDS
