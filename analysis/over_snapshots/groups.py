"""Common ground within and between the groups of people that a snapshot knows: cohorts, and the languages they read in.

What people said about themselves is in no snapshot; those groups are joined in a job
(analysis/services/compare_groups.py) and go through the same function, `compare_grouping`.
"""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.over_snapshots.label_answers import Integers, LabelAnswers, as_groups, label_answers
from analysis.over_snapshots.parts import Parts, as_bytes
from analysis.over_snapshots.snapshot_analysis import Progress, SnapshotAnalysis
from analysis.statistics import DEFAULT_SEED, N_RESAMPLES
from analysis.statistics.group_comparison import GroupComparison
from annotation.errors import InvalidInput
from snapshots.reader import Snapshot

DEFINITION = (
    "Each group's agreement within itself, the agreement between every two groups on the images that both answered, "
    "and the difference of each label's share there. Differences are judged by who happened to answer and by which "
    "images were asked (two-way clustering by person and image, Student's t), gaps by exchanging people between the "
    "groups; p values are corrected after Holm over all pairs and labels, single images after Benjamini-Hochberg. No "
    "difference worth naming: two one-sided tests against the margin."
)
SOURCE = (
    "Rao (1982); Wong, Paritosh and Aroyo (2021); Prabhakaran et al. (2024); Cameron, Gelbach and Miller (2011); "
    "Schuirmann (1987); Holm (1979); Benjamini and Hochberg (1995)"
)
DEFAULTS: dict[str, Any] = {"margin": 0.05, "least_people": 5, "least_answers": 5, "seed": DEFAULT_SEED}


def check_options(options: dict[str, Any]) -> None:
    """Raises InvalidInput."""
    if not 0 < options["margin"] < 1:
        raise InvalidInput(f"margin must lie between 0 and 1, not {options['margin']!r}. Nothing was computed.")
    if options["least_people"] < 2 or options["least_answers"] < 2:
        raise InvalidInput("A group needs at least 2 people, and an image 2 answers of each. Nothing was computed.")


def run(snapshot: Snapshot, options: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """groupings: cohort and language, as far as there are two groups. Raises InvalidInput, SnapshotError."""
    check_options(options)
    progress(0, 1, "reading the snapshot")
    answers = label_answers(snapshot)
    found = [
        {"by": by, **compare_grouping(answers, names, of_person, options=options, progress=progress)}
        for by, names, of_person in _groupings(answers)
    ]
    return {**about(answers), "groupings": found}


def _groupings(answers: LabelAnswers) -> list[tuple[str, list[str], Integers]]:
    """What the people are grouped by, the groups' names, and each person's group; where there are two groups."""
    found = []
    for by, values in (("cohort", answers.cohorts), ("language", answers.languages)):
        names, of_person = as_groups(values)
        if len(np.unique(of_person[answers.person])) >= 2:
            found.append((by, names, of_person))
    return found


def _comparisons(answers: LabelAnswers, options: dict[str, Any]) -> list[tuple[str, GroupComparison]]:
    check_options(options)
    return [(by, _comparison(answers, names, of_person, options)) for by, names, of_person in _groupings(answers)]


def _work(comparisons: list[tuple[str, GroupComparison]]) -> list[tuple[GroupComparison, tuple[int, int] | None]]:
    """What can be computed apart: of each grouping the groups' own figures (None), then each pair."""
    return [(each, pair) for _, each in comparisons for pair in (None, *each.pairs)]


def number_of_parts(snapshot: Snapshot, options: dict[str, Any]) -> int:
    return max(len(_work(_comparisons(label_answers(snapshot), options))), 1)


def run_part(snapshot: Snapshot, options: dict[str, Any], part: int) -> bytes:
    work = _work(_comparisons(label_answers(snapshot), options))
    if not work:
        return as_bytes(None)
    comparison, pair = work[part]
    return as_bytes(comparison.own_figures() if pair is None else comparison.pair(*pair))


def join_parts(
    snapshot: Snapshot, options: dict[str, Any], parts: Sequence[bytes], progress: Progress
) -> dict[str, Any]:
    """What `run` gives."""
    answers = label_answers(snapshot)
    rest = iter(parts)
    found = []
    for by, comparison in _comparisons(answers, options):
        own, *pairs = [json.loads(next(rest)) for _ in range(1 + len(comparison.pairs))]
        found.append({"by": by, **_with_keys(comparison.joined(own, pairs), answers)})
    return {**about(answers), "groupings": found}


def about(answers: LabelAnswers) -> dict[str, Any]:
    return {
        "step": answers.step,
        "labels": answers.labels,
        "n_responses": len(answers.label),
        "n_simulated": int(answers.is_simulated.sum()),
        "n_people": len(np.unique(answers.person)),
    }


def compare_grouping(
    answers: LabelAnswers,
    names: Sequence[str],
    of_person: Integers,
    *,
    options: dict[str, Any],
    progress: Progress,
) -> dict[str, Any]:
    """of_person: the group of each person, -1 = in none."""
    comparison = _comparison(answers, names, of_person, options)
    found = comparison.everything(lambda done, total: progress(done, total, "comparing pairs of groups"))
    return _with_keys(found, answers)


def _comparison(
    answers: LabelAnswers, names: Sequence[str], of_person: Integers, options: dict[str, Any]
) -> GroupComparison:
    return GroupComparison(
        of_person[answers.person] if len(answers.person) else answers.person,
        answers.stimulus,
        answers.person,
        answers.label,
        names=names,
        n_stimuli=len(answers.keys),
        n_labels=len(answers.labels),
        margin=options["margin"],
        least_people=options["least_people"],
        least_answers=options["least_answers"],
        keys=answers.keys,
        n_resamples=N_RESAMPLES,
        seed=options["seed"],
    )


def _with_keys(found: dict[str, Any], answers: LabelAnswers) -> dict[str, Any]:
    for pair in found["pairs"]:
        for stimulus in pair["stimuli"]:
            stimulus["stimulus_key"] = answers.keys[stimulus.pop("row")]
    return found


GROUPS = SnapshotAnalysis(
    name="groups",
    title="Common ground within and between groups",
    definition=DEFINITION,
    source=SOURCE,
    run=run,
    defaults=DEFAULTS,
    parts=Parts(number_of_parts, run_part, join_parts),
)
