"""How the data of a frozen study came about: who answered, how many, when, in which language, what was left out."""

from collections import Counter
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.over_snapshots.snapshot_analysis import Progress, SnapshotAnalysis
from snapshots.reader import Snapshot

#: Days, not moments: as fine as a paper says it, and nobody is told by the minute in which she answered.
_DAY = "%Y-%m-%d"
_OF_PEOPLE = ["annotator", "stimulus_key", "created_at", "duration_ms", "revision", "language", "device"]


def describe_collection(snapshot: Snapshot, options: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Counts of people, stimuli, responses and what was left out; spans and quartiles. No pseudonyms.

    Durations are in milliseconds and of accepted responses whose duration is known; shares are 0 to 1. Quartiles are
    [least, quarter, median, three quarters, most], None where there is nothing to count.
    """
    stimuli = snapshot.stimuli()
    keys = stimuli["stimulus_key"].combine_chunks()
    people = snapshot.participations()
    pseudonyms = people["annotator"].combine_chunks()
    per_stimulus, per_person = np.zeros(len(keys), np.int64), np.zeros(len(pseudonyms), np.int64)
    languages: Counter[str] = Counter()
    devices: Counter[str] = Counter()
    durations: list[np.ndarray] = []
    first: datetime | None = None
    last: datetime | None = None
    n_accepted = n_simulated = n_revised = done = 0
    for batch in snapshot.responses([*_OF_PEOPLE, "is_simulated"], accepted_only=True):
        progress(done, snapshot.n_responses, "counting responses")
        done += batch.num_rows
        if not batch.num_rows:
            continue
        n_accepted += batch.num_rows
        n_simulated += pc.sum(batch.column("is_simulated")).as_py() or 0
        n_revised += int(pc.sum(pc.greater(batch.column("revision"), 0)).as_py() or 0)
        per_stimulus += _counts(batch.column("stimulus_key"), keys)
        per_person += _counts(batch.column("annotator"), pseudonyms)
        for counter, name in ((languages, "language"), (devices, "device")):
            counter.update({row["values"]: row["counts"] for row in pc.value_counts(batch.column(name)).to_pylist()})
        span = pc.min_max(batch.column("created_at")).as_py()
        first = span["min"] if first is None else min(first, span["min"])
        last = span["max"] if last is None else max(last, span["max"])
        durations.append(batch.column("duration_ms").drop_null().to_numpy())
    sources, place = np.unique(np.array(stimuli["source_dataset"].to_pylist(), dtype=object), return_inverse=True)
    in_source, answers_in = np.bincount(place, minlength=len(sources)), np.bincount(place, per_stimulus, len(sources))
    cohorts = Counter(people["cohort"].to_pylist())
    known = np.concatenate([np.zeros(0, np.int64), *durations])
    return {
        "n_stimuli": len(keys),
        "n_stimuli_answered": int((per_stimulus > 0).sum()),
        "n_stimuli_complete": int((per_stimulus >= snapshot.study["wanted_responses"]).sum()),
        "n_images": stimuli.num_rows - stimuli["image_sha256"].null_count,
        "n_annotators": len(pseudonyms),
        "n_annotators_answered": int((per_person > 0).sum()),
        "n_annotators_simulated": int(pc.sum(people["is_simulated"]).as_py() or 0),
        "n_annotators_finished": people.num_rows - people["finished_at"].null_count,
        "n_responses": n_accepted,
        "n_simulated": n_simulated,
        "n_surplus": snapshot.n_responses - n_accepted,
        "n_withdrawn": snapshot.study["n_withdrawn"],
        "n_revised": n_revised,
        "first_day": first.strftime(_DAY) if first else None,
        "last_day": last.strftime(_DAY) if last else None,
        "responses_per_stimulus": _quartiles(per_stimulus[per_stimulus > 0]),
        "responses_per_annotator": _quartiles(per_person[per_person > 0]),
        "duration_ms": _quartiles(known),
        "n_durations": int(known.size),
        "languages": _ranked(languages),
        "devices": _ranked(devices),
        "cohorts": _ranked(cohorts),
        "sources": [
            {"name": name, "n_stimuli": n, "n_responses": int(n_responses)}
            for name, n, n_responses in zip(sources.tolist(), in_source.tolist(), answers_in.tolist(), strict=True)
        ],
        "consents": [
            {"hash": name, "n_annotators": n} for name, n in sorted(Counter(people["consent_hash"].to_pylist()).items())
        ],
    }


def _counts(values: pa.Array, among: pa.Array) -> np.ndarray:
    place = pc.index_in(values, among).drop_null().to_numpy()
    return np.bincount(place, minlength=len(among)).astype(np.int64)


def _quartiles(values: np.ndarray) -> list[float] | None:
    return np.quantile(values, [0, 0.25, 0.5, 0.75, 1]).tolist() if values.size else None


def _ranked(counter: Counter[str]) -> list[dict[str, Any]]:
    """The most frequent first; ties by name, so that the order is always the same."""
    return [{"name": name, "n": n} for name, n in sorted(counter.items(), key=lambda item: (-item[1], item[0]))]


COLLECTION = SnapshotAnalysis(
    name="collection",
    title="How the data were collected",
    definition="Counts of people, stimuli and responses, what was taken back or set aside, the days, the languages and "
    "devices, and how long an answer took, of the accepted responses of a frozen study.",
    source="counts of the snapshot's own tables (docs/reference/snapshot_format.md)",
    run=describe_collection,
)
