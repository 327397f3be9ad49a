"""How the labels of a frozen study meet: which blend, which pairs stir mixed feelings, and where."""

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.over_snapshots.snapshot_analysis import Progress, SnapshotAnalysis
from analysis.statistics import DEFAULT_SEED, N_RESAMPLES, polarities_of
from analysis.statistics.emotion_map import label_map, label_pairs
from snapshots.reader import Snapshot

NAME = "emotion_map"
#: Stimuli named for each pair and for each label: one row of pictures.
N_EXAMPLES = 6


def map_emotions(snapshot: Snapshot, options: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Pairs of labels with how often they meet and blend, the map, and the stimuli that show it best.

    Raises SnapshotError if the study has no choice step, or if the files do not fit the manifest.
    """
    step = snapshot.step_named_by_kind("choice")
    labels = snapshot.label_set(step)
    progress(0, 3, "reading the snapshot")
    keys, ids, counts = snapshot.label_counts(step)
    progress(1, 3, "pairs of labels and their resamples")
    pairs = label_pairs(counts, keys=keys, n_resamples=options["n_resamples"], seed=options["seed"])
    polarities = polarities_of(labels)
    progress(2, 3, "the map")
    drawn = label_map(pairs, len(ids), polarities)
    answered = int((counts.sum(axis=1) > 0).sum())
    result = {
        "step": step,
        "labels": [{key: label.get(key) for key in ("id", "name", "polarity")} for label in labels],
        "n_responses": int(counts.sum()),
        "n_stimuli": answered,
        "n_paired": int((counts.sum(axis=1) >= 2).sum()),
        "label_totals": dict(zip(ids, counts.sum(axis=0).tolist(), strict=True)),
        "pairs": [
            {
                "first": ids[pair.first],
                "second": ids[pair.second],
                "n_stimuli": pair.n_stimuli,
                "met": pair.met,
                "expected": pair.expected,
                "blend": pair.blend.as_dict(),
            }
            for pair in pairs
        ],
        "places": dict(zip(ids, drawn.places, strict=True)),
        "stress": drawn.stress,
        "mixed": _mixed(counts, keys, ids, polarities),
        "purest": {label: _purest(counts, keys, place) for place, label in enumerate(ids)},
    }
    progress(3, 3, "")
    return result


def _mixed(
    counts: NDArray[np.int64], keys: list[str], ids: list[str], polarities: list[str] | None
) -> list[dict[str, Any]]:
    """Each positive label with each negative one: on how many stimuli both were felt, and where most evenly so."""
    if polarities is None:
        return []
    sizes = np.maximum(counts.sum(axis=1), 1)
    positive = [place for place, polarity in enumerate(polarities) if polarity == "positive"]
    negative = [place for place, polarity in enumerate(polarities) if polarity == "negative"]
    found = []
    for first, second in product(positive, negative):
        fewer = np.minimum(counts[:, first], counts[:, second])
        rows = np.flatnonzero(fewer > 0)
        # the share of those who felt the rarer of the two; then the more people, then the key
        ranked = sorted(rows.tolist(), key=lambda row: (-fewer[row] / sizes[row], -sizes[row], keys[row]))
        found.append(
            {
                "positive": ids[first],
                "negative": ids[second],
                "n_stimuli": len(rows),
                "examples": [keys[row] for row in ranked[:N_EXAMPLES]],
            }
        )
    return sorted(found, key=lambda pair: (-pair["n_stimuli"], pair["positive"], pair["negative"]))


def _purest(counts: NDArray[np.int64], keys: list[str], label: int) -> list[str]:
    """The stimuli with two responses or more where the label's share is largest; then the more people, then the key."""
    sizes = counts.sum(axis=1)
    rows = np.flatnonzero((counts[:, label] > 0) & (sizes >= 2))
    ranked = sorted(rows.tolist(), key=lambda row: (-counts[row, label] / sizes[row], -sizes[row], keys[row]))
    return [keys[row] for row in ranked[:N_EXAMPLES]]


EMOTION_MAP = SnapshotAnalysis(
    name=NAME,
    title="How feelings meet",
    definition="Which labels meet on the same stimuli more often than quasi-independence lets expect, "
    "with 95 % intervals from resampled stimuli; a map of them; positive and negative labels felt at once.",
    source="Goodman (1968) for quasi-independence; Torgerson (1952) and de Leeuw (1977) for the map",
    run=map_emotions,
    defaults={"seed": DEFAULT_SEED, "n_resamples": N_RESAMPLES},
)
