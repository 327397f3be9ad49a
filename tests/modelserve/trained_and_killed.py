"""One training from its beginning to its end, and others that are killed at a random step and go on: their weights.

usage: python -m tests.modelserve.trained_and_killed SNAPSHOT FOLDER TASK SEEDS
prints {"whole": hash of the weights, "steps" and "kills": how many, "resumed": {seed: hash}}

Each training is a process of its own (forked, so that torch is imported once), killed from within by SIGKILL, which no
`finally` survives: at a random step, and a random moment after it.
"""

import hashlib
import json
import os
import random
import signal
import sys
import tempfile
import threading
from pathlib import Path

from modelserve.networks.saved import save_network
from modelserve.options import parse_options
from modelserve.recipes import learn
from modelserve.training import Watcher
from snapshots.reader import open_snapshot

OPTIONS = {"epochs": 3, "checkpoint_steps": 2, "device": "cpu", "threads": 1, "batch_size": 8}
LONGEST_MOMENT = 0.01  # s, about a step: the kill may come in the middle of one, or of writing a checkpoint


def main(snapshot: str, folder: str, task: str, n_seeds: int) -> None:
    place = Path(folder)
    whole, total = _hash(snapshot, task, place / "whole"), int((place / "whole.steps").read_text())
    resumed, kills = {}, 0
    for seed in range(n_seeds):
        draw = random.Random(seed)
        for _ in range(2):  # killed twice, so that a resumed run is killed, too
            kills += _train(snapshot, task, place / str(seed), kill_at=draw.randrange(1, total), moment=draw.random())
        resumed[seed] = _hash(snapshot, task, place / str(seed))
    print(json.dumps({"whole": whole, "steps": total, "kills": kills, "resumed": resumed}))


def _hash(snapshot: str, task: str, folder: Path) -> str:
    _train(snapshot, task, folder)
    return folder.with_suffix(".sha256").read_text()


def _train(snapshot: str, task: str, folder: Path, *, kill_at: int = 0, moment: float = 0.0) -> bool:
    """Whether it was killed; a run that had passed the step already when it was taken up comes to its end."""
    child = os.fork()
    if child == 0:
        _work(snapshot, task, folder, kill_at, moment)
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert killed or os.waitstatus_to_exitcode(status) == 0, status
    return killed


def _work(snapshot: str, task: str, folder: Path, kill_at: int, moment: float) -> None:
    def on_step(done: int, total: int) -> None:
        folder.with_suffix(".steps").write_text(str(total))
        if done == kill_at:
            threading.Timer(moment * LONGEST_MOMENT, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()

    folder.mkdir(parents=True, exist_ok=True)
    watcher = Watcher(on_step=on_step)
    learned = learn(open_snapshot(snapshot), task, parse_options(task, OPTIONS), work_folder=folder, watcher=watcher)
    with tempfile.TemporaryDirectory() as saved:
        save_network(Path(saved), learned.saved)
        weights = (Path(saved) / "network.safetensors").read_bytes()
    folder.with_suffix(".sha256").write_text(hashlib.sha256(weights).hexdigest())
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
