"""Everything that people share in a frozen study's first choice step: the live figures, their curves, and by source."""

import io
import zipfile
from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from analysis.over_snapshots.parts import Parts
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
#: Few enough that a part takes seconds, many enough that reading the snapshot for it does not weigh.
STIMULI_PER_PART = 20_000
#: Sources that are reported one by one; what is left over is reported as REST.
MOST_SOURCES = 30
REST = "other sources"
_BY_SOURCE = (
    "krippendorff_alpha", "pairwise_agreement", "mean_entropy_grassberger_nats",
    *(f"majority.{rule.name}" for rule in MAJORITY_RULES), "positive_and_negative", "mixed_polarity",
    *(f"polarity_share.{polarity}" for polarity in POLARITIES), "human_ceiling.accuracy",
)  # fmt: skip


def number_of_parts(snapshot: Snapshot, options: dict[str, Any]) -> int:
    return max(-(-snapshot.manifest.tables["stimuli"].rows // STIMULI_PER_PART), 1)


def measure_part(snapshot: Snapshot, options: dict[str, Any], part: int) -> bytes:
    """The sums of one part of the stimuli, by source: added up they are those of the study (AgreementSums.merge)."""
    step = snapshot.step_named_by_kind("choice")
    keys, _ids, counts = snapshot.label_counts(step)
    polarities = polarities_of(snapshot.label_set(step))
    rows = np.arange(len(keys))[part * STIMULI_PER_PART : (part + 1) * STIMULI_PER_PART]
    source_of, names = _sources(snapshot)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for source in range(len(names)):
            chosen = rows[source_of[rows] == source]
            sums = AgreementSums(counts.shape[1], polarities, options["n_resamples"], options["seed"])
            sums.add([keys[row] for row in chosen], counts[chosen])
            archive.writestr(str(source), sums.to_bytes())
    return packed.getvalue()


def join_parts(
    snapshot: Snapshot, options: dict[str, Any], parts: Sequence[bytes], progress: Progress
) -> dict[str, Any]:
    """All estimates by name, the convergence curves, the same for each source, and the extremes.

    Raises SnapshotError if the study has no choice step, or if the files do not fit the manifest.
    """
    seed, n_resamples = options["seed"], options["n_resamples"]
    step = snapshot.step_named_by_kind("choice")
    labels = snapshot.label_set(step)
    keys, ids, counts = snapshot.label_counts(step)
    polarities = polarities_of(labels)
    _source_of, names = _sources(snapshot)
    by_source = [AgreementSums(len(ids), polarities, n_resamples, seed) for _name in names]
    for number, packed in enumerate(parts):
        progress(number, len(parts) + 3, "adding the parts up")
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            by_source = [
                sums.merge(AgreementSums.from_bytes(archive.read(str(source)))) for source, sums in enumerate(by_source)
            ]
    sums = reduce(AgreementSums.merge, by_source)
    progress(len(parts), len(parts) + 3, "convergence")
    curves = convergence(sums.grouped())
    progress(len(parts) + 1, len(parts) + 3, "convergence beyond chance")
    curves |= chance_corrected_convergence(counts, keys=keys, n_resamples=n_resamples, seed=seed)
    progress(len(parts) + 2, len(parts) + 3, "by source")
    told: dict[str, Any] = {}
    for source, part in zip(names, by_source, strict=True) if len(names) > 1 else []:
        found = part.estimates(label_names=ids)
        told[source] = {
            "n_responses": part.n_responses,
            "n_stimuli": part.n_stimuli,
            "estimates": {name: found[name].as_dict() for name in _BY_SOURCE},
        }
    result = {
        "step": step,
        "labels": [{key: label.get(key) for key in ("id", "name", "polarity")} for label in labels],
        "n_responses": sums.n_responses,
        "n_stimuli": sums.n_stimuli,
        "label_totals": dict(zip(ids, sums.label_totals.tolist(), strict=True)),
        "estimates": {name: each.as_dict() for name, each in sums.estimates(label_names=ids).items()},
        "curves": {name: _curve(curve) for name, curve in sorted(curves.items())},
        "by_source": told,
        **_extremes(counts, keys, ids, snapshot.stimuli()["name"].to_pylist()),
    }
    progress(len(parts) + 3, len(parts) + 3, "")
    return result


def _sources(snapshot: Snapshot) -> tuple[np.ndarray, list[str]]:
    """The source of each stimulus as a place among the names: the largest MOST_SOURCES, then REST."""
    given = np.array(snapshot.stimuli()["source_dataset"].to_pylist(), dtype=object)
    names, place, n = np.unique(given, return_inverse=True, return_counts=True)
    order = sorted(range(len(names)), key=lambda each: (-n[each], names[each]))[:MOST_SOURCES]
    kept = sorted(order, key=lambda each: names[each])
    new_place = np.full(len(names) + 1, len(kept), np.int64)
    new_place[kept] = np.arange(len(kept))
    has_rest = len(kept) < len(names) or not len(names)
    return new_place[place.reshape(-1)], [str(names[each]) for each in kept] + ([REST] if has_rest else [])


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


PARTS = Parts(number_of_parts, measure_part, join_parts)
AGREEMENT = SnapshotAnalysis(
    name="agreement",
    title="What people share",
    definition="Every figure of agreement, majority, entropy and polarity with its 95 % interval from resampled "
    "stimuli, how each would look with fewer responses, by source, and the stimuli shared most and least.",
    source="docs/reference/statistics.md names the source of each figure",
    run=PARTS.run_alone,
    defaults={"seed": DEFAULT_SEED, "n_resamples": N_RESAMPLES},
    parts=PARTS,
)
