"""Whether planted parts of the disagreement are found again, and how often 95 % intervals hold them.

usage: python -m bench.disagreement [--seeds 10] [--coverage 100] [--size] [--only noise] [--processes 1]

Studies are drawn with known parts (analysis/statistics/disagreement/simulate.py), taken apart, and compared with what
was planted. Per kind of study and part: how many seeds' intervals hold the truth, the mean of what was found, its bias
and the mean width. `elsewhere` kinds break what the model takes for granted and show by how much it then errs; they
are not part of the bar. Studies that cannot be told apart are counted as told or not told.

--seeds: seeds per kind for the bar (at least nine of ten must hold). --coverage: this many seeds of the kind `groups`.
--size: also the time and memory at 526,749 answers of 6,283 people to 85,007 stimuli (bench/crowd_table.py).
"""

import argparse
import json
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np

from analysis.statistics.disagreement import PARTS, KnownStudy, Part, Votes, confusion_graph, decompose, types_of_people
from analysis.statistics.latent import Responses
from bench.crowd_table import N_ANNOTATORS, N_LABELS, N_STIMULI, crowd_table
from bench.machine import machine

BASE = KnownStudy(n_stimuli=1000, n_annotators=200)
GROUPS = replace(BASE, n_per_stimulus=8, group_shares=(0.5, 0.5), group_effect=0.3)
KINDS: dict[str, KnownStudy] = {
    "ordinary": BASE,
    "groups": GROUPS,
    "much noise": replace(BASE, lapses=0.3, habit_sum=1.5),
    "ambiguous": replace(BASE, clearness=3.0, lapses=0.08),
    "two overlaps": replace(BASE, overlap={(2, 3): 0.2, (5, 6): 0.15}),
}
#: What must not be told, and which parts.
CANNOT_TELL: dict[str, tuple[KnownStudy, tuple[str, ...]]] = {
    "one answer each": (replace(BASE, n_per_stimulus=1), PARTS),
    "two answers each": (replace(BASE, n_per_stimulus=2), ("ambiguity", "overlap", "noise")),
    "no groups": (BASE, ("group",)),
    "six people": (replace(BASE, n_annotators=6), ("habit",)),
    "nobody looks": (replace(BASE, lapses=1.0, overlap={}), ("ambiguity", "overlap", "noise")),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--coverage", type=int, default=0)
    parser.add_argument("--size", action="store_true")
    parser.add_argument("--only", choices=[*KINDS, "cannot tell", "elsewhere"], action="append")
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    print(json.dumps(machine()))
    wanted = options.only or [*KINDS, "cannot tell", "elsewhere"]
    with ProcessPoolExecutor(options.processes) as pool:
        for name in [each for each in KINDS if each in wanted]:
            planted(name, KINDS[name], options.seeds, pool)
        if "elsewhere" in wanted:
            elsewhere(options.seeds)
        if "cannot tell" in wanted:
            cannot_tell(options.seeds, pool)
        if options.coverage:
            planted("coverage of groups", GROUPS, options.coverage, pool)
    if options.size:
        at_size()
    print(json.dumps({"load at the end": machine()["load"]}))


def planted(name: str, study: KnownStudy, n_seeds: int, pool: ProcessPoolExecutor) -> None:
    truth = study.truth()
    found = list(pool.map(_one, [study] * n_seeds, range(n_seeds)))
    rows: dict[str, Any] = {}
    for part in (*PARTS, "disagreement"):
        told = [each[part] for each in found if each[part].value is not None]
        if not told:
            rows[part] = "cannot tell"
            continue
        values = np.array([each.value for each in told])
        rows[part] = {
            "planted": round(truth[part], 4),
            "held": f"{sum(each.low <= truth[part] <= each.high for each in told)} of {len(told)}",
            "mean": round(float(values.mean()), 4),
            "spread": round(float(values.std(ddof=1)), 4) if len(values) > 1 else None,
            "mean width": round(float(np.mean([each.high - each.low for each in told])), 4),
        }
    print(json.dumps({"kind": name, "seeds": n_seeds, "parts": rows}), flush=True)


def _one(study: KnownStudy, seed: int) -> dict[str, Part]:
    found = decompose(study.drawn(seed), seed=seed)
    return {**found.parts, "disagreement": found.disagreement}


def cannot_tell(n_seeds: int, pool: ProcessPoolExecutor) -> None:
    for name, (study, parts) in CANNOT_TELL.items():
        found = list(pool.map(_one, [study] * n_seeds, range(n_seeds)))
        kept = {part: sum(each[part].value is None for each in found) for part in parts}
        print(json.dumps({"cannot tell": name, "said so": {part: f"{n} of {n_seeds}" for part, n in kept.items()}}))


def elsewhere(n_seeds: int) -> None:
    """Stimuli that are no Dirichlet draws: two thirds move everybody alike, one third in two ways, evenly."""
    shares = np.asarray(BASE.shares)
    ambiguity, noise = [], []
    truth = None
    for seed in range(n_seeds):
        random = np.random.default_rng(seed)
        votes, truth = _clear_or_split(random, shares)
        found = decompose(votes, with_intervals=False)
        ambiguity.append(found.parts["ambiguity"].value)
        noise.append(found.parts["noise"].value)
    told = [value for value in ambiguity if value is not None]
    print(
        json.dumps(
            {
                "elsewhere": "clear or split in two",
                "planted": truth,
                "told": f"{len(told)} of {n_seeds}",
                "ambiguity": round(float(np.mean(told)), 4) if told else None,
                "noise": round(float(np.mean([value for value in noise if value is not None])), 4) if told else None,
            }
        )
    )


def _clear_or_split(random: np.random.Generator, shares: np.ndarray) -> tuple[Votes, dict[str, float]]:
    n_stimuli, n_people, n_each, lapses, k = 1000, 200, 6, 0.12, len(shares)
    felt = np.zeros((n_stimuli, k))
    for row in felt:
        one, other = random.choice(k, 2, replace=False, p=shares)
        if random.random() < 2 / 3:
            row[one] = 1
        else:
            row[[one, other]] = 0.5
    named = (1 - lapses) * felt + lapses / k
    stimulus = np.repeat(np.arange(n_stimuli), n_each)
    annotator = np.concatenate([random.permutation(n_people)[:n_each] for _ in range(n_stimuli)])
    label = (named[stimulus].cumsum(axis=1) < random.random(len(stimulus))[:, np.newaxis]).sum(axis=1)
    responses = Responses.of(
        stimulus, annotator, np.minimum(label, k - 1), n_stimuli=n_stimuli, n_annotators=n_people, n_labels=k
    )
    ambiguity = 1 / 3 * 0.5
    whole = 1 - float(((named**2).sum(axis=1)).mean())
    return Votes.of(responses), {"ambiguity": round(ambiguity, 4), "noise": round(whole - ambiguity, 4)}


def at_size() -> None:
    table = crowd_table()
    responses = Responses.of(
        table.stimulus, table.annotator, table.label,
        n_stimuli=N_STIMULI, n_annotators=N_ANNOTATORS, n_labels=N_LABELS,
    )  # fmt: skip
    votes = Votes.of(responses)
    for name, work in (
        ("parts with intervals", lambda: decompose(votes)),
        ("graph", lambda: confusion_graph(votes.counts())),
        ("types", lambda: types_of_people(votes)),
    ):
        clock, processor = time.perf_counter(), time.process_time()
        work()
        print(
            json.dumps(
                {
                    "at 526,749 answers": name,
                    "seconds": round(time.perf_counter() - clock, 1),
                    "processor seconds": round(time.process_time() - processor, 1),
                    "peak MiB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    main()
