"""The accepted answers of a frozen study's choice step with what surrounded them, as arrays."""

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.over_snapshots.label_answers import choice_steps, placed_batches
from analysis.statistics.asking import AskedAnswers
from snapshots.reader import Snapshot

CIRCUMSTANCES = ("language", "device")


def asked_answers(snapshot: Snapshot) -> tuple[AskedAnswers, list[dict[str, Any]], int]:
    """Of the first choice step: the answers, its labels, and how many of the answers are simulated.

    Raises SnapshotError where there is no choice step, or the files are damaged.
    """
    step = (choice_steps(snapshot) or [snapshot.step_named_by_kind("choice")])[0]
    labels = snapshot.label_set(step)
    ids = [str(label["id"]) for label in labels]
    names = ("stimulus", "person", "label", "sequence", "since", "seconds", "order", *CIRCUMSTANCES)
    parts: dict[str, list[Any]] = {name: [] for name in names}
    orders: dict[str, int] = {}
    values: dict[str, dict[str, int]] = {name: {} for name in CIRCUMSTANCES}
    n_simulated = 0
    columns = ["sequence", "created_at", "duration_ms", "options_shown", *CIRCUMSTANCES, "is_simulated"]
    for batch, places in placed_batches(snapshot, step, columns):
        for name, column in places.items():
            parts[name].append(column)
        parts["sequence"].append(batch.column("sequence").to_numpy().astype(np.int64))
        # whole microseconds need more digits than a float has, so they are divided first
        parts["since"].append(batch.column("created_at").cast(pa.int64()).to_numpy() / 1e6)
        parts["seconds"].append(
            pc.cast(batch.column("duration_ms"), pa.float64()).to_numpy(zero_copy_only=False) / 1000
        )
        parts["order"].append(_numbered(batch.column("options_shown"), orders))
        for name in CIRCUMSTANCES:
            parts[name].append(_numbered(batch.column(name), values[name]))
        n_simulated += pc.sum(batch.column("is_simulated")).as_py() or 0
    joined = {
        name: np.concatenate([np.zeros(0, dtype=np.float64 if name in ("since", "seconds") else np.int64), *arrays])
        for name, arrays in parts.items()
    }
    table, place_of_order = _orders(list(orders), step, ids)
    answers = AskedAnswers(
        stimulus=joined["stimulus"],
        person=joined["person"],
        label=joined["label"],
        sequence=joined["sequence"],
        seconds_since=joined["since"],
        seconds=joined["seconds"],
        order=place_of_order[joined["order"]],
        orders=table,
        circumstances={name: joined[name] for name in CIRCUMSTANCES},
        values={name: list(values[name]) for name in CIRCUMSTANCES},
        n_stimuli=len(snapshot.stimuli()),
        n_people=len(snapshot.participations()),
        n_labels=len(labels),
    )
    return answers, [{key: label.get(key) for key in ("id", "name", "polarity")} for label in labels], n_simulated


def _numbered(column: Any, known: dict[str, int]) -> Any:
    """Each text's number in `known`, which learns new ones."""
    encoded = column.dictionary_encode()
    numbers = [known.setdefault(text or "", len(known)) for text in encoded.dictionary.to_pylist()]
    indices = encoded.indices.to_numpy(zero_copy_only=False)
    return np.array(numbers, dtype=np.int64)[indices] if numbers else np.zeros(0, dtype=np.int64)


def _orders(texts: list[str], step: str, ids: list[str]) -> tuple[Any, Any]:
    """(n, K) the labels' places of each order of all labels, and (n_texts,) which of them each text is, -1 = none."""
    tables: dict[tuple[int, ...], int] = {}
    of_text = []
    for text in texts:
        try:
            shown = json.loads(text or "{}")
        except ValueError:
            shown = {}
        order = shown.get(step) if isinstance(shown, dict) else None
        if isinstance(order, list) and sorted(map(str, order)) == sorted(ids):
            places = tuple(ids.index(str(each)) for each in order)
            of_text.append(tables.setdefault(places, len(tables)))
        else:
            of_text.append(-1)
    table = np.array(list(tables), dtype=np.int64).reshape(len(tables), len(ids))
    return table, np.array(of_text or [-1], dtype=np.int64)
