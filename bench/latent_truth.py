"""Measures the methods of latent truth beside crowd-kit's, on a table of Affection's size.

usage: python -m bench.latent_truth [--peer-python /path/to/python] [--full] [--only mace] [--repeats 3]

526,749 responses, 85,007 stimuli, 6,283 annotators, 9 labels (bench/crowd_table.py). Every measurement is a process
of its own; ours and crowd-kit's take turns, so that a busy machine is busy for both. The clock of a busy machine says
little: compare processor seconds. Of ours the fastest of the repeats stands beside crowd-kit's only one.

--peer-python: a Python with crowd-kit 1.4.2 and scikit-learn 1.6.1 (its Wawa raises with 1.7), for example
    python -m venv /tmp/crowdkit && /tmp/crowdkit/bin/pip install crowd-kit==1.4.2 scikit-learn==1.6.1
  Without it only ours are measured.
--full: crowd-kit's MACE and GLAD at full size, too: some 5 and 10 minutes on a quiet machine. Otherwise both sides run
  them on a tenth of the table (52,675 responses, 8,501 stimuli, 628 annotators), and ours at full size besides.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from analysis.statistics.latent import METHODS, Responses
from bench.crowd_table import N_ANNOTATORS, N_RESPONSES, N_STIMULI, crowd_table
from bench.machine import machine

PEERS = {
    "majority_vote": "MajorityVote",
    "wawa": "Wawa",
    "one_coin": "OneCoinDawidSkene",
    "dawid_skene": "DawidSkene",
    "mace": "MACE",
    "glad": "GLAD",
}
BARS = {"dawid_skene": 6.0, "mace": 25.0, "glad": 25.0}  # times as fast
SLOW = ("mace", "glad")
MOST_MIB = 1024
WAWA_ACCURACY = 0.971


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer-python", type=Path)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", choices=sorted(PEERS), action="append")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--one", nargs=2, metavar=("METHOD", "TABLE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(*options.one)))
        return
    print(json.dumps(machine()))
    methods = [name for name in PEERS if not options.only or name in options.only]
    with tempfile.TemporaryDirectory() as folder:
        whole = save(Path(folder) / "whole.npz", N_RESPONSES, N_STIMULI, N_ANNOTATORS)
        tenth = save(Path(folder) / "tenth.npz", 52_675, 8_501, 628)
        for method in methods:
            beside(method, whole, options, "the whole table", with_peer=options.full or method not in SLOW)
            if method in SLOW and not options.full:
                beside(method, tenth, options, "a tenth of it", with_peer=True)
    print(json.dumps({"load at the end": machine()["load"]}))


def save(path: Path, n_responses: int, n_stimuli: int, n_annotators: int) -> Path:
    table = crowd_table(n_responses, n_stimuli, n_annotators)
    np.savez(
        path,
        stimulus=table.stimulus,
        annotator=table.annotator,
        label=table.label,
        truth=table.truth,
        n_annotators=n_annotators,
    )
    return path


def beside(method: str, table: Path, options: argparse.Namespace, size: str, *, with_peer: bool) -> None:
    command = [sys.executable, "-m", "bench.latent_truth", "--one", method, str(table)]
    runs = [run(command)]
    peer = None
    if with_peer and options.peer_python:
        script = Path(__file__).with_name("latent_peer.py")
        peer = run([str(options.peer_python), str(script), PEERS[method], str(table)])
    runs += [run(command) for _ in range(options.repeats - 1)]
    ours = {
        "wall_s": min(one["wall_s"] for one in runs),
        "cpu_s": min(one["cpu_s"] for one in runs),
        "cpu_s_slowest": max(one["cpu_s"] for one in runs),
        "peak_mib": max(one["peak_mib"] for one in runs),
        "accuracy": runs[0]["accuracy"],
        "n_iterations": runs[0]["n_iterations"],
    }
    line: dict[str, Any] = {"method": method, "on": size, "ours": rounded(ours)}
    line["memory below 1 GiB"] = ours["peak_mib"] < MOST_MIB
    if size == "the whole table" and method in ("dawid_skene", "mace", "glad"):
        line["accuracy at least Wawa's"] = ours["accuracy"] >= WAWA_ACCURACY
    if peer:
        line["crowd-kit"] = rounded(peer)
        line["times as fast"] = rounded(
            {"wall": peer["wall_s"] / ours["wall_s"], "processor": peer["cpu_s"] / ours["cpu_s"]}
        )
        if method in BARS:
            line["bar"] = BARS[method]
            line["bar reached by processor time"] = peer["cpu_s"] / ours["cpu_s"] >= BARS[method]
    print(json.dumps(line), flush=True)


def run(command: list[str]) -> dict[str, float]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def measure(name: str, table: str) -> dict[str, float]:
    """One fit of ours, from plain arrays to everything that the method gives, checks and sorting included."""
    arrays = np.load(table)
    method = next(method for method in METHODS if method.name == name)
    stimulus, annotator, label, truth = (arrays[key] for key in ("stimulus", "annotator", "label", "truth"))
    n_annotators = int(arrays["n_annotators"])
    wall, processor = time.perf_counter(), time.process_time()
    responses = Responses.of(stimulus, annotator, label, n_stimuli=truth.size, n_annotators=n_annotators, n_labels=9)
    fitted = method.make().fit(responses)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    return {
        "wall_s": wall,
        "cpu_s": processor,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "accuracy": float((fitted.labels_ == truth).mean()),
        "n_iterations": fitted.n_iterations_,
    }


def rounded(figures: dict[str, float]) -> dict[str, float]:
    return {key: round(value, 5 if key == "accuracy" else 3 if value < 10 else 1) for key, value in figures.items()}


if __name__ == "__main__":
    main()
