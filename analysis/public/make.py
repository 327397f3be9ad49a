"""What of a snapshot may be shown to anybody: no pseudonyms, no moments, no single answers but words people allowed.

Two files come of it: `study.json` with the study's figures, and `stimuli.parquet` with one row per shown stimulus.
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.statistics import DEFAULT_SEED, AgreementSums, polarities_of, stimulus_facts
from snapshots.reader import Snapshot

STUDY_FILE, STIMULI_FILE = "study.json", "stimuli.parquet"
#: Rows that are read together for one image's words: few enough to be quick, many enough to be packed well.
ROW_GROUP = 256
#: A count of people below this could point at somebody, so it is not told. As for what people say about themselves.
LEAST_CELL = 5
SCHEMA = pa.schema(
    [
        pa.field("key", pa.string()), pa.field("name", pa.string()), pa.field("description", pa.string()),
        pa.field("source", pa.string()), pa.field("image_sha256", pa.string()), pa.field("width", pa.int64()),
        pa.field("height", pa.int64()), pa.field("counts", pa.list_(pa.int32())), pa.field("n_simulated", pa.int32()),
        pa.field("agreement", pa.float64()), pa.field("entropy_nats", pa.float64()),
        pa.field(
            "explanations",
            pa.list_(pa.struct([("label", pa.int32()), ("text", pa.string()), ("is_simulated", pa.bool_())])),
        ),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class PublicChoice:
    """What the study's managers chose to show.

    consents: hashes of the consent texts whose words may be shown, of those who agreed to them; "" = no text recorded.
    least_responses: stimuli with fewer are not shown at all.
    """

    shows_images: bool = False
    consents: frozenset[str] = field(default_factory=frozenset)
    least_responses: int = 3


Progress = Callable[[int, int, str], None]


def make_public(
    snapshot: Snapshot,
    folder: Path,
    *,
    choice: PublicChoice,
    left_out: Collection[tuple[str, str]],
    progress: Progress,
) -> dict[str, Any]:
    """Writes both files into `folder` and returns what stands in study.json.

    left_out: (stimulus key, pseudonym) of responses that were taken back since the snapshot was frozen.
    Raises SnapshotError if the study has no choice step.
    """
    step = snapshot.step_named_by_kind("choice")
    labels = snapshot.label_set(step)
    ids = [str(label["id"]) for label in labels]
    texts = [each["name"] for each in snapshot.study["steps"] if each["kind"] == "text"] if choice.consents else []
    stimuli = snapshot.stimuli()
    keys: list[str] = stimuli["stimulus_key"].to_pylist()
    counts, n_simulated, people, said = _answers(snapshot, step, ids, keys, texts, choice.consents, left_out, progress)
    n = counts.sum(axis=1)
    shown = np.flatnonzero(n >= max(choice.least_responses, 1))
    progress(1, 2, "agreement and its resamples")
    polarities = polarities_of(labels)
    sums = AgreementSums.of_counts(
        counts[shown], polarities=polarities, keys=[keys[row] for row in shown], seed=DEFAULT_SEED
    )
    told = {
        "snapshot": snapshot.id,
        "title": snapshot.study["title"],
        "description": snapshot.study["description"],
        "labels": [{key: label.get(key) for key in ("id", "name", "polarity")} for label in labels],
        "n_responses": int(sums.n_responses),
        "n_stimuli": len(shown),
        "n_stimuli_left_out": int(((n > 0) & (n < choice.least_responses)).sum()),
        "least_responses": choice.least_responses,
        "n_annotators": people if people >= LEAST_CELL else None,
        "n_simulated": int(n_simulated[shown].sum()),
        "shows_images": choice.shows_images,
        "shows_explanations": bool(texts),
        **_figures(sums, ids),
    }
    facts = stimulus_facts(counts[shown])
    rows = stimuli.take(pa.array(shown))
    table = pa.table(
        {
            "key": rows["stimulus_key"], "name": rows["name"], "description": rows["description"],
            "source": rows["source_dataset"],
            "image_sha256": rows["image_sha256"] if choice.shows_images else pa.nulls(len(shown), pa.string()),
            "width": rows["width"], "height": rows["height"],
            "counts": pa.array(counts[shown].tolist(), pa.list_(pa.int32())),
            "n_simulated": pa.array(n_simulated[shown], pa.int32()),
            "agreement": pa.array(facts.pairwise_agreement, from_pandas=True),
            "entropy_nats": pa.array(facts.entropy_nats, from_pandas=True),
            "explanations": pa.array([said.get(keys[row], []) for row in shown], SCHEMA.field("explanations").type),
        },
        schema=SCHEMA,
    )  # fmt: skip
    pq.write_table(table, folder / STIMULI_FILE, row_group_size=ROW_GROUP)
    (folder / STUDY_FILE).write_text(json.dumps(told, sort_keys=True, allow_nan=False), encoding="utf-8")
    progress(2, 2, "")
    return told


def _answers(
    snapshot: Snapshot,
    step: str,
    ids: list[str],
    keys: list[str],
    texts: list[str],
    consents: Collection[str],
    left_out: Collection[tuple[str, str]],
    progress: Progress,
) -> tuple[np.ndarray, np.ndarray, int, dict[str, list[dict[str, Any]]]]:
    """Counts (S, K), simulated responses (S,), how many people, and the words that may be shown, by stimulus key."""
    row_of, place_of = {key: row for row, key in enumerate(keys)}, {label: place for place, label in enumerate(ids)}
    counts, n_simulated = np.zeros((len(keys), len(ids)), np.int64), np.zeros(len(keys), np.int64)
    said: dict[str, list[dict[str, Any]]] = {}
    people: set[str] = set()
    columns = ["stimulus_key", "annotator", step, "is_simulated", "consent_hash", *texts]
    done = 0
    for batch in snapshot.responses(columns, accepted_only=True):
        progress(done, snapshot.n_responses, "reading the answers")
        done += batch.num_rows
        for response in batch.to_pylist():
            key, label = response["stimulus_key"], response[step]
            if label is None or (key, response["annotator"]) in left_out:
                continue
            row, place = row_of[key], place_of[label]
            counts[row, place] += 1
            n_simulated[row] += response["is_simulated"]
            people.add(response["annotator"])
            if response["consent_hash"] in consents:
                for name in texts:
                    if response[name]:
                        words = {"label": place, "text": response[name], "is_simulated": response["is_simulated"]}
                        said.setdefault(key, []).append(words)
    # by label and then by the words themselves: no order that tells who wrote when, or what one person wrote
    for found in said.values():
        found.sort(key=lambda each: (each["label"], each["text"]))
    return counts, n_simulated, len(people), said


def _figures(sums: AgreementSums, ids: list[str]) -> dict[str, Any]:
    """The study's estimates; those of a label that fewer than LEAST_CELL responses chose are not told."""
    totals = dict(zip(ids, sums.label_totals.tolist(), strict=True))
    small = {label for label, n in totals.items() if 0 < n < LEAST_CELL}
    estimates = {
        name: estimate.as_dict()
        for name, estimate in sums.estimates(label_names=ids).items()
        if not any(name.endswith(f".{label}") for label in small)
    }
    return {
        "label_totals": {label: None if label in small else n for label, n in totals.items()},
        "estimates": estimates,
    }


def choice_of(settings: Mapping[str, Any]) -> PublicChoice:
    """Out of the row's settings."""
    return PublicChoice(
        shows_images=bool(settings.get("shows_images", False)),
        consents=frozenset(settings.get("consents", [])),
        least_responses=int(settings.get("least_responses", 3)),
    )
