"""Numbers of whole stimuli that a network may learn beside the emotions: scales and attributes out of a snapshot.

valence             a step of that name that gives numbers (mean of the accepted answers), else the stimuli's metadata
                    'valence' or 'valence_mean' (what a source published)
scene:nature        the share of accepted answers to step 'scene' that are, or hold, 'nature'; else 1 where the
                    metadata 'scene' is 'nature', and 0 where it is something else
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from modelserve.errors import NothingToLearn
from snapshots.reader import Snapshot

MEAN, SD, N = "_mean", "_sd", "_n"


@dataclass(frozen=True, slots=True)
class Target:
    """One number per stimulus, where it is known.

    origin: where it comes from, in words. values: {stimulus key: number}. error_variance: {stimulus key: variance of
    the number as an estimate of what everybody would say}; empty where one answer per stimulus, or a source that names
    no number of raters, cannot tell. n_unusable: stimuli whose value is no number.
    """

    name: str
    origin: str
    values: dict[str, float]
    error_variance: dict[str, float] = field(default_factory=dict)
    n_unusable: int = 0


def find_targets(snapshot: Snapshot, names: Sequence[str]) -> list[Target]:
    """The targets of these names, in order. Raises NothingToLearn naming what there is instead."""
    metadata = _metadata(snapshot) if names else {}
    return [_find(snapshot, metadata, name) for name in names]


def table_of(targets: Sequence[Target], stimulus_keys: Sequence[str]) -> NDArray[np.float64]:
    """(n, H) the numbers of these stimuli; nan where unknown."""
    rows = [[target.values.get(key, math.nan) for target in targets] for key in stimulus_keys]
    return np.array(rows, dtype=np.float64).reshape(len(stimulus_keys), len(targets))


def error_variances(target: Target, stimulus_keys: Sequence[str]) -> NDArray[np.float64]:
    """(n,) nan where unknown."""
    return np.array([target.error_variance.get(key, math.nan) for key in stimulus_keys], dtype=np.float64)


def _find(snapshot: Snapshot, metadata: dict[str, dict[str, Any]], name: str) -> Target:
    what, colon, value = name.partition(":")
    columns = {entry.name: entry.type for entry in snapshot.step_fields}
    keys = {key for facts in metadata.values() for key in facts}
    if name in columns and (found := _of_numbers(snapshot, name, columns[name])):
        return found
    for key in (name, name + MEAN):
        if key in keys:
            return _published(metadata, name, key)
    if colon and value and what in columns:
        return _share_of(snapshot, name, what, value)
    if colon and value and what in keys:
        return _attribute(metadata, name, what, value)
    raise NothingToLearn(
        f"heads: '{name}' is neither a step that gives numbers nor a number in the stimuli's metadata, and no "
        f"'step:answer' or 'metadata:value' either. {_there_is(snapshot, metadata)} Nothing was trained."
    )


def _there_is(snapshot: Snapshot, metadata: dict[str, dict[str, Any]]) -> str:
    numeric = {entry.name for entry in snapshot.step_fields if _is_number_type(entry.type)}
    for facts in metadata.values():
        numeric |= {key.removesuffix(MEAN) for key, value in facts.items() if _number(value) is not None}
    named = sorted(key for key in numeric if not key.endswith((SD, N)))
    return f"This snapshot has {', '.join(named)}." if named else "This snapshot has no such numbers."


def _of_numbers(snapshot: Snapshot, step: str, column_type: pa.DataType) -> Target | None:
    """The step's own numbers: of a numeric column, or of labels whose ids are numbers (a scale of 1 to 5)."""
    if not _is_number_type(column_type):
        labels = snapshot.study["label_sets"].get(step, [])
        if not labels or any(_number(label["id"]) is None for label in labels):
            return None
    answers = ((key, _number(value)) for key, value in _answers(snapshot, step))
    return _mean_of(step, f"mean of the answers to '{step}'", answers)


def _share_of(snapshot: Snapshot, name: str, step: str, value: str) -> Target:
    answers = [(key, value in _held(answer)) for key, answer in _answers(snapshot, step)]
    if not any(holds for _, holds in answers):
        raise NothingToLearn(
            f"heads: '{name}': no accepted answer to '{step}' is or holds '{value}'. Nothing was trained."
        )
    return _mean_of(
        name, f"share of the answers to '{step}' with '{value}'", ((key, float(holds)) for key, holds in answers)
    )


def _mean_of(name: str, origin: str, answers: Iterable[tuple[str, float | None]]) -> Target:
    given: dict[str, list[float]] = defaultdict(list)
    for key, number in answers:
        if number is not None:
            given[key].append(number)
    squares = sum(float(np.var(numbers)) * len(numbers) for numbers in given.values())
    freedom = sum(len(numbers) - 1 for numbers in given.values())
    # people's spread at one stimulus, pooled: with a few answers each, a stimulus's own spread says little
    spread = squares / freedom if freedom else None
    return Target(
        name,
        origin,
        {key: float(np.mean(numbers)) for key, numbers in given.items()},
        {} if spread is None else {key: spread / len(numbers) for key, numbers in given.items()},
    )


def _published(metadata: dict[str, dict[str, Any]], name: str, key: str) -> Target:
    values, variance, unusable = {}, {}, 0
    base = key.removesuffix(MEAN)
    for stimulus, facts in metadata.items():
        given = facts.get(key)
        number = _number(given)
        if number is None:
            unusable += given is not None and given != ""
            continue
        values[stimulus] = number
        sd, n = _number(facts.get(base + SD)), _number(facts.get(base + N))
        if sd is not None and n is not None and sd >= 0 and n >= 1:
            variance[stimulus] = sd**2 / n
    if not values:
        words = sorted({str(facts[key]) for facts in metadata.values() if facts.get(key)})
        raise NothingToLearn(
            f"heads: '{key}' in the stimuli's metadata holds no number. Name one of its values as an attribute, for "
            f"example '{key}:{words[0] if words else 'value'}'. Nothing was trained."
        )
    return Target(name, f"'{key}' in the stimuli's metadata", values, variance, unusable)


def _attribute(metadata: dict[str, dict[str, Any]], name: str, key: str, value: str) -> Target:
    known = {stimulus: facts[key] for stimulus, facts in metadata.items() if facts.get(key) not in (None, "")}
    values = {stimulus: float(value in _held(given)) for stimulus, given in known.items()}
    if not any(values.values()):
        raise NothingToLearn(f"heads: '{name}': no stimulus has '{value}' as its '{key}'. Nothing was trained.")
    return Target(name, f"'{key}' in the stimuli's metadata is '{value}'", values)


def _answers(snapshot: Snapshot, step: str) -> Iterable[tuple[str, Any]]:
    for batch in snapshot.responses(["stimulus_key", step], accepted_only=True):
        for key, value in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            if value is not None:
                yield key, value


def _held(answer: Any) -> set[str]:
    """What an answer names: itself, or the entries of a list (a step with several answers stores JSON)."""
    if isinstance(answer, str) and answer.startswith("["):
        try:
            answer = json.loads(answer)
        except ValueError:
            return {answer}
    return {str(entry) for entry in answer} if isinstance(answer, list) else {str(answer)}


def _metadata(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    table = snapshot.stimuli()
    found = {}
    for key, text in zip(table["stimulus_key"].to_pylist(), table["metadata"].to_pylist(), strict=True):
        facts = json.loads(text or "{}")
        found[key] = facts if isinstance(facts, dict) else {}
    return found


def _is_number_type(column_type: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(column_type) or pa.types.is_floating(column_type) or pa.types.is_boolean(column_type)
    )


def _number(value: Any) -> float | None:
    """A finite number, also one that is written as a text; None for everything else."""
    if not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
