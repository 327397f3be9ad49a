"""What the statistics cost at full size: 526,749 responses, 85,007 stimuli, 6,283 annotators, nine labels.

  python -m bench.statistics             the table that docs/benchmarks.md prints
  python -m bench.statistics --json      the same as JSON

Each part runs in a process of its own (so that its memory is its own), one after the other, on two cores; beside them,
in the same run and on the same table, the packages krippendorff and statsmodels. A time is the best of the repetitions
named; the machine's load before the run is printed, since whoever else works on it costs time.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from bench.crowd_table import FINGERPRINT, N_ANNOTATORS, N_LABELS, N_STIMULI, POLARITIES, CrowdTable, crowd_table
from bench.machine import machine

CORES = 2
REPETITIONS = 7
CHANGED = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--part", choices=sorted(PARTS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        print(json.dumps(_measure(options.part)))
        return
    found: dict[str, Any] = {"machine": machine()}
    for part in PARTS:
        # ours work on both cores themselves (in_order.py), each product of matrices on one, as in our workers
        threads = str(CORES if part in PEERS else 1)
        environment = {**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        command = [sys.executable, "-m", "bench.statistics", "--part", part]
        answer = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        found[part] = json.loads(answer.stdout.splitlines()[-1])
    if options.json:
        print(json.dumps(found, indent=1))
        return
    for name, facts in found.items():
        print(name, *(f"  {key}: {value}" for key, value in facts.items()), sep="\n")


def _measure(part: str) -> dict[str, Any]:
    cores = sorted(os.sched_getaffinity(0))[:CORES]
    os.sched_setaffinity(0, cores)
    table = crowd_table()
    assert table.fingerprint() == FINGERPRINT, "this is not the table that the figures are about"
    facts = PARTS[part](table)
    return {**facts, "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def _best(work: Callable[[], Any], repetitions: int = REPETITIONS) -> tuple[float, Any]:
    """Seconds of the fastest run, and what it returned."""
    times, result = [], None
    for _ in range(repetitions):
        start = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - start)
    return min(times), result


def alpha_ours(table: CrowdTable) -> dict[str, Any]:
    """Krippendorff's alpha, nominal, from the long table; the value alone, as the package gives it."""
    from analysis.statistics import count_labels, krippendorff_alpha

    seconds, estimate = _best(
        lambda: krippendorff_alpha(count_labels(table.stimulus, table.label, N_STIMULI, N_LABELS), n_resamples=0)
    )
    return {"seconds": round(seconds, 4), "alpha": round(estimate.value, 9)}


def alpha_krippendorff(table: CrowdTable) -> dict[str, Any]:
    """The package krippendorff, from value counts (its fast form), which are counted in the same time."""
    import krippendorff

    def counted(count: Callable[[], np.ndarray]) -> float:
        return float(krippendorff.alpha(value_counts=count(), level_of_measurement="nominal"))

    def usual() -> np.ndarray:
        counts = np.zeros((N_STIMULI, N_LABELS), int)
        np.add.at(counts, (table.stimulus, table.label), 1)
        return counts

    def quick() -> np.ndarray:
        flat = np.bincount(table.stimulus * N_LABELS + table.label, minlength=N_STIMULI * N_LABELS)
        return flat.reshape(N_STIMULI, N_LABELS)

    seconds, alpha = _best(lambda: counted(usual))
    best_case, _ = _best(lambda: counted(quick))
    return {
        "seconds": round(seconds, 4),
        "seconds_with_the_quickest_counting": round(best_case, 4),
        "alpha": round(alpha, 9),
    }


def kappa_statsmodels(table: CrowdTable) -> dict[str, Any]:
    """Fleiss' kappa of statsmodels on the stimuli with six responses; ours on the same."""
    from statsmodels.stats.inter_rater import fleiss_kappa as theirs

    from analysis.statistics import count_labels, fleiss_kappa

    counts = count_labels(table.stimulus, table.label, N_STIMULI, N_LABELS)
    six = counts[counts.sum(axis=1) == 6]
    seconds, kappa = _best(lambda: theirs(six))
    ours, estimate = _best(lambda: fleiss_kappa(counts, n_resamples=0), 3)
    return {
        "seconds": round(seconds, 4),
        "kappa": round(float(kappa), 9),
        "our_seconds": round(ours, 4),
        "our_kappa": round(estimate.value, 9),
    }


def whole_set(table: CrowdTable) -> dict[str, Any]:
    """Every distribution and every agreement figure, with 1,000 resamples wherever resamples are the interval."""
    from analysis.statistics import AgreementSums, count_labels, stimulus_facts
    from analysis.statistics.annotator_pairs import cohen_kappas
    from analysis.statistics.convergence import chance_corrected_convergence, convergence
    from analysis.statistics.dirichlet import share_intervals
    from analysis.statistics.groups import label_counts_of_groups, majority_label_of_stimuli, sums_by_group
    from analysis.statistics.weighted_agreement import gwet_ac2, krippendorff_alpha_of

    steps: dict[str, float] = {}
    state: dict[str, Any] = {}

    def step(name: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = work()
        steps[name] = round(time.perf_counter() - start, 3)
        return result

    def groups(of_response: Any, n_groups: int) -> Any:
        sums = sums_by_group(
            of_response,
            table.stimulus,
            table.label,
            n_groups=n_groups,
            n_stimuli=N_STIMULI,
            n_labels=N_LABELS,
            polarities=POLARITIES,
        )
        return {group: part.estimates() for group, part in sums.items()}

    begin, used = time.perf_counter(), time.process_time()
    counts = step("counting", lambda: count_labels(table.stimulus, table.label, N_STIMULI, N_LABELS))
    sums = step("sums of the study", lambda: AgreementSums.of_counts(counts, polarities=POLARITIES))
    state["estimates"] = step("its figures", sums.estimates)
    step("convergence, exact", lambda: convergence(sums.grouped()))
    step("convergence of alpha, kappa, AC1", lambda: chance_corrected_convergence(counts))
    step(
        "facts and share intervals of each stimulus",
        lambda: (stimulus_facts(counts, POLARITIES), share_intervals(counts)),
    )
    grades = list(range(1, N_LABELS + 1))
    for level in ("ordinal", "interval", "ratio"):
        step(f"alpha, {level}", lambda level=level: krippendorff_alpha_of(counts, grades, level))
    sets = [{label, POLARITIES[label]} for label in range(N_LABELS)]
    step("alpha, sets (MASI)", lambda: krippendorff_alpha_of(counts, sets, "sets"))
    step("AC2, quadratic", lambda: gwet_ac2(counts, grades, "quadratic"))
    step("by source (5)", lambda: groups(table.stimulus % 5, 5))
    step("by emotion (9)", lambda: groups(majority_label_of_stimuli(counts)[table.stimulus], N_LABELS))
    step("by cohort (2)", lambda: groups(table.annotator % 2, 2))
    step(
        "by annotator",
        lambda: share_intervals(label_counts_of_groups(table.annotator, table.label, N_ANNOTATORS, N_LABELS)),
    )
    pairs = step("kappa of pairs", lambda: cohen_kappas(table.annotator, table.stimulus, table.label, N_LABELS))
    seconds, used = time.perf_counter() - begin, time.process_time() - used
    alpha = state["estimates"]["krippendorff_alpha"]
    return {
        "seconds": round(seconds, 2),
        "processor_seconds": round(used, 2),
        "figures_of_the_study": len(state["estimates"]),
        "pairs_with_20_stimuli": len(pairs.kappa),
        "alpha": [round(number, 6) for number in (alpha.value, alpha.low, alpha.high)],
        "steps": steps,
    }


def change(table: CrowdTable) -> dict[str, Any]:
    """One hundred new responses, each to another stimulus, brought into every figure that follows a change."""
    from analysis.statistics import AgreementSums, count_labels

    counts = count_labels(table.stimulus, table.label, N_STIMULI, N_LABELS)
    sums = AgreementSums.of_counts(counts, polarities=POLARITIES)
    kept = sums.to_bytes()
    sums.estimates()  # loads what is loaded once per process
    random = np.random.default_rng(1)
    moving, reading = [], []
    for _ in range(REPETITIONS):
        touched = random.choice(N_STIMULI, CHANGED, replace=False)
        new = counts[touched]
        new[np.arange(CHANGED), random.integers(0, N_LABELS, CHANGED)] += 1
        start = time.perf_counter()
        state = AgreementSums.from_bytes(kept)
        state.replace([str(row) for row in touched], counts[touched], new)
        state.to_bytes()
        moving.append(time.perf_counter() - start)
        start = time.perf_counter()
        state.estimates()
        reading.append(time.perf_counter() - start)
    return {
        "read_change_and_keep_ms": round(1000 * min(moving), 1),
        "all_figures_with_intervals_ms": round(1000 * min(reading), 1),
        "together_ms": round(1000 * min(a + b for a, b in zip(moving, reading, strict=True)), 1),
        "slowest_together_ms": round(1000 * max(a + b for a, b in zip(moving, reading, strict=True)), 1),
        "kept_kib": len(kept) // 1024,
    }


PARTS: dict[str, Callable[[CrowdTable], dict[str, Any]]] = {
    "alpha_ours": alpha_ours,
    "alpha_krippendorff": alpha_krippendorff,
    "kappa_statsmodels": kappa_statsmodels,
    "whole_set": whole_set,
    "change": change,
}
PEERS = ("alpha_krippendorff", "kappa_statsmodels")

if __name__ == "__main__":
    main()
