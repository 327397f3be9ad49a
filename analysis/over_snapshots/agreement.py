"""Everything that people share in a frozen study's first choice step: the live figures, their curves, and by source."""

from typing import Any

import numpy as np

from analysis.over_snapshots.snapshot_analysis import Progress, SnapshotAnalysis
from analysis.statistics import (
    DEFAULT_SEED,
    MAJORITY_RULES,
    N_RESAMPLES,
    POLARITIES,
    AgreementSums,
    chance_corrected_convergence,
    convergence,
    polarities_of,
    stimulus_facts,
)
from analysis.statistics.convergence import Curve
from snapshots.reader import Snapshot

#: Stimuli that people agree on most and least: as many of each as fit a table.
N_EXTREMES = 5
_BY_SOURCE = (
    "krippendorff_alpha", "pairwise_agreement", "mean_entropy_grassberger_nats",
    *(f"majority.{rule.name}" for rule in MAJORITY_RULES), "positive_and_negative", "mixed_polarity",
    *(f"polarity_share.{polarity}" for polarity in POLARITIES), "human_ceiling.accuracy",
)  # fmt: skip


def measure_agreement(snapshot: Snapshot, options: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """All estimates by name, the convergence curves, the same for each source, and the extremes.

    Raises SnapshotError if the study has no choice step, or if the files do not fit the manifest.
    """
    seed, n_resamples = options["seed"], options["n_resamples"]
    step = snapshot.step_named_by_kind("choice")
    labels = snapshot.label_set(step)
    progress(0, 5, "reading the snapshot")
    keys, ids, counts = snapshot.label_counts(step)
    polarities = polarities_of(labels)
    progress(1, 5, "agreement and its resamples")
    sums = AgreementSums.of_counts(counts, polarities=polarities, keys=keys, n_resamples=n_resamples, seed=seed)
    progress(2, 5, "convergence")
    curves = convergence(sums.grouped())
    curves |= chance_corrected_convergence(counts, keys=keys, n_resamples=n_resamples, seed=seed)
    progress(3, 5, "by source")
    stimuli = snapshot.stimuli()
    sources = np.array(stimuli["source_dataset"].to_pylist(), dtype=object)
    by_source: dict[str, Any] = {}
    for source in sorted(set(sources.tolist())) if len(set(sources.tolist())) > 1 else []:
        rows = np.flatnonzero(sources == source)
        part = AgreementSums.of_counts(
            counts[rows], polarities=polarities, keys=[keys[row] for row in rows], n_resamples=n_resamples, seed=seed
        )
        found = part.estimates(label_names=ids)
        by_source[source] = {
            "n_responses": part.n_responses,
            "n_stimuli": part.n_stimuli,
            "estimates": {
                name: found[name].as_dict() for name in (*_BY_SOURCE, *(f"label_share.{label}" for label in ids))
            },
        }
    progress(4, 5, "most and least shared")
    result = {
        "step": step,
        "labels": [{key: label.get(key) for key in ("id", "name", "polarity")} for label in labels],
        "n_responses": sums.n_responses,
        "n_stimuli": sums.n_stimuli,
        "label_totals": dict(zip(ids, sums.label_totals.tolist(), strict=True)),
        "estimates": {name: each.as_dict() for name, each in sums.estimates(label_names=ids).items()},
        "curves": {name: _curve(curve) for name, curve in sorted(curves.items())},
        "by_source": by_source,
        **_extremes(counts, keys, ids, stimuli["name"].to_pylist()),
    }
    progress(5, 5, "")
    return result


def _curve(curve: Curve) -> dict[str, Any]:
    return {
        "n_responses": list(curve.n_responses),
        "estimates": [estimate.as_dict() for estimate in curve.estimates],
    }


def _extremes(counts: np.ndarray, keys: list[str], ids: list[str], names: list[str]) -> dict[str, Any]:
    """Ties by more responses, then by key, so that the same snapshot always shows the same stimuli."""
    facts = stimulus_facts(counts)
    agreement = np.asarray(facts.pairwise_agreement, dtype=np.float64)
    n = counts.sum(axis=1)
    known = [row for row in range(len(keys)) if not np.isnan(agreement[row])]
    most = sorted(known, key=lambda row: (-agreement[row], -n[row], keys[row]))[:N_EXTREMES]
    least = sorted(known, key=lambda row: (agreement[row], -n[row], keys[row]))[:N_EXTREMES]

    def told(row: int) -> dict[str, Any]:
        return {
            "stimulus_key": keys[row],
            "name": names[row],
            "n_responses": int(n[row]),
            "agreement": float(agreement[row]),
            "counts": {ids[place]: int(counts[row, place]) for place in np.flatnonzero(counts[row])},
        }

    return {"most_shared": [told(row) for row in most], "least_shared": [told(row) for row in least]}


AGREEMENT = SnapshotAnalysis(
    name="agreement",
    title="What people share",
    definition="Every figure of agreement, majority, entropy and polarity with its 95 % interval from resampled "
    "stimuli, how each would look with fewer responses, by source, and the stimuli shared most and least.",
    source="docs/reference/statistics.md names the source of each figure",
    run=measure_agreement,
    defaults={"seed": DEFAULT_SEED, "n_resamples": N_RESAMPLES},
)
